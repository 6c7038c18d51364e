using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Decode.Tests;

/// <summary>Frames of 1.0, written by the codec: every performative, with as many fields as fit.</summary>
internal static class Types
{
    public static byte[] Header => [.. "AMQP"u8, 0, 1, 0, 0];

    public static byte[] SaslHeader => [.. "AMQP"u8, 3, 1, 0, 0];

    /// <summary>What a SASL layer says.</summary>
    public static IEnumerable<byte[]> Sasl =>
    [
        Frame(new SaslMechanisms { SaslServerMechanisms = EncodedValue.Symbols("PLAIN", "SCRAM-SHA-256") }),
        Frame(new SaslInit { Mechanism = "PLAIN", InitialResponse = Classic.Text("\0guest\0secret-word"), Hostname = "host" }),
        Frame(new SaslChallenge { Challenge = Classic.Text("who") }),
        Frame(new SaslResponse { Response = Classic.Text("secret-word") }),
        Frame(new SaslOutcome { Code = SaslCode.Auth, AdditionalData = Classic.Text("no") }),
    ];

    /// <summary>What the transport says.</summary>
    public static IEnumerable<byte[]> Performatives =>
    [
        Frame(0, new Open
        {
            ContainerId = "me", Hostname = "host", MaxFrameSize = 65536, ChannelMax = 255, IdleTimeOut = 30000,
            OutgoingLocales = EncodedValue.Symbols("en-US"), IncomingLocales = EncodedValue.Symbols("en-US", "de-DE"),
            OfferedCapabilities = EncodedValue.Symbols("one"), DesiredCapabilities = EncodedValue.Symbols("two", "three"), Properties = Map,
        }),
        Frame(1, new Begin { RemoteChannel = 2, NextOutgoingId = 3, IncomingWindow = 4, OutgoingWindow = 5, HandleMax = 6, OfferedCapabilities = EncodedValue.Symbols("a"), DesiredCapabilities = EncodedValue.Symbols("b"), Properties = Map }),
        Frame(1, new Attach
        {
            Name = "link", Handle = 7, Role = Role.Receiver, SndSettleMode = SenderSettleMode.Settled, RcvSettleMode = ReceiverSettleMode.Second,
            Source = new Source
            {
                Address = EncodedValue.String("from"), Durable = TerminusDurability.UnsettledState, ExpiryPolicy = TerminusExpiryPolicy.Texts.Never, Timeout = 60, Dynamic = true,
                DynamicNodeProperties = Map, DistributionMode = StdDistMode.Texts.Copy, Filter = Map, DefaultOutcome = default(Released),
                Outcomes = EncodedValue.Symbols("amqp:accepted:list", "amqp:rejected:list"), Capabilities = EncodedValue.Symbols("queue", "topic"),
            },
            Target = new Target { Address = EncodedValue.String("to"), Durable = TerminusDurability.Configuration, ExpiryPolicy = TerminusExpiryPolicy.Texts.LinkDetach, Timeout = 61, Capabilities = EncodedValue.Symbols("queue", "topic") },
            IncompleteUnsettled = true, InitialDeliveryCount = 8, MaxMessageSize = 9, OfferedCapabilities = EncodedValue.Symbols("a", "b"), DesiredCapabilities = EncodedValue.Symbols("c", "d"), Properties = Map,
        }),
        Frame(1, new Flow { NextIncomingId = 1, IncomingWindow = 2, NextOutgoingId = 3, OutgoingWindow = 4, Handle = 5, DeliveryCount = 6, LinkCredit = 7, Available = 8, Drain = true, Echo = true, Properties = Map }),
        Transfer(new Transfer { Handle = 5, DeliveryId = 1, DeliveryTag = new byte[] { 1, 2, 3 }, MessageFormat = 0, Settled = true, RcvSettleMode = ReceiverSettleMode.First, Resume = true, Batchable = true }, Message),
        Frame(1, new Disposition { Role = Role.Sender, First = 1, Last = 2, Settled = true, State = default(Accepted), Batchable = true }),
        Frame(1, new Disposition { Role = Role.Receiver, First = 3, State = new Modified { DeliveryFailed = true, UndeliverableHere = true, MessageAnnotations = Map } }),
        Frame(1, new Disposition { Role = Role.Receiver, First = 4, State = new Received { SectionNumber = 1, SectionOffset = 1000 } }),
        Frame(1, new Detach { Handle = 5, Closed = true, Error = Mistake }),
        Frame(1, new End { Error = Mistake }),
        Frame(0, new Close { Error = Mistake }),
    ];

    /// <summary>A message with every section that may come before its body.</summary>
    public static byte[] Message =>
    [
        .. Octets(new Header { Durable = true, Priority = 7, Ttl = 1000, FirstAcquirer = true, DeliveryCount = 3 }),
        .. Octets(new DeliveryAnnotations { Value = Map }),
        .. Octets(new MessageAnnotations { Value = Map }),
        .. Octets(new Properties
        {
            MessageId = EncodedValue.String("m-1"), UserId = Classic.Text("guest"), To = EncodedValue.String("q"), Subject = "s", ReplyTo = EncodedValue.String("r"), CorrelationId = EncodedValue.String("c-1"),
            ContentType = "text/plain", ContentEncoding = "utf-8", AbsoluteExpiryTime = 1_700_000_000_000, CreationTime = 1_700_000_001_000, GroupId = "g", GroupSequence = 4, ReplyToGroupId = "h",
        }),
        .. Octets(new ApplicationProperties { Value = new EncodedValueBuilder().BeginMap().AddString("key").AddString("value").End().ToValue() }),
        .. Octets(new Data { Value = Classic.Text("hello") }),
    ];

    private static Error Mistake => new() { Condition = AmqpError.Texts.NotFound, Description = "no such node", Info = Map };

    private static EncodedValue Map => new EncodedValueBuilder().BeginMap().AddSymbol("answer").AddUInt(42).End().ToValue();

    public static byte[] Frame<T>(ushort channel, in T performative)
        where T : struct, IDescribedType
    {
        byte[] frame = new byte[FrameReader.HeaderOctets + performative.MaxOctets];
        return frame[..FrameWriter.WritePerformative(frame, channel, performative)];
    }

    public static byte[] Transfer(in Transfer transfer, byte[] payload)
    {
        byte[] frame = new byte[FrameReader.HeaderOctets + transfer.MaxOctets + payload.Length];
        return frame[..FrameWriter.WritePerformative(frame, 1, transfer, payload)];
    }

    private static byte[] Frame<T>(in T sasl)
        where T : struct, IDescribedType
    {
        byte[] frame = new byte[FrameReader.HeaderOctets + sasl.MaxOctets];
        return frame[..FrameWriter.WriteSasl(frame, sasl)];
    }

    private static byte[] Octets<T>(in T value)
        where T : struct, IDescribedType
    {
        byte[] octets = new byte[value.MaxOctets];
        return octets[..value.Write(octets)];
    }
}
