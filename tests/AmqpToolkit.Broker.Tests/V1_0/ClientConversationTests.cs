using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.V1_0;

/// <summary>What three libraries say to a broker, in their order and with their settings, and what they look for in the answers.</summary>
public sealed class ClientConversationTests : IAsyncLifetime
{
    private static readonly string[] s_allOutcomes = ["amqp:accepted:list", "amqp:rejected:list", "amqp:released:list", "amqp:modified:list"];

    private AmqpBroker _broker = null!;

    public async Task InitializeAsync()
    {
        _broker = await TestBroker.StartAsync();
        using var older = RawClient.Open(_broker);
        older.OpenChannel(1);
        older.DeclareQueue(1, "q");
    }

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    /// <summary>Everything up to the first transfer without waiting for an answer; transfer ids that begin three before the wrap; renewed credit; a link that is refused.</summary>
    [Fact]
    public void AmqpNetLite_SendsAndReceives()
    {
        const uint First = uint.MaxValue - 2;
        using var peer = LogIn();
        peer.Send(PeerClient.Header);
        peer.Send(new Open { ContainerId = "AMQPNetLite-2a6ab28f", Hostname = "localhost", MaxFrameSize = 256 * 1024, ChannelMax = 255 });
        peer.Send(new Begin { NextOutgoingId = First, IncomingWindow = 2048, OutgoingWindow = 2048, HandleMax = 1023 });
        peer.Send(new Attach
        {
            Name = "sender", Handle = 0, Role = Role.Sender, InitialDeliveryCount = 0, Target = new Target { Address = EncodedValue.String("/queues/q") }, Source = default(Source),
        });
        Assert.Equal(PeerClient.Header, peer.ReadHeader());
        Assert.True(peer.Expect("open").Open.MaxFrameSize >= 512);
        peer.Expect("begin");
        Assert.Equal(AnyTarget.Member.Target, peer.Expect("attach").Attach.Target.Kind);
        Assert.True(peer.Expect("flow").Flow.LinkCredit > 0);
        for (uint count = 0; count < 6; count++)
        {
            peer.Transfer(unchecked(First + count), Message.Value($"m{count}"), with: transfer => transfer with { MessageFormat = 0, Batchable = true });
        }

        peer.ExpectDisposed(6);
        peer.Send(new Attach
        {
            Name = "nowhere", Handle = 1, Role = Role.Receiver, Source = new Source { Address = EncodedValue.String("/queues/nowhere") }, Target = default(Target),
        });
        Assert.Equal(AnySource.Member.None, peer.ExpectPast("attach").Attach.Source.Kind);
        var refused = peer.Expect("detach");
        Assert.True(refused.Detach.Closed);
        Assert.Equal("amqp:not-found", refused.Condition);
        peer.Send(new Detach { Handle = 1, Closed = true });

        peer.Send(new Attach { Name = "receiver", Handle = 2, Role = Role.Receiver, Source = new Source { Address = EncodedValue.String("/queues/q") }, Target = default(Target) });
        peer.Credit(4, handle: 2);
        peer.ExpectPast("attach");
        for (uint count = 0; count < 6; count++)
        {
            Assert.Equal($"m{count}", PeerTests.TextOf(peer.ExpectPast("transfer")));
            peer.Settle(count, EncodedValue.Of(default(Accepted)));
            if (count == 1)
            {
                peer.Credit(4, handle: 2, deliveryCount: 2, nextIncomingId: 2);
            }
        }

        peer.Send(new Detach { Handle = 2, Closed = true });
        peer.Send(default(End));
        peer.Send(default(Close));
        peer.ExpectPast("detach");
        peer.ExpectPast("end");
        peer.ExpectPast("close");
        Assert.True(peer.IsEnded);
    }

    /// <summary>A version from 4 on, a session for management, one for each publisher and consumer, symbols for expiry policies that are not the specification's, a settled sender with a receiver of mode second.</summary>
    [Fact]
    public void RabbitMqAmqpClient_DeclaresPublishesAndConsumes()
    {
        using var peer = LogIn();
        peer.Send(PeerClient.Header);
        peer.Send(new Open { ContainerId = "connection", Hostname = "vhost:/", MaxFrameSize = 65536, IdleTimeOut = 60_000 });
        Assert.Equal(PeerClient.Header, peer.ReadHeader());
        var open = peer.Expect("open").Open;
        Assert.True(open.Properties.TryGetValue("version"u8, out var version) && version.TryGetString(out var text) && text.StartsWith("4."u8));
        Assert.True(open.OfferedCapabilities.ContainsSymbol("LINK_PAIR_V1_0"u8));
        for (ushort channel = 0; channel < 3; channel++)
        {
            peer.Send(new Begin { NextOutgoingId = 0, IncomingWindow = 2048, OutgoingWindow = 2048, HandleMax = 1023 }, channel: channel);
            peer.ExpectPast("begin");
        }

        var paired = new EncodedValueBuilder().BeginMap().AddSymbol("paired").AddBoolean(true).End().ToValue();
        peer.AttachSender("/management", handle: 0, "management-link-pair", attach => attach with
        {
            SndSettleMode = SenderSettleMode.Settled, Properties = paired, Source = new Source { Address = EncodedValue.String("/management"), ExpiryPolicy = "LINK_DETACH" },
        });
        peer.AttachReceiver("/management", handle: 1, "management-link-pair", attach => attach with { SndSettleMode = SenderSettleMode.Settled, Properties = paired });
        peer.Credit(100);
        byte[] body = new EncodedValueBuilder().Describe(AmqpValueView.DescriptorCode).BeginMap()
            .AddString("durable").AddBoolean(true).AddString("exclusive").AddBoolean(false).AddString("auto_delete").AddBoolean(false)
            .AddString("arguments").BeginMap().AddString("x-queue-type").AddString("quorum").End().End().Span.ToArray();
        peer.Transfer(0, [.. Request("1", "PUT", "/queues/new"), .. body], settled: true);
        Assert.Equal(("1", "201"), AnswerOf(peer.ExpectPast("transfer")));

        peer.Send(new Attach
        {
            Name = "publisher", Handle = 0, Role = Role.Sender, InitialDeliveryCount = 0, SndSettleMode = SenderSettleMode.Unsettled, RcvSettleMode = ReceiverSettleMode.First,
            Source = new Source { Address = EncodedValue.String("/queues/new"), ExpiryPolicy = "LINK_DETACH", Outcomes = EncodedValue.Symbols(s_allOutcomes) },
            Target = new Target { Address = EncodedValue.String("/queues/new"), ExpiryPolicy = "SESSION_END" },
        }, channel: 1);
        peer.ExpectPast("attach");
        peer.ExpectPast("flow");
        peer.Send(new Transfer { Handle = 0, DeliveryId = 0, DeliveryTag = new byte[] { 1 }, MessageFormat = 0 }, [.. Message.Properties(new Properties { MessageId = EncodedValue.ULong(7) }), .. Message.Data("hello"u8.ToArray())], channel: 1);
        Assert.Equal(AnyDeliveryState.Member.Accepted, peer.ExpectPast("disposition").Disposition.State.Kind);

        peer.Send(new Attach
        {
            Name = "consumer", Handle = 0, Role = Role.Receiver, SndSettleMode = SenderSettleMode.Settled, RcvSettleMode = ReceiverSettleMode.Second,
            Source = new Source { Address = EncodedValue.String("/queues/new"), ExpiryPolicy = "SESSION_END" }, Target = new Target { Address = EncodedValue.String("/queues/new") },
        }, channel: 2);
        peer.Send(new Flow { NextIncomingId = 0, IncomingWindow = 2048, NextOutgoingId = 0, OutgoingWindow = 2048, Handle = 0, DeliveryCount = 0, LinkCredit = 10 }, channel: 2);
        peer.ExpectPast("attach");
        var transfer = peer.ExpectPast("transfer");
        Assert.True(transfer.Transfer.Settled);
        Assert.EndsWith(Convert.ToHexString(Message.Data("hello"u8.ToArray())), Convert.ToHexString(transfer.Payload), StringComparison.Ordinal);

        peer.Transfer(1, [.. Request("2", "DELETE", "/queues/new"), .. Null()], settled: true);
        var names = new List<string>();
        (string, string)? answer = null;
        while (answer is null || !names.Contains("detach"))
        {
            // The consumer's link ends with its queue, before the answer or after it.
            var frame = peer.Read();
            names.Add(frame.Name);
            answer = frame.Name == "transfer" ? AnswerOf(frame) : answer;
        }

        Assert.Equal(("2", "200"), answer);
    }

    /// <summary>Capabilities that it asks for and looks for, a session of the connection's own, outcomes and a default one, credit by the thousand, a browser that drains, a subscription that is ended by its name.</summary>
    [Fact]
    public void QpidJms_SendsBrowsesConsumesAndSubscribes()
    {
        using var peer = LogIn();
        peer.Send(PeerClient.Header);
        peer.Send(new Open
        {
            ContainerId = "ID:fe1a64c9:1", Hostname = "localhost", MaxFrameSize = 1024 * 1024, ChannelMax = 32767, IdleTimeOut = 30_000,
            DesiredCapabilities = EncodedValue.Symbols("sole-connection-for-container", "DELAYED_DELIVERY", "ANONYMOUS-RELAY", "SHARED-SUBS"),
            Properties = new EncodedValueBuilder().BeginMap().AddSymbol("product").AddString("QpidJMS").AddSymbol("version").AddString("2.6.1").End().ToValue(),
        });
        Assert.Equal(PeerClient.Header, peer.ReadHeader());
        var open = peer.Expect("open").Open;
        Assert.True(open.OfferedCapabilities.ContainsSymbol("ANONYMOUS-RELAY"u8));
        Assert.True(open.OfferedCapabilities.ContainsSymbol("SHARED-SUBS"u8));
        for (ushort channel = 0; channel < 2; channel++)
        {
            // The first is the connection's own, for temporary destinations.
            peer.Send(new Begin { NextOutgoingId = 1, IncomingWindow = 2047, OutgoingWindow = int.MaxValue, HandleMax = 65535 }, channel: channel);
            peer.ExpectPast("begin");
        }

        peer.Send(new Attach
        {
            Name = "qpid-jms:temp-queue-creator:1", Handle = 0, Role = Role.Sender, InitialDeliveryCount = 0, SndSettleMode = SenderSettleMode.Unsettled, RcvSettleMode = ReceiverSettleMode.First,
            Source = new Source { Outcomes = EncodedValue.Symbols(s_allOutcomes) },
            Target = new Target
            {
                Dynamic = true, Capabilities = EncodedValue.Symbols("temporary-queue"), ExpiryPolicy = TerminusExpiryPolicy.Texts.LinkDetach,
                DynamicNodeProperties = new EncodedValueBuilder().BeginMap().AddSymbol("lifetime-policy").Add(default(DeleteOnClose)).End().ToValue(),
            },
        });
        Assert.Equal(DecodeError.None, peer.ExpectPast("attach").Attach.Target.ParseTarget(out var temporary));
        Assert.True(temporary.Address.TryGetAddressString(out var address) && !address.IsEmpty);
        peer.ExpectPast("flow");

        peer.Send(new Attach
        {
            Name = "qpid-jms:sender:1", Handle = 0, Role = Role.Sender, InitialDeliveryCount = 0, SndSettleMode = SenderSettleMode.Unsettled, RcvSettleMode = ReceiverSettleMode.First,
            Source = new Source { Address = EncodedValue.String("ID:fe1a64c9:1:1:1"), Outcomes = EncodedValue.Symbols(s_allOutcomes) },
            Target = new Target { Address = EncodedValue.String("q"), Capabilities = EncodedValue.Symbols("queue") },
        }, channel: 1);
        peer.ExpectPast("attach");
        peer.ExpectPast("flow");
        peer.Send(new Transfer { Handle = 0, DeliveryId = 1, DeliveryTag = new byte[] { 0 }, MessageFormat = 0 }, [
            .. Message.Header(new Header { Durable = true }), .. Message.MessageAnnotations("x-opt-jms-dest", "queue"),
            .. Message.Properties(new Properties { MessageId = EncodedValue.String("ID:1"), To = EncodedValue.String("q") }), .. Message.ApplicationProperties("colour", "red"), .. Message.Value("text")], channel: 1);
        Assert.Equal(AnyDeliveryState.Member.Accepted, peer.ExpectPast("disposition").Disposition.State.Kind);

        peer.Send(Receiver("qpid-jms:browser:1", 1, new Source { Address = EncodedValue.String("q"), DistributionMode = StdDistMode.Texts.Copy, Capabilities = EncodedValue.Symbols("queue") }), channel: 1);
        peer.ExpectPast("attach");
        peer.Send(FlowOf(handle: 1, credit: 1000, drain: true), channel: 1);
        Assert.Equal("text", PeerTests.TextOf(peer.ExpectPast("transfer")));
        Assert.Equal(0u, peer.ReadDrained().LinkCredit);
        peer.Send(new Detach { Handle = 1, Closed = true }, channel: 1);
        peer.ExpectPast("detach");

        peer.Send(Receiver("qpid-jms:receiver:1", 2, new Source
        {
            Address = EncodedValue.String("q"), Capabilities = EncodedValue.Symbols("queue"), Filter = new EncodedValueBuilder().BeginMap().AddSymbol("jms-selector").Add(new SelectorFilter { Value = "colour = 'red'" }).End().ToValue(),
        }), channel: 1);
        Assert.Equal(DecodeError.None, peer.ExpectPast("attach").Attach.Source.ParseSource(out var source));
        Assert.Equal(1, source.Filter.Count);
        peer.Send(FlowOf(handle: 2, credit: 1000, nextIncomingId: 1), channel: 1);
        var transfer = peer.ExpectPast("transfer");
        Assert.Equal("text", PeerTests.TextOf(transfer));
        peer.Send(new Disposition { Role = Role.Receiver, First = transfer.Transfer.DeliveryId, Settled = true, State = EncodedValue.Of(default(Accepted)) }, channel: 1);

        peer.Send(Receiver("subscription", 3, new Source
        {
            Address = EncodedValue.String("amq.fanout"), Durable = TerminusDurability.UnsettledState, ExpiryPolicy = TerminusExpiryPolicy.Texts.Never, DistributionMode = StdDistMode.Texts.Copy,
            Capabilities = EncodedValue.Symbols("topic"),
        }), channel: 1);
        Assert.Equal(AnySource.Member.Source, peer.ExpectPast("attach").Attach.Source.Kind);
        peer.Send(new Detach { Handle = 3 }, channel: 1);
        Assert.False(peer.ExpectPast("detach").Detach.Closed);
        Assert.Equal(AnySource.Member.Source, Unsubscribe(peer, handle: 4));
        Assert.Equal(AnySource.Member.None, Unsubscribe(peer, handle: 5));
    }

    /// <summary>What the address of a link was that is asked for by its name, without a source; if there was one, it is closed.</summary>
    private static AnySource.Member Unsubscribe(PeerClient peer, uint handle)
    {
        peer.Send(new Attach { Name = "subscription", Handle = handle, Role = Role.Receiver, Target = default(Target) }, channel: 1);
        var kind = peer.ExpectPast("attach").Attach.Source.Kind;
        if (kind == AnySource.Member.None)
        {
            Assert.Equal("amqp:not-found", peer.ExpectPast("detach").Condition);
            peer.Send(new Detach { Handle = handle, Closed = true }, channel: 1);
        }
        else
        {
            peer.Send(new Detach { Handle = handle, Closed = true }, channel: 1);
            Assert.True(peer.ExpectPast("detach").Detach.Closed);
        }

        return kind;
    }

    private static Attach Receiver(string name, uint handle, Source source) => new()
    {
        Name = name, Handle = handle, Role = Role.Receiver, SndSettleMode = SenderSettleMode.Unsettled, RcvSettleMode = ReceiverSettleMode.First,
        Source = source with { Outcomes = EncodedValue.Symbols(s_allOutcomes), DefaultOutcome = new Modified { DeliveryFailed = true } }, Target = default(Target),
    };

    private static Flow FlowOf(uint handle, uint credit, bool drain = false, uint nextIncomingId = 0) => new()
    {
        NextIncomingId = nextIncomingId, IncomingWindow = 2047, NextOutgoingId = 2, OutgoingWindow = int.MaxValue, Handle = handle, DeliveryCount = 0, LinkCredit = credit, Drain = drain,
    };

    private PeerClient LogIn()
    {
        var peer = new PeerClient(_broker);
        peer.Send(PeerClient.SaslHeader);
        Assert.Equal(PeerClient.SaslHeader, peer.ReadHeader());
        Assert.Equal(DecodeError.None, SaslMechanismsView.TryParse(peer.Expect("saslmechanisms").Body, out var mechanisms, out _));
        Assert.True(mechanisms.SaslServerMechanisms.ContainsSymbol("PLAIN"u8));
        peer.SendSasl(new SaslInit { Mechanism = "PLAIN", InitialResponse = "\0guest\0guest"u8.ToArray(), Hostname = "localhost" });
        peer.Expect("sasloutcome");
        return peer;
    }

    private static byte[] Request(string id, string method, string path) =>
        Message.Properties(new Properties { MessageId = EncodedValue.String(id), To = EncodedValue.String(path), Subject = method, ReplyTo = EncodedValue.String("$me") });

    private static byte[] Null() => new EncodedValueBuilder().Describe(AmqpValueView.DescriptorCode).AddNull().Span.ToArray();

    private static (string Request, string Status) AnswerOf(PeerFrame transfer)
    {
        Assert.Equal(DecodeError.None, MessageSections.TryParse(transfer.Payload, out var sections));
        Assert.Equal(DecodeError.None, PropertiesView.TryParse(sections.Properties, out var properties, out _));
        Assert.True(properties.CorrelationId.TryGetMessageIdString(out var id));
        return (Encoding.UTF8.GetString(id), Encoding.ASCII.GetString(properties.Subject));
    }
}
