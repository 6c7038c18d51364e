using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Tests.Topology;

/// <summary>Policies: which one counts, and what it comes to together with an operator's.</summary>
public sealed class PolicyTests
{
    private readonly TestTopology _topology = new();

    [Fact]
    public void Policy_SetBeforeAndAfterTheQueue_IsTheSameForBoth()
    {
        _topology.DeclareQueue("q-old");
        Set("ttl", "^q-", ("message-ttl", 1000L));
        _topology.DeclareQueue("q-new");
        _topology.DeclareQueue("other");

        Assert.Equal("ttl", Policy("q-old")!.Name);
        Assert.Same(Policy("q-old"), Policy("q-new"));
        Assert.Equal(1000L, Policy("q-new")!.Definition.ToDictionary()["message-ttl"]);
        Assert.Null(Policy("other"));
    }

    [Fact]
    public void Policy_OfSeveralThatMatch_IsTheOneWithTheHighestPriorityAlone()
    {
        _topology.DeclareQueue("q");
        Set("low", "q", 1, ("message-ttl", 1L), ("expires", 5L));
        Set("high", "q", 2, ("max-length", 2L));
        Set("higher", "no", 3, ("max-length", 3L));

        Assert.Equal(("high", "max-length=2"), Show("q"));

        Assert.True(_topology.VirtualHost.DeletePolicy("high", isOperator: false));
        Assert.Equal(("low", "expires=5,message-ttl=1"), Show("q"));

        Assert.True(_topology.VirtualHost.DeletePolicy("low", isOperator: false));
        Assert.Null(Policy("q"));
        Assert.False(_topology.VirtualHost.DeletePolicy("low", isOperator: false));
    }

    [Fact]
    public void Policy_OfEqualPriority_IsTheFirstByName()
    {
        _topology.DeclareQueue("q");
        Set("b", "q", ("max-length", 2L));
        Set("a", "q", ("max-length", 1L));

        Assert.Equal("a", Policy("q")!.Name);
    }

    [Fact]
    public void Policy_SetAgain_IsReplaced()
    {
        _topology.DeclareQueue("q");
        Set("a", "q", ("max-length", 2L));
        Set("a", "q", ("max-length", 7L), ("overflow", "reject-publish"));

        Assert.Equal(("a", "max-length=7,overflow=reject-publish"), Show("q"));
        Assert.Single(_topology.VirtualHost.Policies(isOperator: false));
    }

    [Fact]
    public void OperatorPolicy_WithAPolicy_LimitsItsNumbers()
    {
        _topology.DeclareQueue("q");
        Set("p", "q", ("max-length", 10L), ("message-ttl", 10L), ("dead-letter-exchange", "x"));
        SetOperator("op", "q", ("max-length", 5L), ("message-ttl", 50L), ("expires", 9L));

        Assert.Equal(("p", "dead-letter-exchange=x,expires=9,max-length=5,message-ttl=10"), Show("q"));
        Assert.Equal("op", Policy("q")!.OperatorName);
    }

    [Fact]
    public void OperatorPolicy_Alone_Counts()
    {
        _topology.DeclareQueue("q");
        SetOperator("op", "q", ("max-length", 5));

        Assert.Equal((null, "max-length=5"), Show("q"));
    }

    [Theory]
    [InlineData(PolicyTarget.All, true, true, true)]
    [InlineData(PolicyTarget.Queues, true, true, false)]
    [InlineData(PolicyTarget.ClassicQueues, true, false, false)]
    [InlineData(PolicyTarget.QuorumQueues, false, true, false)]
    [InlineData(PolicyTarget.Streams, false, false, false)]
    [InlineData(PolicyTarget.Exchanges, false, false, true)]
    public void Policy_AppliesTo_WhatItIsFor(PolicyTarget target, bool classic, bool quorum, bool exchange)
    {
        _topology.DeclareQueue("n-classic");
        Assert.Null(_topology.TryDeclareQueue("n-quorum", durable: true, arguments: TestTopology.Arguments(("x-queue-type", "quorum"))));
        _topology.DeclareExchange("n-exchange", "direct");
        _topology.VirtualHost.SetPolicy(Rule("p", "^n-", 0, target, false, ("alternate-exchange", "x")), isOperator: false);

        Assert.Equal((classic, quorum, exchange), (Policy("n-classic") is not null, Policy("n-quorum") is not null, _topology.Exchange("n-exchange").Policy is not null));
    }

    [Fact]
    public void Policy_WithAKeyForAnotherTypeOfQueue_DoesNotApplyAtAll()
    {
        _topology.DeclareQueue("n-classic");
        Assert.Null(_topology.TryDeclareQueue("n-quorum", durable: true, arguments: TestTopology.Arguments(("x-queue-type", "quorum"))));
        Set("limit", "^n-", ("delivery-limit", 3L), ("max-length", 3L));

        Assert.Null(Policy("n-classic"));
        Assert.NotNull(Policy("n-quorum"));
    }

    [Fact]
    public void Policies_Changed_MakeChannelsAskForTheirWaysAnew()
    {
        int before = _topology.VirtualHost.RoutingVersion;
        Set("a", "q", ("max-length", 2L));

        Assert.NotEqual(before, _topology.VirtualHost.RoutingVersion);
    }

    [Theory]
    [InlineData("message-ttl", "1", "message-ttl")]
    [InlineData("message-ttl", -1L, "TTL")]
    [InlineData("expires", 0L, "expiry")]
    [InlineData("max-length", 1.5, "max-length")]
    [InlineData("overflow", "drop", "overflow")]
    [InlineData("queue-mode", "busy", "queue-mode")]
    [InlineData("max-age", "1 year", "max age")]
    [InlineData("dead-letter-exchange", 1L, "dead letter exchange")]
    [InlineData("nosuch", 1L, "nosuch")]
    public void Policy_WithAWrongValue_IsRefusedByName(string key, object value, string named) =>
        Assert.Contains(named, Assert.Throws<ArgumentException>(() => Rule("p", "q", 0, PolicyTarget.All, false, (key, value))).Message, StringComparison.Ordinal);

    [Fact]
    public void Policy_WithoutAKey_OrWithAWrongPattern_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => Rule("p", "q", 0, PolicyTarget.All, false));
        Assert.Contains("'p'", Assert.Throws<ArgumentException>(() => Rule("p", "[", 0, PolicyTarget.All, false, ("max-length", 1L))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OperatorPolicy_WithOverflowAndVersion_GoesBeforeThePolicy()
    {
        _topology.DeclareQueue("q");
        Set("p", "q", ("overflow", "drop-head"), ("queue-version", 1L), ("max-length", 2L));
        SetOperator("op", "q", ("overflow", "reject-publish"), ("queue-version", 2L), ("max-length", 3L));

        Assert.Equal(("p", "max-length=2,overflow=reject-publish,queue-version=2"), Show("q"));
        Assert.Equal(OverflowPolicy.RejectPublish, _topology.VirtualHost.FindQueue(TestTopology.Octets("q"))!.Settings.Overflow);
    }

    [Theory]
    [InlineData("classic", "RejectPublish")]
    [InlineData("quorum", "DropHead")]
    public void Overflow_OfPolicyAndArgument_IsTheArgumentsOfAClassicQueue_AndThePolicysOfAQuorumQueue(string type, string expected)
    {
        Assert.Null(_topology.TryDeclareQueue("q", durable: true, arguments: TestTopology.Arguments(("x-queue-type", type), ("x-overflow", "reject-publish"), ("x-max-length", 5))));
        Set("p", "q", ("overflow", "drop-head"), ("max-length", 3L));

        var settings = _topology.VirtualHost.FindQueue(TestTopology.Octets("q"))!.Settings;
        Assert.Equal((expected, 3L), (settings.Overflow.ToString(), settings.MaxLength));
    }

    [Theory]
    [InlineData("consumer-disconnected-timeout", 1000L, false)]
    [InlineData("delayed-retry-type", "failed", true)]
    [InlineData("delayed-retry-min", 10L, true)]
    [InlineData("delayed-retry-max", 20L, true)]
    [InlineData("federation-upstream-pattern", "^a", false)]
    [InlineData("shards-per-node", 2L, false)]
    [InlineData("routing-key", "1234", false)]
    [InlineData("target-group-size", 3L, true)]
    public void Policy_WithAKeyThatHasNoUseHere_IsTaken(string key, object value, bool isForOperators)
    {
        Set("p", "q", (key, value));
        if (isForOperators)
        {
            SetOperator("op", "q", (key, value));
        }

        _topology.DeclareQueue("q");
        Assert.Equal(("p", $"{key}={value}"), Show("q"));
    }

    [Theory]
    [InlineData("consumer-timeout", 1L)]
    [InlineData("dead-letter-exchange", "x")]
    public void OperatorPolicy_WithAKeyThatIsNotForOperators_IsRefused(string key, object value) =>
        Assert.Throws<ArgumentException>(() => Rule("p", "q", 0, PolicyTarget.All, true, (key, value)));

    private void Set(string name, string pattern, params (string, object?)[] definition) => Set(name, pattern, 0, definition);

    private void Set(string name, string pattern, int priority, params (string, object?)[] definition) =>
        _topology.VirtualHost.SetPolicy(Rule(name, pattern, priority, PolicyTarget.All, false, definition), isOperator: false);

    private void SetOperator(string name, string pattern, params (string, object?)[] definition) =>
        _topology.VirtualHost.SetPolicy(Rule(name, pattern, 0, PolicyTarget.All, true, definition), isOperator: true);

    private static PolicyRule Rule(string name, string pattern, int priority, PolicyTarget target, bool isOperator, params (string Key, object? Value)[] definition) =>
        new(new Policy { Name = name, Pattern = pattern, Priority = priority, ApplyTo = target, Definition = definition.ToDictionary(one => one.Key, one => one.Value) }, isOperator);

    private EffectivePolicy? Policy(string queue) => _topology.VirtualHost.FindQueue(TestTopology.Octets(queue))!.Policy;

    private (string? Name, string Definition) Show(string queue) =>
        (Policy(queue)!.Name, string.Join(',', Policy(queue)!.Definition.ToDictionary().Select(one => $"{one.Key}={one.Value}")));
}
