using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Conversations;

/// <summary>The exchange types of RabbitMQ's plugins.</summary>
public sealed class ExchangeTypeTests : ConversationTests
{
    [ExchangeTypeFact("x-consistent-hash")]
    public void ConsistentHash_WithWeights_SharesByThemAndAlwaysAlike()
    {
        var peer = Open();
        var (exchange, queues) = Declare(peer, "x-consistent-hash", null, "1", "3");

        Assert.Equal((200, 600), (RoundToHundreds(Share(peer, exchange, queues)), 800 - RoundToHundreds(Share(peer, exchange, queues))));
        for (var i = 0; i < 10; i++)
        {
            peer.Publish(1, exchange, "the same");
        }

        Assert.Contains(Count(peer, queues[0]), (int[])[0, 10]);
    }

    [ExchangeTypeFact("x-consistent-hash")]
    public void ConsistentHash_OfAHeader_IgnoresTheKey()
    {
        var peer = Open();
        var (exchange, queues) = Declare(peer, "x-consistent-hash", PeerWriter.Table(("hash-header", "h")), "1", "1");

        for (var i = 0; i < 20; i++)
        {
            peer.Publish(1, exchange, $"{i}", properties: [0x20, 0, .. new PeerWriter().LongString(PeerWriter.Table(("h", "same"))).ToArray()]);
        }

        Assert.Equal([0, 20], queues.Select(queue => Count(peer, queue)).Order());
    }

    [ExchangeTypeFact("x-consistent-hash")]
    public void ConsistentHash_OfAProperty_IgnoresTheKey()
    {
        var peer = Open();
        var (exchange, queues) = Declare(peer, "x-consistent-hash", PeerWriter.Table(("hash-property", "message_id")), "1", "1");

        for (var i = 0; i < 20; i++)
        {
            peer.Publish(1, exchange, $"{i}", properties: [0, 0x80, .. new PeerWriter().ShortString("same").ToArray()]);
        }

        Assert.Equal([0, 20], queues.Select(queue => Count(peer, queue)).Order());
    }

    [ExchangeTypeFact("x-random")]
    public void Random_WithTwoQueues_GivesBothTheirShare()
    {
        var peer = Open();
        var (exchange, queues) = Declare(peer, "x-random", null, "", "");

        Assert.InRange(Share(peer, exchange, queues), 300, 500);
    }

    [ExchangeTypeFact("x-modulus-hash")]
    public void ModulusHash_WithTwoQueues_GivesAKeyToOneOfThem()
    {
        var peer = Open();
        var (exchange, queues) = Declare(peer, "x-modulus-hash", null, "", "");

        Assert.InRange(Share(peer, exchange, queues), 250, 550);
        for (var i = 0; i < 10; i++)
        {
            peer.Publish(1, exchange, "the same");
        }

        Assert.Contains(Count(peer, queues[0]), (int[])[0, 10]);
    }

    [ExchangeTypeFact("x-recent-history")]
    public void RecentHistory_WhenAQueueIsBound_ShowsItTheLastMessages()
    {
        var peer = Open();
        var (exchange, _) = Declare(peer, "x-recent-history", PeerWriter.Table(("x-recent-history-length", 2)), "");
        for (var i = 0; i < 4; i++)
        {
            var unseen = PeerWriter.Table(("x-recent-history-no-store", true));
            peer.Publish(1, exchange, $"k{i}", $"{i}", properties: i == 2 ? [0x20, 0, .. new PeerWriter().LongString(unseen).ToArray()] : null);
        }

        var late = peer.DeclareQueue(1);
        peer.BindQueue(1, late, exchange, "whatever");

        var first = peer.Get(1, late, noAck: true)!;
        Assert.Equal(("1", exchange, "k1", false), (first.Text, first.Method.Field<string>(2), first.Method.Field<string>(3), first.Redelivered));
        Assert.Equal("3", peer.Get(1, late, noAck: true)!.Text);
        Assert.Null(peer.Get(1, late));
        peer.BindQueue(1, late, exchange, "whatever");
        Assert.Null(peer.Get(1, late));
    }

    [ExchangeTypeFact("x-recent-history")]
    public void RecentHistory_Unroutable_ComesBackAndIsKept()
    {
        var peer = Open();
        var exchange = Unique.Name("x");
        peer.DeclareExchange(1, exchange, "x-recent-history", autoDelete: true);

        peer.Publish(1, exchange, "k", "kept", mandatory: true);

        Assert.Equal("kept", peer.ExpectReturn(1).Text);
        var queue = peer.DeclareQueue(1);
        peer.BindQueue(1, queue, exchange, "");
        Assert.Equal("kept", peer.Get(1, queue, noAck: true)!.Text);
    }

    [ExchangeTypeFact("x-delayed-message")]
    public void Delayed_WithADelay_DeliversWhenItIsOver()
    {
        var peer = Open();
        var (exchange, queues) = Declare(peer, "x-delayed-message", PeerWriter.Table(("x-delayed-type", "direct")), "k");
        peer.Consume(1, queues[0], "t", noAck: true);
        peer.Call(1, "confirm.select", false);

        Delay(peer, exchange, 200, "second");
        Delay(peer, exchange, 50, "first");
        Delay(peer, exchange, 0, "at once");
        ExpectInOrder(peer, "at once", "first", "second");
    }

    [ExchangeTypeFact("x-delayed-message")]
    public void Delayed_WhenDelivered_HasItsDelayNegated()
    {
        var peer = Open();
        var (exchange, queues) = Declare(peer, "x-delayed-message", PeerWriter.Table(("x-delayed-type", "direct")), "k");
        peer.Consume(1, queues[0], "t", noAck: true);

        Delay(peer, exchange, 20, "m");

        var found = peer.ExpectDelivery(1, "t");
        Assert.Equal([0x20, 0, .. new PeerWriter().LongString(PeerWriter.Table(("x-delay", -20))).ToArray()], found.Properties);
        Assert.Equal((exchange, "k"), (found.Method.Field<string>(3), found.Method.Field<string>(4)));
    }

    private static void Delay(ScriptedPeer peer, string exchange, int milliseconds, string body) =>
        peer.Publish(1, exchange, "k", body, properties: [0x20, 0, .. new PeerWriter().LongString(PeerWriter.Table(("x-delay", milliseconds))).ToArray()]);

    // Confirms come in between; they do not wait for the delay.
    private static void ExpectInOrder(ScriptedPeer peer, params string[] bodies)
    {
        var next = 0;
        while (next < bodies.Length)
        {
            var method = Assert.IsType<IncomingMethod>(peer.Receive());
            if (method.Name == "basic.ack")
            {
                continue;
            }

            Assert.Equal("basic.deliver", method.Name);
            Assert.IsType<IncomingHeader>(peer.Receive());
            Assert.Equal(bodies[next++], System.Text.Encoding.UTF8.GetString(Assert.IsType<IncomingBody>(peer.Receive()).Payload));
        }
    }

    private static (string Exchange, string[] Queues) Declare(ScriptedPeer peer, string type, byte[]? arguments, params string[] keys)
    {
        var exchange = Unique.Name("x");
        peer.DeclareExchange(1, exchange, type, autoDelete: true, arguments: arguments);
        return (exchange, [.. keys.Select(key =>
        {
            var queue = peer.DeclareQueue(1);
            peer.BindQueue(1, queue, exchange, key);
            return queue;
        })]);
    }

    // How many of 800 messages the first queue gets; both are empty afterwards.
    private static int Share(ScriptedPeer peer, string exchange, string[] queues)
    {
        peer.InOneWrite(() =>
        {
            for (var i = 0; i < 800; i++)
            {
                peer.Publish(1, exchange, $"key.{i}");
            }
        });
        var counts = queues.Select(queue => Count(peer, queue)).ToList();
        Assert.Equal(800, counts.Sum());
        return counts[0];
    }

    // The number of messages, all of which are gone afterwards; what was published on this channel is counted.
    private static int Count(ScriptedPeer peer, string queue)
    {
        var count = 0;
        while (peer.Get(1, queue, noAck: true) is not null)
        {
            count++;
        }

        return count;
    }

    private static int RoundToHundreds(int count) => (count + 50) / 100 * 100;
}
