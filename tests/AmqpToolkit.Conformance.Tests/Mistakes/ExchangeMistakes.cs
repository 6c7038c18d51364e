using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Mistakes;

/// <summary>exchange.declare, delete, bind and unbind.</summary>
internal static class ExchangeMistakes
{
    private const string Default = "ACCESS_REFUSED - operation not permitted on the default exchange";

    public static IEnumerable<Mistake> All =>
    [
        new("53", "unknown exchange type (4.2)", s => Declare(s, s.X, "nosuch"), Outcome.Channel(406, "PRECONDITION_FAILED - unknown exchange type 'nosuch'", "exchange.declare")) { Profiles = Profile.V4_2 },
        new("53", "unknown exchange type (3.13)", s => Declare(s, s.X, "nosuch"), Outcome.Connection(503, "COMMAND_INVALID - unknown exchange type 'nosuch'", "exchange.declare")) { Profiles = Profile.V3_13 },
        new("53", "unknown type for a name that exists (4.2)", s => { s.DeclareExchange(); Declare(s, s.X, "nosuch"); }, Outcome.Channel(406, "PRECONDITION_FAILED - unknown exchange type 'nosuch'", "exchange.declare")) { Profiles = Profile.V4_2 },
        new("53", "unknown type for a name that exists (3.13)", s => { s.DeclareExchange(); Declare(s, s.X, "nosuch"); }, Outcome.Connection(503, "COMMAND_INVALID - unknown exchange type 'nosuch'", "exchange.declare")) { Profiles = Profile.V3_13 },

        new("54", "new exchange with the prefix amq.", s => Declare(s, "amq.nosuch", "direct"), Outcome.Channel(403, "ACCESS_REFUSED - exchange name 'amq.nosuch' contains reserved prefix 'amq.*'", "exchange.declare")),
        new("54", "amq.direct as it is", s => Declare(s, "amq.direct", "direct", durable: true), Outcome.Fine("exchange.declare-ok")),

        new("55", "declare of the default exchange", s => Declare(s, "", "direct", durable: true), Outcome.Channel(403, Default, "exchange.declare")),
        new("55", "passive declare of the default exchange", s => Declare(s, "", "direct", passive: true), Outcome.Channel(403, Default, "exchange.declare")),
        new("55", "delete of the default exchange", s => s.Send("exchange.delete", 0, "", false, false), Outcome.Channel(403, Default, "exchange.delete")),
        new("55", "bind to the default exchange", s => Bind(s, "exchange.bind", "amq.fanout", ""), Outcome.Channel(403, Default, "exchange.bind")) { IsForeignTo0_8 = true },
        new("55", "bind of the default exchange", s => Bind(s, "exchange.bind", "", "amq.fanout"), Outcome.Channel(403, Default, "exchange.bind")) { IsForeignTo0_8 = true },
        new("55", "unbind from the default exchange", s => Bind(s, "exchange.unbind", "amq.fanout", ""), Outcome.Channel(403, Default, "exchange.unbind")) { IsForeignTo0_8 = true },
        new("55", "unbind of the default exchange", s => Bind(s, "exchange.unbind", "", "amq.fanout"), Outcome.Channel(403, Default, "exchange.unbind")) { IsForeignTo0_8 = true },
        new("55", "queue bound to the default exchange", s => { s.DeclareOwnQueue(); s.Send("queue.bind", 0, s.Q, "", "k", false, null); }, Outcome.Channel(403, Default, "queue.bind")),
        new("55", "queue unbound from the default exchange", s => { s.DeclareOwnQueue(); s.Send("queue.unbind", 0, s.Q, "", "k", null); }, Outcome.Channel(403, Default, "queue.unbind")),

        new("56", "redeclare with another type", s => { s.DeclareExchange(); Declare(s, s.X, "fanout"); }, Inequivalent("type", "fanout", "direct")),
        new("56", "redeclare with another durable", s => { s.DeclareExchange(); Declare(s, s.X, "direct", durable: true); }, Inequivalent("durable", "true", "false")),
        new("56", "redeclare with another auto-delete", s => { s.DeclareExchange(); Declare(s, s.X, "direct", autoDelete: true); }, Inequivalent("auto_delete", "true", "false")),
        new("56", "redeclare with another internal", s => { s.DeclareExchange(); Declare(s, s.X, "direct", @internal: true); }, Inequivalent("internal", "true", "false")),
        new("56", "redeclare with everything else: the type is told", s => { s.DeclareExchange(); Declare(s, s.X, "topic", durable: true, autoDelete: true, @internal: true); }, Inequivalent("type", "topic", "direct")),
        new("56", "redeclare of amq.direct as transient", s => Declare(s, "amq.direct", "direct"), Outcome.Channel(406, "PRECONDITION_FAILED - inequivalent arg 'durable' for exchange 'amq.direct' in vhost '/': received 'false' but current is 'true'", "exchange.declare")),
        new("56", "redeclare with an argument that nobody compares", s => { s.DeclareExchange(); Declare(s, s.X, "direct", arguments: PeerWriter.Table(("x-nobody", 1))); }, Outcome.Fine("exchange.declare-ok")),

        new("58", "passive declare of a missing exchange", s => Declare(s, s.X, "direct", passive: true), Outcome.Channel(404, "NOT_FOUND - no exchange '{x}' in vhost '/'", "exchange.declare")),
        new("58", "passive declare of a missing amq. exchange", s => Declare(s, "amq.nosuch", "direct", passive: true), Outcome.Channel(404, "NOT_FOUND - no exchange 'amq.nosuch' in vhost '/'", "exchange.declare")),
        new("58", "passive declare compares nothing", s => { s.DeclareExchange(); Declare(s, s.X, "nosuch", passive: true, durable: true, autoDelete: true, @internal: true); }, Outcome.Fine("exchange.declare-ok")),

        new("59", "delete of amq.direct", s => s.Send("exchange.delete", 0, "amq.direct", false, false), Outcome.Channel(403, "ACCESS_REFUSED - deletion of system exchange 'amq.direct' in vhost '/' not allowed", "exchange.delete")),
        new("59", "delete of a missing amq. exchange", s => s.Send("exchange.delete", 0, "amq.nosuch", false, false), Outcome.Channel(403, "ACCESS_REFUSED - deletion of system exchange 'amq.nosuch' in vhost '/' not allowed", "exchange.delete")),
        new("60", "delete of a missing exchange", s => s.Send("exchange.delete", 0, s.X, false, false), Outcome.Fine("exchange.delete-ok")),
        new("61", "delete if-unused of a bound exchange", s => { s.DeclareExchange(); s.DeclareOwnQueue(); s.Peer.BindQueue(1, s.Q, s.X, "k"); s.Send("exchange.delete", 0, s.X, true, false); }, Outcome.Channel(406, "PRECONDITION_FAILED - exchange '{x}' in vhost '/' in use", "exchange.delete")),
        new("61", "delete if-unused of an exchange that is only a destination", s => { s.DeclareExchange(); s.Peer.BindExchange(1, s.X, "amq.fanout", ""); s.Send("exchange.delete", 0, s.X, true, false); }, Outcome.Fine("exchange.delete-ok")) { IsForeignTo0_8 = true },

        new("83", "exchange.bind from a missing exchange", s => Bind(s, "exchange.bind", "amq.fanout", s.X), Outcome.Channel(404, "NOT_FOUND - no exchange '{x}' in vhost '/'", "exchange.bind")) { IsForeignTo0_8 = true },
        new("83", "exchange.bind of a missing exchange", s => Bind(s, "exchange.bind", s.X, "amq.fanout"), Outcome.Channel(404, "NOT_FOUND - no exchange '{x}' in vhost '/'", "exchange.bind")) { IsForeignTo0_8 = true },
        new("83", "exchange.bind of two missing exchanges: the source is told", s => Bind(s, "exchange.bind", "nosuch", s.X), Outcome.Channel(404, "NOT_FOUND - no exchange '{x}' in vhost '/'", "exchange.bind")) { IsForeignTo0_8 = true },
        new("84", "exchange.unbind from a missing exchange", s => Bind(s, "exchange.unbind", "amq.fanout", s.X), Outcome.Fine("exchange.unbind-ok")) { IsForeignTo0_8 = true },
        new("84", "exchange.unbind of a missing exchange", s => Bind(s, "exchange.unbind", s.X, "amq.fanout"), Outcome.Fine("exchange.unbind-ok")) { IsForeignTo0_8 = true },
        new("84", "exchange.unbind of a missing binding", s => { s.DeclareExchange(); Bind(s, "exchange.unbind", s.X, "amq.fanout"); }, Outcome.Fine("exchange.unbind-ok")) { IsForeignTo0_8 = true },
    ];

    private static void Declare(Scene scene, string name, string type, bool passive = false, bool durable = false, bool autoDelete = false, bool @internal = false, byte[]? arguments = null) =>
        scene.Send("exchange.declare", 0, name, type, passive, durable, autoDelete, @internal, false, arguments);

    private static void Bind(Scene scene, string method, string destination, string source) => scene.Send(method, 0, destination, source, "k", false, null);

    private static Outcome Inequivalent(string argument, string received, string current) =>
        Outcome.Channel(406, $"PRECONDITION_FAILED - inequivalent arg '{argument}' for exchange '{{x}}' in vhost '/': received '{received}' but current is '{current}'", "exchange.declare");
}
