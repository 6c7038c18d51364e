using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Mistakes;

/// <summary>RabbitMQ's extensions of routing: alternate exchange, CC and BCC, direct reply-to, and the exchange types of its plugins.</summary>
internal static class ExtensionMistakes
{
    private const string ReplyTo = "amq.rabbitmq.reply-to";
    private const string Delayed = "x-delayed-message";
    private const string Hash = "x-consistent-hash";
    private const string History = "x-recent-history";

    private static readonly byte[] Quorum = PeerWriter.Table(("x-queue-type", "quorum"));

    private static readonly byte[] StreamType = PeerWriter.Table(("x-queue-type", "stream"));

    private static readonly Outcome ReplyQueueMissing = Outcome.Channel(404, $"NOT_FOUND - no queue '{ReplyTo}' in vhost '/'", "queue.bind");

    public static IEnumerable<Mistake> All =>
    [
        new("48", "CC that is text", s => Publish(s, ("CC", "x")), BadCopies("CC", "longstr")),
        new("48", "CC that is a number", s => Publish(s, ("CC", 5)), BadCopies("CC", "signedint")),
        new("48", "CC that is void", s => Publish(s, ("CC", null)), BadCopies("CC", "void")),
        new("48", "BCC that is a table", s => Publish(s, ("BCC", PeerWriter.Table(("a", 1)))), BadCopies("BCC", "table")),
        new("48", "BCC that is a bit", s => Publish(s, ("CC", new object[] { "a" }), ("BCC", true)), BadCopies("BCC", "bool")),
        new("48", "CC and BCC both wrong: CC is told", s => Publish(s, ("BCC", true), ("CC", 1)), BadCopies("CC", "signedint")),
        new("48", "CC with elements that are no text", s => Publish(s, ("CC", new object?[] { 1, true, null, "x" }), ("BCC", Array.Empty<object>())), Outcome.Fine()),
        new("48", "CC that is text, in confirm mode", s => { s.Peer.Call(1, "confirm.select", false); Publish(s, ("CC", "x")); }, BadCopies("CC", "longstr")),
        new("48", "CC that is text, in a transaction", s => { s.Peer.Call(1, "tx.select"); Publish(s, ("CC", "x")); }, BadCopies("CC", "longstr")),
        new("48", "CC in another case is a header like any other", s => Publish(s, ("cc", "x"), ("xCC", 5)), Outcome.Fine()),

        new("49", "reply-to without a consumer of replies", s => PublishRequest(s), NoReplyConsumer),
        new("49", "reply-to with a consumer on another channel", s => { s.Peer.Consume(2, ReplyTo, noAck: true); PublishRequest(s); }, NoReplyConsumer),
        new("49", "reply-to with a consumer that was cancelled", s => { s.Peer.Consume(1, ReplyTo, "t", noAck: true); s.Peer.Cancel(1, "t"); PublishRequest(s); }, NoReplyConsumer),
        new("49", "reply-to in a transaction without a consumer of replies", s => { s.Peer.Call(1, "tx.select"); PublishRequest(s); }, NoReplyConsumer),
        new("49", "reply-to with a consumer of replies", s => { s.Peer.Consume(1, ReplyTo, noAck: true); PublishRequest(s); }, Outcome.Fine()),

        new("57", "alternate exchange that is a number", s => Declare(s, "direct", ("alternate-exchange", 5)), Outcome.Channel(406, "PRECONDITION_FAILED - invalid type 'signedint' for arg 'alternate-exchange' in exchange '{x}' in vhost '/'", "exchange.declare")),
        new("57", "alternate exchange that is void", s => Declare(s, "direct", ("alternate-exchange", null)), Outcome.Channel(406, "PRECONDITION_FAILED - invalid type 'void' for arg 'alternate-exchange' in exchange '{x}' in vhost '/'", "exchange.declare")),
        new("57", "alternate exchange that does not exist", s => Declare(s, "direct", ("alternate-exchange", "nosuch")), Outcome.Fine("exchange.declare-ok")),
        new("56", "redeclare with an alternate exchange", s => { s.DeclareExchange(); Declare(s, "direct", ("alternate-exchange", "q")); }, Outcome.Channel(406, "PRECONDITION_FAILED - inequivalent arg 'alternate-exchange' for exchange '{x}' in vhost '/': received the value 'q' of type 'longstr' but current is none", "exchange.declare")),

        new("62", "delayed exchange without a type", s => Declare(s, Delayed), Outcome.Channel(406, "PRECONDITION_FAILED - Invalid argument, 'x-delayed-type' must be an existing exchange type", "exchange.declare")) { ExchangeType = Delayed },
        new("62", "delayed exchange with a number as its type", s => Declare(s, Delayed, ("x-delayed-type", 1)), Outcome.Channel(406, "PRECONDITION_FAILED - Invalid argument, 'x-delayed-type' must be an existing exchange type", "exchange.declare")) { ExchangeType = Delayed },
        new("62", "delayed exchange with an unknown type (4.2)", s => Declare(s, Delayed, ("x-delayed-type", "nosuch")), Outcome.Channel(406, "PRECONDITION_FAILED - unknown exchange type 'nosuch'", "exchange.declare")) { Profiles = Profile.V4_2 | Profile.V4_3, ExchangeType = Delayed },
        new("62", "delayed exchange with an unknown type (3.13)", s => Declare(s, Delayed, ("x-delayed-type", "nosuch")), Outcome.Connection(503, "COMMAND_INVALID - unknown exchange type 'nosuch'", "exchange.declare")) { Profiles = Profile.V3_13, ExchangeType = Delayed },
        new("62", "delayed exchange that delays twice", s => Declare(s, Delayed, ("x-delayed-type", Delayed)), Outcome.Channel(406, "PRECONDITION_FAILED - Invalid argument, 'x-delayed-type' must be an existing exchange type other than x-delayed-message", "exchange.declare")) { ExchangeType = Delayed },
        new("62", "delayed exchange with a mistake for its inner type", s => Declare(s, Delayed, ("x-delayed-type", Hash), ("hash-property", "nosuch")), Outcome.Channel(406, "PRECONDITION_FAILED - Unsupported property: nosuch", "exchange.declare")) { ExchangeType = Delayed },
        new("62", "delayed exchange", s => Declare(s, Delayed, ("x-delayed-type", "topic")), Outcome.Fine("exchange.declare-ok")) { ExchangeType = Delayed },
        new("62", "consistent hash of a header and a property", s => Declare(s, Hash, ("hash-header", "h"), ("hash-property", "message_id")), Outcome.Channel(406, "PRECONDITION_FAILED - hash-header and hash-property are mutually exclusive", "exchange.declare")) { ExchangeType = Hash },
        new("62", "consistent hash of an unknown property", s => Declare(s, Hash, ("hash-property", "nosuch")), Outcome.Channel(406, "PRECONDITION_FAILED - Unsupported property: nosuch", "exchange.declare")) { ExchangeType = Hash },
        new("62", "consistent hash of a header that is a number", s => Declare(s, Hash, ("hash-header", 5)), Outcome.Channel(406, "PRECONDITION_FAILED - invalid type 'signedint' for arg 'hash-header' in exchange '{x}' in vhost '/'", "exchange.declare")) { ExchangeType = Hash, OnReference = Outcome.Connection(541, "INTERNAL_ERROR", null) },
        new("62", "weight that is no number", s => Weigh(s, "abc"), Outcome.Channel(406, "PRECONDITION_FAILED - The binding key must be an integer: <<\"abc\">>", "queue.bind")) { ExchangeType = Hash },
        new("62", "weight that is empty", s => Weigh(s, ""), Outcome.Channel(406, "PRECONDITION_FAILED - The binding key must be an integer: <<>>", "queue.bind")) { ExchangeType = Hash },
        new("62", "weight that is a fraction", s => Weigh(s, "1.5"), Outcome.Channel(406, "PRECONDITION_FAILED - The binding key must be an integer: <<\"1.5\">>", "queue.bind")) { ExchangeType = Hash },
        new("62", "weight of zero", s => Weigh(s, "0"), Outcome.Channel(406, "PRECONDITION_FAILED - The binding key must be greater than 0", "queue.bind")) { ExchangeType = Hash },
        new("62", "weight below zero", s => Weigh(s, "-1"), Outcome.Channel(406, "PRECONDITION_FAILED - The binding key must be greater than 0", "queue.bind")) { ExchangeType = Hash },
        new("62", "weight with a sign", s => Weigh(s, "+3"), Outcome.Fine("queue.bind-ok")) { ExchangeType = Hash },
        new("62", "weight with zeros", s => Weigh(s, "007"), Outcome.Fine("queue.bind-ok")) { ExchangeType = Hash },
        new("62", "history of no length", s => Declare(s, History, ("x-recent-history-length", 0)), BadLength("0")) { ExchangeType = History },
        new("62", "history of a negative length", s => Declare(s, History, ("x-recent-history-length", -1)), BadLength("-1")) { ExchangeType = History },
        new("62", "history of a length in text", s => Declare(s, History, ("x-recent-history-length", "5")), BadLength("<<\"5\">>")) { ExchangeType = History },
        new("62", "history of a length that is a bit", s => Declare(s, History, ("x-recent-history-length", true)), BadLength("true")) { ExchangeType = History },

        new("69", "unknown queue type", s => DeclareDurable(s, ("x-queue-type", "nosuch")), BadArgument("x-queue-type", "\"unsupported queue type 'nosuch'\"")),
        new("69", "queue type that is a number", s => DeclareDurable(s, ("x-queue-type", 1)), BadArgument("x-queue-type", "{unacceptable_type,signedint}")),
        new("70", "stream with an age that is a number", s => DeclareDurable(s, ("x-queue-type", "stream"), ("x-max-age", 5)), BadArgument("x-max-age", "{unacceptable_type,signedint}")),
        new("70", "stream with an age of no unit", s => DeclareDurable(s, ("x-queue-type", "stream"), ("x-max-age", "1W")), BadArgument("x-max-age", "invalid_max_age")),
        new("70", "stream with an age of nothing", s => DeclareDurable(s, ("x-queue-type", "stream"), ("x-max-age", "0h")), BadArgument("x-max-age", "invalid_max_age")),
        new("70", "stream with segments of a size in text", s => DeclareDurable(s, ("x-queue-type", "stream"), ("x-stream-max-segment-size-bytes", "1")), BadArgument("x-stream-max-segment-size-bytes", "\"expected integer, got longstr\"")),
        new("70", "stream with segments that are too large", s => DeclareDurable(s, ("x-queue-type", "stream"), ("x-stream-max-segment-size-bytes", 3_000_000_001L)), Outcome.Channel(406, "PRECONDITION_FAILED - Exceeded max value for x-stream-max-segment-size-bytes", "queue.declare")),
        new("70", "stream with a filter that is too small", s => DeclareDurable(s, ("x-queue-type", "stream"), ("x-stream-filter-size-bytes", 15)), Outcome.Channel(406, "PRECONDITION_FAILED - Invalid value for  x-stream-filter-size-bytes", "queue.declare")) { OnReference = Outcome.Fine("queue.declare-ok") },
        new("73", "priority on a quorum queue", s => DeclareDurable(s, ("x-queue-type", "quorum"), ("x-max-priority", 5)), OtherType("x-max-priority", "rabbit_quorum_queue")),
        new("73", "mode on a quorum queue", s => DeclareDurable(s, ("x-queue-type", "quorum"), ("x-queue-mode", "lazy")), OtherType("x-queue-mode", "rabbit_quorum_queue")),
        new("73", "age on a classic queue", s => DeclareDurable(s, ("x-max-age", "1D")), OtherType("x-max-age", "rabbit_classic_queue")),
        new("73", "time to live on a stream", s => DeclareDurable(s, ("x-queue-type", "stream"), ("x-message-ttl", 5)), OtherType("x-message-ttl", "rabbit_stream_queue")),
        new("74", "version 3 of a classic queue", s => DeclareDurable(s, ("x-queue-version", 3)), BadArgument("x-queue-version", "\"unsupported queue version '3'\"")),
        new("75", "quorum queue that is not durable", s => DeclareQueue(s, s.Q, arguments: Quorum), BadProperty("non-durable")),
        new("75", "quorum queue that is exclusive", s => s.Send("queue.declare", 0, s.Q, false, true, true, false, false, Quorum), BadProperty("exclusive-owner")),
        new("75", "quorum queue that deletes itself", s => s.Send("queue.declare", 0, s.Q, false, true, false, true, false, Quorum), BadProperty("auto-delete")),
        new("75", "stream that is not durable", s => DeclareQueue(s, s.Q, arguments: StreamType), BadProperty("non-durable")),
        new("75", "stream that is exclusive", s => s.Send("queue.declare", 0, s.Q, false, true, true, false, false, StreamType), BadProperty("exclusive-owner")),
        new("75", "stream that deletes itself", s => s.Send("queue.declare", 0, s.Q, false, true, false, true, false, StreamType), BadProperty("auto-delete")),
        new("76", "stream without a name", s => s.Send("queue.declare", 0, "", false, true, false, false, false, StreamType), Outcome.Channel(406, "PRECONDITION_FAILED - Cannot declare a server-named queue for type rabbit_stream_queue", "queue.declare")),
        new("76", "quorum queue without a name", s => s.Send("queue.declare", 0, "", false, true, false, false, false, Quorum), Outcome.Channel(406, "PRECONDITION_FAILED - Cannot declare a server-named queue for type rabbit_quorum_queue", "queue.declare")),
        new("77", "prefix of 65 octets (4.3)", s => s.Send("queue.declare", 0, "", false, false, true, false, false, PeerWriter.Table(("x-name-prefix", new string('p', 65)))), Outcome.Channel(406, $"PRECONDITION_FAILED - Queue name prefix '{new string('p', 65)}' exceeds the 64-byte limit", "queue.declare")) { Profiles = Profile.V4_3 },
        new("77", "prefix of 64 octets (4.3)", s => s.Send("queue.declare", 0, "", false, false, true, false, false, PeerWriter.Table(("x-name-prefix", new string('p', 64)))), Outcome.Fine("queue.declare-ok")) { Profiles = Profile.V4_3 },
        new("77", "prefix of 65 octets (before 4.3)", s => s.Send("queue.declare", 0, "", false, false, true, false, false, PeerWriter.Table(("x-name-prefix", new string('p', 65)))), Outcome.Fine("queue.declare-ok")) { Profiles = Profile.Before4_3 },

        new("53", "x-local-random (before 4.0)", s => Declare(s, "x-local-random"), Outcome.Connection(503, "COMMAND_INVALID - unknown exchange type 'x-local-random'", "exchange.declare")) { Profiles = Profile.V3_13 },
        new("-", "binding of x-local-random with a key", s => BindLocal(s, "k"), Outcome.Channel(406, "PRECONDITION_FAILED - Non empty binding 'k' key not permitted", "queue.bind")) { Profiles = Profile.V4_2 | Profile.V4_3 },
        new("-", "binding of x-local-random", s => BindLocal(s, ""), Outcome.Fine("queue.bind-ok")) { Profiles = Profile.V4_2 | Profile.V4_3 },
        new("-", "binding of x-local-random to a quorum queue", s => BindLocal(s, "", "quorum"), Outcome.Channel(406, "PRECONDITION_FAILED - Queue type rabbit_quorum_queue not valid for this exchange type", "queue.bind")) { Profiles = Profile.V4_2 | Profile.V4_3 },
        new("-", "binding of x-local-random to an exchange", s => { s.DeclareExchange("x-local-random"); s.Send("exchange.bind", 0, "amq.fanout", s.X, "", false, null); }, Outcome.Channel(406, "PRECONDITION_FAILED - Destination not found", "exchange.bind")) { Profiles = Profile.V4_2 | Profile.V4_3 },

        new("86", "topic binding with three # (4.3)", s => BindTopic(s, "#.a.#.b.#"), Outcome.Channel(406, "PRECONDITION_FAILED - Topic binding key '#.a.#.b.#' uses 3 '#' wildcards, at most 2 are allowed", "queue.bind")) { Profiles = Profile.V4_3 },
        new("86", "topic binding with three # (before 4.3)", s => BindTopic(s, "#.a.#.b.#"), Outcome.Fine("queue.bind-ok")) { Profiles = Profile.V3_13 | Profile.V4_2 },
        new("86", "topic binding with two #", s => BindTopic(s, "#.a#.##.#"), Outcome.Fine("queue.bind-ok")),

        new("87", "bind of a reply queue (4.3)", s => s.Send("queue.bind", 0, $"{ReplyTo}.any", "amq.direct", "k", false, null), NotBindable("queue.bind")) { Profiles = Profile.V4_3 },
        new("87", "unbind of a reply queue (4.3)", s => s.Send("queue.unbind", 0, $"{ReplyTo}.any", "amq.direct", "k", null), NotBindable("queue.unbind")) { Profiles = Profile.V4_3 },
        new("87", "bind of a reply queue (before 4.3)", s => s.Send("queue.bind", 0, $"{ReplyTo}.any", "amq.direct", "k", false, null), Outcome.Channel(404, $"NOT_FOUND - no queue '{ReplyTo}.any' in vhost '/'", "queue.bind")) { Profiles = Profile.Before4_3 },
        new("87", "bind of the reply queue", s => s.Send("queue.bind", 0, ReplyTo, "amq.direct", "k", false, null), ReplyQueueMissing),
        new("87", "unbind of the reply queue", s => s.Send("queue.unbind", 0, ReplyTo, "amq.direct", "k", null), Outcome.Fine("queue.unbind-ok")),

        new("101", "consume of replies with acknowledgements", s => Consume(s, "t", noAck: false), Outcome.Channel(406, "PRECONDITION_FAILED - reply consumer cannot acknowledge", "basic.consume")),
        new("101", "second consumer of replies", s => { s.Peer.Consume(1, ReplyTo, "t", noAck: true); Consume(s, "u"); }, Outcome.Channel(406, "PRECONDITION_FAILED - reply consumer already set", "basic.consume")),
        new("101", "second consumer of replies with acknowledgements", s => { s.Peer.Consume(1, ReplyTo, "t", noAck: true); Consume(s, "u", noAck: false); }, Outcome.Channel(406, "PRECONDITION_FAILED - reply consumer cannot acknowledge", "basic.consume")),
        new("101", "consumer of replies after one that was cancelled", s => { s.Peer.Consume(1, ReplyTo, "t", noAck: true); s.Peer.Cancel(1, "t"); Consume(s, "t"); }, Outcome.Fine("basic.consume-ok")),
        new("101", "consumer of replies on each of two channels", s => { s.Peer.Consume(2, ReplyTo, "t", noAck: true); Consume(s, "t"); }, Outcome.Fine("basic.consume-ok")),
        new("101", "exclusive consumer of replies", s => s.Send("basic.consume", 0, ReplyTo, "t", false, true, true, false, null), Outcome.Fine("basic.consume-ok")),
        new("96", "tag of a consumer of replies that is in use", s => { s.Peer.Consume(1, ReplyTo, "t", noAck: true); Consume(s, "t"); }, Outcome.Channel(406, "PRECONDITION_FAILED - reply consumer already set", "basic.consume")),
        new("96", "tag of a consumer of replies for another queue", s => { s.DeclareOwnQueue(); s.Peer.Consume(1, ReplyTo, "t", noAck: true); s.Send("basic.consume", 0, s.Q, "t", false, true, false, false, null); }, Outcome.Connection(530, "NOT_ALLOWED - attempt to reuse consumer tag 't'", "basic.consume")) { OnReference = Outcome.Fine("basic.consume-ok") },

        new("-", "declare of the reply queue", s => DeclareQueue(s, ReplyTo), Outcome.Fine("queue.declare-ok")),
        new("-", "passive declare of the reply queue", s => DeclareQueue(s, ReplyTo, passive: true), Outcome.Fine("queue.declare-ok")),
        new("-", "declare of a reply queue that is not there", s => DeclareQueue(s, $"{ReplyTo}.nosuch"), Outcome.Channel(404, $"NOT_FOUND - no queue '{ReplyTo}.nosuch' in vhost '/'", "queue.declare")),
        new("-", "passive declare of a reply queue that is not there", s => DeclareQueue(s, $"{ReplyTo}.nosuch", passive: true), Outcome.Channel(404, $"NOT_FOUND - no queue '{ReplyTo}.nosuch' in vhost '/'", "queue.declare")),
        new("-", "declare of a name that goes on behind reply-to", s => DeclareQueue(s, $"{ReplyTo}x"), Outcome.Channel(404, $"NOT_FOUND - no queue '{ReplyTo}x' in vhost '/'", "queue.declare")),
        new("-", "delete of the reply queue", s => s.Send("queue.delete", 0, ReplyTo, false, false, false), Outcome.Fine("queue.delete-ok")),
        new("93", "purge of the reply queue", s => s.Send("queue.purge", 0, ReplyTo, false), Outcome.Channel(404, $"NOT_FOUND - no queue '{ReplyTo}' in vhost '/'", "queue.purge")),
        new("93", "get from the reply queue", s => s.Send("basic.get", 0, ReplyTo, true), Outcome.Channel(404, $"NOT_FOUND - no queue '{ReplyTo}' in vhost '/'", "basic.get")),
    ];

    private static Outcome NoReplyConsumer => Outcome.Channel(406, "PRECONDITION_FAILED - fast reply consumer does not exist", "basic.publish");

    private static Outcome NotBindable(string method) => Outcome.Channel(403, "ACCESS_REFUSED - cannot bind or unbind to a volatile (direct reply-to) queue", method);

    private static Outcome BadCopies(string header, string type) =>
        Outcome.Channel(406, $"PRECONDITION_FAILED - invalid message: {{unacceptable_type_in_header,\"{header}\",{type}}}", "basic.publish");

    private static Outcome BadLength(string value) =>
        Outcome.Channel(406, $"PRECONDITION_FAILED - Invalid argument {value}, 'x-recent-history-length' must be a positive integer", "exchange.declare");

    private static void Publish(Scene scene, params (string Key, object? Value)[] headers) =>
        scene.Peer.Publish(1, "", "nosuch", properties: [0x20, 0, .. new PeerWriter().LongString(PeerWriter.Table(headers)).ToArray()]);

    private static void PublishRequest(Scene scene) =>
        scene.Peer.Publish(1, "amq.fanout", "k", properties: [0x02, 0, .. new PeerWriter().ShortString(ReplyTo).ToArray()]);

    private static void Declare(Scene scene, string type, params (string Key, object? Value)[] arguments) =>
        scene.Send("exchange.declare", 0, scene.X, type, false, false, false, false, false, PeerWriter.Table(arguments));

    private static void Weigh(Scene scene, string weight)
    {
        scene.DeclareExchange(Hash);
        scene.DeclareOwnQueue();
        scene.Send("queue.bind", 0, scene.Q, scene.X, weight, false, null);
    }

    private static void BindLocal(Scene scene, string key, string type = "classic")
    {
        scene.DeclareExchange("x-local-random");
        scene.Peer.DeclareQueue(1, scene.Q, durable: true, arguments: PeerWriter.Table(("x-queue-type", type), ("x-expires", 30_000)));
        scene.Send("queue.bind", 0, scene.Q, scene.X, key, false, null);
    }

    private static void BindTopic(Scene scene, string key)
    {
        scene.DeclareOwnQueue();
        scene.Send("queue.bind", 0, scene.Q, "amq.topic", key, false, null);
    }

    private static void Consume(Scene scene, string tag, bool noAck = true) => scene.Send("basic.consume", 0, ReplyTo, tag, false, noAck, false, false, null);

    private static void DeclareQueue(Scene scene, string name, bool passive = false, byte[]? arguments = null) =>
        scene.Send("queue.declare", 0, name, passive, false, false, false, false, arguments);

    private static void DeclareDurable(Scene scene, params (string Key, object? Value)[] arguments) =>
        scene.Send("queue.declare", 0, scene.Q, false, true, false, false, false, PeerWriter.Table(arguments));

    private static Outcome BadArgument(string argument, string reason) =>
        Outcome.Channel(406, $"PRECONDITION_FAILED - invalid arg '{argument}' for queue '{{q}}' in vhost '/': {reason}", "queue.declare");

    private static Outcome OtherType(string argument, string type) =>
        Outcome.Channel(406, $"PRECONDITION_FAILED - invalid arg '{argument}' for queue '{{q}}' in vhost '/' of queue type {type}", "queue.declare");

    private static Outcome BadProperty(string property) =>
        Outcome.Channel(406, $"PRECONDITION_FAILED - invalid property '{property}' for queue '{{q}}' in vhost '/'", "queue.declare");
}
