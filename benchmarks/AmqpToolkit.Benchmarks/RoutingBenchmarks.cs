using System.Text;
using AmqpToolkit.Broker;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using BenchmarkDotNet.Attributes;

namespace AmqpToolkit.Benchmarks;

/// <summary>
/// What the broker's topology takes to route a message whose way nobody remembers: 10,000 patterns or bindings, keys that come once in 65,536
/// messages, five queues each.
/// </summary>
[MemoryDiagnoser]
public class RoutingBenchmarks
{
    private const int Bindings = 10_000;
    private const int Keys = 65_536;

    private readonly object _connection = new();
    private readonly RouteCollector _collector = new();
    private readonly byte[][] _topicKeys = new byte[Keys][];
    private readonly byte[][] _queueNames = new byte[Keys][];
    private readonly Table[] _headers = new Table[Keys];
    private VirtualHost _virtualHost = null!;
    private Exchange _topic = null!;
    private Exchange _hash = null!;
    private Exchange _byHeaders = null!;
    private int _next;

    /// <summary>Declares the topology.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _virtualHost = new VirtualHost("/", BrokerProfile.V4_2, new MessageArena());
        _topic = Declare("topic", "topic");
        _byHeaders = Declare("by-headers", "headers");
        _hash = Declare("hash", "x-consistent-hash");
        for (int queue = 0; queue < Keys; queue++)
        {
            _queueNames[queue] = Octets($"queue.{queue}");
            _virtualHost.DeclareQueue(_queueNames[queue], false, false, false, false, default, _connection, out _);
        }

        // Five patterns of each of 2,000 groups match a key of the group, in the ways in which patterns do.
        for (int group = 0; group < Bindings / 5; group++)
        {
            string[] patterns = [$"region.{group}.*.created", $"region.{group}.#", $"*.{group}.order.*", $"#.{group}.order.created", $"region.{group}.order.created"];
            for (int number = 0; number < patterns.Length; number++)
            {
                Bind("topic", (group * 5) + number, patterns[number]);
                Bind("by-headers", (group * 5) + number, "", ("x-match", number == 4 ? "any" : "all"), ("group", group), ("kind", $"kind.{number}"));
            }
        }

        for (int queue = 0; queue < 16; queue++)
        {
            Bind("hash", queue, "1");
        }

        for (int key = 0; key < Keys; key++)
        {
            int group = (int)((uint)key * 2654435761u % (Bindings / 5));
            _topicKeys[key] = Octets($"region.{group}.order.created");
            _headers[key] = Table.Create(table => table.Add("id", key).Add("group", group).Add("kind", $"kind.{key % 4}").Add("source", "benchmark"));
        }

        Expect(5, () => Topic());
        Expect(2, () => Headers());
        Expect(1, () => ConsistentHash());
        Expect(1, () => DefaultExchange());
    }

    /// <summary>A topic exchange with 10,000 patterns.</summary>
    [Benchmark]
    public int Topic() => Route(_topic, _topicKeys[Next()], default);

    /// <summary>A headers exchange with 10,000 bindings of two arguments.</summary>
    [Benchmark]
    public int Headers()
    {
        int next = Next();
        return Route(_byHeaders, _topicKeys[next], _headers[next].View);
    }

    /// <summary>A consistent hash over 16 queues.</summary>
    [Benchmark]
    public int ConsistentHash() => Route(_hash, _queueNames[Next()], default);

    /// <summary>The default exchange with 65,536 queues.</summary>
    [Benchmark]
    public int DefaultExchange() => Route(_virtualHost.DefaultExchange, _queueNames[Next()], default);

    private static byte[] Octets(string text) => Encoding.UTF8.GetBytes(text);

    private static void Expect(int queues, Func<int> route)
    {
        int found = route();
        if (found != queues)
        {
            throw new InvalidOperationException($"{found} queues instead of {queues}");
        }
    }

    private int Next() => _next = (_next + 1) & (Keys - 1);

    private int Route(Exchange exchange, byte[] key, TableView headers)
    {
        _collector.Clear();
        _virtualHost.Route(exchange, key, headers, _collector);
        return _collector.Count;
    }

    private Exchange Declare(string name, string type)
    {
        _virtualHost.DeclareExchange(Octets(name), Octets(type), false, false, false, false, default);
        return _virtualHost.FindExchange(Octets(name))!;
    }

    private void Bind(string exchange, int queue, string key, params ReadOnlySpan<(string Key, object Value)> arguments)
    {
        var table = new TableBuilder();
        foreach ((string name, object value) in arguments)
        {
            table.AddObject(name, value);
        }

        if (_virtualHost.BindQueue(_queueNames[queue], Octets(exchange), Octets(key), table.ToTable().View, _connection) is { } error)
        {
            throw new InvalidOperationException(error.ToString());
        }
    }
}
