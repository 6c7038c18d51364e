using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Mistakes;

/// <summary>Mistakes between the first octet and open-ok. Most are answered by silence: a stranger learns nothing.</summary>
internal static class HandshakeMistakes
{
    private const string Denied = "ACCESS_REFUSED - Login was refused using authentication mechanism ";

    private static readonly byte[] NoCapabilities = PeerWriter.Table();

    public static IEnumerable<HandshakeMistake> All =>
    [
        // 1, 2: protocol headers
        new("1", "another protocol", b => Raw(b, "HELO\r\n\r\n"u8), new HeaderAnswered()),
        new("1", "an HTTP request", b => Raw(b, "GET / HTTP/1.1\r\n\r\n"u8), new HeaderAnswered()),
        new("1", "a TLS hello", b => Raw(b, [0x16, 3, 1, 0, 0xA5, 1, 0, 0]), new HeaderAnswered()),
        new("1", "header of 0-8", b => Raw(b, [.. "AMQP"u8, 0, 0, 8, 0]), new HeaderAnswered()),
        new("1", "header of a 0-9-2", b => Raw(b, [.. "AMQP"u8, 0, 0, 9, 2]), new HeaderAnswered()),
        new("1", "header of 0-10", b => Raw(b, [.. "AMQP"u8, 1, 1, 0, 10]), new HeaderAnswered()),

        // Taken where anonymous logins are, as on the loopback device: clients of 1.0 without credentials begin so.
        new("2", "header of 1.0 without SASL", b => Raw(b, [.. "AMQP"u8, 0, 1, 0, 0]), new HeaderTaken([.. "AMQP"u8, 0, 1, 0, 0])) { Profiles = Profile.V4_2 | Profile.V4_3, OnReference = new HeaderAnswered() },
        new("1", "header of 0-9, which is taken for 0-9-1", b => Raw(b, [.. "AMQP"u8, 1, 1, 0, 9]), Outcome.Fine("connection.start")),

        // 3: silence, 10 seconds of it
        new("3", "nothing sent", b => ScriptedPeer.Connect(b), Outcome.Socket()),
        new("3", "half a header", b => Raw(b, "AMQP"u8), Outcome.Socket()),
        new("3", "no start-ok", b => ScriptedPeer.Started(b), Outcome.Socket()),
        new("3", "no tune-ok", b => ScriptedPeer.Tuned(b), Outcome.Socket()),
        new("3", "no open", b => AfterTuneOk(b), Outcome.Socket()),
        new("3", "half a frame", b => HalfFrame(b), Outcome.Socket()),

        // 4, 8: mechanisms and responses
        new("4", "unknown mechanism", b => Login(b, "NOSUCH", "\0guest\0guest"), Outcome.Socket()),
        new("4", "mechanism that is not offered", b => Login(b, "EXTERNAL", ""), Outcome.Socket()),
        new("4", "mechanism in small letters", b => Login(b, "plain", "\0guest\0guest"), Outcome.Socket()),
        new("8", "PLAIN without an octet", b => Login(b, "PLAIN", ""), Outcome.Socket()),
        new("8", "PLAIN without separators", b => Login(b, "PLAIN", "guest"), Outcome.Socket()),
        new("8", "PLAIN without a password", b => Login(b, "PLAIN", "\0guest"), Outcome.Socket()),
        new("8", "AMQPLAIN without a password", b => Login(b, "AMQPLAIN", PeerWriter.Table(("LOGIN", "guest"))), Outcome.Socket()),
        new("8", "AMQPLAIN that is no table", b => Login(b, "AMQPLAIN", new byte[] { 255, 255 }), Outcome.Socket()),

        // 5, 6: passwords
        new("5", "wrong password", b => Login(b, "PLAIN", "\0guest\0wrong"), Outcome.ConnectionLost(403, Denied + "PLAIN. For details see the broker logfile.")),
        new("5", "wrong password by AMQPLAIN", b => Login(b, "AMQPLAIN", PeerWriter.Table(("LOGIN", "guest"), ("PASSWORD", "wrong"))), Outcome.ConnectionLost(403, Denied + "AMQPLAIN. For details see the broker logfile.")),
        new("5", "unknown user", b => Login(b, "PLAIN", "\0nobody\0guest"), Outcome.ConnectionLost(403, Denied + "PLAIN. For details see the broker logfile.")),
        new("6", "wrong password without authentication_failure_close", b => Login(b, "PLAIN", "\0guest\0wrong", NoCapabilities), Outcome.Socket()),

        // 9, 10: limits
        new("9", "frame_max below the minimum (4.2)", b => AfterTuneOk(b, frameMax: 8191), NotTuned("frame_max = 8191 is lower than the minimum allowed value (8192)")) { Profiles = Profile.V4_2 },
        new("9", "frame_max below the minimum (3.13)", b => AfterTuneOk(b, frameMax: 4095), NotTuned("frame_max = 4095 is lower than the minimum allowed value (4096)")) { Profiles = Profile.V3_13, OnReference = Outcome.Socket() },
        new("9", "frame_max of 4096 (3.13)", b => AfterOpen(b, frameMax: 4096), Outcome.Fine("connection.open-ok")) { Profiles = Profile.V3_13 },
        new("9", "frame_max of 8192", b => AfterOpen(b, frameMax: 8192), Outcome.Fine("connection.open-ok")),
        new("9", "frame_max above the server's", b => AfterTuneOk(b, frameMax: 131073), NotTuned("frame_max = 131073 is higher than the maximum allowed value (131072)")) { OnReference = Outcome.Socket() },
        new("9", "frame_max of 0 while the server limits it", b => AfterTuneOk(b, frameMax: 0), NotTuned("frame_max = 0 is higher than the maximum allowed value (131072)")) { OnReference = Outcome.Socket() },
        new("10", "channel_max above the server's", b => AfterTuneOk(b, channelMax: 2048), NotTuned("channel_max = 2048 is higher than the maximum allowed value (2047)")) { OnReference = Outcome.Socket() },
        new("10", "channel_max of 0 while the server limits it", b => AfterTuneOk(b, channelMax: 0), NotTuned("channel_max = 0 (no limit) is higher than the maximum allowed value (2047)")) { OnReference = Outcome.Socket() },
        new("10", "channel_max of 1", b => AfterOpen(b, channelMax: 1), Outcome.Fine("connection.open-ok")),

        // 11: virtual hosts
        new("11", "missing virtual host", b => AfterOpen(b, virtualHost: "nosuch"), Outcome.Connection(530, "NOT_ALLOWED - vhost nosuch not found", "connection.open")),
        new("11", "virtual host without a name", b => AfterOpen(b, virtualHost: ""), Outcome.Connection(530, "NOT_ALLOWED - vhost  not found", "connection.open")),

        // 12, 14: users without permission, and limits
        new("12", "virtual host without permission", b => Refused(b, TestUsers.Stranger), Outcome.Connection(530, "NOT_ALLOWED - access to vhost '/' refused for user 'conf-stranger'", "connection.open")) { NeedsUsers = true },
        new("11", "missing virtual host without permission", b => Refused(b, TestUsers.Stranger, "nosuch"), Outcome.Connection(530, "NOT_ALLOWED - vhost nosuch not found", "connection.open")) { NeedsUsers = true },
        new("14", "virtual host that takes no connection", b => Refused(b, TestUsers.Topic, TestUsers.FullHost), Outcome.Connection(530, "NOT_ALLOWED - access to vhost 'conf-full' refused for user 'conf-topic': connection limit (0) is reached", "connection.open")) { NeedsUsers = true },
        new("14", "full virtual host without permission: the limit is told", b => Refused(b, TestUsers.Stranger, TestUsers.FullHost), Outcome.Connection(530, "NOT_ALLOWED - access to vhost 'conf-full' refused for user 'conf-stranger': connection limit (0) is reached", "connection.open")) { NeedsUsers = true },
        new("14", "user that may have no connection", b => Refused(b, TestUsers.Limited), Outcome.Connection(530, "NOT_ALLOWED - connection refused for user 'conf-limited': user connection limit (0) is reached", "connection.open")) { NeedsUsers = true },
        new("5", "user without a password", b => Then(ScriptedPeer.Started(b), peer => peer.StartOk("PLAIN", "\0conf-topic\0")), Outcome.ConnectionLost(403, Denied + "PLAIN. For details see the broker logfile.")) { NeedsUsers = true },

        // 15, 21: order
        new("15", "tune-ok before start-ok", b => Then(ScriptedPeer.Started(b), peer => peer.TuneOk()), Outcome.Socket()),
        new("15", "open before start-ok", b => Then(ScriptedPeer.Started(b), peer => peer.Send(0, "connection.open", "/", "", false)), Outcome.Socket()),
        new("15", "open before tune-ok", b => Then(ScriptedPeer.Tuned(b), peer => peer.Send(0, "connection.open", "/", "", false)), Outcome.Socket()),
        new("15", "close before start-ok", b => Then(ScriptedPeer.Started(b), peer => peer.Send(0, "connection.close", 200, "", 0, 0)), Outcome.Socket()),
        new("15", "basic.qos before open", b => Then(AfterTuneOk(b), peer => peer.Send(0, "basic.qos", 0, 0, false)), Outcome.Connection(504, "CHANNEL_ERROR - unexpected method in connection state opening", "basic.qos")),
        new("15", "close before open", b => Then(AfterTuneOk(b), peer => peer.Send(0, "connection.close", 200, "", 0, 0)), Outcome.Connection(504, "CHANNEL_ERROR - unexpected method in connection state opening", "connection.close")),
        new("21", "channel.open before start-ok", b => Then(ScriptedPeer.Started(b), peer => peer.Send(1, "channel.open", "")), Outcome.Socket()),
        new("21", "channel.open before tune-ok", b => Then(ScriptedPeer.Tuned(b), peer => peer.Send(1, "channel.open", "")), Outcome.Socket()),
        new("21", "channel.open before open", b => Then(AfterTuneOk(b), peer => peer.Send(1, "channel.open", "")), Outcome.Connection(505, "UNEXPECTED_FRAME - type 1, all octets = <<0,20,0,10,0>>", null)),

        // 16 to 23 before anybody is trusted
        new("16", "frame of type 7 before start-ok", b => Then(ScriptedPeer.Started(b), peer => peer.SendFrame(7, 0, [])), Outcome.Socket()),
        new("17", "wrong end octet before start-ok", b => Then(ScriptedPeer.Started(b), peer => peer.SendFrame(8, 0, [], end: 0)), Outcome.Socket()),
        new("18", "frame of 16 KiB before start-ok", b => Then(ScriptedPeer.Started(b), peer => peer.SendFrame(1, 0, new byte[16384])), Outcome.Socket()),
        new("22", "unknown method before start-ok", b => Then(ScriptedPeer.Started(b), peer => peer.SendFrame(1, 0, [0, 99, 0, 10])), Outcome.Socket()),
        new("23", "bad table in start-ok", b => Then(ScriptedPeer.Started(b), peer => peer.Send(0, "connection.start-ok", new byte[] { 1, (byte)'a', (byte)'Z' }, "PLAIN", "\0guest\0guest", "en_US")), Outcome.Socket()),
        new("16", "heartbeat before tune-ok is none", b => Then(ScriptedPeer.Tuned(b), peer => { peer.SendHeartbeat(); Then(peer, Opened); }), Outcome.Fine("connection.open-ok")),
    ];

    private static Outcome NotTuned(string text) => Outcome.Connection(530, "NOT_ALLOWED - negotiated " + text, "connection.tune");

    private static ScriptedPeer Raw(BrokerUnderTest broker, ReadOnlySpan<byte> octets)
    {
        var peer = ScriptedPeer.Connect(broker);
        peer.SendRaw(octets);
        return peer;
    }

    private static ScriptedPeer HalfFrame(BrokerUnderTest broker) => Then(ScriptedPeer.Started(broker), peer => peer.SendRaw([1, 0, 0, 0, 0, 0, 20, 0, 10]));

    private static ScriptedPeer Login(BrokerUnderTest broker, string mechanism, object response, byte[]? capabilities = null) =>
        Then(ScriptedPeer.Started(broker), peer => peer.StartOk(mechanism, response, capabilities));

    private static ScriptedPeer AfterTuneOk(BrokerUnderTest broker, long frameMax = 131072, int channelMax = 2047) =>
        Then(ScriptedPeer.Tuned(broker), peer => peer.TuneOk(frameMax, channelMax));

    private static ScriptedPeer AfterOpen(BrokerUnderTest broker, long frameMax = 131072, int channelMax = 2047, string virtualHost = "/") =>
        Then(AfterTuneOk(broker, frameMax, channelMax), peer => peer.Send(0, "connection.open", virtualHost, "", false));

    private static ScriptedPeer Refused(BrokerUnderTest broker, string user, string virtualHost = "/") => AfterOpen(broker.As(user), virtualHost: virtualHost);

    private static void Opened(ScriptedPeer peer)
    {
        peer.TuneOk();
        peer.Send(0, "connection.open", "/", "", false);
    }

    private static ScriptedPeer Then(ScriptedPeer peer, Action<ScriptedPeer> act)
    {
        act(peer);
        return peer;
    }
}
