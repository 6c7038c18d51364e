using System.Text;

namespace AmqpToolkit.Conformance.Tests.Peer;

internal sealed partial class ScriptedPeer
{
    private const ushort DepositChannel = 2000;

    /// <summary>The capabilities that today's clients announce.</summary>
    public static readonly byte[] Capabilities = PeerWriter.Table(
        ("publisher_confirms", true), ("exchange_exchange_bindings", true), ("basic.nack", true), ("consumer_cancel_notify", true),
        ("connection.blocked", true), ("authentication_failure_close", true));

    private int _deposits;

    /// <summary>An open connection.</summary>
    public static ScriptedPeer Open(BrokerUnderTest broker, byte[]? capabilities = null, int frameMax = 131072, ushort channelMax = 2047, ushort heartbeat = 0, Edition edition = Edition.V0_9_1)
    {
        var peer = Tuned(broker, capabilities, edition);
        peer.TuneOk(frameMax, channelMax, heartbeat);
        peer.Send(0, "connection.open", broker.VirtualHost, "", false);
        peer.Expect(0, "connection.open-ok");
        return peer;
    }

    /// <summary>An open connection with these channels.</summary>
    public static ScriptedPeer OpenWithChannels(BrokerUnderTest broker, params ushort[] channels) => OpenWithChannels(broker, Edition.V0_9_1, channels);

    /// <summary>The same in an edition.</summary>
    public static ScriptedPeer OpenWithChannels(BrokerUnderTest broker, Edition edition, params ushort[] channels)
    {
        var peer = Open(broker, edition: edition);
        foreach (var channel in channels)
        {
            peer.OpenChannel(channel);
        }

        return peer;
    }

    /// <summary>A connection that sent its protocol header and got connection.start.</summary>
    public static ScriptedPeer Started(BrokerUnderTest broker, Edition edition = Edition.V0_9_1)
    {
        var peer = Connect(broker, edition);
        peer.SendRaw(HeaderOf(edition));
        peer.Expect(0, "connection.start");
        return peer;
    }

    /// <summary>A connection that has logged in and got connection.tune.</summary>
    public static ScriptedPeer Tuned(BrokerUnderTest broker, byte[]? capabilities = null, Edition edition = Edition.V0_9_1)
    {
        var peer = Started(broker, edition);
        peer.StartOk("PLAIN", $"\0{broker.User}\0{broker.Password}", capabilities);
        peer.Expect(0, "connection.tune");
        return peer;
    }

    public void StartOk(string mechanism, object response, byte[]? capabilities = null) =>
        Send(0, "connection.start-ok", PeerWriter.Table(("product", "scripted peer"), ("capabilities", capabilities ?? Capabilities)), mechanism, response, "en_US");

    public void TuneOk(long frameMax = 131072, int channelMax = 2047, ushort heartbeat = 0)
    {
        Send(0, "connection.tune-ok", channelMax, frameMax, heartbeat);
        FrameMax = (int)Math.Clamp(frameMax, 4096, 131072);
    }

    public void OpenChannel(ushort channel) => Call(channel, "channel.open", "");

    public void CloseChannel(ushort channel) => Call(channel, "channel.close", 200, "done", 0, 0);

    /// <summary>Sends a method and expects its -ok.</summary>
    public IncomingMethod Call(ushort channel, string method, params object?[] fields)
    {
        Send(channel, method, fields);
        return Expect(channel, method + "-ok");
    }

    public IncomingMethod Expect(ushort channel, string method)
    {
        var incoming = Receive();
        var found = Assert.IsType<IncomingMethod>(incoming);
        Assert.True(found.Name == method && found.Channel == channel, $"Expected {method} on channel {channel}, got {found}");
        return found;
    }

    public void ExpectSocketClosed(TimeSpan? deadline = null) => Assert.IsType<SocketClosed>(Receive(deadline));

    public void ExpectChannelClose(ushort channel, int code, string text, string? method) => ExpectClose(channel, "channel.close", code, text, method);

    public void ExpectConnectionClose(int code, string text, string? method) => ExpectClose(0, "connection.close", code, text, method);

    /// <summary>
    /// Proves that the broker had nothing to say on this channel: the answer to a question is the next thing that comes.
    /// </summary>
    public void ExpectNothingBefore(ushort channel) => Call(channel, "channel.flow", true);

    public void Publish(ushort channel, string exchange, object routingKey, string body = "hello", bool mandatory = false, byte[]? properties = null) =>
        Publish(channel, exchange, routingKey, Encoding.UTF8.GetBytes(body), mandatory, properties);

    public void Publish(ushort channel, string exchange, object routingKey, byte[] body, bool mandatory = false, byte[]? properties = null)
    {
        Send(channel, "basic.publish", 0, exchange, routingKey, mandatory, false);
        SendHeader(channel, (ulong)body.Length, properties);
        foreach (var piece in body.Chunk(FrameMax - 8))
        {
            SendBody(channel, piece);
        }
    }

    /// <summary>
    /// Puts messages into a queue and returns when they are there, by a confirm channel of its own: what another channel
    /// does next finds them, and a count counts them (RabbitMQ's counts overtake publishes).
    /// </summary>
    public void Deposit(string queue, params string[] bodies)
    {
        if (_deposits++ == 0)
        {
            OpenChannel(DepositChannel);
            Call(DepositChannel, "confirm.select", false);
        }

        foreach (var body in bodies)
        {
            Publish(DepositChannel, "", queue, body);
            Expect(DepositChannel, "basic.ack");
        }
    }

    public (string Name, uint Messages, uint Consumers) DeclareQueue(
        ushort channel, string name, bool passive = false, bool durable = false, bool exclusive = false, bool autoDelete = false, byte[]? arguments = null)
    {
        var ok = Call(channel, "queue.declare", 0, name, passive, durable, exclusive, autoDelete, false, arguments);
        return (ok.Field<string>(0), ok.Field<uint>(1), ok.Field<uint>(2));
    }

    /// <summary>An exclusive queue with a server's name.</summary>
    public string DeclareQueue(ushort channel) => DeclareQueue(channel, "", exclusive: true).Name;

    public uint CountReady(ushort channel, string queue) => DeclareQueue(channel, queue, passive: true).Messages;

    public uint CountConsumers(ushort channel, string queue) => DeclareQueue(channel, queue, passive: true).Consumers;

    public void DeclareExchange(ushort channel, string name, string type, bool passive = false, bool durable = false, bool autoDelete = false, bool @internal = false, byte[]? arguments = null) =>
        Call(channel, "exchange.declare", 0, name, type, passive, durable, autoDelete, @internal, false, arguments);

    public void BindQueue(ushort channel, string queue, string exchange, string routingKey, byte[]? arguments = null) =>
        Call(channel, "queue.bind", 0, queue, exchange, routingKey, false, arguments);

    public void UnbindQueue(ushort channel, string queue, string exchange, string routingKey, byte[]? arguments = null) =>
        Call(channel, "queue.unbind", 0, queue, exchange, routingKey, arguments);

    public void BindExchange(ushort channel, string destination, string source, string routingKey, byte[]? arguments = null) =>
        Call(channel, "exchange.bind", 0, destination, source, routingKey, false, arguments);

    public string Consume(ushort channel, string queue, string tag = "", bool noAck = false, bool exclusive = false, byte[]? arguments = null) =>
        (Edition >= Edition.V0_8
            ? Call(channel, "basic.consume", 0, queue, tag, false, noAck, exclusive, false)
            : Call(channel, "basic.consume", 0, queue, tag, false, noAck, exclusive, false, arguments)).Field<string>(0);

    public void Cancel(ushort channel, string tag) => Assert.Equal(tag, Call(channel, "basic.cancel", tag, false).Field<string>(0));

    public void Qos(ushort channel, ushort prefetchCount, bool global = false) => Call(channel, "basic.qos", 0, prefetchCount, global);

    public void Ack(ushort channel, ulong tag, bool multiple = false) => Send(channel, "basic.ack", tag, multiple);

    public void Nack(ushort channel, ulong tag, bool multiple = false, bool requeue = true) => Send(channel, "basic.nack", tag, multiple, requeue);

    public void Reject(ushort channel, ulong tag, bool requeue = true) => Send(channel, "basic.reject", tag, requeue);

    /// <summary>One message by basic.get, or null when the queue is empty.</summary>
    public Content? Get(ushort channel, string queue, bool noAck = false)
    {
        Send(channel, "basic.get", 0, queue, noAck);
        var method = Assert.IsType<IncomingMethod>(Receive());
        if (method.Name == "basic.get-empty")
        {
            return null;
        }

        Assert.Equal("basic.get-ok", method.Name);
        return Content(method);
    }

    public Content ExpectDelivery(ushort channel, string consumerTag)
    {
        var content = Content(Expect(channel, "basic.deliver"));
        Assert.Equal(consumerTag, content.Method.Field<string>(0));
        return content;
    }

    public Content ExpectDeliveryOnAnyChannel()
    {
        var method = Assert.IsType<IncomingMethod>(Receive());
        Assert.Equal("basic.deliver", method.Name);
        return Content(method);
    }

    public Content ExpectReturn(ushort channel) => Content(Expect(channel, "basic.return"));

    /// <summary>The tags that acks cover until <paramref name="last"/> is; fails on a nack and on a tag that is covered twice.</summary>
    public void ExpectConfirms(ushort channel, ulong last)
    {
        var open = new SortedSet<ulong>();
        for (var tag = 1UL; tag <= last; tag++)
        {
            open.Add(tag);
        }

        while (open.Count > 0)
        {
            var ack = Expect(channel, "basic.ack");
            var tag = ack.Field<ulong>(0);
            Assert.True(open.Contains(tag), $"{ack} covers nothing new.");
            if (ack.Field<bool>(1))
            {
                open.RemoveWhere(one => one <= tag);
            }
            else
            {
                open.Remove(tag);
            }
        }
    }

    private Content Content(IncomingMethod method)
    {
        var header = Assert.IsType<IncomingHeader>(Receive());
        Assert.Equal(method.Channel, header.Channel);
        Assert.Equal(60, header.ClassId);
        var body = new List<byte>();
        var frames = 0;
        while ((ulong)body.Count < header.BodyOctets)
        {
            var piece = Assert.IsType<IncomingBody>(Receive());
            Assert.Equal(method.Channel, piece.Channel);
            Assert.NotEmpty(piece.Payload);
            body.AddRange(piece.Payload);
            frames++;
        }

        Assert.Equal(header.BodyOctets, (ulong)body.Count);
        return new Content(method, header.Properties, [.. body], frames);
    }

    private void ExpectClose(ushort channel, string close, int code, string text, string? method)
    {
        var found = Expect(channel, close);
        var shape = method is null ? null : MethodCatalogue.Find(method, Edition);
        var (classId, methodId) = (shape?.ClassId ?? 0, shape?.MethodId ?? 0);
        Assert.Equal($"{code} {text} ({classId}.{methodId})", $"{found.Field<ushort>(0)} {found.Field<string>(1)} ({found.Field<ushort>(2)}.{found.Field<ushort>(3)})");
    }
}
