using System.Net;
using AmqpToolkit.Broker;

namespace AmqpToolkit.Conformance.Tests.Own;

/// <summary>A broker for one test, which may count what is left in it.</summary>
internal sealed class PrivateBroker : IAsyncDisposable
{
    private readonly DefectLog _log;

    private PrivateBroker(AmqpBroker broker, DefectLog log)
    {
        Broker = broker;
        _log = log;
        UnderTest = BrokerUnderTest.Of(broker);
    }

    public AmqpBroker Broker { get; }

    public BrokerUnderTest UnderTest { get; }

    public IReadOnlyCollection<string> Defects => _log.Defects;

    public static async Task<PrivateBroker> StartAsync(
        int? consumerMaxPerChannel = null, int? queueMax = null, int? exchangeMax = null, int? connectionMax = null, int? channelMaxPerNode = null)
    {
        var log = new DefectLog();
        var options = new AmqpBrokerOptions
        {
            Endpoints = [new(IPAddress.Loopback, 0)],
            LoggerFactory = log,
            ConsumerMaxPerChannel = consumerMaxPerChannel,
            QueueMax = queueMax,
            ExchangeMax = exchangeMax,
            ConnectionMax = connectionMax,
            ChannelMaxPerNode = channelMaxPerNode,
        };
        return new PrivateBroker(await AmqpBroker.StartAsync(options), log);
    }

    /// <summary>Waits, for a bounded time, until the broker has noticed that all its clients are gone.</summary>
    public void ExpectNobodyLeft() =>
        Assert.True(SpinWait.SpinUntil(() => Broker.ConnectionCount == 0, Peer.ScriptedPeer.LongDeadline), $"{Broker.ConnectionCount} connections are left.");

    public ValueTask DisposeAsync() => Broker.DisposeAsync();
}
