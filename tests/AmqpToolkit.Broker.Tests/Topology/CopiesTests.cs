using AmqpToolkit.Broker.Topology;
using static AmqpToolkit.Broker.Tests.Topology.TestTopology;

namespace AmqpToolkit.Broker.Tests.Topology;

/// <summary>Messages with more keys than one, and exchanges that stand in for others.</summary>
public class CopiesTests
{
    private readonly TestTopology _topology = new();

    public CopiesTests()
    {
        foreach (string name in (string[])["q", "r", "s", "alt"])
        {
            _topology.DeclareQueue(name);
        }

        _topology.DeclareExchange("stand-in", "fanout");
        _topology.BindQueue("alt", "stand-in");
        _topology.DeclareExchange("x", "direct", arguments: Arguments(("alternate-exchange", "stand-in")));
        _topology.BindQueue("q", "x", "a");
        _topology.BindQueue("r", "x", "b");
        _topology.BindQueue("q", "x", "b");
    }

    [Theory]
    [InlineData("a", "q")]
    [InlineData("a,b", "q,r")]
    [InlineData("b,b,a", "q,r")]
    [InlineData("z,b", "q,r")]
    [InlineData("a,z", "q")]
    [InlineData("z,y", "alt")]
    public void Route_WithMoreKeys_ReachesEachQueueOnceAndTheAlternateOnlyIfNoKeyMatches(string keys, string queues)
    {
        string[] all = keys.Split(',');

        Assert.Equal(queues, _topology.RouteCopies("x", all[0], all[1..]));
    }

    [Fact]
    public void Route_WithMoreKeys_TriesThemOnExchangesOnTheWay()
    {
        _topology.DeclareExchange("t", "topic");
        _topology.BindExchange("t", "x", "b");
        _topology.BindQueue("s", "t", "*.deep");

        Assert.Equal("q,r,s", _topology.RouteCopies("x", "one.deep", ["b"]));
        Assert.Equal("q,r", _topology.RouteCopies("x", "one.two.deep", ["b"]));
    }

    [Fact]
    public void Route_ToTheDefaultExchangeWithMoreKeys_ReachesQueuesByName() =>
        Assert.Equal("q,s", _topology.RouteCopies("", "q", ["s", "missing", "q"]));

    [Fact]
    public void Policy_WithAnAlternateExchange_HoldsWhereNoArgumentSaysOtherwise()
    {
        _topology.DeclareExchange("plain", "direct");
        _topology.DeclareExchange("other", "fanout");
        _topology.BindQueue("s", "other");
        var policy = new EffectivePolicy("p", null, Arguments(("alternate-exchange", "other")));

        Apply("plain", policy);
        Apply("x", policy);

        Assert.Equal("s", _topology.Route("plain", "z"));
        Assert.Equal("alt", _topology.Route("x", "z"));
        Apply("plain", null);
        Assert.Equal("", _topology.Route("plain", "z"));
    }

    [Fact]
    public void Policy_WithAnAlternateThatLooksAtHeaders_IsSeenByPublishers()
    {
        _topology.DeclareExchange("plain", "direct");
        Assert.True(_topology.Exchange("plain").DependsOnKeyAlone);

        Apply("plain", new EffectivePolicy("p", null, Arguments(("alternate-exchange", "amq.headers"))));

        Assert.False(_topology.Exchange("plain").DependsOnKeyAlone);
        _topology.BindQueue("s", "amq.headers", arguments: Arguments(("h", 1)));
        Assert.Equal("s", _topology.Route("plain", "z", Arguments(("h", 1))));
    }

    [Fact]
    public void Alternate_InAChainAndACycle_IsAskedInTurnAndEnds()
    {
        _topology.DeclareExchange("one", "direct", arguments: Arguments(("alternate-exchange", "two")));
        _topology.DeclareExchange("two", "direct", arguments: Arguments(("alternate-exchange", "three")));
        _topology.DeclareExchange("three", "direct", arguments: Arguments(("alternate-exchange", "one")));
        _topology.BindQueue("q", "two", "second");
        _topology.BindQueue("r", "three", "third");

        Assert.Equal("q", _topology.Route("one", "second"));
        Assert.Equal("r", _topology.Route("one", "third"));
        Assert.Equal("", _topology.Route("one", "none"));
    }

    private void Apply(string exchange, EffectivePolicy? policy)
    {
        lock (_topology.VirtualHost.TopologyLock)
        {
            _topology.Exchange(exchange).ApplyPolicy(policy);
        }

        // Whoever applies policies advances the version: a change of the topology does.
        _topology.DeclareQueue($"version-{Guid.NewGuid():N}");
    }
}
