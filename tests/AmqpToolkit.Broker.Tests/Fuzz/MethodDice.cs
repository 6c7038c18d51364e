using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Broker.Tests.Fuzz;

/// <summary>Methods of a client by chance: sound, or wrong in one way, over a few names so that they meet.</summary>
internal sealed class MethodDice(int seed)
{
    private const uint FrameMax = 8192;

    private static readonly string[] ExchangeTypes =
        ["direct", "fanout", "topic", "headers", "x-delayed-message", "x-consistent-hash", "x-random", "x-modulus-hash", "x-recent-history"];

    private static readonly string[] Keys = ["a", "a.b", "a.b.c", "*", "#", "a.#", "#.c", "1", "3", "q0", "q3", "q6", ""];

    private readonly Random _random = new(seed);

    public Random Random => _random;

    /// <summary>A method for a channel, and its content if it has one.</summary>
    /// <param name="tags">Delivery tags that the channel may have.</param>
    public byte[] Next(ushort channel, IReadOnlyList<ulong> tags) => _random.Next(40) switch
    {
        < 12 => Publish(channel),
        12 => Write(channel, new QueueDeclare
        {
            Queue = OneIn(3) ? "" : Queue(), Durable = !OneIn(4), AutoDelete = OneIn(6), Exclusive = OneIn(6), Passive = OneIn(3), Arguments = QueueArguments(),
        }),
        13 => DeclareExchange(channel, Exchange()),
        < 16 => Publish(channel),
        16 => Write(channel, new QueueBind { Queue = OneIn(10) ? "" : Queue(), Exchange = AnyExchange(), RoutingKey = Pick(Keys), Arguments = BindingArguments() }),
        17 => Write(channel, new QueueUnbind { Queue = Queue(), Exchange = AnyExchange(), RoutingKey = Pick(Keys), Arguments = BindingArguments() }),
        18 => Write(channel, new ExchangeBind { Destination = Exchange(), Source = AnyExchange(), RoutingKey = Pick(Keys), Arguments = BindingArguments() }),
        19 => Write(channel, new ExchangeUnbind { Destination = Exchange(), Source = AnyExchange(), RoutingKey = Pick(Keys) }),
        20 => OneIn(4) ? Write(channel, new QueueDelete { Queue = Queue(), IfUnused = OneIn(3), IfEmpty = OneIn(3), NoWait = OneIn(3) })
            : OneIn(3) ? Write(channel, new ExchangeDelete { Exchange = Exchange(), IfUnused = OneIn(3), NoWait = OneIn(3) })
            : Write(channel, new QueuePurge { Queue = Queue(), NoWait = OneIn(3) }),
        < 24 => Write(channel, new BasicConsume
        {
            Queue = OneIn(12) ? "amq.rabbitmq.reply-to" : Queue(), ConsumerTag = OneIn(3) ? $"c{_random.Next(3)}" : "", NoAck = OneIn(3), Exclusive = OneIn(20), NoWait = OneIn(6),
            Arguments = OneIn(3) ? Table.Create(table => table.AddObject("x-priority", OneIn(20) ? "high" : _random.Next(-3, 10))) : default,
        }),
        < 27 => Write(channel, new BasicGet { Queue = Queue(), NoAck = OneIn(3) }),
        < 31 => Settle(channel, tags),
        31 => Write(channel, new BasicQos { PrefetchCount = (ushort)_random.Next(4), Global = OneIn(3), PrefetchSize = OneIn(60) ? 1u : 0 }),
        32 => Write(channel, new BasicCancel { ConsumerTag = $"c{_random.Next(3)}", NoWait = OneIn(3) }),
        33 => OneIn(2) ? Write(channel, new BasicRecover { Requeue = !OneIn(20) }) : Write(channel, new BasicRecoverAsync { Requeue = true }),
        34 => OneIn(3) ? Write(channel, default(TxSelect)) : Write(channel, new ConfirmSelect { Nowait = OneIn(3) }),
        35 => OneIn(3) ? Write(channel, default(TxRollback)) : Write(channel, default(TxCommit)),
        < 38 => Publish(channel),
        38 => OneIn(4) ? Write(0, new ConnectionUpdateSecret { NewSecret = "guest", Reason = "why not" }) : Publish(channel),
        _ => Write(channel, new QueueDeclare { Queue = "amq.rabbitmq.reply-to.nobody", Passive = true }),
    };

    /// <summary>Declarations of all names, durable, and a binding of each.</summary>
    public IEnumerable<byte[]> Declarations(ushort channel)
    {
        for (int index = 0; index < 6; index++)
        {
            yield return DeclareExchange(channel, $"x{index}");
        }

        for (int index = 0; index < 8; index++)
        {
            yield return Write(channel, new QueueDeclare { Queue = $"q{index}", Durable = true, Arguments = QueueArguments() });
            yield return Write(channel, new QueueBind { Queue = $"q{index}", Exchange = $"x{index % 6}", RoutingKey = Pick(Keys), Arguments = BindingArguments() });
        }
    }

    /// <summary>A policy for some of the queues and exchanges.</summary>
    public Policy NextPolicy(string name)
    {
        var definition = new Dictionary<string, object?>();
        bool isForExchanges = OneIn(4);
        if (isForExchanges)
        {
            definition["alternate-exchange"] = AnyExchange();
        }

        for (int left = isForExchanges ? 0 : _random.Next(1, 4); left > 0; left--)
        {
            (string key, object value) = _random.Next(8) switch
            {
                0 => ("message-ttl", Pick(0, 1, 50, 1000)),
                1 => ("expires", Pick(1, 100, 60_000)),
                2 => ("max-length", _random.Next(5)),
                3 => ("max-length-bytes", (object)_random.Next(3000)),
                4 => ("overflow", Pick("drop-head", "reject-publish", "reject-publish-dlx")),
                5 => ("dead-letter-exchange", AnyExchange()),
                6 => ("dead-letter-routing-key", Pick(Keys)),
                _ => ("delivery-limit", Pick(-1, 0, 2)),
            };
            definition[key] = value;
        }

        return new Policy
        {
            Name = name,
            Pattern = isForExchanges ? $"^x[{_random.Next(6)}-6]" : $"^q[{_random.Next(8)}-8]",
            ApplyTo = isForExchanges ? PolicyTarget.Exchanges : Pick(PolicyTarget.Queues, PolicyTarget.ClassicQueues, PolicyTarget.QuorumQueues),
            Priority = _random.Next(3),
            Definition = definition,
        };
    }

    public string Queue() => $"q{_random.Next(8)}";

    public string Exchange() => $"x{_random.Next(6)}";

    public bool OneIn(int count) => _random.Next(count) == 0;

    public static byte[] Write<TMethod>(ushort channel, in TMethod method)
        where TMethod : struct, IMethod
    {
        byte[] frame = new byte[method.MaxOctets + FrameWriter.OverheadOctets];
        return frame[..FrameWriter.WriteMethod(frame, channel, in method)];
    }

    private string AnyExchange() => _random.Next(6) switch { 0 => "", 1 => Pick("amq.topic", "amq.fanout", "amq.headers", "amq.direct"), _ => Exchange() };

    private T Pick<T>(params T[] values) => values[_random.Next(values.Length)];

    private byte[] DeclareExchange(ushort channel, string name) => Write(channel, new ExchangeDeclare
    {
        Exchange = name, Type = Pick(ExchangeTypes), Durable = OneIn(2), AutoDelete = OneIn(6), Internal = OneIn(20), Passive = OneIn(3), Arguments = ExchangeArguments(),
    });

    private byte[] Settle(ushort channel, IReadOnlyList<ulong> tags)
    {
        ulong tag = tags.Count == 0 || OneIn(60) ? (ulong)_random.Next(4) : tags[_random.Next(tags.Count)];
        return (tags.Count == 0 && !OneIn(20) ? 3 : _random.Next(4)) switch
        {
            0 => Write(channel, new BasicAck { DeliveryTag = tag, Multiple = OneIn(3) }),
            1 => Write(channel, new BasicReject { DeliveryTag = tag, Requeue = OneIn(2) }),
            2 => Write(channel, new BasicNack { DeliveryTag = tag, Multiple = OneIn(3), Requeue = OneIn(2) }),
            _ => Write(channel, new BasicNack { DeliveryTag = 0, Multiple = true, Requeue = !OneIn(3) }),
        };
    }

    private byte[] Publish(ushort channel)
    {
        (string exchange, string key) = OneIn(2) ? ("", Queue()) : (AnyExchange(), Pick(Keys));
        var properties = Properties();
        byte[] list = new byte[properties.MaxOctets];
        list = list[..properties.Write(list)];
        byte[] body = new byte[_random.Next(30) switch { 0 => 70_000, < 3 => 9000, < 8 => 0, _ => _random.Next(300) }];
        var method = new BasicPublish { Exchange = exchange, RoutingKey = key, Mandatory = OneIn(4) };
        byte[] octets = new byte[method.MaxOctets + FrameWriter.OverheadOctets + ContentWriter.CountOctets(list.Length, body.Length, FrameMax)];
        int at = FrameWriter.WriteMethod(octets, channel, in method);
        at += ContentWriter.Write(octets.AsSpan(at), channel, BasicProperties.ClassId, list, body, FrameMax);
        return octets[..at];
    }

    private BasicProperties Properties()
    {
        var properties = default(BasicProperties);
        properties = OneIn(2) ? properties with { DeliveryMode = 2 } : properties;
        properties = OneIn(3) ? properties with { Priority = (byte)_random.Next(12) } : properties;
        properties = OneIn(4) ? properties with { Expiration = OneIn(20) ? "soon" : Pick("0", "1", "50", "1000") } : properties;
        properties = OneIn(20) ? properties with { ReplyTo = "amq.rabbitmq.reply-to" } : properties;
        properties = OneIn(20) ? properties with { UserId = OneIn(10) ? "another" : "guest" } : properties;
        properties = OneIn(3) ? properties with { MessageId = "m" } : properties;
        return OneIn(2) ? properties with { Headers = Headers() } : properties;
    }

    private Table Headers() => Table.Create(table =>
    {
        AddSome(table, 6, ("CC", OneIn(20) ? "no array" : new object?[] { Queue(), Pick(Keys), 5 }));
        AddSome(table, 8, ("BCC", new object?[] { Queue() }));
        AddSome(table, 3, ("a", _random.Next(3)));
        AddSome(table, 6, ("x-delay", OneIn(10) ? "soon" : _random.Next(-10, 3000)));
        AddSome(table, 10, ("x-death", OneIn(2) ? 5 : new object?[] { Table.Create(death => death.Add("queue", Queue()).Add("reason", "expired").Add("count", 3L)), 7 }));
        AddSome(table, 10, ("x-delivery-count", _random.Next(5)));
    });

    private Table QueueArguments() => OneIn(2) ? default : Table.Create(table =>
    {
        AddSome(table, 4, ("x-message-ttl", OneIn(30) ? "long" : Pick(0, 1, 50, 1000, 60_000)));
        AddSome(table, 8, ("x-expires", OneIn(30) ? 0 : Pick(1, 100, 60_000)));
        AddSome(table, 4, ("x-max-length", _random.Next(6)));
        AddSome(table, 8, ("x-max-length-bytes", _random.Next(3000)));
        AddSome(table, 4, ("x-overflow", OneIn(30) ? "up" : Pick("drop-head", "reject-publish", "reject-publish-dlx")));
        AddSome(table, 2, ("x-dead-letter-exchange", AnyExchange()));
        AddSome(table, 3, ("x-dead-letter-routing-key", OneIn(2) ? Queue() : Pick(Keys)));
        AddSome(table, 8, ("x-single-active-consumer", true));
        AddSome(table, 8, ("x-consumer-timeout", Pick(100, 60_000)));
        if (OneIn(3))
        {
            table.AddObject("x-queue-type", "quorum");
            AddSome(table, 2, ("x-delivery-limit", _random.Next(-1, 4)));
        }
        else
        {
            AddSome(table, 4, ("x-max-priority", OneIn(30) ? 256 : Pick(1, 5, 255)));
        }
    });

    private Table ExchangeArguments() => Table.Create(table =>
    {
        AddSome(table, 3, ("alternate-exchange", AnyExchange()));
        AddSome(table, 2, ("x-delayed-type", Pick("direct", "topic", "fanout", "headers", "x-delayed-message")));
        AddSome(table, 4, ("hash-header", "a"));
        AddSome(table, 3, ("x-recent-history-length", _random.Next(4)));
    });

    private Table BindingArguments() => OneIn(3)
        ? Table.Create(table =>
        {
            AddSome(table, 2, ("x-match", Pick("all", "any", "all-with-x", "any-with-x", "some")));
            AddSome(table, 2, ("a", _random.Next(3)));
        })
        : default;

    private void AddSome(TableBuilder table, int oneIn, (string Key, object? Value) entry)
    {
        if (OneIn(oneIn))
        {
            table.AddObject(entry.Key, entry.Value);
        }
    }
}
