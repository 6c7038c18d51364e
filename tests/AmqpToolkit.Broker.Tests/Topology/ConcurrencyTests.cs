using AmqpToolkit.Broker.Topology;
using static AmqpToolkit.Broker.Tests.Topology.TestTopology;

namespace AmqpToolkit.Broker.Tests.Topology;

/// <summary>Publishers route without a lock while others change what they read.</summary>
public class ConcurrencyTests
{
    private const int Changes = 40_000;

    private readonly TestTopology _topology = new();

    /// <summary>What stays bound must be found in each routing, and what is found must have been bound by that key.</summary>
    [Theory]
    [InlineData("direct")]
    [InlineData("fanout")]
    [InlineData("topic")]
    [InlineData("headers")]
    public async Task Route_WhileBindingsComeAndGo_AlwaysReachesWhatStays(string type)
    {
        _topology.DeclareExchange("x", type);
        for (int number = 0; number < 64; number++)
        {
            _topology.DeclareQueue($"q{number}");
        }

        _topology.BindQueue("q0", "x", "a.0");
        _topology.BindQueue("q1", "x", "a.0");
        Exchange exchange = _topology.Exchange("x");
        bool done = false;

        Task<(long Rounds, long Missed, long Stray)>[] publishers = [Task.Run(Publish), Task.Run(Publish)];
        var random = new Random(7);
        for (int change = 0; change < Changes; change++)
        {
            int number = random.Next(2, 64);
            string key = $"a.{number % 8}";
            Assert.Null(random.Next(5) < 3 ? _topology.BindQueue($"q{number}", "x", key) : _topology.UnbindQueue($"q{number}", "x", key));
        }

        Volatile.Write(ref done, true);
        foreach ((long rounds, long missed, long stray) in await Task.WhenAll(publishers))
        {
            Assert.True(rounds > 0);
            Assert.Equal((0, 0), (missed, stray));
        }

        (long Rounds, long Missed, long Stray) Publish()
        {
            var collector = new RouteCollector();
            (long rounds, long missed, long stray) = (0, 0, 0);
            bool keyed = type is "direct" or "topic";
            do
            {
                collector.Clear();
                _topology.VirtualHost.Route(exchange, "a.0"u8, default, collector);
                bool first = false, second = false;
                foreach (Broker.Queues.MessageQueue queue in collector.Queues)
                {
                    int number = int.Parse(queue.NameText.AsSpan(1));
                    first |= number == 0;
                    second |= number == 1;
                    stray += keyed && number > 1 && number % 8 != 0 ? 1 : 0;
                }

                missed += first && second ? 0 : 1;
                rounds++;
            }
            while (!Volatile.Read(ref done));

            return (rounds, missed, stray);
        }
    }

    [Fact]
    public async Task FindQueue_WhileQueuesComeAndGo_AlwaysFindsWhatStays()
    {
        for (int number = 0; number < 100; number++)
        {
            _topology.DeclareQueue($"stays{number}");
        }

        bool done = false;
        Task<long>[] readers = [Task.Run(Read), Task.Run(Read)];
        var random = new Random(11);
        for (int change = 0; change < Changes; change++)
        {
            string name = $"goes{random.Next(200)}";
            if (_topology.HasQueue(name))
            {
                Assert.Null(_topology.DeleteQueue(name));
            }
            else
            {
                _topology.DeclareQueue(name);
            }
        }

        Volatile.Write(ref done, true);
        Assert.Equal(0, (await Task.WhenAll(readers)).Sum());

        long Read()
        {
            byte[][] names = [.. Enumerable.Range(0, 100).Select(static number => Octets($"stays{number}"))];
            long missed = 0;
            do
            {
                foreach (byte[] name in names)
                {
                    missed += _topology.VirtualHost.FindQueue(name) is null ? 1 : 0;
                }
            }
            while (!Volatile.Read(ref done));

            return missed;
        }
    }

    /// <summary>A publisher that keeps an answer as long as the version stands never keeps one from before a bind that has returned.</summary>
    [Fact]
    public async Task RoutingVersion_RememberedAnswer_IsNeverOlderThanAFinishedBind()
    {
        const int queues = 3_000;
        Exchange exchange = _topology.Exchange("amq.direct");
        int finished = 0;
        Task<long> publisher = Task.Run(Publish);
        for (int number = 0; number < queues; number++)
        {
            _topology.DeclareQueue($"q{number}");
            Assert.Null(_topology.BindQueue($"q{number}", "amq.direct", "k"));
            Volatile.Write(ref finished, number + 1);
        }

        Assert.Equal(0, await publisher);

        long Publish()
        {
            var collector = new RouteCollector();
            VirtualHost virtualHost = _topology.VirtualHost;
            (int version, int remembered, long stale) = (-1, 0, 0);
            while (remembered < queues)
            {
                int least = Volatile.Read(ref finished);
                int current = virtualHost.RoutingVersion;
                if (current != version)
                {
                    collector.Clear();
                    virtualHost.Route(exchange, "k"u8, default, collector);
                    (version, remembered) = (current, collector.Count);
                }

                stale += remembered < least ? 1 : 0;
            }

            return stale;
        }
    }
}
