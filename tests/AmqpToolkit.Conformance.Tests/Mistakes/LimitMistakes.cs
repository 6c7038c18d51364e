using System.Text;
using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Mistakes;

/// <summary>Times, limits, quorum queues and queues with one active consumer.</summary>
internal static class LimitMistakes
{
    private static readonly byte[] Quorum = PeerWriter.Table(("x-queue-type", "quorum"));

    public static IEnumerable<Mistake> All =>
    [
        Expiration("abc", "no_integer"),
        Expiration("", "no_integer"),
        Expiration(" 5", "no_integer"),
        Expiration("+", "no_integer"),
        Expiration("-1", "{value_negative,-1}"),
        Expiration("12abc", "{leftover_string,\"abc\"}"),
        Expiration("1.5", "{leftover_string,\".5\"}"),
        Expiration("315360000001", "{value_too_large,315360000001}"),
        new("46", "expiration of ten years", s => s.Peer.Publish(1, "", s.Q, properties: Expires("315360000000")), Outcome.Fine()),
        new("46", "expiration with a sign", s => s.Peer.Publish(1, "", s.Q, properties: Expires("+007")), Outcome.Fine()),

        new("50", "publish past a limit in confirm mode", s => { Full(s); s.Peer.Call(1, "confirm.select", false); s.Peer.Publish(1, "", s.Q); }, Outcome.Fine("basic.nack")),
        new("50", "publish past a limit", s => { Full(s); s.Peer.Publish(1, "", s.Q); }, Outcome.Fine()),
        new("51", "publish past a limit in a transaction", s => { Full(s); s.Peer.Call(1, "tx.select"); s.Peer.Publish(1, "", s.Q); s.Send("tx.commit"); },
            Outcome.Channel(406, "PRECONDITION_FAILED - partial tx completion", "tx.commit")),

        new("89", "delete of a quorum queue if unused", s => { DeclareQuorum(s); s.Send("queue.delete", 0, s.Q, true, false, false); },
            Outcome.Connection(540, "NOT_IMPLEMENTED - cannot delete queue '{q}' in vhost '/'. queue.delete operations with if-unused flag set are not supported by quorum queues", "queue.delete")),
        new("89", "delete of a quorum queue if empty", s => { DeclareQuorum(s); s.Send("queue.delete", 0, s.Q, false, true, false); },
            Outcome.Connection(540, "NOT_IMPLEMENTED - cannot delete queue '{q}' in vhost '/'. queue.delete operations with if-empty flag set are not supported by quorum queues", "queue.delete")),
        new("89", "delete of a missing queue if unused", s => s.Send("queue.delete", 0, s.Q, true, false, false), Outcome.Fine("queue.delete-ok")),
        new("92", "purge of a quorum queue", s => { DeclareQuorum(s); s.Send("queue.purge", 0, s.Q, false); }, Outcome.Fine("queue.purge-ok")),
        new("100", "consume from a quorum queue with a shared prefetch", s => { DeclareQuorum(s); s.Peer.Qos(1, 1, global: true); Consume(s); },
            Outcome.Connection(540, "NOT_IMPLEMENTED - queue '{q}' in vhost '/' does not support global qos", "basic.consume")) { Profiles = Profile.Before4_3 },
        new("100", "consume from a quorum queue with a shared prefetch, which is taken as each consumer's own (4.3)", s => { DeclareQuorum(s); s.Peer.Qos(1, 1, global: true); Consume(s); }, Outcome.Fine("basic.consume-ok")) { Profiles = Profile.V4_3 },
        new("100", "consume from a quorum queue after a prefetch for each consumer has lifted the shared one", s => { DeclareQuorum(s); s.Peer.Qos(1, 1, global: true); s.Peer.Qos(1, 1); Consume(s); }, Outcome.Fine("basic.consume-ok")),
        new("95", "exclusive consumer of a queue with a single active one", s => { DeclareSingle(s); Consume(s, exclusive: true); },
            Outcome.Channel(403, "ACCESS_REFUSED - queue '{q}' in vhost '/' in exclusive use", "basic.consume")),
        new("102", "get from a queue with a single active consumer", s => { DeclareSingle(s); s.Send("basic.get", 0, s.Q, true); },
            Outcome.Channel(405, "RESOURCE_LOCKED - cannot obtain access to locked queue '{q}' in vhost '/'. basic.get operations are not supported by classic queues with single active consumer", "basic.get"))
            { Profiles = Profile.V4_2 | Profile.V4_3 },
        new("102", "get from a classic queue with a single active consumer", s => { DeclareSingle(s); s.Send("basic.get", 0, s.Q, true); }, Outcome.Fine("basic.get-empty"))
            { Profiles = Profile.V3_13 },
        new("102", "get from a quorum queue with a single active consumer", s => { DeclareQuorum(s, ("x-single-active-consumer", true)); s.Send("basic.get", 0, s.Q, true); },
            Outcome.Channel(405, "RESOURCE_LOCKED - cannot obtain access to locked queue '{q}' in vhost '/'. basic.get operations are not supported by quorum queues with single active consumer", "basic.get")),
    ];

    private static Mistake Expiration(string text, string reason) => new(
        "46", $"expiration '{text}'", s => s.Peer.Publish(1, "", s.Q, properties: Expires(text)),
        Outcome.Channel(406, $"PRECONDITION_FAILED - invalid expiration '{text}': {reason}", "basic.publish"));

    /// <summary>Properties with an expiration alone.</summary>
    public static byte[] Expires(string text) => [1, 0, (byte)Encoding.UTF8.GetByteCount(text), .. Encoding.UTF8.GetBytes(text)];

    private static void Full(Scene scene) =>
        scene.DeclareOwnQueue(PeerWriter.Table(("x-max-length", 0), ("x-overflow", "reject-publish")));

    private static void DeclareSingle(Scene scene) => scene.DeclareOwnQueue(PeerWriter.Table(("x-single-active-consumer", true)));

    // Durable, as it must be; it goes by itself soon after the test.
    private static void DeclareQuorum(Scene scene, params (string, object?)[] more) =>
        scene.Peer.DeclareQueue(1, scene.Q, durable: true, arguments: [.. Quorum, .. PeerWriter.Table(("x-expires", 30_000)), .. PeerWriter.Table(more)]);

    private static void Consume(Scene scene, bool exclusive = false) => scene.Send("basic.consume", 0, scene.Q, "t", false, false, exclusive, false, null);
}
