using System.Buffers.Binary;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using ClientProperties = RabbitMQ.Client.BasicProperties;
using ClientTimestamp = RabbitMQ.Client.AmqpTimestamp;
using Constants = AmqpToolkit.Codec.V0_9_1.Constants;

namespace AmqpToolkit.Codec.Tests;

/// <summary>
/// RabbitMQ.Client's own codec as the other side: what it sends is decoded to what it was told to send, and written by us is the same octets; what we write it
/// takes for what we meant.
/// </summary>
public sealed class RabbitMqClientTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>A value of each type that the client reads: all but the second tag of 64-bit integers, and no negative decimal, which it reads as sign and magnitude.</summary>
    private static readonly Table EveryType = Table.Create(table => table
        .Add("t", true).Add("b", (sbyte)-128).Add("B", (byte)255).Add("s", (short)-300).Add("u", (ushort)60000).Add("I", int.MinValue).Add("i", uint.MaxValue).Add("l", long.MinValue)
        .Add("f", 1.5f).Add("d", -2.5).Add("D", 3.15m).Add("S", "aé€").Add("x", FieldValue.Binary([0, 255])).Add("T", new AmqpTimestamp(1_700_000_000)).Add("V", FieldValue.Void)
        .AddTable("F", inner => inner.Add("in", true))
        .AddArray("A", array => array.Add((sbyte)7).Add("").AddTable(inner => inner.Add("n", 1))));

    private readonly ScriptedServer _server = new(EveryType);
    private IConnection? _connection;

    [Fact]
    public async Task WhatTheClientSends_IsReadAsMeant_AndWrittenTheSame()
    {
        _server.On(BasicGetView.MethodKey, default(BasicGetEmpty));
        IChannel channel = await ConnectAsync();
        var arguments = new Dictionary<string, object?>
        {
            ["bool"] = true,
            ["sbyte"] = (sbyte)-5,
            ["byte"] = (byte)200,
            ["short"] = (short)-30000,
            ["ushort"] = (ushort)60000,
            ["int"] = -5_000_000,
            ["uint"] = 4_000_000_000,
            ["long"] = -5_000_000_000_000,
            ["float"] = 1.5f,
            ["double"] = -2.25,
            ["decimal"] = 3.14m,
            ["text"] = "Grüße €",
            ["octets"] = new byte[] { 1, 2, 255 },
            ["binary"] = new BinaryTableValue([0, 255]),
            ["time"] = new ClientTimestamp(1_700_000_000),
            ["table"] = new Dictionary<string, object?> { ["inner"] = 1 },
            ["list"] = new List<object?> { 1, "two", null, false },
            ["nothing"] = null,
        };

        await channel.ExchangeDeclareAsync("e", "topic", durable: true, autoDelete: true, arguments);
        await channel.ExchangeBindAsync("d", "e", "k", arguments);
        await channel.ExchangeUnbindAsync("d", "e", "k");
        await channel.ExchangeDeleteAsync("e", ifUnused: true);
        await channel.QueueDeclareAsync("q", durable: true, exclusive: true, autoDelete: false, arguments);
        await channel.QueueBindAsync("q", "e", "a.#", arguments);
        await channel.QueueUnbindAsync("q", "e", "a.#");
        await channel.QueuePurgeAsync("q");
        await channel.QueueDeleteAsync("q", ifUnused: false, ifEmpty: true);
        await channel.BasicQosAsync(0, 300, global: true);
        await channel.BasicPublishAsync("e", "a.b", mandatory: true, Everything(arguments), "hello"u8.ToArray());
        await channel.BasicPublishAsync("", "q", mandatory: false, new ClientProperties(), ReadOnlyMemory<byte>.Empty);
        await channel.BasicGetAsync("q", autoAck: true);
        await channel.BasicAckAsync(ulong.MaxValue, multiple: true);
        await channel.BasicNackAsync(7, multiple: false, requeue: true);
        await channel.BasicRejectAsync(8, requeue: true);
        await channel.TxSelectAsync();
        await channel.TxCommitAsync();
        await channel.TxRollbackAsync();
        await _connection!.UpdateSecretAsync("new", "old expires");
        await channel.CloseAsync().WaitAsync(Patience);
        await _connection.CloseAsync().WaitAsync(Patience);

        Assert.Null(_server.Failure);
        List<object> methods = AssertWrittenTheSame();
        var start = Single<ConnectionStartOk>(methods);
        Assert.Equal(("PLAIN", "\0guest\0guest", "en_US"), (start.Mechanism.ToString(), start.Response.ToString(), start.Locale.ToString()));
        var exchange = Single<ExchangeDeclare>(methods);
        Assert.Equal(("e", "topic", false, true, true, false), (exchange.Exchange.ToString(), exchange.Type.ToString(), exchange.Passive, exchange.Durable, exchange.AutoDelete, exchange.NoWait));
        AssertSame(arguments, exchange.Arguments);
        Assert.Equal("d", Single<ExchangeBind>(methods).Destination.ToString());
        Assert.True(Single<ExchangeDelete>(methods).IfUnused);
        var queue = Single<QueueDeclare>(methods);
        Assert.Equal(("q", false, true, true, false), (queue.Queue.ToString(), queue.Passive, queue.Durable, queue.Exclusive, queue.AutoDelete));
        AssertSame(arguments, Single<QueueBind>(methods).Arguments);
        Assert.True(Single<QueueDelete>(methods) is { IfUnused: false, IfEmpty: true });
        Assert.Equal(new BasicQos { PrefetchCount = 300, Global = true }, Single<BasicQos>(methods));
        Assert.Equal(new BasicAck { DeliveryTag = ulong.MaxValue, Multiple = true }, Single<BasicAck>(methods));
        Assert.Equal(new BasicNack { DeliveryTag = 7, Requeue = true }, Single<BasicNack>(methods));
        Assert.Equal(new BasicReject { DeliveryTag = 8, Requeue = true }, Single<BasicReject>(methods));
        Assert.Equal("new", Single<ConnectionUpdateSecret>(methods).NewSecret.ToString());
        BasicPublish[] published = [.. methods.OfType<BasicPublish>()];
        Assert.Equal(new BasicPublish { Exchange = "e", RoutingKey = "a.b", Mandatory = true }, published[0]);
        Assert.Equal(new BasicPublish { RoutingKey = "q" }, published[1]);
        AssertContents(arguments);
    }

    [Fact]
    public async Task WhatWeSend_TheClientTakesForWhatWeMeant()
    {
        var delivered = new TaskCompletionSource<BasicDeliverEventArgs>(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancelled = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var returned = new TaskCompletionSource<BasicReturnEventArgs>(TaskCreationOptions.RunContinuationsAsynchronously);
        var blocked = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        V0_9_1.BasicProperties properties = OwnEverything();
        _server.On(BasicConsumeView.MethodKey, _ =>
        [
            ScriptedServer.Method(1, new BasicConsumeOk { ConsumerTag = "ct" }),
            ScriptedServer.Content(1, new BasicDeliver { ConsumerTag = "ct", DeliveryTag = 0x0102030405060708, Redelivered = true, Exchange = "e", RoutingKey = "a.b" }, properties, "body"u8),
            ScriptedServer.Content(1, new BasicReturn { ReplyCode = 312, ReplyText = "NO_ROUTE", Exchange = "x", RoutingKey = "y" }, default, "back"u8),
            ScriptedServer.Method(1, new BasicCancel { ConsumerTag = "ct", NoWait = true }),
            ScriptedServer.Method(0, new ConnectionBlocked { Reason = "low" }),
        ]);
        _server.On(BasicGetView.MethodKey, _ =>
            [ScriptedServer.Content(1, new BasicGetOk { DeliveryTag = 3, Exchange = "e", RoutingKey = "k", MessageCount = 9 }, properties, [])]);
        IChannel channel = await ConnectAsync();
        channel.BasicReturnAsync += (_, message) =>
        {
            returned.TrySetResult(message);
            return Task.CompletedTask;
        };
        _connection!.ConnectionBlockedAsync += (_, message) =>
        {
            blocked.TrySetResult(message.Reason);
            return Task.CompletedTask;
        };
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            delivered.TrySetResult(delivery);
            return Task.CompletedTask;
        };
        consumer.UnregisteredAsync += (_, end) =>
        {
            cancelled.TrySetResult(end.ConsumerTags[0]);
            return Task.CompletedTask;
        };

        await channel.BasicConsumeAsync("q", autoAck: false, consumer).WaitAsync(Patience);

        BasicDeliverEventArgs delivery = await delivered.Task.WaitAsync(Patience);
        Assert.Equal(("ct", 0x0102030405060708ul, true, "e", "a.b"), (delivery.ConsumerTag, delivery.DeliveryTag, delivery.Redelivered, delivery.Exchange, delivery.RoutingKey));
        AssertProperties(delivery.BasicProperties);
        BasicReturnEventArgs message = await returned.Task.WaitAsync(Patience);
        Assert.Equal((312, "NO_ROUTE", "x", "y"), (message.ReplyCode, message.ReplyText, message.Exchange, message.RoutingKey));
        Assert.Equal("ct", await cancelled.Task.WaitAsync(Patience));
        Assert.Equal("low", await blocked.Task.WaitAsync(Patience));
        BasicGetResult? got = await channel.BasicGetAsync("q", autoAck: true).WaitAsync(Patience);
        Assert.Equal((3ul, false, "e", "k", 9u), (got!.DeliveryTag, got.Redelivered, got.Exchange, got.RoutingKey, got.MessageCount));
        AssertProperties(got.BasicProperties);
        RabbitMQ.Client.QueueDeclareOk declared = await channel.QueueDeclareAsync("named").WaitAsync(Patience);
        Assert.Equal(("answered", 4_000_000_000u, 2u), (declared.QueueName, declared.MessageCount, declared.ConsumerCount));
        AssertTable(EveryType.ToDictionary(), _connection!.ServerProperties!);
        Assert.Equal((2047, 131072u), (_connection.ChannelMax, _connection.FrameMax));
        Assert.Null(_server.Failure);
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }

        await _server.DisposeAsync();
    }

    private static ClientProperties Everything(IDictionary<string, object?> headers) => new()
    {
        ContentType = "text/plain",
        ContentEncoding = "gzip",
        Headers = headers,
        DeliveryMode = DeliveryModes.Persistent,
        Priority = 9,
        CorrelationId = "c",
        ReplyTo = "r",
        Expiration = "60000",
        MessageId = "m",
        Timestamp = new ClientTimestamp(1_700_000_000),
        Type = "t",
        UserId = "guest",
        AppId = "a",
        ClusterId = "x",
    };

    private static V0_9_1.BasicProperties OwnEverything() => new()
    {
        ContentType = "text/plain",
        ContentEncoding = "gzip",
        Headers = EveryType,
        DeliveryMode = 2,
        Priority = 9,
        CorrelationId = "c",
        ReplyTo = "r",
        Expiration = "60000",
        MessageId = "m",
        Timestamp = 1_700_000_000,
        Type = "t",
        UserId = "guest",
        AppId = "a",
        Reserved = "x",
    };

    private static void AssertProperties(IReadOnlyBasicProperties properties)
    {
        Assert.Equal(
            ("text/plain", "gzip", DeliveryModes.Persistent, (byte)9, "c", "r", "60000"),
            (properties.ContentType, properties.ContentEncoding, properties.DeliveryMode, properties.Priority, properties.CorrelationId, properties.ReplyTo, properties.Expiration));
        Assert.Equal(
            ("m", 1_700_000_000L, "t", "guest", "a", "x"),
            (properties.MessageId, properties.Timestamp.UnixTime, properties.Type, properties.UserId, properties.AppId, properties.ClusterId));
        AssertTable(EveryType.ToDictionary(), properties.Headers!);
    }

    /// <summary>The client gives long strings as octets, and refuses nothing that it can read.</summary>
    private static void AssertTable(Dictionary<string, object?> expected, IDictionary<string, object?> actual)
    {
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected, entry => Assert.Equal(Canonical(entry.Value), Canonical(actual[entry.Key])));
    }

    private static string Canonical(object? value) => value switch
    {
        null => "null",
        string text => "S" + Hex.Of(System.Text.Encoding.UTF8.GetBytes(text)),
        byte[] octets => "S" + Hex.Of(octets),
        BinaryTableValue binary => "S" + Hex.Of(binary.Bytes),
        ClientTimestamp time => $"T{time.UnixTime}",
        AmqpTimestamp time => $"T{time.Seconds}",
        IEnumerable<KeyValuePair<string, object?>> table => "{" + string.Join(", ", table.Select(entry => $"{entry.Key}: {Canonical(entry.Value)}")) + "}",
        System.Collections.IEnumerable list => "[" + string.Join(", ", list.Cast<object?>().Select(Canonical)) + "]",
        _ => FormattableString.Invariant($"{value.GetType().Name} {value}"),
    };

    private static void AssertSame(Dictionary<string, object?> expected, Table actual) => AssertTable(expected, actual.ToDictionary());

    private static T Single<T>(List<object> methods) => methods.OfType<T>().Single();

    private async Task<IChannel> ConnectAsync()
    {
        _server.On(ConnectionStartOkView.MethodKey, new ConnectionTune { ChannelMax = 2047, FrameMax = 131072 });
        _server.On(ConnectionOpenView.MethodKey, default(ConnectionOpenOk));
        _server.On(ConnectionUpdateSecretView.MethodKey, default(ConnectionUpdateSecretOk));
        _server.On(ConnectionCloseView.MethodKey, default(ConnectionCloseOk));
        _server.On(ChannelOpenView.MethodKey, default(ChannelOpenOk));
        _server.On(ChannelCloseView.MethodKey, default(ChannelCloseOk));
        _server.On(ExchangeDeclareView.MethodKey, default(ExchangeDeclareOk));
        _server.On(ExchangeBindView.MethodKey, default(ExchangeBindOk));
        _server.On(ExchangeUnbindView.MethodKey, default(ExchangeUnbindOk));
        _server.On(ExchangeDeleteView.MethodKey, default(ExchangeDeleteOk));
        _server.On(QueueDeclareView.MethodKey, new V0_9_1.QueueDeclareOk { Queue = "answered", MessageCount = 4_000_000_000, ConsumerCount = 2 });
        _server.On(QueueBindView.MethodKey, default(QueueBindOk));
        _server.On(QueueUnbindView.MethodKey, default(QueueUnbindOk));
        _server.On(QueuePurgeView.MethodKey, new QueuePurgeOk { MessageCount = 1 });
        _server.On(QueueDeleteView.MethodKey, new QueueDeleteOk { MessageCount = 1 });
        _server.On(BasicQosView.MethodKey, default(BasicQosOk));
        _server.On(TxSelectView.MethodKey, default(TxSelectOk));
        _server.On(TxCommitView.MethodKey, default(TxCommitOk));
        _server.On(TxRollbackView.MethodKey, default(TxRollbackOk));
        _server.Start();
        var factory = new ConnectionFactory { HostName = "127.0.0.1", Port = _server.Port, AutomaticRecoveryEnabled = false, RequestedHeartbeat = TimeSpan.Zero };
        _connection = await factory.CreateConnectionAsync().WaitAsync(Patience);
        return await _connection.CreateChannelAsync().WaitAsync(Patience);
    }

    /// <summary>Every method and content header that came: read, and written by us to the same octets.</summary>
    private List<object> AssertWrittenTheSame()
    {
        var methods = new List<object>();
        MethodType content = MethodType.ContentOf(typeof(V0_9_1.BasicProperties));
        foreach ((byte type, _, byte[] payload) in _server.Received)
        {
            if (type == Constants.FrameMethod)
            {
                uint key = BinaryPrimitives.ReadUInt32BigEndian(payload);
                MethodType method = MethodType.All.Single(method => method.Key == key);
                Assert.Equal(DecodeError.None, method.Parse(payload.AsSpan(sizeof(uint)), out object? owned, out bool isTextValid));
                Assert.True(isTextValid);
                Assert.Equal(Hex.Of(payload), Hex.Of(MethodRoundTripTests.Write(owned!)));
                methods.Add(owned!);
            }
            else if (type == Constants.FrameHeader)
            {
                Assert.Equal(DecodeError.None, ContentHeaderView.TryParse(payload, out ContentHeaderView header));
                Assert.Equal(DecodeError.None, content.Parse(header.Properties, out object? owned, out _));
                var properties = (V0_9_1.BasicProperties)owned!;
                byte[] written = new byte[properties.MaxOctets];
                Assert.Equal(Hex.Of(header.Properties), Hex.Of(written.AsSpan(0, properties.Write(written))));
            }
        }

        return methods;
    }

    private void AssertContents(Dictionary<string, object?> headers)
    {
        byte[][] found = [.. _server.Received.Where(frame => frame.Type == Constants.FrameHeader).Select(frame => frame.Payload)];
        Assert.Equal(DecodeError.None, ContentHeaderView.TryParse(found[0], out ContentHeaderView header));
        Assert.Equal(5ul, header.BodyOctets);
        Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse(header.Properties, out BasicPropertiesView view));
        V0_9_1.BasicProperties properties = view.ToOwned();
        AssertSame(headers, properties.Headers);
        Assert.Equal(OwnEverything() with { Headers = properties.Headers }, properties);
        Assert.Equal(DecodeError.None, ContentHeaderView.TryParse(found[1], out header));
        Assert.Equal(0ul, header.BodyOctets);
        Assert.Equal("0000", Hex.Of(header.Properties));
    }
}
