using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Conversations;

/// <summary>CC and BCC: more keys for one message; and alternate exchanges: a place for what no binding matched.</summary>
public sealed class CopiesTests : ConversationTests
{
    [Fact]
    public void Copies_ToSeveralQueues_ReachEachOnceWithTheFirstKey()
    {
        var peer = Open();
        string[] queues = [peer.DeclareQueue(1), peer.DeclareQueue(1), peer.DeclareQueue(1)];

        Publish(peer, "", "nosuch", ("CC", new object?[] { queues[0], queues[0], 5, queues[1], true }), ("BCC", new object?[] { queues[1], queues[2] }), ("k", 1));

        Assert.All(queues, queue =>
        {
            var found = peer.Get(1, queue, noAck: true)!;
            Assert.Equal("nosuch", found.Method.Field<string>(3));
            Assert.Equal(PeerWriter.Table(("CC", new object?[] { queues[0], queues[0], 5, queues[1], true }), ("k", 1)), HeadersOf(found));
            Assert.Null(peer.Get(1, queue));
        });
    }

    [Fact]
    public void BlindCopies_Alone_LeaveAnEmptyTableAndTheOtherProperties()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        byte[] headers = PeerWriter.Table(("BCC", new object?[] { queue }));

        peer.Publish(1, "amq.direct", "nosuch", "blind", properties: [0xA0, 0, .. new PeerWriter().ShortString("a/b").LongString(headers).ToArray()]);
        peer.Publish(1, "", queue, "plain");

        var found = peer.Get(1, queue, noAck: true)!;
        Assert.Equal("plain", found.Text);
        peer.BindQueue(1, queue, "amq.direct", queue);
        peer.Publish(1, "amq.direct", "nosuch", "blind", properties: [0xA0, 0, .. new PeerWriter().ShortString("a/b").LongString(headers).ToArray()]);
        found = peer.Get(1, queue, noAck: true)!;
        Assert.Equal(("blind", "nosuch"), (found.Text, found.Method.Field<string>(3)));
        Assert.Equal([0xA0, 0, .. new PeerWriter().ShortString("a/b").LongString("").ToArray()], found.Properties);
    }

    [Fact]
    public void Copies_BetweenPlainMessages_ChangeNeitherTheirWayNorTheirOrder()
    {
        var peer = Open();
        string one = peer.DeclareQueue(1), two = peer.DeclareQueue(1);

        peer.InOneWrite(() =>
        {
            peer.Publish(1, "", one, "1");
            peer.Publish(1, "", one, "2");
            Publish(peer, "", one, "3", ("CC", new object?[] { two }));
            peer.Publish(1, "", one, "4");
            Publish(peer, "", one, "5", ("BCC", new object?[] { two }));
            peer.Publish(1, "", one, "6");
        });

        Assert.Equal(["1", "2", "3", "4", "5", "6"], Drain(peer, one));
        Assert.Equal(["3", "5"], Drain(peer, two));
    }

    [Fact]
    public void Copies_ThatAreLarge_AreTheSameMessage()
    {
        var peer = Open();
        string[] queues = [peer.DeclareQueue(1), peer.DeclareQueue(1)];
        var body = new byte[300_000];
        new Random(7).NextBytes(body);

        peer.Publish(1, "", queues[0], body, properties: Headers(("BCC", new object?[] { queues[1] }), ("k", 1)));

        Assert.All(queues, queue => Assert.Equal(body, peer.Get(1, queue, noAck: true)!.Body));
    }

    [Fact]
    public void Copies_Mandatory_ComeBackOnlyWhenNoKeyLeadsAnywhere()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);

        peer.Publish(1, "", "nosuch", "routed", mandatory: true, Headers(("BCC", new object?[] { queue })));
        peer.Publish(1, "", "nosuch", "returned", mandatory: true, Headers(("CC", new object?[] { "nor this" }), ("BCC", new object?[] { "nor that" })));

        var returned = peer.ExpectReturn(1);
        Assert.Equal("returned", returned.Text);
        Assert.Equal(PeerWriter.Table(("CC", new object?[] { "nor this" })), HeadersOf(returned));
        Assert.Equal(["routed"], Drain(peer, queue));
    }

    [Fact]
    public void Copies_InATransaction_ArriveWithTheCommit()
    {
        var peer = Open(1, 2);
        string one = peer.DeclareQueue(2), two = peer.DeclareQueue(2);
        peer.Call(1, "tx.select");

        Publish(peer, "", one, "m", ("BCC", new object?[] { two }));
        Assert.Null(peer.Get(2, two));
        peer.Call(1, "tx.commit");

        Assert.Empty(HeadersOf(peer.Get(2, one, noAck: true)!));
        Assert.Empty(HeadersOf(peer.Get(2, two, noAck: true)!));
    }

    [Fact]
    public void Copies_OnAHeadersExchange_AreHeadersTooButForTheBlindOnes()
    {
        var peer = Open();
        string open = peer.DeclareQueue(1), blind = peer.DeclareQueue(1);
        peer.BindQueue(1, open, "amq.headers", "", PeerWriter.Table(("CC", null)));
        peer.BindQueue(1, blind, "amq.headers", "", PeerWriter.Table(("BCC", null)));

        Publish(peer, "amq.headers", "", "m", ("CC", new object?[] { "x" }), ("BCC", new object?[] { "y" }));

        Assert.Equal(["m"], Drain(peer, open));
        Assert.Empty(Drain(peer, blind));
    }

    [Theory]
    [InlineData("k", null, "main")]
    [InlineData("z", null, "alternate")]
    [InlineData("z", "k", "main")]
    [InlineData("k", "z", "main")]
    [InlineData("z", "y", "alternate")]
    public void AlternateExchange_WithCopies_GetsWhatNoKeyOfTheMessageMatches(string key, string? copy, string expected)
    {
        var peer = Open();
        var (alternate, caught) = DeclareBound(peer, "fanout", null, "");
        var (exchange, queue) = DeclareBound(peer, "direct", alternate, "k");

        peer.Publish(1, exchange, key, "m", properties: copy is null ? null : Headers(("CC", new object?[] { copy })));

        Assert.Equal(expected == "main" ? ["m"] : [], Drain(peer, queue));
        Assert.Equal(expected == "main" ? [] : ["m"], Drain(peer, caught));
    }

    [Fact]
    public void AlternateExchange_InAChain_PassesOnKeyAndExchange()
    {
        var peer = Open();
        var (last, caught) = DeclareBound(peer, "topic", null, "a.*");
        var (middle, _) = DeclareBound(peer, "direct", last, "never");
        var (first, _) = DeclareBound(peer, "direct", middle, "never");

        peer.Publish(1, first, "a.b", "far", mandatory: true);
        peer.Publish(1, first, "b.a", "nowhere", mandatory: true);

        Assert.Equal("nowhere", peer.ExpectReturn(1).Text);
        var found = peer.Get(1, caught, noAck: true)!;
        Assert.Equal(("far", first, "a.b"), (found.Text, found.Method.Field<string>(2), found.Method.Field<string>(3)));
    }

    [Fact]
    public void AlternateExchange_ThatComesAndGoes_IsLookedUpEachTime()
    {
        var peer = Open();
        var name = Unique.Name("x");
        var (exchange, _) = DeclareBound(peer, "direct", name, "never");
        peer.Publish(1, exchange, "k", "lost", mandatory: true);
        Assert.Equal("lost", peer.ExpectReturn(1).Text);

        peer.DeclareExchange(1, name, "fanout", autoDelete: true);
        var queue = peer.DeclareQueue(1);
        peer.BindQueue(1, queue, name, "");
        peer.Publish(1, exchange, "k", "caught", mandatory: true);
        Assert.Equal(["caught"], Drain(peer, queue));

        peer.Call(1, "exchange.delete", 0, name, false, false);
        peer.Publish(1, exchange, "k", "lost again", mandatory: true);
        Assert.Equal("lost again", peer.ExpectReturn(1).Text);
    }

    private static byte[] Headers(params (string Key, object? Value)[] headers) => [0x20, 0, .. new PeerWriter().LongString(PeerWriter.Table(headers)).ToArray()];

    private static void Publish(ScriptedPeer peer, string exchange, string key, params (string Key, object? Value)[] headers) =>
        Publish(peer, exchange, key, "m", headers);

    private static void Publish(ScriptedPeer peer, string exchange, string key, string body, params (string Key, object? Value)[] headers) =>
        peer.Publish(1, exchange, key, body, properties: Headers(headers));

    private static byte[] HeadersOf(Content content)
    {
        Assert.Equal([0x20, 0], content.Properties[..2]);
        return new PeerReader(content.Properties.AsSpan(2)).TableOctets();
    }

    private static (string Exchange, string Queue) DeclareBound(ScriptedPeer peer, string type, string? alternate, string key)
    {
        var exchange = Unique.Name("x");
        peer.DeclareExchange(1, exchange, type, autoDelete: true, arguments: alternate is null ? null : PeerWriter.Table(("alternate-exchange", alternate)));
        var queue = peer.DeclareQueue(1);
        peer.BindQueue(1, queue, exchange, key);
        return (exchange, queue);
    }

    private static List<string> Drain(ScriptedPeer peer, string queue)
    {
        var found = new List<string>();
        while (peer.Get(1, queue, noAck: true) is { } content)
        {
            found.Add(content.Text);
        }

        return found;
    }
}
