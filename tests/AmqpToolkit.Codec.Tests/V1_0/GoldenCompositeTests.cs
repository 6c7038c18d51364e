using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>Octets of the composites that matter most, worked out by hand from parts 1 to 5: read and written.</summary>
public sealed class GoldenCompositeTests
{
    private static readonly Error NotFound = new() { Condition = AmqpError.Texts.NotFound };

    [Fact]
    public void Open() => AssertGolden(
        new Open { ContainerId = "me", Hostname = "h", MaxFrameSize = 4096, ChannelMax = 255, IdleTimeOut = 30000 },
        """
        00 53 10 C0 15 05
        A1 02 6D 65     # container-id
        A1 01 68        # hostname
        70 00 00 10 00  # max-frame-size
        60 00 FF        # channel-max
        70 00 00 75 30  # idle-time-out
        """);

    [Fact]
    public void Begin() => AssertGolden(
        new Begin { RemoteChannel = 1, NextOutgoingId = 0, IncomingWindow = 2048, OutgoingWindow = 2048, HandleMax = 255 },
        """
        00 53 11 C0 11 05
        60 00 01        # remote-channel
        43              # next-outgoing-id
        70 00 00 08 00  # incoming-window
        70 00 00 08 00  # outgoing-window
        52 FF           # handle-max
        """);

    [Fact]
    public void Attach() => AssertGolden(
        new Attach
        {
            Name = "l",
            Handle = 0,
            Role = Role.Receiver,
            RcvSettleMode = ReceiverSettleMode.Second,
            Source = new Source { Address = EncodedValue.String("q") },
            Target = default(Target),
            MaxMessageSize = 256,
        },
        """
        00 53 12 C0 22 0B
        A1 01 6C                    # name
        43                          # handle
        41                          # role: receiver
        40                          # snd-settle-mode
        50 01                       # rcv-settle-mode: second
        00 53 28 C0 04 01 A1 01 71  # source
        00 53 29 45                 # target
        40 40 40                    # unsettled, incomplete-unsettled, initial-delivery-count
        80 00 00 00 00 00 00 01 00  # max-message-size
        """);

    [Fact]
    public void Flow() => AssertGolden(
        new Flow { IncomingWindow = 5, NextOutgoingId = 256, OutgoingWindow = 0, Handle = 0, DeliveryCount = 1, LinkCredit = 100, Drain = true },
        """
        00 53 13 C0 11 09
        40              # next-incoming-id
        52 05           # incoming-window
        70 00 00 01 00  # next-outgoing-id
        43              # outgoing-window
        43              # handle
        52 01           # delivery-count
        52 64           # link-credit
        40              # available
        41              # drain
        """);

    [Fact]
    public void Transfer() => AssertGolden(
        new Transfer { Handle = 1, DeliveryId = 2, DeliveryTag = new byte[] { 1, 2, 3, 4 }, MessageFormat = 0, Settled = true, More = true },
        """
        00 53 14 C0 0E 06
        52 01              # handle
        52 02              # delivery-id
        A0 04 01 02 03 04  # delivery-tag
        43                 # message-format
        41                 # settled
        41                 # more
        """);

    [Fact]
    public void Disposition() => AssertGolden(
        new Disposition { Role = Role.Receiver, First = 1, Last = 300, Settled = true, State = default(Accepted) },
        """
        00 53 15 C0 0E 05
        41              # role: receiver
        52 01           # first
        70 00 00 01 2C  # last
        41              # settled
        00 53 24 45     # state: accepted
        """);

    [Fact]
    public void Detach() => AssertGolden(
        new Detach { Handle = 1, Closed = true, Error = NotFound },
        """
        00 53 16 C0 1A 03
        52 01              # handle
        41                 # closed
        00 53 1D C0 11 01  # error
        A3 0E 61 6D 71 70 3A 6E 6F 74 2D 66 6F 75 6E 64
        """);

    [Fact]
    public void End() => AssertGolden(default(End), "00 53 17 45");

    [Fact]
    public void Close() => AssertGolden(
        new Close { Error = new Error { Condition = ConnectionError.Texts.ConnectionForced, Description = "bye" } },
        """
        00 53 18 C0 24 01
        00 53 1D C0 1E 02  # error
        A3 16 61 6D 71 70 3A 63 6F 6E 6E 65 63 74 69 6F 6E 3A 66 6F 72 63 65 64
        A1 03 62 79 65
        """);

    [Fact]
    public void Source() => AssertGolden(
        new Source
        {
            Address = EncodedValue.String("q"),
            Durable = TerminusDurability.UnsettledState,
            ExpiryPolicy = TerminusExpiryPolicy.Texts.Never,
            Timeout = 60,
            DistributionMode = StdDistMode.Texts.Copy,
            Filter = new EncodedValueBuilder().BeginMap().AddSymbol("f").Add(new SelectorFilter { Value = "x" }).End().ToValue(),
            DefaultOutcome = default(Released),
            Outcomes = EncodedValue.Symbols("amqp:accepted:list", "amqp:rejected:list"),
            Capabilities = EncodedValue.Symbols("queue"),
        },
        """
        00 53 28 C0 5F 0B
        A1 01 71                       # address
        52 02                          # durable
        A3 05 6E 65 76 65 72           # expiry-policy
        52 3C                          # timeout
        40 40                          # dynamic, dynamic-node-properties
        A3 04 63 6F 70 79              # distribution-mode
        C1 11 02 A3 01 66              # filter
        00 80 00 00 46 8C 00 00 00 04 A1 01 78
        00 53 26 45                    # default-outcome
        E0 28 02 A3                    # outcomes
        12 61 6D 71 70 3A 61 63 63 65 70 74 65 64 3A 6C 69 73 74
        12 61 6D 71 70 3A 72 65 6A 65 63 74 65 64 3A 6C 69 73 74
        A3 05 71 75 65 75 65           # capabilities
        """);

    [Fact]
    public void Target() => AssertGolden(
        new Target
        {
            Dynamic = true,
            DynamicNodeProperties = new EncodedValueBuilder().BeginMap().AddSymbol("lifetime-policy").Add(default(DeleteOnClose)).End().ToValue(),
        },
        """
        00 53 29 C0 1E 06
        40 40 40 40  # address, durable, expiry-policy, timeout
        41           # dynamic
        C1 16 02     # dynamic-node-properties
        A3 0F 6C 69 66 65 74 69 6D 65 2D 70 6F 6C 69 63 79
        00 53 2B 45
        """);

    [Fact]
    public void Received() => AssertGolden(
        new Received { SectionNumber = 1, SectionOffset = 1000 },
        """
        00 53 23 C0 0C 02
        52 01                       # section-number
        80 00 00 00 00 00 00 03 E8  # section-offset
        """);

    [Fact]
    public void Accepted() => AssertGolden(default(Accepted), "00 53 24 45");

    [Fact]
    public void Rejected() => AssertGolden(
        new Rejected { Error = NotFound },
        """
        00 53 25 C0 17 01
        00 53 1D C0 11 01 A3 0E 61 6D 71 70 3A 6E 6F 74 2D 66 6F 75 6E 64
        """);

    [Fact]
    public void Released() => AssertGolden(default(Released), "00 53 26 45");

    [Fact]
    public void Modified() => AssertGolden(
        new Modified
        {
            DeliveryFailed = true,
            UndeliverableHere = true,
            MessageAnnotations = new EncodedValueBuilder().BeginMap().AddSymbol("x").AddUInt(1).End().ToValue(),
        },
        """
        00 53 27 C0 0B 03
        41                       # delivery-failed
        41                       # undeliverable-here
        C1 06 02 A3 01 78 52 01  # message-annotations
        """);

    [Fact]
    public void Coordinator() => AssertGolden(
        new Coordinator { Capabilities = EncodedValue.Symbols(TxnCapability.Texts.LocalTransactions) },
        """
        00 53 30 C0 1A 01
        A3 17 61 6D 71 70 3A 6C 6F 63 61 6C 2D 74 72 61 6E 73 61 63 74 69 6F 6E 73
        """);

    [Fact]
    public void Declare() => AssertGolden(default(Declare), "00 53 31 45");

    [Fact]
    public void Discharge() => AssertGolden(new Discharge { TxnId = EncodedValue.Binary(new byte[] { 1, 2 }), Fail = true }, "00 53 32 C0 06 02 A0 02 01 02 41");

    [Fact]
    public void Declared() => AssertGolden(new Declared { TxnId = EncodedValue.Binary(new byte[] { 1, 2 }) }, "00 53 33 C0 05 01 A0 02 01 02");

    [Fact]
    public void TransactionalState() => AssertGolden(
        new TransactionalState { TxnId = EncodedValue.Binary(new byte[] { 1, 2 }), Outcome = default(Accepted) },
        "00 53 34 C0 09 02 A0 02 01 02 00 53 24 45");

    [Fact]
    public void SaslMechanisms() => AssertGolden(
        new SaslMechanisms { SaslServerMechanisms = EncodedValue.Symbols("PLAIN", "ANONYMOUS") },
        "00 53 40 C0 15 01 E0 12 02 A3 05 50 4C 41 49 4E 09 41 4E 4F 4E 59 4D 4F 55 53");

    [Fact]
    public void SaslMechanisms_ThatAreOne() => AssertGolden(
        new SaslMechanisms { SaslServerMechanisms = EncodedValue.Symbols("PLAIN") },
        "00 53 40 C0 08 01 A3 05 50 4C 41 49 4E");

    [Fact]
    public void SaslInit() => AssertGolden(
        new SaslInit { Mechanism = "PLAIN", InitialResponse = "\0a\0b", Hostname = "h" },
        "00 53 41 C0 11 03 A3 05 50 4C 41 49 4E A0 04 00 61 00 62 A1 01 68");

    [Fact]
    public void SaslOutcome() => AssertGolden(new SaslOutcome { Code = SaslCode.Auth }, "00 53 44 C0 03 01 50 01");

    [Fact]
    public void Header() => AssertGolden(
        new Header { Durable = true, Priority = 9, Ttl = 60000, FirstAcquirer = false, DeliveryCount = 0 },
        """
        00 53 70 C0 0B 05
        41              # durable
        50 09           # priority
        70 00 00 EA 60  # ttl
        42              # first-acquirer
        43              # delivery-count
        """);

    [Fact]
    public void Properties() => AssertGolden(
        new Properties
        {
            MessageId = EncodedValue.ULong(5),
            UserId = "guest",
            To = EncodedValue.String("/q"),
            CorrelationId = EncodedValue.Uuid(Guid.Parse("00112233-4455-6677-8899-aabbccddeeff")),
            ContentType = "text/plain",
            CreationTime = 1_700_000_000_000,
            GroupId = "g",
            GroupSequence = 0,
        },
        """
        00 53 73 C0 3C 0C
        53 05                                # message-id
        A0 05 67 75 65 73 74                 # user-id
        A1 02 2F 71                          # to
        40 40                                # subject, reply-to
        98 00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF
        A3 0A 74 65 78 74 2F 70 6C 61 69 6E  # content-type
        40 40                                # content-encoding, absolute-expiry-time
        83 00 00 01 8B CF E5 68 00           # creation-time
        A1 01 67                             # group-id
        43                                   # group-sequence
        """);

    [Fact]
    public void Choice_WithoutAName_IsKept()
    {
        byte[] octets = Hex.Parse("00 53 44 C0 03 01 50 C8");

        Assert.Equal(DecodeError.None, SaslOutcomeView.TryParse(octets, out SaslOutcomeView view, out _));

        Assert.Equal(200, (int)view.Code);
        Assert.Equal(Hex.Of(octets), Hex.Of(DescribedTypeCode.Write(view.ToOwned())));
    }

    private static void AssertGolden<T>(T owned, string hex)
        where T : struct, IDescribedType
    {
        byte[] octets = Hex.Parse(hex);
        byte[] written = new byte[owned.MaxOctets];

        Assert.Equal(Hex.Of(octets), Hex.Of(written.AsSpan(0, owned.Write(written))));

        DescribedTypeCode code = DescribedTypeCode.All.Single(code => code.Owned == typeof(T));
        Assert.Equal(DecodeError.None, code.Parse(octets, out int length, out object? read));
        Assert.Equal(octets.Length, length);
        Assert.Equal(Hex.Of(octets), Hex.Of(DescribedTypeCode.Write(read!)));
        Assert.Equal<object>(owned, read!);
    }
}
