using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Conversations;

/// <summary>Contents come out as they went in, cut by the frame_max of whoever gets them.</summary>
public sealed class ContentTests : ConversationTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4000)]
    [InlineData(65536)]
    [InlineData(131064)]
    [InlineData(131065)]
    [InlineData(262128)]
    [InlineData(262129)]
    [InlineData(1000000)]
    public void Body_OfSomeSize_ComesOutInFewFrames(int octets)
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        var body = Pattern(octets);

        peer.Publish(1, "", queue, body);

        var found = peer.Get(1, queue, noAck: true)!;
        Assert.Equal(body, found.Body);
        var fewest = (octets + peer.FrameMax - 9) / (peer.FrameMax - 8);
        Assert.InRange(found.BodyFrames, fewest, 2 * fewest);
    }

    [Fact]
    public void Body_ForAPeerWithASmallerFrameMax_IsCutByIts()
    {
        var publisher = Open();
        var consumer = Use(ScriptedPeer.Open(BrokerUnderTest.Default, frameMax: 8192));
        consumer.OpenChannel(1);
        var queue = Unique.Name("q");
        publisher.DeclareQueue(1, queue, autoDelete: true);
        consumer.Consume(1, queue, "a", noAck: true);
        var body = Pattern(100000);

        publisher.Publish(1, "", queue, body);

        var found = consumer.ExpectDelivery(1, "a");
        Assert.Equal(body, found.Body);
        Assert.True(found.BodyFrames >= 13, $"{found.BodyFrames} frames");
    }

    [Fact]
    public void Body_InFramesOfOneOctet_IsPutTogether()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        var body = Pattern(1000);

        peer.InOneWrite(() =>
        {
            peer.Send(1, "basic.publish", 0, "", queue, false, false);
            peer.SendHeader(1, 1000);
            Array.ForEach(body, octet => peer.SendBody(1, [octet]));
        });

        Assert.Equal(body, peer.Get(1, queue, noAck: true)?.Body);
    }

    [Fact]
    public void Frames_SplitAtEveryOctet_AreTheSame()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        var publish = PeerWriter.Method("basic.publish", 0, "", queue, false, false);
        byte[] octets =
        [
            1, 0, 1, .. new PeerWriter().Long((uint)publish.Length).ToArray(), .. publish, 0xCE,
            2, 0, 1, 0, 0, 0, 14, 0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0xCE,
            3, 0, 1, 0, 0, 0, 5, .. "hello"u8, 0xCE,
        ];

        for (var split = 1; split < octets.Length; split++)
        {
            peer.SendRaw(octets.AsSpan(..split));
            peer.SendRaw(octets.AsSpan(split..));
        }

        for (var split = 1; split < octets.Length; split++)
        {
            Assert.Equal("hello", peer.Get(1, queue, noAck: true)?.Text);
        }

        Assert.Null(peer.Get(1, queue));
    }

    [Fact]
    public void Properties_OfAllKinds_ComeOutAsTheyWentIn()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        var headers = PeerWriter.Table(
            ("void", null), ("bit", true), ("int", 1), ("long", 2L), ("double", 1.5), ("text", "é"), ("list", new object?[] { 1, "two", null }),
            ("table", PeerWriter.Table(("inner", 1))), ("octet", new TaggedValue('b', [0xFF])), ("unsigned octet", new TaggedValue('B', [0xFF])),
            ("short", new TaggedValue('s', [0xFF, 0xFE])), ("unsigned short", new TaggedValue('u', [0xFF, 0xFE])), ("unsigned", new TaggedValue('i', [255, 0, 0, 1])),
            ("float", new TaggedValue('f', [0x3F, 0x80, 0, 0])), ("decimal", new TaggedValue('D', [2, 0, 0, 0, 150])), ("time", new TaggedValue('T', [0, 0, 0, 0, 0x65, 0, 0, 0])),
            ("octets", new TaggedValue('x', [0, 0, 0, 2, 0xFF, 0])));
        byte[] properties =
        [
            0xFF, 0xF8,
            .. new PeerWriter().ShortString("text/plain").ShortString("utf-8").LongString(headers).Octet(2).Octet(9).ShortString("correlation").ShortString("reply")
                .ShortString("60000").ShortString("message").LongLong(1700000000).ShortString("type").ShortString(peer.Broker.User).ShortString("application").ToArray(),
        ];

        peer.Publish(1, "", queue, "body", properties: properties);

        Assert.Equal(Convert.ToHexString(properties), Convert.ToHexString(peer.Get(1, queue, noAck: true)!.Properties));
    }

    [Fact]
    public void Properties_ForSeveralQueues_AreTheSameForEach()
    {
        var peer = Open();
        var queues = Enumerable.Range(0, 3).Select(_ => peer.DeclareQueue(1)).ToList();
        var exchange = Unique.Name("x");
        peer.DeclareExchange(1, exchange, "fanout", autoDelete: true);
        queues.ForEach(queue => peer.BindQueue(1, queue, exchange, ""));
        byte[] properties = [0x80, 0, 10, .. "text/plain"u8];

        peer.Publish(1, exchange, "", "copy", properties: properties);

        Assert.All(queues, queue =>
        {
            var found = peer.Get(1, queue, noAck: true)!;
            Assert.Equal(("copy", Convert.ToHexString(properties)), (found.Text, Convert.ToHexString(found.Properties)));
        });
    }

    [Fact]
    public void Body_OfEightMiB_GoesThrough()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        var body = Pattern(8 << 20);

        peer.Publish(1, "", queue, body);

        Assert.True(body.AsSpan().SequenceEqual(peer.Get(1, queue, noAck: true)!.Body), "The body came out changed.");
    }

    // Every position has its own octet, as far as octets go: a lost or doubled frame shows.
    private static byte[] Pattern(int octets)
    {
        var body = new byte[octets];
        for (var i = 0; i < octets; i++)
        {
            body[i] = (byte)(i % 251);
        }

        return body;
    }
}
