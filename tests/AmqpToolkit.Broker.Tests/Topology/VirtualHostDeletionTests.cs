using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Timers;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;
using Microsoft.Extensions.Logging.Abstractions;
using static AmqpToolkit.Broker.Tests.Topology.TestTopology;

namespace AmqpToolkit.Broker.Tests.Topology;

/// <summary>The end of a virtual host: nothing of it is left, and nothing new begins in it.</summary>
public sealed class VirtualHostDeletionTests : IDisposable
{
    private readonly TimerWheel _timers = new(new ManualTimeProvider(), NullLogger.Instance);
    private readonly TestTopology _topology;

    public VirtualHostDeletionTests() => _topology = new TestTopology(timers: _timers);

    public void Dispose() => _timers.Dispose();

    [Fact]
    public void Delete_WithMessagesInQueuesAndExchanges_GivesAllBack()
    {
        _topology.DeclareExchange("history", "x-recent-history");
        _topology.DeclareExchange("delayed", "x-delayed-message", arguments: Arguments(("x-delayed-type", "x-recent-history")));
        _topology.DeclareQueue("q");
        _topology.BindQueue("q", "history");
        _topology.BindQueue("q", "delayed");
        Publish("history");
        Publish("delayed", ("x-delay", 1000));
        Publish("delayed");
        Assert.Equal(1, _timers.Count);

        Delete();

        Assert.Equal((0, 0), (_topology.VirtualHost.QueueCount, _timers.Count));
        Assert.Equal([""], _topology.VirtualHost.Exchanges.Select(exchange => exchange.NameText));
        _topology.VirtualHost.Arena.TellThread();
        Assert.Equal(0, _topology.VirtualHost.Arena.InUseOctets);
    }

    [Fact]
    public void Delete_ThenWhoeverIsLate_IsRefused()
    {
        _topology.DeclareQueue("q");
        Delete();

        ProtocolError?[] answers =
        [
            _topology.TryDeclareQueue("q"),
            _topology.TryDeclareExchange("e", "fanout"),
            _topology.BindQueue("q", "amq.fanout"),
            _topology.BindExchange("amq.fanout", "amq.direct"),
        ];

        Assert.All(answers, answer => Assert.Equal((ushort?)530, answer?.ReplyCode));
        Assert.Null(_topology.VirtualHost.AddReplyQueue());
    }

    private void Delete()
    {
        _topology.VirtualHost.MarkDeleted();
        _topology.VirtualHost.DeleteAll();
    }

    private void Publish(string exchange, params ReadOnlySpan<(string Key, object? Value)> headers)
    {
        byte[] octets = new byte[1024];
        MessageRef message = _topology.VirtualHost.Arena.Store(new MessageContent
        {
            Exchange = Octets(exchange),
            RoutingKey = "k"u8,
            Properties = octets.AsSpan(0, new BasicProperties { Headers = Arguments(headers) }.Write(octets)),
            Body = new byte[500],
        });
        _topology.VirtualHost.PublishTo(_topology.Exchange(exchange), [message]);
    }
}
