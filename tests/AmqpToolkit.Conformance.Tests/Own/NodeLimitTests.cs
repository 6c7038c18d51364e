using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Own;

/// <summary>Limits of the whole node, which the settings give.</summary>
public sealed class NodeLimitTests
{
    [OwnBrokerFact]
    [Row("97")]
    public async Task Consume_PastTheConsumersOfAChannel_ClosesTheConnectionWith530()
    {
        await using var broker = await PrivateBroker.StartAsync(consumerMaxPerChannel: 2);
        using var other = ScriptedPeer.OpenWithChannels(broker.UnderTest, 1);
        using var peer = ScriptedPeer.OpenWithChannels(broker.UnderTest, 1, 2);
        var queue = peer.DeclareQueue(1);
        var deleted = peer.DeclareQueue(1);
        peer.Consume(1, queue, "a");
        peer.Consume(1, deleted, "b");
        peer.Consume(2, queue, "c");

        // Who was cancelled, or has lost its queue, is no consumer.
        peer.Call(1, "basic.cancel", "a", false);
        peer.Consume(1, queue, "d");
        peer.Call(2, "queue.delete", 0, deleted, false, false, false);
        Assert.Equal("b", peer.Expect(1, "basic.cancel").Field<string>(0));
        peer.Consume(1, queue, "e");
        peer.Send(1, "basic.consume", 0, queue, "f", false, false, false, false, null);

        peer.ExpectConnectionClose(530, "NOT_ALLOWED - reached maximum (2) of consumers per channel", "basic.consume");
        other.ExpectNothingBefore(1);
        Assert.Empty(broker.Defects);
    }

    [OwnBrokerFact]
    public async Task Consume_WithATagInUsePastTheLimit_IsToldOfTheTag()
    {
        await using var broker = await PrivateBroker.StartAsync(consumerMaxPerChannel: 1);
        using var peer = ScriptedPeer.OpenWithChannels(broker.UnderTest, 1);
        peer.Consume(1, peer.DeclareQueue(1), "a");

        peer.Send(1, "basic.consume", 0, "no such queue", "a", false, false, false, false, null);

        peer.ExpectConnectionClose(530, "NOT_ALLOWED - attempt to reuse consumer tag 'a'", "basic.consume");
    }

    [OwnBrokerFact]
    [Row("14")]
    public async Task ConnectionOpen_PastTheConnectionsOfTheNode_ClosesItWith530_AndTheOthersGoOn()
    {
        await using var broker = await PrivateBroker.StartAsync(connectionMax: 1);
        using var first = ScriptedPeer.OpenWithChannels(broker.UnderTest, 1);
        using var second = ScriptedPeer.Tuned(broker.UnderTest);
        second.TuneOk();

        second.Send(0, "connection.open", "/", "", false);

        second.ExpectConnectionClose(530, "NOT_ALLOWED - connection refused: node connection limit (1) is reached", "connection.open");
        second.Send(0, "connection.close-ok");
        second.ExpectSocketClosed();
        first.ExpectNothingBefore(1);
        first.Dispose();
        second.Dispose();
        broker.ExpectNobodyLeft();
        using var third = ScriptedPeer.OpenWithChannels(broker.UnderTest, 1);
        Assert.Empty(broker.Defects);
    }

    [OwnBrokerFact]
    [Row("34")]
    public async Task ChannelOpen_PastTheChannelsOfTheNode_ClosesTheConnectionWith530_AndTheOthersGoOn()
    {
        await using var broker = await PrivateBroker.StartAsync(channelMaxPerNode: 2);
        using var other = ScriptedPeer.OpenWithChannels(broker.UnderTest, 1);
        using var peer = ScriptedPeer.OpenWithChannels(broker.UnderTest, 1);

        peer.Send(2, "channel.open", "");

        var close = peer.Expect(0, "connection.close");
        Assert.Equal((ushort)530, close.Field<ushort>(0));
        Assert.Matches(@"^NOT_ALLOWED - number of channels opened on node '.+' has reached the maximum allowed limit of \(2\)$", close.Field<string>(1));
        Assert.Equal((0, 0), (close.Field<ushort>(2), close.Field<ushort>(3)));
        other.ExpectNothingBefore(1);
        Assert.Empty(broker.Defects);
    }

    [OwnBrokerFact]
    [Row("63")]
    public async Task ExchangeDeclare_PastTheExchangesOfAllVirtualHosts_ClosesTheChannelWith406()
    {
        await using var broker = await PrivateBroker.StartAsync(exchangeMax: 15);
        broker.Broker.VirtualHosts.Create("other"); // seven here, and seven in "/"
        using var peer = ScriptedPeer.OpenWithChannels(broker.UnderTest, 1);
        peer.DeclareExchange(1, "last", "direct");
        peer.DeclareExchange(1, "last", "direct");

        peer.Send(1, "exchange.declare", 0, "more", "direct", false, false, false, false, false, null);

        peer.ExpectChannelClose(1, 406, "PRECONDITION_FAILED - cannot declare exchange 'more' in vhost '/': exchange limit of 15 is reached", "exchange.declare");
        peer.Send(1, "channel.close-ok");
        peer.OpenChannel(1);
        peer.Call(1, "exchange.delete", 0, "last", false, false);
        peer.DeclareExchange(1, "more", "direct");
        Assert.Empty(broker.Defects);
    }

    [OwnBrokerFact]
    [Row("79")]
    public async Task QueueDeclare_PastTheQueuesOfAllVirtualHosts_ClosesTheChannelWith406()
    {
        await using var broker = await PrivateBroker.StartAsync(queueMax: 1);
        using var peer = ScriptedPeer.OpenWithChannels(broker.UnderTest, 1);
        peer.DeclareQueue(1, "last", exclusive: true);
        peer.DeclareQueue(1, "last", exclusive: true);

        peer.Send(1, "queue.declare", 0, "more", false, false, true, false, false, null);

        peer.ExpectChannelClose(1, 406, "PRECONDITION_FAILED - cannot declare queue 'more': queue limit in cluster (1) is reached", "queue.declare");
        Assert.Empty(broker.Defects);
    }

    [OwnBrokerFact]
    [Row("108")]
    public async Task Delivery_NotSettledInItsTime_ClosesTheChannelWith406_AndIsThereForOthers()
    {
        await using var broker = await PrivateBroker.StartAsync();
        using var peer = ScriptedPeer.OpenWithChannels(broker.UnderTest, 1, 2);
        var queue = peer.DeclareQueue(1, "patient", exclusive: true, arguments: PeerWriter.Table(("x-consumer-timeout", 200))).Name;
        peer.Consume(1, queue, "late");
        peer.Publish(1, "", queue, "once more");
        peer.ExpectDelivery(1, "late");

        peer.ExpectChannelClose(
            1,
            406,
            "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 200 ms. This timeout value can be configured, see consumers doc guide to learn more",
            null);
        peer.Send(1, "channel.close-ok");

        Assert.Equal("once more", peer.Get(2, queue, noAck: true)!.Text);
        Assert.Empty(broker.Defects);
    }
}
