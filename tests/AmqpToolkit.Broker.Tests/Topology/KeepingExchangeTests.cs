using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Timers;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using Microsoft.Extensions.Logging.Abstractions;
using static AmqpToolkit.Broker.Tests.Topology.TestTopology;

namespace AmqpToolkit.Broker.Tests.Topology;

/// <summary>Exchanges that keep messages: x-delayed-message and x-recent-history.</summary>
public sealed class KeepingExchangeTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly TimerWheel _timers;
    private readonly TestTopology _topology;

    public KeepingExchangeTests()
    {
        _timers = new TimerWheel(_time, NullLogger.Instance);
        _topology = new TestTopology(timers: _timers);
    }

    private MessageArena Arena => _topology.VirtualHost.Arena;

    public void Dispose() => _timers.Dispose();

    [Fact]
    public void Delayed_WithADelay_RoutesWhenItIsOver()
    {
        MessageQueue queue = DeclareDelayed("direct");
        _topology.BindQueue("q", "x", "k");

        Publish("k", "late", ("x-delay", 1000));
        Publish("k", "now", ("x-delay", 0));
        Publish("k", "at once", ("x-delay", -5));
        Publish("k", "plain");
        Assert.Equal(["now", "at once", "plain"], Drain(queue));

        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Empty(Drain(queue));
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(["late"], Drain(queue));
        Assert.Equal(0, _timers.Count);
    }

    [Fact]
    public void Delayed_WithManyDelays_RoutesInTheirOrderAndThoseOfOneTimeAsTheyCame()
    {
        MessageQueue queue = DeclareDelayed("fanout");
        _topology.BindQueue("q", "x");

        foreach (int delay in (int[])[30, 10, 20, 10, 30, 40])
        {
            Publish("k", $"{delay}", ("x-delay", delay));
        }

        Publish("k", "5", ("x-delay", 5L));
        _time.Advance(TimeSpan.FromMilliseconds(35));

        Assert.Equal(["5", "10", "10", "20", "30", "30"], Drain(queue));
        Assert.Equal(1, ((DelayedExchange)_topology.Exchange("x")).WaitingCount);
        _time.Advance(TimeSpan.FromMilliseconds(5));
        Assert.Equal(["40"], Drain(queue));
    }

    [Fact]
    public void Delayed_WhenDelivered_ShowsTheDelayNegated()
    {
        MessageQueue queue = DeclareDelayed("topic");
        _topology.BindQueue("q", "x", "#");

        Publish("a.b", "late", ("before", 1), ("x-delay", 70_000), ("behind", "z"));
        _time.Advance(TimeSpan.FromMilliseconds(70_000));

        Assert.True(queue.TryGet(out QueuedMessage message, out _));
        Dictionary<string, object?> headers = HeadersOf(message.Message);
        Assert.Equal(-70_000, headers["x-delay"]);
        Assert.Equal((1, "z"), (headers["before"], headers["behind"]));
        Arena.Release(message.Message);
    }

    [Theory]
    [InlineData("1000", true)]
    [InlineData("1000x", false)]
    [InlineData("", false)]
    [InlineData(4294967295, true)]
    [InlineData(4294967296, false)]
    [InlineData(1.5, false)]
    [InlineData(true, false)]
    public void Delayed_WithSomeHeader_WaitsOnlyForANumberUpTo32Bits(object delay, bool waits)
    {
        MessageQueue queue = DeclareDelayed("fanout");
        _topology.BindQueue("q", "x");

        Publish("k", "m", ("x-delay", delay));

        Assert.Equal(waits ? 0 : 1, Drain(queue).Count);
    }

    [Fact]
    public void Delayed_WithBindingsThatChangeMeanwhile_CountsThoseAtTheEnd()
    {
        MessageQueue queue = DeclareDelayed("direct");
        MessageQueue late = _topology.DeclareQueue("late");
        _topology.BindQueue("q", "x", "k");
        Publish("k", "m", ("x-delay", 10));

        _topology.UnbindQueue("q", "x", "k");
        _topology.BindQueue("late", "x", "k");
        _time.Advance(TimeSpan.FromMilliseconds(10));

        Assert.Empty(Drain(queue));
        Assert.Equal(["m"], Drain(late));
    }

    [Fact]
    public void Delayed_WhenDeleted_GivesBackWhatWaits()
    {
        DeclareDelayed("fanout");
        for (int number = 0; number < 100; number++)
        {
            Publish("k", new string('x', 1000), ("x-delay", 10));
        }

        Assert.Equal(1, _timers.Count);
        Assert.Null(_topology.VirtualHost.DeleteExchange("x"u8, ifUnused: false));

        Assert.Equal(0, _timers.Count);
        Arena.TellThread();
        Assert.Equal(0, Arena.InUseOctets);
    }

    [Fact]
    public void Delayed_WithACopy_ReachesItsKeysWhenTheTimeHasCome()
    {
        DeclareDelayed("direct");
        MessageQueue copy = _topology.DeclareQueue("copy");
        MessageQueue blind = _topology.DeclareQueue("blind");
        _topology.BindQueue("copy", "x", "c");
        _topology.BindQueue("blind", "x", "b");

        Publish("none", "m", ("x-delay", 10), ("CC", new object[] { "c" }), ("BCC", new object[] { "b" }));
        _time.Advance(TimeSpan.FromMilliseconds(10));

        Assert.Equal(["m"], Drain(copy));
        Assert.True(blind.TryGet(out QueuedMessage message, out _));
        Assert.Equal(["CC", "x-delay"], HeadersOf(message.Message).Keys.Order(StringComparer.Ordinal));
        Arena.Release(message.Message);
    }

    [Fact]
    public void History_WithALength_ShowsTheLastMessagesToWhoIsBound()
    {
        _topology.DeclareExchange("x", "x-recent-history", arguments: Arguments(("x-recent-history-length", 3)));
        for (int number = 0; number < 5; number++)
        {
            Publish($"k{number}", $"{number}");
        }

        Publish("k", "unseen", ("x-recent-history-no-store", true));
        MessageQueue queue = _topology.DeclareQueue("q");
        _topology.BindQueue("q", "x", "whatever");
        Assert.Equal(["2", "3", "4"], Drain(queue));

        Publish("k", "5");
        Assert.Equal(["5"], Drain(queue));
        _topology.BindQueue("q", "x", "whatever");
        Assert.Empty(Drain(queue));
        _topology.BindQueue("q", "x", "another");
        Assert.Equal(["3", "4", "5"], Drain(queue));
    }

    [Fact]
    public void History_ToAnExchangeThatIsBound_IsRoutedThere()
    {
        _topology.DeclareExchange("x", "x-recent-history");
        MessageQueue queue = _topology.DeclareQueue("q");
        _topology.BindQueue("q", "amq.direct", "k1");
        for (int number = 0; number < 30; number++)
        {
            Publish($"k{number % 2}", $"{number}");
        }

        _topology.BindExchange("amq.direct", "x");

        Assert.Equal(["11", "13", "15", "17", "19", "21", "23", "25", "27", "29"], Drain(queue));
    }

    [Fact]
    public void History_WhenDeleted_GivesBackWhatItKept()
    {
        _topology.DeclareExchange("x", "x-recent-history");
        Publish("k", new string('x', 5000));
        Assert.Equal(1, ((RecentHistoryExchange)_topology.Exchange("x")).KeptCount);

        _topology.VirtualHost.DeleteExchange("x"u8, ifUnused: false);

        Arena.TellThread();
        Assert.Equal(0, Arena.InUseOctets);
    }

    [Fact]
    public void History_BehindADelayThatIsDeletedMeanwhile_KeepsNothing()
    {
        DeclareDelayed("x-recent-history");
        var collector = new RouteCollector();
        MessageRef message = Store("k", "m", [0, 0]);
        _topology.VirtualHost.Route(_topology.Exchange("x"), "k"u8, default, collector);
        Assert.True(collector.HasKeepers);

        _topology.VirtualHost.DeleteExchange("x"u8, ifUnused: false);
        collector.HandToKeepers(Arena, message, new Turn());

        Arena.Release(message);
        Arena.TellThread();
        Assert.Equal(0, Arena.InUseOctets);
    }

    /// <summary>The queue is bound between the match of a message and its keeping: its binding was not seen.</summary>
    [Fact]
    public void History_BoundAfterTheMatchOfAMessageAndBeforeItIsKept_GetsIt()
    {
        _topology.DeclareExchange("x", "x-recent-history");
        MessageQueue queue = _topology.DeclareQueue("q");
        Publish("k", "before");
        var collector = new RouteCollector();
        MessageRef message = Store("k", "between", [0, 0]);
        _topology.VirtualHost.Route(_topology.Exchange("x"), "k"u8, default, collector);

        _topology.BindQueue("q", "x");
        collector.HandToKeepers(Arena, message, new Turn());
        Arena.Release(message);

        Assert.Equal(["before", "between"], Drain(queue));
    }

    /// <summary>A message comes between the binding and the showing of the history: it was routed, and is not shown.</summary>
    [Fact]
    public void History_WithAMessageBetweenBindingAndShowing_ShowsItOnce()
    {
        _topology.DeclareExchange("x", "x-recent-history");
        MessageQueue queue = _topology.DeclareQueue("q");
        Publish("k", "before");
        Exchange exchange = _topology.Exchange("x");
        Binding binding;
        lock (_topology.VirtualHost.TopologyLock)
        {
            binding = exchange.Bind(queue, "key"u8, default)!;
        }

        Publish("k", "between");
        exchange.HandleBound(binding, turn: null);

        Assert.Equal(["between", "before"], Drain(queue));
    }

    /// <summary>Publishers and binders at once: each queue gets each message once, by the history or by its binding.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task History_BoundWhilePublished_ShowsEachMessageOnce(int publishers)
    {
        const int Messages = 2000;
        const int Queues = 100;
        _topology.DeclareExchange("x", "x-recent-history", arguments: Arguments(("x-recent-history-length", publishers * Messages)));
        MessageQueue[] queues = [.. Enumerable.Range(0, Queues).Select(number => _topology.DeclareQueue($"q{number}"))];

        Task[] publishing = [.. Enumerable.Range(0, publishers).Select(publisher => Task.Run(() =>
        {
            for (int number = 0; number < Messages; number++)
            {
                Publish("k", $"{publisher}.{number}");
            }
        }))];
        for (int number = 0; number < Queues; number++)
        {
            Assert.Null(_topology.BindQueue($"q{number}", "x"));
        }

        await Task.WhenAll(publishing).WaitAsync(TimeSpan.FromSeconds(60));
        string[] all = [.. Enumerable.Range(0, publishers).SelectMany(publisher => Enumerable.Range(0, Messages).Select(number => $"{publisher}.{number}")).Order(StringComparer.Ordinal)];
        Assert.All(queues, queue => Assert.Equal(all, Drain(queue).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void DependsOnKeyAlone_WithAKeeperOnTheWay_IsFalse()
    {
        DeclareDelayed("direct");
        Assert.False(_topology.Exchange("x").DependsOnKeyAlone);
        Assert.True(_topology.Exchange("amq.fanout").DependsOnKeyAlone);
        _topology.BindExchange("x", "amq.fanout");
        Assert.False(_topology.Exchange("amq.fanout").DependsOnKeyAlone);
    }

    private MessageQueue DeclareDelayed(string type)
    {
        _topology.DeclareExchange("x", "x-delayed-message", arguments: Arguments(("x-delayed-type", type)));
        return _topology.DeclareQueue("q");
    }

    /// <summary>Publishes to x as one who routes does.</summary>
    private void Publish(string key, string body, params ReadOnlySpan<(string Key, object? Value)> headers)
    {
        byte[] properties = [0, 0];
        if (headers.Length > 0)
        {
            byte[] octets = new byte[1024];
            properties = octets[..new BasicProperties { Headers = Arguments(headers) }.Write(octets)];
        }

        _topology.VirtualHost.PublishTo(_topology.Exchange("x"), [Store(key, body, properties)]);
    }

    private MessageRef Store(string key, string body, byte[] properties) => Arena.Store(new MessageContent
    {
        Exchange = "x"u8,
        RoutingKey = Octets(key),
        Properties = properties,
        Body = Octets(body),
    });

    private Dictionary<string, object?> HeadersOf(MessageRef message)
    {
        Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse(Arena.Read(message).Properties, out BasicPropertiesView view));
        return view.Headers.ToDictionary();
    }

    private List<string> Drain(MessageQueue queue)
    {
        var bodies = new List<string>();
        while (queue.TryGet(out QueuedMessage message, out _))
        {
            bodies.Add(System.Text.Encoding.UTF8.GetString(Arena.Read(message.Message).Body));
            Arena.Release(message.Message);
        }

        return bodies;
    }
}
