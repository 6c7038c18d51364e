namespace AmqpToolkit.Broker.Tests.Topology;

public class DirectExchangeTests
{
    private readonly TestTopology _topology = new();

    public DirectExchangeTests()
    {
        foreach (string name in (string[])["q", "r", "s"])
        {
            _topology.DeclareQueue(name);
        }
    }

    [Fact]
    public void Default_Key_IsTheNameOfTheQueue()
    {
        Assert.Equal("q", _topology.Route("", "q"));
        Assert.Equal("", _topology.Route("", "none"));
        Assert.Equal("", _topology.Route("", ""));
    }

    [Fact]
    public void Direct_Key_ReachesTheQueuesBoundByIt()
    {
        _topology.BindQueue("q", "amq.direct", "a");
        _topology.BindQueue("r", "amq.direct", "a");
        _topology.BindQueue("s", "amq.direct", "");
        _topology.BindQueue("s", "amq.direct", "b");

        Assert.Equal("q,r", _topology.Route("amq.direct", "a"));
        Assert.Equal("s", _topology.Route("amq.direct", "b"));
        Assert.Equal("s", _topology.Route("amq.direct", ""));
        Assert.Equal("", _topology.Route("amq.direct", "A"));
        Assert.Equal("", _topology.Route("amq.direct", "*"));
    }

    [Fact]
    public void Direct_KeyThatEnded_ReachesNothing()
    {
        _topology.BindQueue("q", "amq.direct", "a");
        _topology.BindQueue("r", "amq.direct", "a");

        _topology.UnbindQueue("q", "amq.direct", "a");
        Assert.Equal("r", _topology.Route("amq.direct", "a"));
        _topology.DeleteQueue("r");
        Assert.Equal("", _topology.Route("amq.direct", "a"));
        _topology.BindQueue("s", "amq.direct", "a");
        Assert.Equal("s", _topology.Route("amq.direct", "a"));
    }

    [Fact]
    public void Fanout_AnyKey_ReachesAllOnce()
    {
        _topology.BindQueue("q", "amq.fanout", "a");
        _topology.BindQueue("q", "amq.fanout", "b");
        _topology.BindQueue("r", "amq.fanout");

        Assert.Equal("q,r", _topology.Route("amq.fanout", "c"));
        _topology.UnbindQueue("q", "amq.fanout", "a");
        Assert.Equal("q,r", _topology.Route("amq.fanout", ""));
        _topology.UnbindQueue("q", "amq.fanout", "b");
        Assert.Equal("r", _topology.Route("amq.fanout", ""));
    }

    [Fact]
    public void Fanout_ThousandsOfQueues_ReachesEachOnce()
    {
        const int queues = 5_000;
        for (int number = 0; number < queues; number++)
        {
            _topology.DeclareQueue($"q{number}");
            _topology.BindQueue($"q{number}", "amq.fanout", "a");
            _topology.BindQueue($"q{number}", "amq.fanout", "b");
        }

        string[] all = _topology.Route("amq.fanout").Split(',');
        Assert.Equal(queues, all.Length);
        Assert.Equal(queues, all.Distinct().Count());

        for (int number = 0; number < queues; number += 2)
        {
            _topology.DeleteQueue($"q{number}");
        }

        Assert.Equal(queues / 2, _topology.Route("amq.fanout").Split(',').Length);
    }
}
