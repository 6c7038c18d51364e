using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Mistakes;

/// <summary>Frames that are none, frames at the wrong place, arguments that cannot be decoded.</summary>
internal static class FramingMistakes
{
    private const string Unknown = ": unknown_frame";

    public static IEnumerable<Mistake> All =>
    [
        // 16: frame types
        new("16", "frame of type 7 on an open channel", s => s.Peer.SendFrame(7, 1, "abc"u8), Outcome.Connection(501, "FRAME_ERROR - type 7, all octets = <<\"abc\">>" + Unknown, null)),
        new("16", "frame of type 0, empty, on channel 0", s => s.Peer.SendFrame(0, 0, []), Outcome.Connection(501, "FRAME_ERROR - type 0, all octets = <<>>" + Unknown, null)),
        new("16", "frame of type 4 with 20 octets: 16 are told", s => s.Peer.SendFrame(4, 0, "abcdefghijklmnopqrst"u8), Outcome.Connection(501, "FRAME_ERROR - type 4, first 16 octets = <<\"abcdefghijklmnop\">>" + Unknown, null)),
        new("16", "frame of type 255 on a channel that is not open", s => s.Peer.SendFrame(255, 9, [0, 1, 255]), Outcome.Connection(501, "FRAME_ERROR - type 255, all octets = <<0,1,255>>" + Unknown, null)),
        new("16", "heartbeat with a payload", s => s.Peer.SendFrame(8, 0, "abc"u8), Outcome.Connection(501, "FRAME_ERROR - type 8, all octets = <<\"abc\">>" + Unknown, null)),
        new("16", "method frame without a method id", s => s.Peer.SendFrame(1, 1, [0, 60, 0]), Outcome.Connection(501, "FRAME_ERROR - type 1, all octets = <<0,60,0>>" + Unknown, null)),
        new("16", "method frame without anything", s => s.Peer.SendFrame(1, 1, []), Outcome.Connection(501, "FRAME_ERROR - type 1, all octets = <<>>" + Unknown, null)),
        new("16", "heartbeat on channel 0", s => s.Peer.SendHeartbeat(), Outcome.Fine()),

        // 17, 18: the frame itself
        new("17", "method frame with the end octet 0", s => s.Peer.SendFrame(1, 1, PeerWriter.Method("basic.qos", 0, 1, false), end: 0), Outcome.ConnectionLost(501, "FRAME_ERROR - type 1, all octets = <<0,60,0,10,0,0,0,0,0,1,0>>: {invalid_frame_end_marker,0}")),
        new("17", "heartbeat with the end octet 205", s => s.Peer.SendFrame(8, 0, [], end: 205), Outcome.ConnectionLost(501, "FRAME_ERROR - type 8, all octets = <<>>: {invalid_frame_end_marker,205}")),
        new("18", "header of a frame of 4 GiB", s => s.Peer.SendRaw([1, 0, 1, 255, 255, 255, 255]), Outcome.ConnectionLost(501, "FRAME_ERROR - type 1, all octets = <<>>: {frame_too_large,4294967295,131064}")),
        new("18", "frame of 9 octets over frame_max, its header only", s => s.Peer.SendRaw([3, 0, 1, 0, 2, 0, 1]), Outcome.ConnectionLost(501, "FRAME_ERROR - type 3, all octets = <<>>: {frame_too_large,131073,131064}")),
        new("18", "frame of 9 octets over a frame_max of 8192", s => s.Peer.SendFrame(3, 1, new byte[8193]), Outcome.ConnectionLost(501, "FRAME_ERROR - type 3, all octets = <<>>: {frame_too_large,8193,8184}")) { FrameMax = 8192 },
        new("18", "frame of 8 octets over frame_max is tolerated", SendFrameEightOver, Outcome.Fine()) { FrameMax = 8192 },

        // 19, 20: channels of frames
        new("19", "heartbeat on an open channel", s => s.Peer.SendFrame(8, 1, []), Outcome.Connection(505, "UNEXPECTED_FRAME - type 8, all octets = <<>>", null)),
        new("19", "heartbeat on a channel that is not open", s => s.Peer.SendFrame(8, 9, []), Outcome.Connection(505, "UNEXPECTED_FRAME - type 8, all octets = <<>>", null)),
        new("20", "content header on channel 0", s => s.Peer.SendHeader(0, 0), Outcome.Connection(505, "UNEXPECTED_FRAME - type 2, all octets = <<0,60,0,0,0,0,0,0,0,0,0,0,0,0>>", null)),
        new("20", "content body on channel 0", s => s.Peer.SendBody(0, "abc"u8), Outcome.Connection(505, "UNEXPECTED_FRAME - type 3, all octets = <<\"abc\">>", null)),

        // 22: methods that nobody knows
        new("22", "unknown method of a known class", s => s.Peer.SendFrame(1, 1, [0, 60, 0, 199]), Outcome.Socket()),
        new("22", "unknown class", s => s.Peer.SendFrame(1, 1, [0, 99, 0, 10]), Outcome.Socket()),
        new("22", "unknown class on channel 0", s => s.Peer.SendFrame(1, 0, [0, 99, 0, 10]), Outcome.Socket()),
        new("22", "unknown class on a channel that is not open", s => s.Peer.SendFrame(1, 3, [0, 99, 0, 10]), Outcome.Socket()),

        // 23: arguments
        new("23", "arguments cut short", s => s.Peer.SendFrame(1, 1, PeerWriter.Method("basic.qos", 0, 1, false).AsSpan(..^2)), Outcome.Connection(501, "FRAME_ERROR - cannot decode <<0,0,0,0,0>>", "basic.qos")),
        new("23", "no arguments at all", s => s.Peer.SendFrame(1, 1, [0, 50, 0, 10]), Outcome.Connection(501, "FRAME_ERROR - cannot decode <<>>", "queue.declare")),
        new("23", "an octet after the arguments", s => s.Peer.SendFrame(1, 1, [.. PeerWriter.Method("basic.qos", 0, 1, false), 0]), Outcome.Connection(501, "FRAME_ERROR - cannot decode <<0,0,0,0,0,1,0,0>>", "basic.qos")),
        new("23", "arguments cut short on channel 0", s => s.Peer.SendFrame(1, 0, PeerWriter.Method(s.Peer.Edition, "connection.close", 200, "abc", 0, 0).AsSpan(..^2)), Outcome.Connection(501, "FRAME_ERROR - cannot decode <<0,200,3,97,98,99,0,0>>", "connection.close")) { OnReference = Outcome.Connection(541, "INTERNAL_ERROR", null) },
        new("23", "table that claims more than there is", s => s.Peer.SendFrame(1, 1, DeclareWithTable(100, [])), Outcome.Connection(501, "FRAME_ERROR - cannot decode <<0,0,1,116,0,0,0,0,100>>", "queue.declare")),
        new("23", "table that claims less than there is", s => s.Peer.SendFrame(1, 1, DeclareWithTable(1, [1, (byte)'a', (byte)'V'])), Outcome.Connection(501, "FRAME_ERROR - cannot decode <<0,0,1,116,0,0,0,0,1,1,97,86>>", "queue.declare")),
        new("23", "table with an unknown tag", s => s.Peer.SendFrame(1, 1, DeclareWithTable([1, (byte)'a', (byte)'Z', 0])), CannotDecode("1,97,90,0")) { OnReference = Outcome.Socket() },
        new("23", "table whose inner table lies", s => s.Peer.SendFrame(1, 1, DeclareWithTable([1, (byte)'a', (byte)'F', 0, 0, 0, 200, 0])), CannotDecode("1,97,70,0,0,0,200,0")) { OnReference = Outcome.Socket() },
        new("23", "table whose value is cut short", s => s.Peer.SendFrame(1, 1, DeclareWithTable([1, (byte)'a', (byte)'I', 0, 0])), CannotDecode("1,97,73,0,0")) { OnReference = Outcome.Socket() },
        new("23", "table with a key and no value", s => s.Peer.SendFrame(1, 1, DeclareWithTable([1, (byte)'a'])), CannotDecode("1,97")) { OnReference = Outcome.Socket() },

        // 24: text
        new("24", "queue name that is not UTF-8", s => s.Send("queue.declare", 0, new byte[] { (byte)'q', 0xFF, 0xFE }, false, false, true, false, false, null), Outcome.Connection(501, "FRAME_ERROR - Malformed UTF-8 in shortstr", null)),
        new("24", "consumer tag that is not UTF-8", s => s.Send("basic.cancel", new byte[] { 0xC3, 0x28 }, false), Outcome.Connection(501, "FRAME_ERROR - Malformed UTF-8 in shortstr", null)),
        new("24", "reply text that is not UTF-8, on channel 0", s => s.Peer.Send(0, "connection.close", 200, new byte[] { 0xFF }, 0, 0), Outcome.Connection(501, "FRAME_ERROR - Malformed UTF-8 in shortstr", "connection.close")),
    ];

    // A frame that is 8 octets too long is taken as long as it makes sense: here the end of a content.
    private static void SendFrameEightOver(Scene scene)
    {
        scene.Send("basic.publish", 0, "", scene.Q, false, false);
        scene.Peer.SendHeader(1, 8192);
        scene.Peer.SendBody(1, new byte[8192]);
    }

    private static byte[] DeclareWithTable(byte[] table) => DeclareWithTable((uint)table.Length, table);

    private static byte[] DeclareWithTable(uint claimed, byte[] table) =>
        [.. PeerWriter.Method("queue.declare", 0, "t", false, false, false, false, false, null)[..^4], .. new PeerWriter().Long(claimed).ToArray(), .. table];

    private static Outcome CannotDecode(string table) =>
        Outcome.Connection(501, $"FRAME_ERROR - cannot decode <<0,0,1,116,0,0,0,0,{table.Count(one => one == ',') + 1},{table}>>", "queue.declare");
}
