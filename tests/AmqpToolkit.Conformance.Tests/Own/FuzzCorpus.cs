using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Own;

/// <summary>Sound conversations, frame by frame, which use every method that a client of an edition may send.</summary>
internal sealed class FuzzCorpus(Edition edition)
{
    private static readonly byte[] Headers = PeerWriter.Table(
        ("a", 1), ("b", "text"), ("c", true), ("d", 2L), ("e", 1.5), ("f", null), ("g", new object?[] { 1, "two", null }), ("h", PeerWriter.Table(("i", 1), ("j", PeerWriter.Table(("k", "deep"))))),
        ("l", new TaggedValue('b', [1])), ("m", new TaggedValue('s', [0, 1])), ("n", new TaggedValue('D', [2, 0, 0, 0, 1])), ("o", new TaggedValue('T', new byte[8])), ("p", new TaggedValue('x', [0, 0, 0, 1, 255])));

    private static readonly byte[] Properties =
    [
        0xFF, 0xF8,
        .. new PeerWriter().ShortString("text/plain").ShortString("utf-8").LongString(Headers).Octet(2).Octet(9).ShortString("correlation").ShortString("reply")
            .ShortString("60000").ShortString("message").LongLong(1700000000).ShortString("type").ShortString("guest").ShortString("application").ToArray(),
    ];

    /// <summary>Header to channel.open of 1 and 2, as one piece.</summary>
    public byte[] Handshake =>
    [
        .. ScriptedPeer.HeaderOf(edition),
        .. Method(0, "connection.start-ok", PeerWriter.Table(("product", "fuzz"), ("capabilities", PeerWriter.Table(("basic.nack", true), ("consumer_cancel_notify", true), ("authentication_failure_close", true)))), "PLAIN", "\0guest\0guest", "en_US"),
        .. Method(0, "connection.tune-ok", 2047, 131072, 0),
        .. Method(0, "connection.open", "/", "", false),
        .. Method(1, "channel.open", ""),
        .. Method(2, "channel.open", ""),
    ];

    /// <summary>
    /// The conversations; their queue and their exchange have a name of their own, so that what one leaves (damage may make a queue
    /// shared) is not filled by the others.
    /// </summary>
    /// <param name="name">The name, the same length for all.</param>
    public IReadOnlyList<IReadOnlyList<byte[]>> Conversations(string name) => [.. All(name).Select(one => (IReadOnlyList<byte[]>)[.. one.Where(frame => frame.Length > 0)]).Where(one => one.Count > 0)];

    private IEnumerable<IEnumerable<byte[]>> All(string name) =>
    [
        // topology
        [
            Declare(name, Headers), Exchange(name, "topic", Headers), Method(1, "queue.bind", 0, "", name, "a.*.#", false, Headers), Method(1, "exchange.bind", 0, name, "amq.fanout", "k", false, Headers),
            Method(1, "exchange.bind", 0, "amq.match", name, "k", true, PeerWriter.Table(("x-match", "any"), ("a", 1))), Method(1, "queue.bind", 0, name, name, "a", true, null), Method(1, "queue.unbind", 0, "", name, "a.*.#", Headers),
            Method(1, "exchange.unbind", 0, name, "amq.fanout", "k", false, Headers), Method(1, "queue.purge", 0, "", false), Method(1, "queue.delete", 0, "", true, true, false), Method(1, "exchange.delete", 0, name, false, false), Declare("", Headers),
        ],

        // publish, get, acknowledge
        [
            Declare(name), Exchange(name, "headers"), Method(1, "queue.bind", 0, "", name, "", true, PeerWriter.Table(("x-match", "any"), ("a", 1))), .. Publish(1, "", name, "body"), .. Publish(1, "", "nobody", "back", mandatory: true),
            .. Publish(1, name, "", "", properties: Properties), .. Publish(1, name, "key", new string('x', 3000), properties: Properties), Method(1, "basic.get", 0, "", false), Method(1, "basic.get", 0, name, false),
            Method(1, "basic.get", 0, "", true), Method(1, "basic.ack", 1, false), Method(1, "basic.reject", 2, true), Method(1, "basic.recover", true), Method(1, "basic.recover-async", true),
        ],

        // consume
        [
            Declare(name), Method(1, "basic.qos", 0, 2, false), Method(1, "basic.qos", 0, 3, true), Method(1, "basic.consume", 0, "", "tag", false, false, false, false, edition >= Edition.V0_8 ? null : Headers),
            .. Publish(2, "", name, "one"), .. Publish(2, "", name, "two"), .. Publish(1, "", name, "three", properties: Properties), Method(1, "channel.flow", true), Method(1, "basic.ack", 1, false),
            Method(1, "basic.nack", 2, true, true), Method(1, "basic.cancel", "tag", false), Method(1, "basic.consume", 0, "", "", true, true, true, true, null), Method(1, "channel.close", 200, "done", 0, 0), Method(1, "channel.open", ""),
        ],

        // confirms and transactions
        [
            Declare(name), Method(1, "confirm.select", false), .. Publish(1, "", "nobody", "one", mandatory: true), .. Publish(1, "", name, "two"), Method(2, "tx.select"), .. Publish(2, "", name, "three"), Method(2, "tx.rollback"),
            .. Publish(2, "", "nobody", "four", mandatory: true), Method(2, "basic.get", 0, name, false), Method(2, "basic.ack", 1, false), .. Publish(2, "", name, "five"), Method(2, "tx.commit"),
        ],

        // the rest
        [
            Frame(8, 0, []), Method(1, "access.request", "/data", true, true, true, true, true), Method(0, "connection.update-secret", "guest", "because"), Method(1, "exchange.declare", 0, "amq.direct", "direct", true, false, false, false, false, null),
            Method(2, "channel.close", 200, "done", 0, 0), Method(2, "channel.open", ""), Frame(8, 0, []), Method(0, "connection.close", 200, "done", 0, 0),
        ],

        // what 0-9-1 has not
        [
            Method(1, "channel.ping"), .. Publish(1, "", name, "one"), Method(2, "channel.resume", ""), Method(1, "channel.pong"), Method(1, "channel.ok"), Method(1, "channel.resume", "dead"), Method(1, "channel.ping"),
            Method(1, "channel.close-ok"), Method(1, "channel.open", ""), Method(1, "channel.alert", 200, "text", Headers),
        ],
        [Method(2, "stream.publish", 0, "", name, false, false), Frame(2, 2, new byte[14]), Method(2, "channel.close", 200, "", 0, 0)],
        [Method(1, "file.publish", 0, "", name, false, false, "id"), Method(1, "file.qos", 0, 1, false)],
        [Method(1, "dtx.start", "id"), Method(1, "dtx.select")],
        [Method(1, "tunnel.request", Headers), Frame(2, 1, new byte[14])],
        [Method(1, "test.integer", 1, 2, 3, 4UL, 0), Method(1, "test.integer-ok", 4UL)],
        [Method(1, "message.qos", 0, 1, false), Method(1, "message.ok")],
        [Method(0, "connection.redirect", "host", "")],
    ];

    private byte[] Declare(string name, byte[]? arguments = null) => Method(1, "queue.declare", 0, name, false, false, true, true, false, arguments);

    private byte[] Exchange(string name, string type, byte[]? arguments = null) => Method(1, "exchange.declare", 0, name, type, false, false, true, false, false, arguments);

    private IEnumerable<byte[]> Publish(ushort channel, string exchange, string key, string body, bool mandatory = false, byte[]? properties = null)
    {
        yield return Method(channel, "basic.publish", 0, exchange, key, mandatory, false);
        yield return Frame(2, channel, new PeerWriter().Short(60).Short(0).LongLong((ulong)body.Length).Octets(properties ?? [0, 0]).ToArray());
        foreach (var piece in body.Chunk(1000))
        {
            yield return Frame(3, channel, System.Text.Encoding.UTF8.GetBytes(piece));
        }
    }

    /// <summary>Nothing where the edition has no such method.</summary>
    private byte[] Method(ushort channel, string name, params object?[] fields) => MethodCatalogue.Has(name, edition) ? Frame(1, channel, PeerWriter.Method(edition, name, fields)) : [];

    private static byte[] Frame(byte type, ushort channel, byte[] payload) =>
        [type, (byte)(channel >> 8), (byte)channel, .. new PeerWriter().Long((uint)payload.Length).ToArray(), .. payload, 0xCE];
}
