using AmqpToolkit.Conformance.Tests.Mistakes;
using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Conversations;

/// <summary>Messages that die in a queue: where they go, and what they tell of it.</summary>
public sealed class DeadLetterTests : ConversationTests
{
    [Fact]
    public void Rejected_ComesOutOfTheDeadLetterQueue_WithItsDeath()
    {
        var peer = Open();
        var dead = peer.DeclareQueue(1);
        var queue = Declare(peer, ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", dead));
        peer.Consume(1, dead, "dead", noAck: true);
        peer.Deposit(queue, "body");

        peer.Reject(1, peer.Get(1, queue)!.DeliveryTag, requeue: false);

        var found = peer.ExpectDelivery(1, "dead");
        Assert.Equal("body", found.Text);
        Assert.Equal(dead, found.Method.Field<string>(4));
        ExpectDeath(found, queue, "rejected", queue);
    }

    [Fact]
    public void Nacked_WithoutRequeue_ComesOutInOrder()
    {
        var peer = Open();
        var dead = peer.DeclareQueue(1);
        var exchange = Unique.Name("x");
        peer.DeclareExchange(1, exchange, "fanout", autoDelete: true);
        var queue = Declare(peer, ("x-dead-letter-exchange", exchange));
        peer.BindQueue(1, dead, exchange, "");
        peer.Consume(1, dead, "dead", noAck: true);
        peer.Deposit(queue, "1", "2", "3");
        peer.Get(1, queue);
        peer.Get(1, queue);

        peer.Nack(1, peer.Get(1, queue)!.DeliveryTag, multiple: true, requeue: false);

        foreach (var body in (string[])["1", "2", "3"])
        {
            var found = peer.ExpectDelivery(1, "dead");
            Assert.Equal((body, exchange, queue), (found.Text, found.Method.Field<string>(3), found.Method.Field<string>(4)));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Expired_ComesOutOfTheDeadLetterQueue_WithoutItsExpiration(bool byMessage)
    {
        var peer = Open();
        var dead = peer.DeclareQueue(1);
        (string, object?)[] arguments = [("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", dead)];
        var queue = Declare(peer, byMessage ? arguments : [.. arguments, ("x-message-ttl", 20)]);
        peer.Consume(1, dead, "dead", noAck: true);

        peer.Publish(1, "", queue, "body", properties: byMessage ? LimitMistakes.Expires("20") : null);

        var found = peer.ExpectDelivery(1, "dead");
        var death = ExpectDeath(found, queue, "expired", queue);
        Assert.Equal(byMessage ? "20" : null, death.GetValueOrDefault("original-expiration"));
        Assert.Equal([0x20, 0x00], found.Properties[..2]);
    }

    [Fact]
    public void TooMany_ComeOutOfTheDeadLetterQueue()
    {
        var peer = Open();
        var dead = peer.DeclareQueue(1);
        var queue = Declare(peer, ("x-max-length", 1), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", dead));
        peer.Consume(1, dead, "dead", noAck: true);

        peer.InOneWrite(() => Array.ForEach(["a", "b", "c"], body => peer.Publish(1, "", queue, body)));

        ExpectDeath(peer.ExpectDelivery(1, "dead"), queue, "maxlen", queue);
        Assert.Equal("b", peer.ExpectDelivery(1, "dead").Text);
        Assert.Equal("c", peer.Get(1, queue, noAck: true)?.Text);
    }

    [Fact]
    public void Refused_AndDeadLettered_IsNackedAndComesOut()
    {
        var peer = Open(1, 2);
        var dead = peer.DeclareQueue(2);
        var queue = Declare(peer, ("x-max-length", 1), ("x-overflow", "reject-publish-dlx"), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", dead));
        peer.Consume(2, dead, "dead", noAck: true);
        peer.Deposit(queue, "a");
        peer.Call(1, "confirm.select", false);

        peer.Publish(1, "", queue, "b");

        var first = Assert.IsType<IncomingMethod>(peer.Receive());
        if (first.Name == "basic.nack")
        {
            Assert.Equal("b", peer.ExpectDelivery(2, "dead").Text);
        }
        else
        {
            Assert.Equal("basic.deliver", first.Name);
            peer.Receive();
            peer.Receive();
            peer.Expect(1, "basic.nack");
        }
    }

    [Fact]
    public void Retry_OverAWaitingQueue_CountsItsRounds()
    {
        var peer = Open();
        var (work, wait) = (Unique.Name("work"), Unique.Name("wait"));
        peer.DeclareQueue(1, work, exclusive: true, arguments: PeerWriter.Table(("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", wait)));
        peer.DeclareQueue(1, wait, exclusive: true, arguments: PeerWriter.Table(("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", work), ("x-message-ttl", 10)));
        peer.Consume(1, work, "work");
        peer.Publish(1, "", work, "x");
        peer.Reject(1, peer.ExpectDelivery(1, "work").DeliveryTag, requeue: false);
        peer.Reject(1, peer.ExpectDelivery(1, "work").DeliveryTag, requeue: false);

        var found = peer.ExpectDelivery(1, "work");

        Assert.Equal([(wait, "expired", 2L), (work, "rejected", 2L)], Deaths(found).Select(death => ((string)death["queue"]!, (string)death["reason"]!, (long)death["count"]!)));
    }

    [Fact]
    public void QuorumQueue_CountsDeliveries_AndGivesUpAtItsLimit()
    {
        var peer = Open();
        var dead = peer.DeclareQueue(1);
        var queue = Unique.Name("q");
        peer.DeclareQueue(1, queue, durable: true, arguments: PeerWriter.Table(
            ("x-queue-type", "quorum"), ("x-delivery-limit", 2), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", dead), ("x-expires", 60_000)));
        peer.Consume(1, dead, "dead", noAck: true);
        peer.Consume(1, queue, "q");
        peer.Publish(1, "", queue, "x");
        for (var failures = 0; failures <= 2; failures++)
        {
            var found = peer.ExpectDelivery(1, "q");
            Assert.Equal(failures > 0, found.Redelivered);
            Assert.Equal(failures, (long)(PeerReader.Headers(found.Properties).GetValueOrDefault("x-delivery-count") ?? 0L));
            peer.Reject(1, found.DeliveryTag);
        }

        ExpectDeath(peer.ExpectDelivery(1, "dead"), queue, "delivery_limit", queue);
        peer.Call(1, "queue.delete", 0, queue, false, false, false);
    }

    private static string Declare(ScriptedPeer peer, params (string, object?)[] arguments) =>
        peer.DeclareQueue(1, Unique.Name("q"), exclusive: true, arguments: PeerWriter.Table(arguments)).Name;

    private static List<Dictionary<string, object?>> Deaths(Content content) =>
        [.. ((List<object?>)PeerReader.Headers(content.Properties)["x-death"]!).Select(death => (Dictionary<string, object?>)death!)];

    private static Dictionary<string, object?> ExpectDeath(Content content, string queue, string reason, string key)
    {
        var headers = PeerReader.Headers(content.Properties);
        Assert.Equal((queue, reason, ""), (headers["x-first-death-queue"], headers["x-first-death-reason"], headers["x-first-death-exchange"]));
        var death = Assert.Single(Deaths(content));
        Assert.Equal((1L, queue, reason, ""), ((long)death["count"]!, death["queue"], death["reason"], death["exchange"]));
        Assert.Equal([key], (List<object?>)death["routing-keys"]!);
        Assert.True((DateTimeOffset)death["time"]! > DateTimeOffset.UnixEpoch.AddYears(50));
        return death;
    }
}
