using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Mistakes;

/// <summary>What users do who may not: permissions, topic permissions, limits, other users' names. In RabbitMQ's order of checks.</summary>
internal static class AccessMistakes
{
    private const string Default = "ACCESS_REFUSED - operation not permitted on the default exchange";

    public static IEnumerable<Mistake> All =>
    [
        // 81: configure
        Bob("81", "declare a queue", s => Declare(s, s.Q), Queue("configure", "queue.declare")),
        Bob("81", "declare a queue that is there", s => { s.DeclareSharedQueue(); Declare(s, s.Q); }, Queue("configure", "queue.declare")),
        Bob("81", "declare a queue with wrong arguments: the permission is told", s => Declare(s, s.Q, ("x-message-ttl", "a")), Queue("configure", "queue.declare")),
        Bob("81", "declare a queue of one's own", s => Declare(s, Own(s)), Outcome.Fine("queue.declare-ok")),
        Bob("64", "declare a queue with the prefix amq.: the prefix is told", s => Declare(s, "amq.nosuch"), Outcome.Channel(403, "ACCESS_REFUSED - queue name 'amq.nosuch' contains reserved prefix 'amq.*'", "queue.declare")),
        Bob("67", "passive declare needs no permission", s => { s.DeclareSharedQueue(); s.Send("queue.declare", 0, s.Q, true, false, false, false, false, null); }, Outcome.Fine("queue.declare-ok")) with { Profiles = Profile.Before4_3 },
        Bob("67", "passive declare needs some permission (4.3)", s => s.Send("queue.declare", 0, s.Q, true, false, false, false, false, null), Queue("configure", "queue.declare")) with { Profiles = Profile.V4_3 },
        Bob("81", "delete a queue", s => s.Send("queue.delete", 0, s.Q, false, false, false), Queue("configure", "queue.delete")),
        Bob("81", "declare an exchange", s => DeclareExchange(s, s.X, "direct"), Exchange("configure", "exchange.declare")),
        Bob("81", "declare an exchange with the prefix amq.: the permission is told", s => DeclareExchange(s, "amq.nosuch", "direct"), Exchange("configure", "exchange.declare", "amq.nosuch")),
        Bob("53", "declare an exchange of an unknown type: the type is told", s => DeclareExchange(s, s.X, "nosuch"), Outcome.Channel(406, "PRECONDITION_FAILED - unknown exchange type 'nosuch'", "exchange.declare")) with { Profiles = Profile.V4_2 | Profile.V4_3 },
        Bob("55", "declare the default exchange", s => DeclareExchange(s, "", "direct"), Outcome.Channel(403, Default, "exchange.declare")),
        Bob("58", "passive declare of an exchange needs no permission", s => { s.DeclareExchange(); s.Send("exchange.declare", 0, s.X, "direct", true, false, false, false, false, null); }, Outcome.Fine("exchange.declare-ok")) with { Profiles = Profile.Before4_3 },
        Bob("81", "delete an exchange", s => s.Send("exchange.delete", 0, s.X, false, false), Exchange("configure", "exchange.delete")),
        Bob("59", "delete amq.direct: the system is told", s => s.Send("exchange.delete", 0, "amq.direct", false, false), Outcome.Channel(403, "ACCESS_REFUSED - deletion of system exchange 'amq.direct' in vhost '/' not allowed", "exchange.delete")),
        new("81", "declare with empty patterns", s => Declare(s, s.Q), Refused("configure", "queue '{q}'", "queue.declare", TestUsers.Nobody)) { User = TestUsers.Nobody, OnReference = OnReference("queue '{q}'", "queue.declare", TestUsers.Nobody) },

        // 80: dead letters and alternates
        Bob("80", "dead letters to an exchange that one may not write to", s => Declare(s, Own(s), ("x-dead-letter-exchange", s.X)), Exchange("write", "queue.declare")),
        Bob("80", "dead letters to the default exchange", s => Declare(s, Own(s), ("x-dead-letter-exchange", "")), Exchange("write", "queue.declare", "amq.default")),
        Bob("80", "dead letters to an exchange of one's own, which is not there", s => Declare(s, Own(s), ("x-dead-letter-exchange", "bob-nosuch")), Outcome.Fine("queue.declare-ok")),
        Bob("80", "dead letters to no name: the type is told", s => Declare(s, Own(s), ("x-dead-letter-exchange", 1)), Outcome.Channel(406, "PRECONDITION_FAILED - invalid type 'signedint' for arg 'x-dead-letter-exchange' in queue 'bob-{q}' in vhost '/'", "queue.declare")),
        Bob("80", "alternate exchange that one may not write to", s => DeclareExchange(s, "bob-" + s.X, "direct", ("alternate-exchange", s.X)), Exchange("write", "exchange.declare")),
        Bob("57", "alternate exchange that is no name", s => DeclareExchange(s, "bob-" + s.X, "direct", ("alternate-exchange", 1)), Outcome.Channel(406, "PRECONDITION_FAILED - invalid type 'signedint' for arg 'alternate-exchange' in exchange 'bob-{x}' in vhost '/'", "exchange.declare")),

        // bindings: write to what they lead to, read where they come from
        Bob("81", "bind a queue that one may not write to", s => s.Send("queue.bind", 0, s.Q, "bob-x", "k", false, null), Queue("write", "queue.bind")),
        Bob("81", "bind a queue to an exchange that one may not read", s => s.Send("queue.bind", 0, Own(s), s.X, "k", false, null), Exchange("read", "queue.bind")),
        Bob("55", "bind a queue of one's own to the default exchange", s => s.Send("queue.bind", 0, Own(s), "", "k", false, null), Outcome.Channel(403, Default, "queue.bind")),
        Bob("55", "bind another queue to the default exchange: the permission is told", s => s.Send("queue.bind", 0, s.Q, "", "k", false, null), Queue("write", "queue.bind")),
        Bob("83", "bind a missing queue of one's own to a missing exchange of one's own", s => s.Send("queue.bind", 0, Own(s), "bob-nosuch", "k", false, null), Outcome.Channel(404, "NOT_FOUND - no exchange 'bob-nosuch' in vhost '/'", "queue.bind")),
        Bob("81", "unbind a queue that one may not write to", s => s.Send("queue.unbind", 0, s.Q, "bob-x", "k", null), Queue("write", "queue.unbind")),
        Bob("81", "unbind a queue from an exchange that one may not read", s => s.Send("queue.unbind", 0, Own(s), s.X, "k", null), Exchange("read", "queue.unbind")),
        Bob("81", "bind an exchange that one may not write to", s => s.Send("exchange.bind", 0, s.X, "bob-x", "k", false, null), Exchange("write", "exchange.bind")) with { IsForeignTo0_8 = true },
        Bob("81", "bind to an exchange that one may not read", s => s.Send("exchange.bind", 0, "bob-x", s.X, "k", false, null), Exchange("read", "exchange.bind")) with { IsForeignTo0_8 = true },
        Bob("55", "bind the default exchange: the permission is told", s => s.Send("exchange.bind", 0, "", "bob-x", "k", false, null), Exchange("write", "exchange.bind", "amq.default")) with { IsForeignTo0_8 = true },
        Bob("81", "unbind an exchange that one may not write to", s => s.Send("exchange.unbind", 0, s.X, "bob-x", "k", false, null), Exchange("write", "exchange.unbind")) with { IsForeignTo0_8 = true },

        // read
        Bob("81", "purge a queue", s => s.Send("queue.purge", 0, s.Q, false), Queue("read", "queue.purge")),
        Bob("81", "get from a queue", s => s.Send("basic.get", 0, s.Q, false), Queue("read", "basic.get")),
        Bob("81", "get from a missing queue of one's own", s => s.Send("basic.get", 0, Own(s), false), Outcome.Channel(404, "NOT_FOUND - no queue 'bob-{q}' in vhost '/'", "basic.get")),
        Bob("81", "consume from a queue", s => s.Send("basic.consume", 0, s.Q, "", false, false, false, false, null), Queue("read", "basic.consume")),

        // 38 to 41: publish
        Bob("39", "publish to the default exchange", s => s.Peer.Publish(1, "", s.Q), Exchange("write", "basic.publish", "amq.default")),
        Bob("39", "publish to an exchange", s => { s.DeclareExchange(); s.Peer.Publish(1, s.X, "k"); }, Exchange("write", "basic.publish")),
        Bob("39", "publish a large message in pieces", s => s.Peer.Publish(1, s.X, "k", new byte[300_000]), Exchange("write", "basic.publish")),
        Bob("39", "publish to a missing exchange: the permission is told", s => s.Peer.Publish(1, s.X, "k"), Exchange("write", "basic.publish")),
        Bob("38", "publish to a missing exchange of one's own", s => s.Peer.Publish(1, "bob-nosuch", "k"), Outcome.Channel(404, "NOT_FOUND - no exchange 'bob-nosuch' in vhost '/'", "basic.publish")),
        Bob("39", "publish to an internal exchange: the permission is told", s => s.Peer.Publish(1, "amq.rabbitmq.trace", "k"), Exchange("write", "basic.publish", "amq.rabbitmq.trace")),
        Topic("41", "publish with a key that is not one's own", s => s.Peer.Publish(1, "amq.topic", "a.b"), "write access to topic 'a.b'", "basic.publish"),
        Topic("41", "publish with an empty key", s => s.Peer.Publish(1, "amq.topic", ""), "write access to topic ''", "basic.publish"),
        new("41", "publish with a copy to a key that is not one's own (since 4.0)", s => s.Peer.Publish(1, "amq.topic", "conf-topic.b", properties: Copies("CC", "a.b")), Outcome.Channel(403, $"ACCESS_REFUSED - write access to topic 'a.b' in exchange 'amq.topic' in vhost '/' refused for user '{TestUsers.Topic}'", "basic.publish")) { User = TestUsers.Topic, Profiles = Profile.V4_2 | Profile.V4_3 },
        new("41", "publish with a copy to a key that is not one's own (before 4.0)", s => s.Peer.Publish(1, "amq.topic", "conf-topic.b", properties: Copies("CC", "a.b")), Outcome.Fine()) { User = TestUsers.Topic, Profiles = Profile.V3_13 },
        new("41", "publish with a blind copy to a key that is not one's own (since 4.0)", s => s.Peer.Publish(1, "amq.topic", "conf-topic.b", properties: Copies("BCC", "a.b")), Outcome.Channel(403, $"ACCESS_REFUSED - write access to topic 'a.b' in exchange 'amq.topic' in vhost '/' refused for user '{TestUsers.Topic}'", "basic.publish")) { User = TestUsers.Topic, Profiles = Profile.V4_2 | Profile.V4_3 },
        Topic("41", "publish with a key that is not one's own and a wrong expiration: the key is told (before 4.0)", s => s.Peer.Publish(1, "amq.topic", "a.b", properties: LimitMistakes.Expires("x")), "write access to topic 'a.b'", "basic.publish") with { Profiles = Profile.V3_13 },
        new("46", "publish with a key that is not one's own and a wrong expiration: the expiration is told (since 4.0)", s => s.Peer.Publish(1, "amq.topic", "a.b", properties: LimitMistakes.Expires("x")), Outcome.Channel(406, "PRECONDITION_FAILED - invalid expiration 'x': no_integer", "basic.publish")) { User = TestUsers.Topic, Profiles = Profile.V4_2 | Profile.V4_3 },
        new("41", "publish with a key of one's own", s => s.Peer.Publish(1, "amq.topic", "conf-topic.b"), Outcome.Fine()) { User = TestUsers.Topic },
        new("41", "publish to a topic exchange of which nothing is said", s => { s.DeclareExchange("topic"); s.Peer.Publish(1, s.X, "a.b"); }, Outcome.Fine()) { User = TestUsers.Topic },
        Topic("41", "bind with a key that is not one's own", s => { s.DeclareOwnQueue(); s.Send("queue.bind", 0, s.Q, "amq.topic", "#", false, null); }, "read access to topic '#'", "queue.bind"),
        Topic("41", "unbind with a key that is not one's own", s => { s.DeclareOwnQueue(); s.Send("queue.unbind", 0, s.Q, "amq.topic", "#", null); }, "read access to topic '#'", "queue.unbind"),
        new("41", "bind with a key of one's own", s => { s.DeclareOwnQueue(); s.Send("queue.bind", 0, s.Q, "amq.topic", "conf-topic./", false, null); }, Outcome.Fine("queue.bind-ok")) { User = TestUsers.Topic },
        Topic("41", "bind a missing queue with a key that is not one's own: the key is told", s => s.Send("queue.bind", 0, s.Q, "amq.topic", "#", false, null), "read access to topic '#'", "queue.bind"),

        // 47: other users' names
        new("47", "publish in another user's name", s => s.Peer.Publish(1, "", s.Q, properties: UserId("other")), Outcome.Channel(406, "PRECONDITION_FAILED - user_id property set to 'other' but authenticated user was 'guest'", "basic.publish")),
        new("47", "publish in one's own name", s => s.Peer.Publish(1, "", s.Q, properties: UserId("guest")), Outcome.Fine()),
        new("47", "publish in another user's name as an impersonator", s => s.Peer.Publish(1, "", s.Q, properties: UserId("other")), Outcome.Fine()) { User = TestUsers.Impersonator },

        // 34, 79: limits
        new("34", "more channels than the user may have", s => { s.Peer.OpenChannel(3); s.Peer.Send(4, "channel.open", ""); }, Outcome.Connection(530, "NOT_ALLOWED - number of channels opened for user 'conf-three-channels' has reached the maximum allowed user limit of (3)", null)) { User = TestUsers.ThreeChannels },
        Small("more queues than the virtual host may have", s => Declare(s, s.Q), "cannot declare queue '{q}'"),
        Small("a durable queue counts as well", s => s.Send("queue.declare", 0, s.Q, false, true, false, false, false, null), "cannot declare queue '{q}'"),
        Small("wrong arguments beside: the limit is told", s => Declare(s, s.Q, ("x-message-ttl", "a")), "cannot declare queue '{q}'"),

        // 78, and what else 4.3 no longer takes
        new("78", "a queue that is neither durable nor exclusive (4.3)", s => s.Send("queue.declare", 0, s.Q, false, false, false, true, false, null), Outcome.Connection(541, Cut(Deprecated), "queue.declare")) { Profiles = Profile.V4_3 },
        new("74", "x-queue-version 1 (4.3)", s => Declare(s, s.Q, ("x-queue-version", 1)), Outcome.Channel(406, "PRECONDITION_FAILED - invalid arg 'x-queue-version' for queue '{q}' in vhost '/': \"unsupported queue version '1'\"", "queue.declare")) { Profiles = Profile.V4_3 },
        new("74", "x-queue-version 1", s => Declare(s, s.Q, ("x-queue-version", 1)), Outcome.Fine("queue.declare-ok")) { Profiles = Profile.Before4_3 },
        new("73b", "x-queue-master-locator (4.3)", s => Declare(s, s.Q, ("x-queue-master-locator", "min-masters")), Outcome.Connection(541, Cut(Deprecated.Replace("transient_nonexcl_queues", "queue_master_locator", StringComparison.Ordinal)), "queue.declare")) { Profiles = Profile.V4_3 },
        new("78", "a queue that is neither durable nor exclusive", s => s.Send("queue.declare", 0, s.Q, false, false, false, true, false, PeerWriter.Table(("x-expires", 60000))), Outcome.Fine("queue.declare-ok")) { Profiles = Profile.Before4_3 },
    ];

    private const string Deprecated =
        "INTERNAL_ERROR - Feature `transient_nonexcl_queues` is deprecated.\nBy default, this feature is not permitted anymore.\nThe feature will be removed from a future major RabbitMQ version, regardless of the configuration; actual version to be determined.\nTo continue using this feature when it is not permitted by default";

    private static string Cut(string text) => text[..252] + "...";

    private static Mistake Bob(string row, string what, Action<Scene> commit, Outcome expected) => new(row, what + " (of a user who may not)", commit, expected)
    {
        User = TestUsers.Bob,
        OnReference = expected is Closed { Text: var text } closed ? closed with { Text = WithoutKind(text) } : null,
    };

    private static Mistake Topic(string row, string what, Action<Scene> commit, string text, string method)
    {
        string whole = $"ACCESS_REFUSED - {text} in exchange 'amq.topic' in vhost '/' refused for user '{TestUsers.Topic}'";
        return new(row, what, commit, Outcome.Channel(403, whole, method)) { User = TestUsers.Topic, OnReference = Outcome.Channel(403, WithoutKind(whole), method) };
    }

    private static Mistake Small(string what, Action<Scene> commit, string text) =>
        new("79", what, commit, Outcome.Channel(406, $"PRECONDITION_FAILED - {text}: queue limit in vhost '{TestUsers.SmallHost}' (0) is reached", "queue.declare")) { User = TestUsers.Small };

    private static Outcome Queue(string kind, string method) => Refused(kind, "queue '{q}'", method, TestUsers.Bob);

    private static Outcome Exchange(string kind, string method, string name = "{x}") => Refused(kind, $"exchange '{name}'", method, TestUsers.Bob);

    private static Outcome Refused(string kind, string resource, string method, string user) =>
        Outcome.Channel(403, $"ACCESS_REFUSED - {kind} access to {resource} in vhost '/' refused for user '{user}'", method);

    private static Outcome OnReference(string resource, string method, string user) =>
        Outcome.Channel(403, $"ACCESS_REFUSED - access to {resource} in vhost '/' refused for user '{user}'", method);

    // The kind of access is named since 3.11.
    private static string WithoutKind(string text) => text.Replace("- configure access", "- access", StringComparison.Ordinal)
        .Replace("- write access", "- access", StringComparison.Ordinal).Replace("- read access", "- access", StringComparison.Ordinal);

    private static string Own(Scene scene) => "bob-" + scene.Q;

    private static void Declare(Scene scene, string name, params (string, object?)[] arguments) =>
        scene.Send("queue.declare", 0, name, false, false, true, false, false, arguments.Length == 0 ? null : PeerWriter.Table(arguments));

    private static void DeclareExchange(Scene scene, string name, string type, params (string, object?)[] arguments) =>
        scene.Send("exchange.declare", 0, name, type, false, false, false, false, false, arguments.Length == 0 ? null : PeerWriter.Table(arguments));

    private static byte[] Copies(string header, string key)
    {
        byte[] table = PeerWriter.Table((header, new object[] { key }));
        return [0x20, 0x00, .. new PeerWriter().Long((uint)table.Length).ToArray(), .. table];
    }

    private static byte[] UserId(string name) => [0x00, 0x10, (byte)name.Length, .. System.Text.Encoding.UTF8.GetBytes(name)];
}
