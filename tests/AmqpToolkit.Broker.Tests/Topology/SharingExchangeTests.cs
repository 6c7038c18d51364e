using AmqpToolkit.Codec;
using static AmqpToolkit.Broker.Tests.Topology.TestTopology;

namespace AmqpToolkit.Broker.Tests.Topology;

/// <summary>Exchanges that give each message to one of many: x-consistent-hash, x-random, x-modulus-hash.</summary>
public class SharingExchangeTests
{
    private readonly TestTopology _topology = new();

    public SharingExchangeTests()
    {
        foreach (string name in (string[])["a", "b", "c", "d"])
        {
            _topology.DeclareQueue(name);
        }
    }

    [Fact]
    public void ConsistentHash_WithEqualWeights_SharesEvenlyAndAlwaysAlike()
    {
        Declare("x-consistent-hash", ("a", "1"), ("b", "1"), ("c", "1"), ("d", "1"));

        var first = Keys().ToDictionary(key => key, key => _topology.Route("x", key));

        Assert.All(first, pair => Assert.Equal(pair.Value, _topology.Route("x", pair.Key)));
        Assert.All("abcd", queue => Assert.InRange(first.Values.Count(one => one == $"{queue}"), 900, 1100));
    }

    [Theory]
    [InlineData("1", "1", "2", "4")]
    [InlineData("10", "10", "20", "40")]
    [InlineData("1000000", "1000000", "2000000", "4000000")]
    public void ConsistentHash_WithWeights_SharesByThem(string a, string b, string c, string d)
    {
        Declare("x-consistent-hash", ("a", a), ("b", b), ("c", c), ("d", d));

        var counts = Keys().GroupBy(key => _topology.Route("x", key)).ToDictionary(group => group.Key, group => group.Count());

        Assert.InRange(counts["a"], 430, 570);
        Assert.InRange(counts["b"], 430, 570);
        Assert.InRange(counts["c"], 900, 1100);
        Assert.InRange(counts["d"], 1850, 2150);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("3")]
    public void ConsistentHash_WhenADestinationGoesAndComes_MovesItsShareAlone(string weight)
    {
        Declare("x-consistent-hash", ("a", "1"), ("b", "1"), ("c", weight), ("d", "1"));
        var before = Keys().ToDictionary(key => key, key => _topology.Route("x", key));

        _topology.UnbindQueue("c", "x", weight);

        Assert.All(before.Where(pair => pair.Value != "c"), pair => Assert.Equal(pair.Value, _topology.Route("x", pair.Key)));
        Assert.All(before.Where(pair => pair.Value == "c"), pair => Assert.NotEqual("c", _topology.Route("x", pair.Key)));
        _topology.BindQueue("c", "x", weight);
        Assert.All(before, pair => Assert.Equal(pair.Value, _topology.Route("x", pair.Key)));
    }

    [Fact]
    public void ConsistentHash_WithTwoBindingsOfAQueue_CountsTheOldest()
    {
        Declare("x-consistent-hash", ("a", "1"), ("b", "3"), ("a", "9"), ("a", "3"));
        Assert.InRange(Keys().Count(key => _topology.Route("x", key) == "a"), 900, 1100);

        _topology.UnbindQueue("a", "x", "9");
        Assert.InRange(Keys().Count(key => _topology.Route("x", key) == "a"), 900, 1100);

        _topology.UnbindQueue("a", "x", "1");
        Assert.InRange(Keys().Count(key => _topology.Route("x", key) == "a"), 1850, 2150);

        _topology.UnbindQueue("a", "x", "3");
        Assert.All(Keys(), key => Assert.Equal("b", _topology.Route("x", key)));
        _topology.DeleteQueue("b");
        Assert.Equal("", _topology.Route("x", "any"));
    }

    [Fact]
    public void ConsistentHash_OfAHeader_LooksAtItAlone()
    {
        _topology.DeclareExchange("x", "x-consistent-hash", arguments: Arguments(("hash-header", "h")));
        Bind(("a", "1"), ("b", "1"), ("c", "1"), ("d", "1"));

        var byHeader = Keys().ToDictionary(key => key, key => _topology.Route("x", "fixed", Arguments(("h", key))));

        Assert.All(byHeader, pair => Assert.Equal(pair.Value, _topology.Route("x", pair.Key, Arguments(("h", pair.Key), ("other", 1)))));
        Assert.All("abcd", queue => Assert.InRange(byHeader.Values.Count(one => one == $"{queue}"), 900, 1100));
        Assert.Single(Keys().Select(key => _topology.Route("x", key)).Distinct());
        Assert.False(_topology.Exchange("x").DependsOnKeyAlone);
    }

    [Fact]
    public void ConsistentHash_OfTheKey_MayBeRemembered()
    {
        Declare("x-consistent-hash", ("a", "1"));

        Assert.True(_topology.Exchange("x").DependsOnKeyAlone);
    }

    [Fact]
    public void Random_WithBindings_GivesEachItsChance()
    {
        Declare("x-random", ("a", ""), ("b", ""), ("b", "again"), ("c", "x"));
        _topology.UnbindQueue("c", "x", "x");

        var counts = Keys().GroupBy(key => _topology.Route("x", key)).ToDictionary(group => group.Key, group => group.Count());

        Assert.Equal(["a", "b"], counts.Keys.Order());
        Assert.InRange(counts["a"], 1150, 1520);
        Assert.False(_topology.Exchange("x").DependsOnKeyAlone);
    }

    [Fact]
    public void ModulusHash_WithBindings_GivesAKeyToOneOfThem()
    {
        Declare("x-modulus-hash", ("a", ""), ("b", ""), ("c", ""), ("d", ""));
        _topology.UnbindQueue("b", "x");

        var first = Keys().ToDictionary(key => key, key => _topology.Route("x", key));

        Assert.All(first, pair => Assert.Equal(pair.Value, _topology.Route("x", pair.Key)));
        Assert.All("acd", queue => Assert.InRange(first.Values.Count(one => one == $"{queue}"), 1000, 1700));
        Assert.True(_topology.Exchange("x").DependsOnKeyAlone);
    }

    [Theory]
    [InlineData("x-random")]
    [InlineData("x-modulus-hash")]
    [InlineData("x-consistent-hash")]
    public void Sharing_WithoutBindings_ReachesNothing(string type)
    {
        Declare(type);

        Assert.Equal("", _topology.Route("x", "k"));
    }

    [Fact]
    public void Sharing_BehindACopy_CountsTheFirstKeyAlone()
    {
        Declare("x-consistent-hash", ("a", "1"), ("b", "1"));
        string other = Keys().First(key => _topology.Route("x", key) != _topology.Route("x", "first"));

        Assert.Equal(_topology.Route("x", "first"), _topology.RouteCopies("x", "first", [other]));
    }

    private static IEnumerable<string> Keys() => Enumerable.Range(0, 4000).Select(number => $"key.{number}");

    private void Declare(string type, params ReadOnlySpan<(string Queue, string Key)> bindings)
    {
        _topology.DeclareExchange("x", type);
        Bind(bindings);
    }

    private void Bind(params ReadOnlySpan<(string Queue, string Key)> bindings)
    {
        foreach ((string queue, string key) in bindings)
        {
            Assert.Null(_topology.BindQueue(queue, "x", key));
        }
    }
}
