namespace AmqpToolkit.Conformance.Tests.Mistakes;

/// <summary>Methods in the wrong state of the connection or the channel, and methods that servers do not handle.</summary>
internal static class StateMistakes
{
    private const string Running = "CHANNEL_ERROR - unexpected method in connection state running";
    private const string NotOpen = "CHANNEL_ERROR - expected 'channel.open'";
    private const string Unimplemented = "COMMAND_INVALID - unimplemented method";

    public static IEnumerable<Mistake> All =>
    [
        new("15", "second connection.open", s => s.Peer.Send(0, "connection.open", "/", "", false), Outcome.Connection(504, Running, "connection.open")),
        new("15", "late tune-ok", s => s.Peer.Send(0, "connection.tune-ok", 0, 0, 0), Outcome.Connection(504, Running, "connection.tune-ok")),
        new("15", "late start-ok", s => s.Peer.StartOk("PLAIN", ""), Outcome.Connection(504, Running, "connection.start-ok")),
        new("15", "close-ok that nobody asked for", s => s.Peer.Send(0, "connection.close-ok"), Outcome.Connection(504, Running, "connection.close-ok")),
        new("15", "channel.open on channel 0", s => s.Peer.Send(0, "channel.open", ""), Outcome.Connection(504, Running, "channel.open")),
        new("15", "basic.qos on channel 0", s => s.Peer.Send(0, "basic.qos", 0, 1, false), Outcome.Connection(504, Running, "basic.qos")),
        new("15", "basic.publish on channel 0", s => s.Peer.Send(0, "basic.publish", 0, "", "k", false, false), Outcome.Connection(504, Running, "basic.publish")),

        new("31", "basic.qos on a channel that is not open", s => s.Peer.Send(9, "basic.qos", 0, 1, false), Outcome.Connection(504, NotOpen, "basic.qos")),
        new("31", "basic.publish on a channel that is not open", s => s.Peer.Publish(9, "", "k"), Outcome.Connection(504, NotOpen, "basic.publish")),
        new("31", "channel.close on a channel that is not open", s => s.Peer.Send(9, "channel.close", 200, "", 0, 0), Outcome.Connection(504, NotOpen, "channel.close")),
        new("31", "channel.close-ok on a channel that is not open", s => s.Peer.Send(9, "channel.close-ok"), Outcome.Connection(504, NotOpen, "channel.close-ok")),
        new("32", "second channel.open", s => s.Send("channel.open", ""), Outcome.Connection(504, "CHANNEL_ERROR - second 'channel.open' seen", "channel.open")),

        new("36", "channel.flow to stop", s => s.Send("channel.flow", false), Outcome.Connection(540, "NOT_IMPLEMENTED - active=false", "channel.flow")),
        new("36", "channel.flow to go on", s => s.Send("channel.flow", true), Outcome.Fine("channel.flow-ok")),

        new("37", "queue.declare-ok from a client", s => s.Send("queue.declare-ok", "q", 1, 0), Outcome.Connection(503, Unimplemented, "queue.declare-ok")),
        new("37", "basic.qos-ok from a client", s => s.Send("basic.qos-ok"), Outcome.Connection(503, Unimplemented, "basic.qos-ok")),
        new("37", "basic.deliver with its content from a client", s => { s.Send("basic.deliver", "tag", 1, false, "", "k"); s.Peer.SendHeader(1, 0); }, Outcome.Connection(503, Unimplemented, "basic.deliver")),
        new("37", "channel.flow-ok that nobody asked for", s => s.Send("channel.flow-ok", true), Outcome.Connection(503, Unimplemented, "channel.flow-ok")),
        new("37", "channel.close-ok that nobody asked for", s => s.Send("channel.close-ok"), Outcome.Connection(503, Unimplemented, "channel.close-ok")),
        new("37", "connection.close on a channel", s => s.Send("connection.close", 200, "", 0, 0), Outcome.Connection(503, Unimplemented, "connection.close")),
        new("37", "connection.open on a channel", s => s.Send("connection.open", "/", "", false), Outcome.Connection(503, Unimplemented, "connection.open")),

        new("107", "tx.select on a confirm channel", s => { s.Peer.Call(1, "confirm.select", false); s.Send("tx.select"); }, Outcome.Channel(406, "PRECONDITION_FAILED - cannot switch from confirm to tx mode", "tx.select")) { IsForeignTo0_8 = true },
        new("107", "confirm.select on a tx channel", s => { s.Peer.Call(1, "tx.select"); s.Send("confirm.select", false); }, Outcome.Channel(406, "PRECONDITION_FAILED - cannot switch from tx to confirm mode", "confirm.select")) { IsForeignTo0_8 = true },
        new("107", "tx.commit without tx.select", s => s.Send("tx.commit"), Outcome.Channel(406, "PRECONDITION_FAILED - channel is not transactional", "tx.commit")),
        new("107", "tx.rollback without tx.select", s => s.Send("tx.rollback"), Outcome.Channel(406, "PRECONDITION_FAILED - channel is not transactional", "tx.rollback")),
        new("107", "confirm.select twice", s => { s.Peer.Call(1, "confirm.select", false); s.Send("confirm.select", false); }, Outcome.Fine("confirm.select-ok")) { IsForeignTo0_8 = true },
        new("107", "tx.select twice", s => { s.Peer.Call(1, "tx.select"); s.Send("tx.select"); }, Outcome.Fine("tx.select-ok")),

        new("-", "access.request", s => s.Send("access.request", "/data", false, false, true, true, true), Outcome.Fine("access.request-ok")),
    ];
}
