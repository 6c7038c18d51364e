using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Broker.Tests.Fuzz;

/// <summary>Sound conversations of a client, frame by frame, written with the generated codec. All may be said without waiting for an answer.</summary>
internal static class FuzzCorpus
{
    /// <summary>A queue that all conversations know, so that they meet.</summary>
    private const string Shared = "shared";

    private const uint FrameMax = 8192;

    /// <summary>Protocol header to connection.open, and three channels.</summary>
    public static byte[][] Handshake { get; } =
    [
        ProtocolHeader.V0_9_1.ToArray(),
        Method(0, new ConnectionStartOk
        {
            ClientProperties = Table.Create(table => table.Add("product", "fuzz").AddTable("capabilities", capabilities => capabilities
                .Add("consumer_cancel_notify", true).Add("connection.blocked", true).Add("authentication_failure_close", true))),
            Mechanism = "PLAIN",
            Response = "\0guest\0guest",
            Locale = "en_US",
        }),
        Method(0, new ConnectionTuneOk { ChannelMax = 2047, FrameMax = FrameMax, Heartbeat = 0 }),
        Method(0, new ConnectionOpen { VirtualHost = "/" }),
        Method(1, default(ChannelOpen)),
        Method(2, default(ChannelOpen)),
        Method(3, default(ChannelOpen)),
    ];

    public static byte[][][] Conversations { get; } =
    [
        // consume what another channel publishes, whole, empty and large
        [
            Method(1, new QueueDeclare { Exclusive = true }),
            Method(1, new BasicQos { PrefetchCount = 3 }),
            Method(1, new BasicConsume { ConsumerTag = "c1" }),
            Method(3, new QueueDeclare { Queue = Shared, AutoDelete = true }),
            Method(3, new BasicConsume { Queue = Shared, ConsumerTag = "c3", NoAck = true }),
            Method(1, new QueueBind { Exchange = "amq.topic", RoutingKey = "a.*.c" }),
            .. Publish(2, "amq.topic", "a.b.c", 10),
            .. Publish(2, "amq.topic", "a.b.c", 0),
            .. Publish(2, "amq.topic", "a.b.c", 9000),
            .. Publish(2, "", Shared, 66_000),
            Method(1, new BasicAck { DeliveryTag = 1 }),
            Method(1, new BasicNack { DeliveryTag = 3, Multiple = true, Requeue = true }),
            .. Publish(2, "amq.topic", "a.b.c", 300),
            Method(1, new BasicReject { DeliveryTag = 4, Requeue = false }),
            Method(1, new BasicQos { PrefetchCount = 2, Global = true }),
            Method(1, new BasicCancel { ConsumerTag = "c1" }),
            Method(1, new BasicRecover { Requeue = true }),
            Method(1, new ChannelClose { ReplyCode = 200, ReplyText = "done" }),
            Method(1, default(ChannelOpen)),
            Method(0, new ConnectionClose { ReplyCode = 200, ReplyText = "done" }),
        ],

        // get, settle, purge and delete
        [
            Method(1, new QueueDeclare { Queue = Shared, AutoDelete = true }),
            .. Publish(1, "", Shared, 5),
            .. Publish(1, "", Shared, 700),
            .. Publish(1, "", Shared, 6),
            Method(1, new BasicGet { Queue = Shared, NoAck = true }),
            Method(1, new BasicGet { Queue = Shared }),
            Method(2, new BasicGet { Queue = Shared }),
            Method(1, new BasicNack { DeliveryTag = 0, Multiple = true, Requeue = true }),
            Method(1, new BasicRecoverAsync { Requeue = true }),
            Method(2, new BasicAck { DeliveryTag = 1 }),
            Method(1, new QueuePurge { Queue = Shared }),
            Method(1, new QueueDelete { Queue = Shared, IfUnused = true }),
        ],

        // confirms and returns
        [
            Method(1, default(ConfirmSelect)),
            Method(1, new QueueDeclare { Queue = "q1", Durable = true, Arguments = Arguments() }),
            .. Publish(1, "", "q1", 4, mandatory: true),
            .. Publish(1, "", "nobody", 5000, mandatory: true),
            .. Publish(1, "amq.fanout", "", 17),
            .. Publish(2, "nowhere", "", 3),
            Method(2, default(ChannelCloseOk)),
            Method(2, default(ChannelOpen)),
            .. Publish(1, "", "q1", 8184),
            Method(1, new QueueDelete { Queue = "q1" }),
        ],

        // transactions
        [
            Method(1, default(TxSelect)),
            Method(1, new QueueDeclare { Queue = "q2", Exclusive = true }),
            .. Publish(1, "", "q2", 30),
            .. Publish(1, "", "q2", 65_536),
            Method(1, default(TxCommit)),
            Method(1, new BasicGet { Queue = "q2" }),
            Method(1, new BasicGet { Queue = "q2" }),
            Method(1, new BasicAck { DeliveryTag = 1 }),
            Method(1, new BasicNack { DeliveryTag = 2, Requeue = true }),
            Method(1, default(TxRollback)),
            .. Publish(1, "", "q2", 9),
            .. Publish(1, "", "nobody", 2, mandatory: true),
            Method(1, new BasicAck { DeliveryTag = 0, Multiple = true }),
            Method(1, default(TxCommit)),
            .. Publish(1, "", "q2", 40),
        ],

        // topology
        [
            Method(1, new ExchangeDeclare { Exchange = "x1", Type = "headers", AutoDelete = true, Arguments = Table.Create(table => table.Add("alternate-exchange", "amq.fanout")) }),
            Method(1, new ExchangeDeclare { Exchange = "x2", Type = "topic", Durable = true, Internal = true }),
            Method(1, new QueueDeclare { Exclusive = true, Arguments = Arguments() }),
            Method(1, new QueueBind { Exchange = "x1", Arguments = Table.Create(table => table.Add("x-match", "any").Add("a", 1).Add("b", "two")) }),
            Method(1, new ExchangeBind { Destination = "x1", Source = "x2", RoutingKey = "#.k.*" }),
            Method(1, new ExchangeBind { Destination = "x2", Source = "amq.direct", RoutingKey = "k" }),
            .. Publish(2, "x1", "", 12),
            .. Publish(2, "amq.direct", "k", 13),
            Method(1, new QueueUnbind { Exchange = "x1", Arguments = Table.Create(table => table.Add("x-match", "any").Add("a", 1).Add("b", "two")) }),
            Method(1, new ExchangeUnbind { Destination = "x1", Source = "x2", RoutingKey = "#.k.*" }),
            Method(1, new ExchangeDelete { Exchange = "x1" }),
            Method(1, new ExchangeDelete { Exchange = "x2", IfUnused = true }),
            Method(1, new ExchangeDeclare { Exchange = "amq.match", Type = "headers", Passive = true }),
        ],

        // more keys than one, alternates, and exchanges of all kinds
        [
            Method(1, new ExchangeDeclare { Exchange = "x3", Type = "direct", Arguments = Table.Create(table => table.Add("alternate-exchange", "x4")) }),
            Method(1, new ExchangeDeclare { Exchange = "x4", Type = "x-recent-history", Arguments = Table.Create(table => table.Add("x-recent-history-length", 3)) }),
            Method(1, new ExchangeDeclare { Exchange = "x5", Type = "x-delayed-message", AutoDelete = true, Arguments = Table.Create(table => table.Add("x-delayed-type", "topic")) }),
            Method(1, new ExchangeDeclare { Exchange = "x6", Type = "x-consistent-hash", Arguments = Table.Create(table => table.Add("hash-header", "a")) }),
            Method(1, new ExchangeDeclare { Exchange = "x7", Type = "x-random" }),
            Method(1, new ExchangeDeclare { Exchange = "x8", Type = "x-modulus-hash", AutoDelete = true }),
            Method(1, new QueueDeclare { Exclusive = true }),
            Method(1, new QueueBind { Exchange = "x5", RoutingKey = "a.#" }),
            Method(1, new QueueBind { Exchange = "x6", RoutingKey = "3" }),
            Method(1, new QueueBind { Exchange = "x7" }),
            Method(1, new QueueBind { Exchange = "x8" }),
            Method(1, new ExchangeBind { Destination = "x5", Source = "x3", RoutingKey = "k" }),
            Method(1, new ExchangeBind { Destination = "x6", Source = "x5", RoutingKey = "#" }),
            .. Publish(2, "x3", "k", 11, Headers(("CC", new object[] { "a.b", 5, "k" }), ("BCC", new object[] { "z" }), ("x-delay", 1500))),
            .. Publish(2, "x5", "a.b", 12, Headers(("x-delay", 10_000L), ("a", "two"))),
            .. Publish(2, "x5", "a.b", 66_000, Headers(("x-delay", 1), ("BCC", new object[] { "a.c" }))),
            .. Publish(2, "x4", "", 13, Headers(("x-recent-history-no-store", false))),
            .. Publish(2, "x6", "", 14, Headers(("a", 1))),
            .. Publish(2, "x7", "", 15),
            .. Publish(2, "x8", "key", 16),
            Method(1, new QueueBind { Exchange = "x4" }),
            .. Publish(3, "", "nobody", 8, Headers(("CC", "no array"))),
            Method(1, new QueueUnbind { Exchange = "x6", RoutingKey = "3" }),
            Method(1, new ExchangeDelete { Exchange = "x5" }),
            Method(1, new ExchangeDelete { Exchange = "x4" }),
            Method(1, new ExchangeDelete { Exchange = "x3" }),
        ],

        // direct replies
        [
            Method(1, new BasicConsume { Queue = "amq.rabbitmq.reply-to", ConsumerTag = "r", NoAck = true }),
            Method(2, new QueueDeclare { Queue = Shared, AutoDelete = true }),
            .. Publish(1, "", Shared, 20, new BasicProperties { ReplyTo = "amq.rabbitmq.reply-to", CorrelationId = "1", Headers = Table.Create(table => table.AddObject("BCC", new object[] { Shared })) }),
            Method(2, new BasicGet { Queue = Shared, NoAck = true }),
            Method(2, new QueueDeclare { Queue = "amq.rabbitmq.reply-to" }),
            Method(2, new QueueDelete { Queue = "amq.rabbitmq.reply-to" }),
            Method(1, new BasicCancel { ConsumerTag = "r" }),
            Method(1, new BasicConsume { Queue = "amq.rabbitmq.reply-to", ConsumerTag = "s", NoAck = true }),
            .. Publish(1, "", "amq.rabbitmq.reply-to.nobody", 21, mandatory: true),
            .. Publish(2, "", Shared, 22, new BasicProperties { ReplyTo = "amq.rabbitmq.reply-to" }),
            Method(2, default(ChannelCloseOk)),
            Method(2, default(ChannelOpen)),
            Method(2, new QueueDeclare { Queue = "amq.rabbitmq.reply-to.nobody", Passive = true }),
        ],

        // queues with arguments of every kind, and what becomes of their messages
        [
            Method(1, new QueueDeclare { Queue = "q5", Durable = true, Arguments = Table.Create(table => table
                .Add("x-max-length", 2).Add("x-overflow", "reject-publish-dlx").Add("x-dead-letter-exchange", "").Add("x-dead-letter-routing-key", "q6").Add("x-expires", 60_000)) }),
            Method(1, new QueueDeclare { Queue = "q6", Durable = true, Arguments = Table.Create(table => table
                .Add("x-message-ttl", 100).Add("x-max-priority", 5).Add("x-dead-letter-exchange", "amq.fanout").Add("x-max-length-bytes", 5000L)) }),
            Method(1, new QueueDeclare { Queue = "q7", Durable = true, Arguments = Table.Create(table => table
                .Add("x-queue-type", "quorum").Add("x-delivery-limit", 1).Add("x-dead-letter-exchange", "").Add("x-dead-letter-routing-key", "q5")) }),
            Method(1, new QueueDeclare { Exclusive = true, Arguments = Table.Create(table => table.Add("x-single-active-consumer", true)) }),
            Method(1, new QueueBind { Exchange = "amq.fanout" }),
            Method(1, new BasicConsume { ConsumerTag = "a1", Arguments = Table.Create(table => table.Add("x-priority", 3)) }),
            Method(1, new BasicConsume { ConsumerTag = "a2" }),
            Method(2, default(ConfirmSelect)),
            .. Publish(2, "", "q5", 30, new BasicProperties { Expiration = "50", Priority = 9, Headers = Table.Create(table => table.AddObject("CC", new object[] { "q6", "q7" })) }),
            .. Publish(2, "", "q5", 31),
            .. Publish(2, "", "q5", 32),
            .. Publish(2, "", "q5", 66_000),
            .. Publish(2, "", "q7", 33),
            Method(3, new BasicGet { Queue = "q7" }),
            Method(3, new BasicReject { DeliveryTag = 1, Requeue = true }),
            Method(3, new BasicGet { Queue = "q7" }),
            Method(3, new BasicReject { DeliveryTag = 2, Requeue = true }),
            Method(3, new BasicGet { Queue = "q6" }),
            Method(3, new BasicNack { DeliveryTag = 3, Requeue = false }),
            Method(1, new BasicCancel { ConsumerTag = "a1" }),
            Method(3, new QueueDelete { Queue = "q6" }),
            Method(3, new QueuePurge { Queue = "q5" }),
        ],

        // the rest, and mistakes of the everyday kind
        [
            Heartbeat(),
            Method(1, new AccessRequest { Realm = "/" }),
            Method(1, new ChannelFlow { Active = true }),
            Method(0, new ConnectionUpdateSecret { NewSecret = "guest", Reason = "because" }),
            Method(1, new QueueDeclare { Queue = "missing", Passive = true }),
            Method(1, default(ChannelCloseOk)),
            Method(1, default(ChannelOpen)),
            Method(2, new BasicAck { DeliveryTag = 77 }),
            Method(2, default(ChannelCloseOk)),
            Method(2, default(ChannelOpen)),
            Method(3, new BasicConsume { Queue = Shared, ConsumerTag = "e", Exclusive = true }),
            Method(3, default(ChannelCloseOk)),
            Method(4, default(ChannelOpen)),
            Method(4, new QueueDeclare { Queue = "q4", AutoDelete = true }),
            Method(4, new BasicConsume { Queue = "q4", ConsumerTag = "last" }),
            .. Publish(4, "", "q4", 50),
            Method(4, new QueueDelete { Queue = "q4" }),
            Method(4, default(BasicCancelOk)),
            Method(4, new BasicAck { DeliveryTag = 1 }),
            Heartbeat(),
        ],
    ];

    private static Table Arguments() => Table.Create(table => table
        .Add("x-message-ttl", 60_000).Add("x-max-length", 100L).Add("x-dead-letter-exchange", "amq.fanout").Add("any", true)
        .AddTable("table", inner => inner.Add("deep", 1.5).AddTable("deeper", last => last.Add("octets", new byte[] { 1, 2, 3 })))
        .AddArray("array", array => array.Add(1).Add("two").Add(3.0)));

    private static BasicProperties Headers(params (string Key, object? Value)[] headers)
    {
        var table = new TableBuilder();
        foreach ((string key, object? value) in headers)
        {
            table.AddObject(key, value);
        }

        return new BasicProperties { Headers = table.ToTable() };
    }

    private static IEnumerable<byte[]> Publish(ushort channel, string exchange, string routingKey, int bodyOctets, bool mandatory = false) =>
        Publish(
            channel,
            exchange,
            routingKey,
            bodyOctets,
            bodyOctets % 2 == 0
                ? default
                : new BasicProperties { ContentType = "text/plain", DeliveryMode = 2, Priority = 3, Headers = Table.Create(table => table.Add("a", 1).Add("b", "two")), MessageId = "m", Timestamp = 1 },
            mandatory);

    private static IEnumerable<byte[]> Publish(ushort channel, string exchange, string routingKey, int bodyOctets, BasicProperties properties, bool mandatory = false)
    {
        yield return Method(channel, new BasicPublish { Exchange = exchange, RoutingKey = routingKey, Mandatory = mandatory });
        byte[] list = new byte[properties.MaxOctets];
        list = list[..properties.Write(list)];
        byte[] content = new byte[ContentWriter.CountOctets(list.Length, bodyOctets, FrameMax)];
        ContentWriter.Write(content, channel, BasicProperties.ClassId, list, new byte[bodyOctets], FrameMax);
        for (int at = 0; at < content.Length;)
        {
            FrameReader.TryReadHeader(content.AsSpan(at), out _, out _, out uint octets);
            int end = at + (int)octets + FrameWriter.OverheadOctets;
            yield return content[at..end];
            at = end;
        }
    }

    private static byte[] Method<TMethod>(ushort channel, in TMethod method)
        where TMethod : struct, IMethod
    {
        byte[] frame = new byte[method.MaxOctets + FrameWriter.OverheadOctets];
        return frame[..FrameWriter.WriteMethod(frame, channel, in method)];
    }

    private static byte[] Heartbeat()
    {
        byte[] frame = new byte[FrameWriter.OverheadOctets];
        FrameWriter.WriteHeartbeat(frame);
        return frame;
    }
}
