using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Mistakes;

/// <summary>Arguments of queues and consumers, streams, and a transaction that is not over.</summary>
internal static class ArgumentMistakes
{
    public static IEnumerable<Mistake> All =>
    [
        new("35", "method while a commit is under way", MethodDuringCommit, Outcome.Fine("tx.commit-ok", "basic.qos-ok"))
            { OnReference = Outcome.Connection(504, "CHANNEL_ERROR - unexpected command while processing 'tx.commit'", "basic.qos") },

        Invalid("70", "x-message-ttl", -1, "{value_negative,-1}"),
        Invalid("70", "x-message-ttl", "a", "\"expected integer, got longstr\""),
        Invalid("70", "x-message-ttl", true, "\"expected integer, got bool\""),
        Invalid("70", "x-expires", 0, "{value_zero,0}"),
        Invalid("70", "x-expires", -5, "{value_negative,-5}"),
        Invalid("70", "x-max-length", -1, "{value_negative,-1}"),
        Invalid("70", "x-max-length-bytes", "1", "\"expected integer, got longstr\""),
        Invalid("70", "x-max-priority", 256, "{max_value_exceeded,256}"),
        Invalid("70", "x-max-priority", -1, "{value_negative,-1}"),
        Invalid("70", "x-single-active-consumer", "yes", "{unacceptable_type,longstr}"),
        Invalid("71", "x-overflow", "nosuch", "invalid_overflow"),
        Invalid("71", "x-overflow", 5, "{unacceptable_type,signedint}"),
        Invalid("71", "x-queue-mode", "nosuch", "\"unsupported queue mode 'nosuch'\""),
        Invalid("71", "x-queue-leader-locator", "nosuch", "invalid_queue_locator_arg") with // 3.10: of quorum queues and streams alone
            { OnReference = Outcome.Channel(406, "PRECONDITION_FAILED - invalid arg 'x-queue-leader-locator' for queue '{q}' in vhost '/' of queue type rabbit_classic_queue", "queue.declare") },
        new("71", "x-dead-letter-strategy of a quorum queue", s => s.Send("queue.declare", 0, s.Q, false, true, false, false, false, PeerWriter.Table(("x-queue-type", "quorum"), ("x-dead-letter-strategy", "nosuch"))),
            Refused("x-dead-letter-strategy", "invalid_dlx_strategy")),
        new("72", "x-dead-letter-routing-key alone", s => Declare(s, ("x-dead-letter-routing-key", "k")), Refused("x-dead-letter-routing-key", "routing_key_but_no_dlx_defined")),
        new("72", "x-dead-letter-routing-key with the default exchange", s => Declare(s, ("x-dead-letter-routing-key", "k"), ("x-dead-letter-exchange", "")), Outcome.Fine("queue.declare-ok")),

        Priority("text", "1", "longstr"),
        Priority("a bit", true, "bool"),
        OtherConsumer("x-stream-offset", "first", "classic", Profile.All),
        OtherConsumer("x-stream-offset", "first", "quorum", Profile.All),
        OtherConsumer("x-stream-filter", "f", "classic", Profile.V4_2 | Profile.V4_3),
        OtherConsumer("x-stream-match-unfiltered", true, "quorum", Profile.V4_2 | Profile.V4_3),
        OtherConsumer("x-consumer-timeout", 60000, "classic", Profile.V4_3),
        new("98", "x-consumer-timeout on a quorum queue (4.3)", s => ConsumeFrom(s, "quorum", ("x-consumer-timeout", 60000)), Outcome.Fine("basic.consume-ok")) { Profiles = Profile.V4_3 },
        new("98", "x-consumer-timeout on a classic queue (before 4.3)", s => ConsumeFrom(s, "classic", ("x-consumer-timeout", 60000)), Outcome.Fine("basic.consume-ok")) { Profiles = Profile.Before4_3 },
        new("98", "x-foo, which no queue knows", s => ConsumeFrom(s, "classic", ("x-foo", 1)), Outcome.Fine("basic.consume-ok")),
        new("73", "x-consumer-timeout of a classic queue (4.3)", s => Declare(s, ("x-consumer-timeout", 60000)),
            Outcome.Channel(406, "PRECONDITION_FAILED - invalid arg 'x-consumer-timeout' for queue '{q}' in vhost '/' of queue type rabbit_classic_queue", "queue.declare")) { Profiles = Profile.V4_3 },
        new("73", "x-consumer-timeout of a classic queue (before 4.3)", s => Declare(s, ("x-consumer-timeout", 60000)), Outcome.Fine("queue.declare-ok")) { Profiles = Profile.Before4_3 },
        new("65", "redeclare with another x-consumer-timeout (before 4.3)", s => { s.DeclareOwnQueue(PeerWriter.Table(("x-consumer-timeout", 60000))); Declare(s, ("x-consumer-timeout", 60001)); }, Outcome.Fine("queue.declare-ok")) { Profiles = Profile.Before4_3 },
        new("73", "x-delayed-retry-type of a classic queue (4.3)", s => Declare(s, ("x-delayed-retry-type", "all")),
            Outcome.Channel(406, "PRECONDITION_FAILED - invalid arg 'x-delayed-retry-type' for queue '{q}' in vhost '/' of queue type rabbit_classic_queue", "queue.declare")) { Profiles = Profile.V4_3 },
        new("73", "x-delayed-retry-type of a classic queue (before 4.3)", s => Declare(s, ("x-delayed-retry-type", "all")), Outcome.Fine("queue.declare-ok")) { Profiles = Profile.Before4_3 },
        new("65", "redeclare of a classic queue as quorum", s => { DeclareTyped(s, null); DeclareTyped(s, "quorum", asks: true); }, Inequivalent("received 'quorum' but current is 'classic'")) { Profiles = Profile.V4_2 | Profile.V4_3 },
        new("65", "redeclare of a quorum queue without a type", s => { DeclareTyped(s, "quorum"); DeclareTyped(s, null, asks: true); }, Inequivalent("received 'classic' but current is 'quorum'")) { Profiles = Profile.V4_2 | Profile.V4_3 },
        new("65", "redeclare of a classic queue as quorum (before 4.0)", s => { DeclareTyped(s, null); DeclareTyped(s, "quorum", asks: true); }, Inequivalent("received the value 'quorum' of type 'longstr' but current is none")) { Profiles = Profile.V3_13 },
        new("65", "redeclare of a quorum queue without a type (before 4.0)", s => { DeclareTyped(s, "quorum"); DeclareTyped(s, null, asks: true); }, Inequivalent("received none but current is the value 'quorum' of type 'longstr'")) { Profiles = Profile.V3_13 },
        new("98", "x-priority that is negative", s => Consume(s, ("x-priority", -3)), Outcome.Fine("basic.consume-ok")),
        Stream("98", "x-stream-offset that is unknown", s => ConsumeStream(s, false, ("x-stream-offset", "nosuch")),
            Refused("x-stream-offset", "{invalid_stream_offset_arg,{longstr,<<\"nosuch\">>}}", "basic.consume")) with { OnReference = Outcome.Connection(541, "INTERNAL_ERROR", null) }, // 406 since
        Stream("98", "x-stream-offset that is an age of no unit", s => ConsumeStream(s, false, ("x-stream-offset", "7X")),
            Refused("x-stream-offset", "{invalid_stream_offset_arg,{longstr,<<\"7X\">>}}", "basic.consume")),
        Stream("98", "x-stream-offset that is an age", s => ConsumeStream(s, false, ("x-stream-offset", "7D")), Outcome.Fine("basic.consume-ok")),
        Stream("98", "x-stream-offset that is a number", s => ConsumeStream(s, false, ("x-stream-offset", 7)), Outcome.Fine("basic.consume-ok")),

        Stream("99", "consume without a prefetch (3.13)", ConsumeWithoutPrefetch,
            Outcome.Channel(406, "PRECONDITION_FAILED - consumer prefetch count is not set for 'queue '{q}' in vhost '/''", "basic.consume")) with { Profiles = Profile.V3_13 },
        Stream("99", "consume without a prefetch", ConsumeWithoutPrefetch,
            Outcome.Channel(406, "PRECONDITION_FAILED - consumer prefetch count is not set for stream queue '{q}' in vhost '/'", "basic.consume")) with { Profiles = Profile.V4_2 | Profile.V4_3 },
        Stream("99", "consume without acknowledgements (3.13)", s => ConsumeStream(s, noAck: true),
            Outcome.Connection(540, "NOT_IMPLEMENTED - automatic acknowledgement not supported by stream queues queue '{q}' in vhost '/'", "basic.consume")) with { Profiles = Profile.V3_13 },
        Stream("99", "consume without acknowledgements", s => ConsumeStream(s, noAck: true),
            Outcome.Connection(540, "NOT_IMPLEMENTED - automatic acknowledgement not supported by stream queue '{q}' in vhost '/'", "basic.consume")) with { Profiles = Profile.V4_2 | Profile.V4_3 },
        Stream("99", "consume with a prefetch that the channel shares", ConsumeWithSharedPrefetch,
            Outcome.Connection(540, "NOT_IMPLEMENTED - queue '{q}' in vhost '/' does not support global qos", "basic.consume")) with { Profiles = Profile.Before4_3 },
        Stream("103", "get", s => s.Send("basic.get", 0, s.Q, false), Outcome.Connection(540, "NOT_IMPLEMENTED - basic.get not supported by stream queues queue '{q}' in vhost '/'", "basic.get")),
        Stream("92", "purge", s => s.Send("queue.purge", 0, s.Q, false), Outcome.Connection(540, "NOT_IMPLEMENTED - queue.purge not supported by stream queues queue '{q}' in vhost '/'", "queue.purge")),
        Stream("88", "delete that is to be empty and unused", DeleteFullStream, Outcome.Fine("queue.delete-ok")),
    ];

    private static Mistake OtherConsumer(string argument, object value, string type, Profile profiles) => new(
        "98", $"{argument} on a queue of type {type}", s => ConsumeFrom(s, type, (argument, value)),
        Outcome.Channel(406, $"PRECONDITION_FAILED - invalid arg '{argument}' for queue '{{q}}' in vhost '/' of queue type rabbit_{type}_queue", "basic.consume")) { Profiles = profiles };

    // Durable, as it must be; it goes by itself soon after the test.
    private static void ConsumeFrom(Scene scene, string type, params (string Key, object? Value)[] arguments)
    {
        scene.Peer.DeclareQueue(1, scene.Q, durable: true, arguments: PeerWriter.Table(("x-queue-type", type), ("x-expires", 30_000)));
        scene.Send("basic.consume", 0, scene.Q, "t", false, false, false, false, PeerWriter.Table(arguments));
    }

    private static void DeclareTyped(Scene scene, string? type, bool asks = false)
    {
        byte[] arguments = type is null ? PeerWriter.Table(("x-expires", 30_000)) : PeerWriter.Table(("x-expires", 30_000), ("x-queue-type", type));
        scene.Send("queue.declare", 0, scene.Q, false, true, false, false, false, arguments);
        if (!asks)
        {
            scene.Peer.Expect(1, "queue.declare-ok");
        }
    }

    private static Outcome Inequivalent(string values) =>
        Outcome.Channel(406, $"PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue '{{q}}' in vhost '/': {values}", "queue.declare");

    private static Mistake Invalid(string row, string argument, object value, string reason) =>
        new(row, $"{argument} = {value}", s => Declare(s, (argument, value)), Refused(argument, reason));

    private static Outcome Refused(string argument, string reason, string method = "queue.declare") =>
        Outcome.Channel(406, $"PRECONDITION_FAILED - invalid arg '{argument}' for queue '{{q}}' in vhost '/': {reason}", method);

    private static Mistake Priority(string what, object value, string type) =>
        new("98", $"x-priority that is {what}", s => Consume(s, ("x-priority", value)), Refused("x-priority", $"\"expected integer, got {type}\"", "basic.consume"));

    private static Mistake Stream(string row, string what, Action<Scene> commit, Outcome expected) => new(
        row,
        "stream: " + what,
        s =>
        {
            s.Send("queue.declare", 0, s.Q, false, true, false, false, false, PeerWriter.Table(("x-queue-type", "stream")));
            s.Peer.Expect(1, "queue.declare-ok");
            commit(s);
        },
        expected);

    private static void ConsumeWithoutPrefetch(Scene scene) => scene.Send("basic.consume", 0, scene.Q, "t", false, false, false, false, null);

    private static void ConsumeWithSharedPrefetch(Scene scene)
    {
        scene.Peer.Qos(1, 10);
        scene.Send("basic.qos", 0, 10, true);
        scene.Peer.Expect(1, "basic.qos-ok");
        scene.Send("basic.consume", 0, scene.Q, "t", false, false, false, false, null);
    }

    private static void DeleteFullStream(Scene scene)
    {
        scene.Peer.Publish(1, "", scene.Q);
        scene.Send("queue.delete", 0, scene.Q, true, true, false);
    }

    // RabbitMQ syncs a persistent message of a durable queue first.
    private static void MethodDuringCommit(Scene scene)
    {
        scene.Peer.DeclareQueue(1, scene.Q, durable: true, arguments: PeerWriter.Table(("x-expires", 30_000)));
        scene.Peer.Call(1, "tx.select");
        scene.Peer.InOneWrite(() =>
        {
            scene.Peer.Publish(1, "", scene.Q, properties: [0x10, 0, 2]);
            scene.Send("tx.commit");
            scene.Send("basic.qos", 0, 1, false);
        });
    }

    private static void Declare(Scene scene, params (string, object?)[] arguments) =>
        scene.Send("queue.declare", 0, scene.Q, false, false, true, false, false, PeerWriter.Table(arguments));

    private static void Consume(Scene scene, params (string, object?)[] arguments)
    {
        scene.DeclareOwnQueue();
        scene.Send("basic.consume", 0, scene.Q, "t", false, false, false, false, PeerWriter.Table(arguments));
    }

    private static void ConsumeStream(Scene scene, bool noAck, params (string, object?)[] arguments)
    {
        scene.Peer.Qos(1, 10);
        scene.Send("basic.consume", 0, scene.Q, "t", false, noAck, false, false, PeerWriter.Table(arguments));
    }
}
