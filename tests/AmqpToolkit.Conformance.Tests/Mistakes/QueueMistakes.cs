using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Mistakes;

/// <summary>queue.declare, bind, unbind, purge and delete.</summary>
internal static class QueueMistakes
{
    private const string None = "NOT_FOUND - no previously declared queue";
    private const string Locked =
        "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '{q}' in vhost '/'. It could be originally declared on another connection or the exclusive property value does not match that of the original declaration.";

    private static readonly byte[] Ttl = PeerWriter.Table(("x-message-ttl", 60000));

    public static IEnumerable<Mistake> All =>
    [
        new("64", "new queue with the prefix amq.", s => Declare(s, "amq.nosuch"), Outcome.Channel(403, "ACCESS_REFUSED - queue name 'amq.nosuch' contains reserved prefix 'amq.*'", "queue.declare")),

        new("65", "redeclare with another durable", s => { s.DeclareSharedQueue(); Declare(s, s.Q, autoDelete: true); }, Inequivalent("durable", "received 'false' but current is 'true'")),
        new("65", "redeclare with another auto-delete", s => { s.DeclareSharedQueue(); Declare(s, s.Q, durable: true); }, Inequivalent("auto_delete", "received 'false' but current is 'true'")),
        new("65", "redeclare with another durable and auto-delete: durable is told", s => { s.DeclareSharedQueue(); Declare(s, s.Q); }, Inequivalent("durable", "received 'false' but current is 'true'")),
        new("65", "redeclare with an argument changed", s => { s.DeclareOwnQueue(Ttl); Declare(s, s.Q, exclusive: true, arguments: PeerWriter.Table(("x-message-ttl", 60001))); }, Inequivalent("x-message-ttl", "received '60001' but current is '60000'")),
        new("65", "redeclare with an argument missing", s => { s.DeclareOwnQueue(Ttl); Declare(s, s.Q, exclusive: true); }, Inequivalent("x-message-ttl", "received none but current is the value '60000' of type 'signedint'")),
        new("65", "redeclare with an argument more", s => { s.DeclareOwnQueue(); Declare(s, s.Q, exclusive: true, arguments: Ttl); }, Inequivalent("x-message-ttl", "received the value '60000' of type 'signedint' but current is none")),
        new("65", "redeclare with a text argument more", s => { s.DeclareOwnQueue(); Declare(s, s.Q, exclusive: true, arguments: PeerWriter.Table(("x-dead-letter-exchange", "abc"))); }, Inequivalent("x-dead-letter-exchange", "received the value 'abc' of type 'longstr' but current is none")),
        new("65", "redeclare with a text for a number", s => { s.DeclareOwnQueue(Ttl); Declare(s, s.Q, exclusive: true, arguments: PeerWriter.Table(("x-message-ttl", "60000"))); }, Inequivalent("x-message-ttl", "received '60000' but current is '60000'")),
        new("65", "redeclare with the same number, wider", s => { s.DeclareOwnQueue(Ttl); Declare(s, s.Q, exclusive: true, arguments: PeerWriter.Table(("x-message-ttl", 60000L))); }, Outcome.Fine("queue.declare-ok")),
        new("65", "redeclare with arguments that nobody compares", s => { s.DeclareOwnQueue(); Declare(s, s.Q, exclusive: true, arguments: PeerWriter.Table(("x-nobody", 1), ("other", "a"))); }, Outcome.Fine("queue.declare-ok")),
        new("65", "redeclare of an exclusive queue as durable", s => { s.DeclareOwnQueue(); Declare(s, s.Q, durable: true, exclusive: true); }, Outcome.Fine("queue.declare-ok")),

        new("66", "redeclare of a foreign exclusive queue", s => { s.DeclareForeignQueue(); Declare(s, s.Q, exclusive: true); }, Outcome.Channel(405, Locked, "queue.declare")),
        new("66", "redeclare of a foreign exclusive queue as shared", s => { s.DeclareForeignQueue(); Declare(s, s.Q); }, Outcome.Channel(405, Locked, "queue.declare")),
        new("66", "passive declare of a foreign exclusive queue", s => { s.DeclareForeignQueue(); Declare(s, s.Q, passive: true); }, Outcome.Channel(405, Locked, "queue.declare")),
        new("66", "redeclare of a shared queue as exclusive", s => { s.DeclareSharedQueue(); Declare(s, s.Q, exclusive: true, autoDelete: true); }, Outcome.Channel(405, Locked, "queue.declare")),
        new("66", "redeclare of the own exclusive queue as shared", s => { s.DeclareOwnQueue(); Declare(s, s.Q); }, Outcome.Channel(405, Locked, "queue.declare")),

        new("67", "passive declare of a missing queue", s => Declare(s, s.Q, passive: true), Outcome.Channel(404, "NOT_FOUND - no queue '{q}' in vhost '/'", "queue.declare")),
        new("67", "passive declare without a name", s => Declare(s, "", passive: true), Outcome.Channel(404, "NOT_FOUND - no queue '' in vhost '/'", "queue.declare")),
        new("67", "text over 255 octets is cut", s => Declare(s, new string('n', 255), passive: true), Outcome.Channel(404, $"NOT_FOUND - no queue '{new string('n', 230)}...", "queue.declare")),

        new("82", "bind of the last queue, there is none", s => s.Send("queue.bind", 0, "", "amq.direct", "k", false, null), Outcome.Channel(404, None, "queue.bind")),
        new("82", "unbind of the last queue, there is none", s => s.Send("queue.unbind", 0, "", "amq.direct", "k", null), Outcome.Channel(404, None, "queue.unbind")),
        new("82", "purge of the last queue, there is none", s => s.Send("queue.purge", 0, "", false), Outcome.Channel(404, None, "queue.purge")),
        new("82", "delete of the last queue, there is none", s => s.Send("queue.delete", 0, "", false, false, false), Outcome.Channel(404, None, "queue.delete")),
        new("82", "get from the last queue, there is none", s => s.Send("basic.get", 0, "", true), Outcome.Channel(404, None, "basic.get")),
        new("82", "consume from the last queue, there is none", s => s.Send("basic.consume", 0, "", "", false, true, false, false, null), Outcome.Channel(404, None, "basic.consume")),

        new("83", "bind of a missing queue", s => s.Send("queue.bind", 0, s.Q, "amq.direct", "k", false, null), Outcome.Channel(404, "NOT_FOUND - no queue '{q}' in vhost '/'", "queue.bind")),
        new("83", "bind to a missing exchange", s => { s.DeclareOwnQueue(); s.Send("queue.bind", 0, s.Q, s.X, "k", false, null); }, Outcome.Channel(404, "NOT_FOUND - no exchange '{x}' in vhost '/'", "queue.bind")),
        new("83", "bind of a missing queue to a missing exchange: the exchange is told", s => s.Send("queue.bind", 0, s.Q, s.X, "k", false, null), Outcome.Channel(404, "NOT_FOUND - no exchange '{x}' in vhost '/'", "queue.bind")),
        new("84", "unbind of a missing queue", s => s.Send("queue.unbind", 0, s.Q, "amq.direct", "k", null), Outcome.Fine("queue.unbind-ok")),
        new("84", "unbind from a missing exchange", s => { s.DeclareOwnQueue(); s.Send("queue.unbind", 0, s.Q, s.X, "k", null); }, Outcome.Fine("queue.unbind-ok")),
        new("84", "unbind of a missing binding", s => { s.DeclareOwnQueue(); s.Send("queue.unbind", 0, s.Q, "amq.direct", "k", null); }, Outcome.Fine("queue.unbind-ok")),

        new("85", "headers binding with an unknown x-match", s => BindHeaders(s, "nosuch"), Outcome.Channel(406, "PRECONDITION_FAILED - Invalid x-match field value <<\"nosuch\">>; expected all, any, all-with-x, or any-with-x", "queue.bind")),
        new("85", "headers binding with x-match in capitals", s => BindHeaders(s, "ALL"), Outcome.Channel(406, "PRECONDITION_FAILED - Invalid x-match field value <<\"ALL\">>; expected all, any, all-with-x, or any-with-x", "queue.bind")),
        new("85", "headers binding with a number as x-match", s => BindHeaders(s, 5), Outcome.Channel(406, "PRECONDITION_FAILED - Invalid x-match field type signedint (value 5); expected longstr", "queue.bind")),
        new("85", "headers binding with a bit as x-match", s => BindHeaders(s, true), Outcome.Channel(406, "PRECONDITION_FAILED - Invalid x-match field type bool (value true); expected longstr", "queue.bind")),
        new("85", "headers binding with any-with-x", s => BindHeaders(s, "any-with-x"), Outcome.Fine("queue.bind-ok")),

        new("88", "delete if-unused of a queue with a consumer", s => { s.DeclareSharedQueue(); s.Send("queue.delete", 0, s.Q, true, false, false); }, Outcome.Channel(406, "PRECONDITION_FAILED - queue '{q}' in vhost '/' in use", "queue.delete")),
        new("88", "delete if-empty of a queue with a message", s => { s.DeclareOwnQueue(); s.Peer.Publish(1, "", s.Q); s.Send("queue.delete", 0, s.Q, false, true, false); }, Outcome.Channel(406, "PRECONDITION_FAILED - queue '{q}' in vhost '/' not empty", "queue.delete")),
        new("90", "delete of a missing queue", s => s.Send("queue.delete", 0, s.Q, false, false, false), Outcome.Fine("queue.delete-ok")),

        new("93", "purge of a missing queue", s => s.Send("queue.purge", 0, s.Q, false), Outcome.Channel(404, "NOT_FOUND - no queue '{q}' in vhost '/'", "queue.purge")),
        new("94", "purge of a foreign exclusive queue", s => { s.DeclareForeignQueue(); s.Send("queue.purge", 0, s.Q, false); }, Outcome.Channel(405, Locked, "queue.purge")),
        new("94", "delete of a foreign exclusive queue", s => { s.DeclareForeignQueue(); s.Send("queue.delete", 0, s.Q, false, false, false); }, Outcome.Channel(405, Locked, "queue.delete")),
        new("94", "bind of a foreign exclusive queue", s => { s.DeclareForeignQueue(); s.Send("queue.bind", 0, s.Q, "amq.direct", "k", false, null); }, Outcome.Channel(405, Locked, "queue.bind")),
        new("94", "unbind of a foreign exclusive queue", s => { s.DeclareForeignQueue(); s.Send("queue.unbind", 0, s.Q, "amq.direct", "k", null); }, Outcome.Fine("queue.unbind-ok")),
    ];

    private static void Declare(Scene scene, string name, bool passive = false, bool durable = false, bool exclusive = false, bool autoDelete = false, byte[]? arguments = null) =>
        scene.Send("queue.declare", 0, name, passive, durable, exclusive, autoDelete, false, arguments);

    private static void BindHeaders(Scene scene, object match)
    {
        scene.DeclareOwnQueue();
        scene.Send("queue.bind", 0, scene.Q, "amq.headers", "", false, PeerWriter.Table(("x-match", match), ("a", 1)));
    }

    private static Outcome Inequivalent(string argument, string difference) =>
        Outcome.Channel(406, $"PRECONDITION_FAILED - inequivalent arg '{argument}' for queue '{{q}}' in vhost '/': {difference}", "queue.declare");
}
