using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Mistakes;

/// <summary>Publishing, consuming and acknowledging.</summary>
internal static class BasicMistakes
{
    private const string Locked =
        "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '{q}' in vhost '/'. It could be originally declared on another connection or the exclusive property value does not match that of the original declaration.";

    private const string InUse = "ACCESS_REFUSED - queue '{q}' in vhost '/' in exclusive use";

    public static IEnumerable<Mistake> All =>
    [
        new("38", "publish to a missing exchange", s => s.Peer.Publish(1, s.X, "k"), Outcome.Channel(404, "NOT_FOUND - no exchange '{x}' in vhost '/'", "basic.publish")),
        new("38", "publish to a missing exchange in confirm mode", s => { s.Peer.Call(1, "confirm.select", false); s.Peer.Publish(1, s.X, "k"); }, Outcome.Channel(404, "NOT_FOUND - no exchange '{x}' in vhost '/'", "basic.publish")) { IsForeignTo0_8 = true },
        new("38", "publish to a missing exchange in a transaction", s => { s.Peer.Call(1, "tx.select"); s.Peer.Publish(1, s.X, "k"); }, Outcome.Channel(404, "NOT_FOUND - no exchange '{x}' in vhost '/'", "basic.publish")),
        new("40", "publish to an internal exchange", s => { s.DeclareExchange("fanout", @internal: true); s.Peer.Publish(1, s.X, "k"); }, Outcome.Channel(403, "ACCESS_REFUSED - cannot publish to internal exchange '{x}' in vhost '/'", "basic.publish")),
        new("40", "publish to amq.rabbitmq.trace", s => s.Peer.Publish(1, "amq.rabbitmq.trace", "k"), Outcome.Channel(403, "ACCESS_REFUSED - cannot publish to internal exchange 'amq.rabbitmq.trace' in vhost '/'", "basic.publish")),
        new("42", "immediate", s => { s.Send("basic.publish", 0, "", s.Q, false, true); s.Peer.SendHeader(1, 0); }, Outcome.Connection(540, "NOT_IMPLEMENTED - immediate=true", "basic.publish")),
        new("44", "not mandatory and unroutable", s => s.Peer.Publish(1, "", s.Q), Outcome.Fine()),
        new("44", "not mandatory and unroutable in confirm mode", s => { s.Peer.Call(1, "confirm.select", false); s.Peer.Publish(1, "", s.Q); }, Outcome.Fine("basic.ack")) { IsForeignTo0_8 = true },

        // The limit of 16 MiB came with 4.0; RabbitMQ 3 takes 128 MiB.
        new("45", "body of 16 MiB and an octet", s => s.Peer.Publish(1, "", s.Q, new byte[(16 << 20) + 1]), TooLarge(16777217, 16777216)) { Profiles = Profile.V4_2 | Profile.V4_3 },
        new("45", "body of 16 MiB and an octet (before 4.0)", s => s.Peer.Publish(1, "", s.Q, new byte[(16 << 20) + 1]), Outcome.Fine()) { Profiles = Profile.V3_13 },
        new("45", "body of 128 MiB and an octet (before 4.0)", s => s.Peer.Publish(1, "", s.Q, new byte[(128 << 20) + 1]), TooLarge(134217729, 134217728)) { Profiles = Profile.V3_13 },
        new("45", "body that is too large to a missing exchange: the size is told", s => s.Peer.Publish(1, s.X, s.Q, new byte[(16 << 20) + 1]), TooLarge(16777217, 16777216)) { Profiles = Profile.V4_2 | Profile.V4_3 },
        new("45", "body of 16 MiB", s => s.Peer.Publish(1, "", s.Q, new byte[16 << 20]), Outcome.Fine()),

        new("93", "consume from a missing queue", s => Consume(s, "t"), Outcome.Channel(404, "NOT_FOUND - no queue '{q}' in vhost '/'", "basic.consume")),
        new("93", "get from a missing queue", s => s.Send("basic.get", 0, s.Q, true), Outcome.Channel(404, "NOT_FOUND - no queue '{q}' in vhost '/'", "basic.get")),
        new("94", "consume from a foreign exclusive queue", s => { s.DeclareForeignQueue(); Consume(s, "t"); }, Outcome.Channel(405, Locked, "basic.consume")),
        new("94", "get from a foreign exclusive queue", s => { s.DeclareForeignQueue(); s.Send("basic.get", 0, s.Q, true); }, Outcome.Channel(405, Locked, "basic.get")),
        new("94", "publish to a foreign exclusive queue", s => { s.DeclareForeignQueue(); s.Peer.Publish(1, "", s.Q); }, Outcome.Fine()),

        new("95", "exclusive consumer beside another", s => { s.DeclareSharedQueue(); Consume(s, "t", exclusive: true); }, Outcome.Channel(403, InUse, "basic.consume")),
        new("95", "consumer beside an exclusive one", s => { s.DeclareSharedQueue(exclusiveConsumer: true); Consume(s, "t"); }, Outcome.Channel(403, InUse, "basic.consume")),
        new("95", "exclusive consumer beside an exclusive one", s => { s.DeclareSharedQueue(exclusiveConsumer: true); Consume(s, "t", exclusive: true); }, Outcome.Channel(403, InUse, "basic.consume")),
        new("95", "get beside an exclusive consumer", s => { s.DeclareSharedQueue(exclusiveConsumer: true); s.Send("basic.get", 0, s.Q, true); }, Outcome.Fine("basic.get-empty")),
        new("96", "consumer tag that is in use", s => { s.DeclareOwnQueue(); s.Peer.Consume(1, s.Q, "t"); Consume(s, "t"); }, Outcome.Connection(530, "NOT_ALLOWED - attempt to reuse consumer tag 't'", "basic.consume")),
        new("96", "consumer tag that is in use, for a queue that is missing", s => { s.DeclareOwnQueue(); s.Peer.Consume(1, s.Q, "t"); s.Send("basic.consume", 0, s.X, "t", false, false, false, false, null); }, Outcome.Connection(530, "NOT_ALLOWED - attempt to reuse consumer tag 't'", "basic.consume")),
        new("96", "consumer tag that is in use on another channel", s => { s.DeclareOwnQueue(); s.Peer.Consume(2, s.Q, "t"); Consume(s, "t"); }, Outcome.Fine("basic.consume-ok")),
        new("-", "cancel of a consumer tag that nobody has", s => s.Send("basic.cancel", "nosuch", false), Outcome.Fine("basic.cancel-ok")),
        new("-", "no-wait cancel of a consumer tag that nobody has", s => s.Send("basic.cancel", "nosuch", true), Outcome.Fine()),

        new("104", "ack of an unknown tag", s => s.Send("basic.ack", 1, false), UnknownTag("1", "basic.ack")),
        new("104", "ack of several up to an unknown tag", s => s.Send("basic.ack", 1, true), UnknownTag("1", "basic.ack")),
        new("104", "ack of the tag 0", s => s.Send("basic.ack", 0, false), UnknownTag("0", "basic.ack")),
        new("104", "ack of the largest tag", s => s.Send("basic.ack", ulong.MaxValue, false), UnknownTag("18446744073709551615", "basic.ack")),
        new("104", "nack of an unknown tag", s => s.Send("basic.nack", 7, false, true), UnknownTag("7", "basic.nack")) { IsForeignTo0_8 = true },
        new("104", "reject of an unknown tag", s => s.Send("basic.reject", 9, true), UnknownTag("9", "basic.reject")),
        new("104", "second ack of a tag", s => { Take(s); s.Peer.Ack(1, 1); s.Send("basic.ack", 1, false); }, UnknownTag("1", "basic.ack")),
        new("104", "reject after an ack of the tag", s => { Take(s); s.Peer.Ack(1, 1); s.Send("basic.reject", 1, true); }, UnknownTag("1", "basic.reject")),
        new("104", "ack of a delivery that was not to be acknowledged", s => { s.DeclareOwnQueue(); s.Peer.Publish(1, "", s.Q); s.Peer.Get(1, s.Q, noAck: true); s.Send("basic.ack", 1, false); }, UnknownTag("1", "basic.ack")),
        new("104", "ack on another channel", s => { Take(s, channel: 2); s.Send("basic.ack", 1, false); }, UnknownTag("1", "basic.ack")),
        new("104", "ack of everything, there is nothing", s => s.Send("basic.ack", 0, true), Outcome.Fine()),
        new("104", "nack of everything, there is nothing", s => s.Send("basic.nack", 0, true, true), Outcome.Fine()) { IsForeignTo0_8 = true },

        new("105", "qos with a prefetch size", s => s.Send("basic.qos", 1, 0, false), Outcome.Connection(540, "NOT_IMPLEMENTED - prefetch_size!=0 (1)", "basic.qos")),
        new("106", "recover without requeue", s => s.Send("basic.recover", false), Outcome.Connection(540, "NOT_IMPLEMENTED - requeue=false", "basic.recover")),
        new("106", "recover-async without requeue", s => s.Send("basic.recover-async", false), Outcome.Connection(540, "NOT_IMPLEMENTED - requeue=false", "basic.recover-async")),
        new("106", "recover-async", s => s.Send("basic.recover-async", true), Outcome.Fine()),
    ];

    private static void Consume(Scene scene, string tag, bool exclusive = false) => scene.Send("basic.consume", 0, scene.Q, tag, false, true, exclusive, false, null);

    // One message of the scene's queue, delivered with the tag 1.
    private static void Take(Scene scene, ushort channel = 1)
    {
        scene.DeclareOwnQueue();
        scene.Peer.Publish(channel, "", scene.Q);
        Assert.Equal(1UL, Assert.IsType<Content>(scene.Peer.Get(channel, scene.Q)).DeliveryTag);
    }

    private static Outcome TooLarge(int octets, int limit) =>
        Outcome.Channel(406, $"PRECONDITION_FAILED - message size {octets} is larger than configured max size {limit}", "basic.publish");

    private static Outcome UnknownTag(string tag, string method) => Outcome.Channel(406, $"PRECONDITION_FAILED - unknown delivery tag {tag}", method);
}
