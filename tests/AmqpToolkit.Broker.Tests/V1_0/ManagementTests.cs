using System.Text;
using AmqpToolkit.Broker.Tests.Durability;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.V1_0;

/// <summary>The management node, asked as RabbitMQ's clients of 1.0 ask it.</summary>
public sealed class ManagementTests
{
    private uint _id;

    [Fact]
    public async Task E02_E03_Queue_IsDeclared_Shown_Purged_AndDeleted()
    {
        await using var broker = await TestBroker.StartAsync();
        using var peer = Begin(broker);
        var answer = Ask(peer, "PUT", "/queues/a%20queue", builder => builder.BeginMap()
            .AddString("durable").AddBoolean(true).AddString("exclusive").AddBoolean(false).AddString("auto_delete").AddBoolean(false)
            .AddString("arguments").BeginMap().AddString("x-queue-type").AddString("quorum").AddString("x-max-length").AddULong(10).End().End());
        Assert.Equal("201", answer.Status);
        Assert.Equal(("a queue", "quorum", true), (answer.Text("name"), answer.Text("type"), answer.Boolean("durable")));
        Assert.Equal("200", Ask(peer, "GET", "/queues/a%20queue").Status);
        Assert.Equal("409", Ask(peer, "PUT", "/queues/a%20queue", builder => builder.BeginMap().AddString("durable").AddBoolean(false).End()).Status);

        peer.AttachSender("/queues/a%20queue", handle: 5);
        peer.Transfer(_id++, Message.Value("x"), handle: 5);
        peer.ExpectPast("disposition");
        Assert.Equal(1u, Ask(peer, "GET", "/queues/a%20queue").Number("message_count"));
        Assert.Equal(1u, Ask(peer, "DELETE", "/queues/a%20queue/messages").Number("message_count"));
        Assert.Equal("200", Ask(peer, "DELETE", "/queues/a%20queue").Status);
        Assert.Equal("404", Ask(peer, "GET", "/queues/a%20queue").Status);
        Assert.Equal("400", Ask(peer, "PATCH", "/queues/a%20queue").Status);
    }

    [Fact]
    public async Task E02_WhatIsDeclared_IsDurableUnlessItIsSaid_AndHasNoPropertiesThatNobodyKnows()
    {
        await using var broker = await TestBroker.StartAsync();
        using var peer = Begin(broker);
        Assert.True(Ask(peer, "PUT", "/queues/q", builder => builder.BeginMap().End()).Boolean("durable"));
        Assert.True(Ask(peer, "PUT", "/queues/p").Boolean("durable"));
        Assert.Equal("204", Ask(peer, "PUT", "/exchanges/e", builder => builder.BeginMap().End()).Status);
        Assert.True(broker.FindVirtualHost("/")!.FindExchange("e"u8)!.Durable);
        Assert.Equal("400", Ask(peer, "PUT", "/queues/r", builder => builder.BeginMap().AddString("foo").AddInt(1).End()).Status);
        Assert.Equal("400", Ask(peer, "PUT", "/exchanges/f", builder => builder.BeginMap().AddString("foo").AddInt(1).End()).Status);
        Assert.Equal("404", Ask(peer, "GET", "/queues/r").Status);
    }

    [Fact]
    public async Task E03_Exchange_IsDeclared_Bound_Unbound_AndDeleted()
    {
        await using var broker = await TestBroker.StartAsync();
        using var peer = Begin(broker);
        Ask(peer, "PUT", "/queues/q", builder => builder.BeginMap().AddString("exclusive").AddBoolean(true).End());
        Assert.Equal("204", Ask(peer, "PUT", "/exchanges/e", builder => builder.BeginMap().AddString("type").AddString("topic").AddString("durable").AddBoolean(true).End()).Status);
        Assert.Equal("204", Ask(peer, "POST", "/bindings", builder => builder.BeginMap()
            .AddString("source").AddString("e").AddString("destination_queue").AddString("q").AddString("binding_key").AddString("a.*").AddString("arguments").BeginMap().End().End()).Status);
        Assert.Equal("200", Ask(peer, "GET", "/bindings?src=e&dstq=q&key=a.%2A").Status);
        peer.AttachSender("/exchanges/e/a.b", handle: 5);
        peer.Transfer(_id++, Message.Value("x"), handle: 5);
        Assert.Equal(AnyDeliveryState.Member.Accepted, peer.ExpectPast("disposition").Disposition.State.Kind);
        Assert.Equal("204", Ask(peer, "DELETE", "/bindings/src=e;dstq=q;key=a.%2A;args=").Status);
        peer.Transfer(_id++, Message.Value("x"), handle: 5);
        Assert.Equal(AnyDeliveryState.Member.Released, peer.ExpectPast("disposition").Disposition.State.Kind);
        Assert.Equal("204", Ask(peer, "DELETE", "/exchanges/e").Status);
        Assert.Equal("404", Ask(peer, "POST", "/bindings", builder => builder.BeginMap().AddString("source").AddString("e").AddString("destination_queue").AddString("q").End()).Status);
    }

    [Fact]
    public async Task E03_DurableQueue_IsAnsweredWhenItIsKept()
    {
        ManualDisk? disk = null;
        await using var broker = await KeptBroker.StartAsync(files: folder => disk = new ManualDisk(folder));
        using var peer = Begin(broker.Broker);
        Ask(peer, "PUT", "/queues/first", builder => builder.BeginMap().AddString("durable").AddBoolean(true).End());
        disk!.HoldSyncs();
        Request(peer, "PUT", "/queues/second", builder => builder.BeginMap().AddString("durable").AddBoolean(true).End());

        // Something that the broker answers at once comes before it.
        peer.AttachSender("/queues/second", handle: 5);
        disk.ReleaseSyncs();
        Assert.Equal("201", Read(peer).Status);
    }

    private static PeerClient Begin(AmqpBroker broker)
    {
        var peer = PeerClient.Begin(broker);
        var properties = new EncodedValueBuilder().BeginMap().AddSymbol("paired").AddBoolean(true).End().ToValue();
        var sender = peer.AttachSender("/management", name: "management-link-pair", with: attach => attach with { SndSettleMode = SenderSettleMode.Settled, Properties = properties });
        Assert.True(sender.Attach.Properties.TryGetValue("paired"u8, out var paired) && paired.TryGetBoolean(out bool isPaired) && isPaired);
        peer.AttachReceiver("/management", name: "management-link-pair", with: attach => attach with { SndSettleMode = SenderSettleMode.Settled, Properties = properties });
        peer.Credit(100);
        return peer;
    }

    private Answer Ask(PeerClient peer, string method, string path, Func<EncodedValueBuilder, EncodedValueBuilder>? body = null)
    {
        Request(peer, method, path, body);
        return Read(peer);
    }

    private void Request(PeerClient peer, string method, string path, Func<EncodedValueBuilder, EncodedValueBuilder>? body)
    {
        var builder = new EncodedValueBuilder().Describe(AmqpValueView.DescriptorCode);
        byte[] message = [
            .. Message.Properties(new Properties { MessageId = EncodedValue.String($"{_id}"), To = EncodedValue.String(path), Subject = method, ReplyTo = EncodedValue.String("$me") }),
            .. (body is null ? builder.AddNull() : body(builder)).Span];
        peer.Transfer(_id++, message, settled: true);
    }

    private Answer Read(PeerClient peer)
    {
        byte[] payload = peer.ExpectPast("transfer").Payload;
        Assert.Equal(DecodeError.None, MessageSections.TryParse(payload, out var sections));
        Assert.Equal(DecodeError.None, PropertiesView.TryParse(sections.Properties, out var properties, out _));
        Assert.True(properties.CorrelationId.TryGetMessageIdString(out var id) && Encoding.UTF8.GetString(id) == $"{_id - 1}");
        Assert.Equal(DecodeError.None, ApplicationPropertiesView.TryParse(sections.ApplicationProperties, out var application, out _));
        Assert.True(application.Value.TryGetValue("http:response"u8, out var version) && version.TryGetString(out var text) && text.SequenceEqual("1.1"u8));
        return new Answer(Encoding.ASCII.GetString(properties.Subject), sections.Body.ToArray());
    }

    private sealed record Answer(string Status, byte[] Body)
    {
        public string Text(string key) => Value(key).TryGetString(out var text) ? Encoding.UTF8.GetString(text) : throw new InvalidOperationException(key);

        public bool Boolean(string key) => Value(key).TryGetBoolean(out bool value) && value;

        public ulong Number(string key) => Value(key).TryGetUInt64(out ulong value) ? value : throw new InvalidOperationException(key);

        private EncodedValueView Value(string key)
        {
            Assert.Equal(DecodeError.None, AmqpValueView.TryParse(Body, out var body, out _));
            Assert.True(body.Value.TryGetMap(out var map));
            Assert.True(map.TryGetValue(Encoding.UTF8.GetBytes(key), out var value), key);
            return value;
        }
    }
}
