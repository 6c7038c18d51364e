using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using static AmqpToolkit.Broker.Tests.Topology.TestTopology;

namespace AmqpToolkit.Broker.Tests.Topology;

/// <summary>Routing over more than one exchange, and what a publisher may remember of it.</summary>
public class RoutingTests
{
    private readonly TestTopology _topology = new();

    public RoutingTests()
    {
        foreach (string name in (string[])["q", "r", "s"])
        {
            _topology.DeclareQueue(name);
        }
    }

    [Fact]
    public void Route_ThroughExchanges_UsesTheSameKeyAndReachesEachQueueOnce()
    {
        _topology.BindExchange("amq.topic", "amq.direct", "a.b");
        _topology.BindExchange("amq.fanout", "amq.topic", "a.*");
        _topology.BindExchange("amq.fanout", "amq.direct", "a.b");
        _topology.BindQueue("q", "amq.direct", "a.b");
        _topology.BindQueue("q", "amq.topic", "#");
        _topology.BindQueue("r", "amq.topic", "a.c");
        _topology.BindQueue("s", "amq.fanout");
        _topology.BindQueue("q", "amq.fanout");

        Assert.Equal("q,s", _topology.Route("amq.direct", "a.b"));
        Assert.Equal("", _topology.Route("amq.direct", "a.c"));
        Assert.Equal("q,r,s", _topology.Route("amq.topic", "a.c"));
    }

    [Fact]
    public void Route_ThroughACycle_Ends()
    {
        _topology.BindExchange("amq.fanout", "amq.fanout");
        _topology.BindExchange("amq.topic", "amq.fanout");
        _topology.BindExchange("amq.fanout", "amq.topic", "#");
        _topology.BindExchange("amq.direct", "amq.topic", "#");
        _topology.BindExchange("amq.fanout", "amq.direct", "k");
        _topology.BindQueue("q", "amq.direct", "k");

        Assert.Equal("q", _topology.Route("amq.fanout", "k"));
        Assert.Equal("q", _topology.Route("amq.topic", "k"));
        Assert.Equal("", _topology.Route("amq.fanout", "l"));
    }

    [Fact]
    public void Route_ThroughAHundredExchanges_ReachesTheEnd()
    {
        for (int number = 0; number < 100; number++)
        {
            _topology.DeclareExchange($"x{number}", "fanout");
            Assert.Null(number == 0 ? _topology.BindQueue("q", "x0") : _topology.BindExchange($"x{number - 1}", $"x{number}"));
            _topology.BindExchange($"x{number}", "x0");
        }

        Assert.Equal("q", _topology.Route("x99"));
    }

    [Fact]
    public void Route_SeveralKeys_AddUp()
    {
        _topology.BindQueue("q", "amq.direct", "a");
        _topology.BindQueue("q", "amq.direct", "b");
        _topology.BindQueue("r", "amq.direct", "b");
        var collector = new RouteCollector();

        _topology.VirtualHost.Route(_topology.Exchange("amq.direct"), "a"u8, default, collector);
        _topology.VirtualHost.Route(_topology.Exchange("amq.direct"), "b"u8, default, collector);
        Assert.Equal(2, collector.Count);
        Assert.Equal(["q", "r"], new[] { collector[0].NameText, collector[1].NameText });

        collector.Clear();
        Assert.Equal(0, collector.Count);
        Assert.Equal(0, collector.Queues.Length);
    }

    [Fact]
    public void Alternate_NoBindingMatches_GetsTheMessage()
    {
        _topology.DeclareExchange("x", "direct", arguments: Arguments(("alternate-exchange", "y")));
        _topology.DeclareExchange("y", "topic", arguments: Arguments(("alternate-exchange", "amq.fanout")));
        _topology.BindQueue("q", "x", "a");
        _topology.BindQueue("r", "y", "*.b");
        _topology.BindQueue("s", "amq.fanout");

        Assert.Equal("q", _topology.Route("x", "a"));
        Assert.Equal("r", _topology.Route("x", "a.b"));
        Assert.Equal("s", _topology.Route("x", "c"));
    }

    [Fact]
    public void Alternate_ABindingMatchedThatLeadsNowhere_StaysOut()
    {
        _topology.DeclareExchange("x", "fanout", arguments: Arguments(("alternate-exchange", "amq.fanout")));
        _topology.BindExchange("amq.direct", "x");
        _topology.BindQueue("q", "amq.fanout");

        Assert.Equal("", _topology.Route("x", "k"));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("none")]
    [InlineData("")]
    public void Alternate_ItselfOrMissingOrDefault_RoutesNowhere(string alternate)
    {
        _topology.DeclareExchange("x", "direct", arguments: Arguments(("alternate-exchange", alternate)));

        Assert.Equal("", _topology.Route("x", "q"));
    }

    [Fact]
    public void Alternate_DeclaredLater_IsFound()
    {
        _topology.DeclareExchange("x", "direct", arguments: Arguments(("alternate-exchange", "y")));
        Assert.Equal("", _topology.Route("x", "k"));

        _topology.DeclareExchange("y", "fanout");
        _topology.BindQueue("q", "y");

        Assert.Equal("q", _topology.Route("x", "k"));
    }

    [Fact]
    public void DependsOnKeyAlone_Exchange_TellsWhetherHeadersCountAnywhereBehindIt()
    {
        Assert.True(_topology.Exchange("").DependsOnKeyAlone);
        Assert.True(_topology.Exchange("amq.topic").DependsOnKeyAlone);
        Assert.False(_topology.Exchange("amq.headers").DependsOnKeyAlone);

        _topology.BindExchange("amq.topic", "amq.direct", "k");
        _topology.BindExchange("amq.direct", "amq.topic", "k");
        Assert.True(_topology.Exchange("amq.direct").DependsOnKeyAlone);

        _topology.BindExchange("amq.headers", "amq.topic", "k");
        _topology.BindExchange("amq.headers", "amq.topic", "l");
        Assert.False(_topology.Exchange("amq.direct").DependsOnKeyAlone);
        _topology.UnbindExchange("amq.headers", "amq.topic", "k");
        Assert.False(_topology.Exchange("amq.direct").DependsOnKeyAlone);
        _topology.UnbindExchange("amq.headers", "amq.topic", "l");
        Assert.True(_topology.Exchange("amq.direct").DependsOnKeyAlone);
    }

    [Fact]
    public void DependsOnKeyAlone_Alternate_CountsOnceItIsThere()
    {
        _topology.DeclareExchange("x", "direct", arguments: Arguments(("alternate-exchange", "y")));
        Assert.True(_topology.Exchange("x").DependsOnKeyAlone);

        _topology.DeclareExchange("y", "headers");
        Assert.False(_topology.Exchange("x").DependsOnKeyAlone);

        _topology.VirtualHost.DeleteExchange("y"u8, ifUnused: false);
        Assert.True(_topology.Exchange("x").DependsOnKeyAlone);
    }

    [Fact]
    public void Route_SteadyState_AllocatesNothing()
    {
        _topology.BindQueue("q", "amq.direct", "a.b.c");
        _topology.BindQueue("q", "amq.topic", "a.#.c");
        _topology.BindQueue("r", "amq.topic", "#.b.#");
        _topology.BindExchange("amq.fanout", "amq.topic", "*.*.*");
        _topology.BindExchange("amq.topic", "amq.fanout");
        _topology.BindQueue("s", "amq.headers", "", Arguments(("a", 1), ("b", "c")));
        _topology.DeclareExchange("x", "direct", arguments: Arguments(("alternate-exchange", "amq.headers")));
        for (int number = 0; number < 100; number++)
        {
            _topology.DeclareQueue($"f{number}");
            _topology.BindQueue($"f{number}", "amq.fanout");
        }

        VirtualHost virtualHost = _topology.VirtualHost;
        var collector = new RouteCollector();
        Table headers = Arguments(("b", "c"), ("a", 1L));
        int reached = RouteAll(1);

        long before = GC.GetAllocatedBytesForCurrentThread();
        int total = RouteAll(1_000);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);
        Assert.Equal(reached * 1_000, total);
        Assert.Equal(1 + 1 + 102 + 102 + 1 + 1, reached);

        int RouteAll(int rounds)
        {
            int count = 0;
            for (int round = 0; round < rounds; round++)
            {
                foreach (ReadOnlySpan<byte> name in new Names())
                {
                    collector.Clear();
                    virtualHost.Route(virtualHost.FindExchange(name)!, name.IsEmpty ? "q"u8 : "a.b.c"u8, headers.View, collector);
                    count += collector.Count;
                }
            }

            return count;
        }
    }

    /// <summary>The names of the exchanges to route over, as octets.</summary>
    private ref struct Names
    {
        private int _next;

        public ReadOnlySpan<byte> Current { get; private set; }

        public readonly Names GetEnumerator() => this;

        public bool MoveNext()
        {
            switch (_next++)
            {
                case 0: Current = ""u8; return true;
                case 1: Current = "amq.direct"u8; return true;
                case 2: Current = "amq.topic"u8; return true;
                case 3: Current = "amq.fanout"u8; return true;
                case 4: Current = "amq.headers"u8; return true;
                case 5: Current = "x"u8; return true;
                default: return false;
            }
        }
    }

    /// <summary>Publishers ask for it, and must not wait for whoever changes the topology.</summary>
    [Fact]
    public void DependsOnKeyAlone_WhileTheTopologyIsChanged_IsAnswered()
    {
        var topology = new TestTopology();
        topology.BindExchange("amq.fanout", "amq.direct");
        Exchange exchange = topology.Exchange("amq.direct");
        lock (topology.VirtualHost.TopologyLock)
        {
            bool answer = false;
            var asker = new Thread(() => answer = exchange.DependsOnKeyAlone) { IsBackground = true };
            asker.Start();
            Assert.True(asker.Join(TimeSpan.FromSeconds(60)), "it waits for the lock");
            Assert.True(answer);
        }

        topology.BindExchange("amq.headers", "amq.fanout");
        Assert.False(exchange.DependsOnKeyAlone);
        topology.UnbindExchange("amq.headers", "amq.fanout");
        Assert.True(exchange.DependsOnKeyAlone);
    }
}
