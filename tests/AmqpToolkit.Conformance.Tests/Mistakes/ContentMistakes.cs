using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Mistakes;

/// <summary>Publishes whose method, header and body do not belong together, and properties that break.</summary>
internal static class ContentMistakes
{
    private const string NoMethod = "UNEXPECTED_FRAME - expected method frame, got non method frame instead";
    private const string NoHeader = "UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead";
    private const string NoBody = "UNEXPECTED_FRAME - expected content body, got non content body frame instead";

    private static readonly byte[] Hi = [.. "hi"u8];

    public static IEnumerable<Mistake> All =>
    [
        new("16", "content header that is cut short", s => { Publish(s); s.Peer.SendFrame(2, 1, [0, 60, 0, 0]); }, Outcome.Connection(501, "FRAME_ERROR - type 2, all octets = <<0,60,0,0>>: unknown_frame", null)),

        new("25", "property cut short", s => s.Peer.Publish(1, "", s.Q, Hi, properties: [0x80, 0, 16, (byte)'a']), Outcome.Connection(541, "INTERNAL_ERROR", null)),
        new("25", "property announced and not there", s => s.Peer.Publish(1, "", s.Q, Hi, properties: [0x80, 0]), Outcome.Connection(541, "INTERNAL_ERROR", null)),
        new("25", "no property flags", s => s.Peer.Publish(1, "", s.Q, Hi, properties: []), Outcome.Connection(541, "INTERNAL_ERROR", null)),
        new("25", "octets after the properties", s => s.Peer.Publish(1, "", s.Q, Hi, properties: [0, 0, 1, 2, 3]), Outcome.Connection(541, "INTERNAL_ERROR", null)),
        new("25", "headers table with an unknown tag", s => s.Peer.Publish(1, "", s.Q, Hi, properties: [0x20, 0, 0, 0, 0, 3, 1, (byte)'a', (byte)'Z']), Outcome.Connection(541, "INTERNAL_ERROR", null)),
        new("25", "headers table that claims more than there is", s => s.Peer.Publish(1, "", s.Q, Hi, properties: [0x20, 0, 0, 0, 0, 50, 1, (byte)'a', (byte)'V']), Outcome.Connection(541, "INTERNAL_ERROR", null)),

        new("26", "publish followed by a method", s => { Publish(s); s.Send("basic.qos", 0, 1, false); }, Outcome.Connection(505, NoHeader, "basic.publish")),
        new("26", "publish followed by a body", s => { Publish(s); s.Peer.SendBody(1, Hi); }, Outcome.Connection(505, NoHeader, "basic.publish")),
        new("26", "content header with a weight", s => { Publish(s); s.Peer.SendHeader(1, 0, weight: 1); }, Outcome.Connection(505, NoHeader, "basic.publish")),

        new("27", "content header of the class queue", s => { Publish(s); s.Peer.SendHeader(1, 2, classId: 50); }, Outcome.Connection(505, "UNEXPECTED_FRAME - expected content header for class 60, got one for class 50 instead", "basic.publish")),
        new("27", "content header of an unknown class", s => { Publish(s); s.Peer.SendHeader(1, 2, classId: 99); }, Outcome.Connection(505, "UNEXPECTED_FRAME - expected content header for class 60, got one for class 99 instead", "basic.publish")),

        // RabbitMQ 3.10 waits for all that was announced, and for ever when more came.
        new("28", "body announced with 512 MiB and an octet", s => { Publish(s); s.Peer.SendHeader(1, 536870913); s.Send("basic.qos", 0, 1, false); }, Outcome.Connection(501, "FRAME_ERROR - content body size 536870913 exceeds maximum allowed size 536870912", "basic.publish")) { OnReference = Outcome.Connection(505, NoBody, "basic.publish") },
        new("29", "body longer than announced", s => { Publish(s); s.Peer.SendHeader(1, 1); s.Peer.SendBody(1, Hi); s.Send("basic.qos", 0, 1, false); }, TooLong) { OnReference = Outcome.Connection(505, NoBody, "basic.publish") },
        new("29", "body longer than announced in its second frame", s => { Publish(s); s.Peer.SendHeader(1, 3); s.Peer.SendBody(1, Hi); s.Peer.SendBody(1, Hi); s.Send("basic.qos", 0, 1, false); }, TooLong) { OnReference = Outcome.Connection(505, NoBody, "basic.publish") },
        new("29", "second header in place of the body", s => { Publish(s); s.Peer.SendHeader(1, 2); s.Peer.SendHeader(1, 2); }, Outcome.Connection(505, NoBody, "basic.publish")),
        new("29", "method in the middle of the body", s => { Publish(s); s.Peer.SendHeader(1, 4); s.Peer.SendBody(1, Hi); s.Send("basic.qos", 0, 1, false); }, Outcome.Connection(505, NoBody, "basic.publish")),

        new("30", "content header first", s => s.Peer.SendHeader(1, 0), Outcome.Connection(505, NoMethod, null)),
        new("30", "content body first", s => s.Peer.SendBody(1, Hi), Outcome.Connection(505, NoMethod, null)),
        new("30", "content body on a channel that is not open", s => s.Peer.SendBody(9, Hi), Outcome.Connection(505, NoMethod, null)),
        new("30", "body frame after a complete content", s => { Publish(s); s.Peer.SendHeader(1, 2); s.Peer.SendBody(1, Hi); s.Peer.SendBody(1, Hi); }, Outcome.Connection(505, NoMethod, null)),
        new("30", "body frame after a header that announced none", s => { Publish(s); s.Peer.SendHeader(1, 0); s.Peer.SendBody(1, []); }, Outcome.Connection(505, NoMethod, null)),

        // What looks wrong and is not.
        new("25", "text property that is not UTF-8 is forwarded", s => s.Peer.Publish(1, "", s.Q, Hi, properties: [0x80, 0, 2, 0xFF, 0xFE]), Outcome.Fine()),
        new("24", "routing key that is not UTF-8 is nobody's key", s => s.Peer.Publish(1, "", new byte[] { 0xC3, 0x28 }, Hi), Outcome.Fine()),
        new("29", "empty body frames in a content", s => { Publish(s); s.Peer.SendHeader(1, 2); s.Peer.SendBody(1, []); s.Peer.SendBody(1, Hi); }, Outcome.Fine()),
        new("-", "delivery mode 3 is that of a transient message (3.10 knows none)", s => s.Peer.Publish(1, "", s.Q, Hi, properties: [0x10, 0, 3]), Outcome.Fine()) { OnReference = Outcome.Channel(406, "PRECONDITION_FAILED - invalid message: {delivery_mode_unknown,3}", "basic.publish") },
        new("25", "priority above 9", s => s.Peer.Publish(1, "", s.Q, Hi, properties: [0x08, 0, 200]), Outcome.Fine()),
    ];

    private static Outcome TooLong => Outcome.Connection(501, "FRAME_ERROR - content body frame exceeds remaining content size", "basic.publish");

    private static void Publish(Scene scene) => scene.Send("basic.publish", 0, "", scene.Q, false, false);
}
