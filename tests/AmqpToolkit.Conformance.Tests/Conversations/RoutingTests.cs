using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Conversations;

/// <summary>Which queues a message reaches.</summary>
public sealed class RoutingTests : ConversationTests
{
    [Fact]
    public void DefaultExchange_WithAQueuesName_ReachesTheQueue()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);

        peer.Publish(1, "", queue);

        var found = peer.Get(1, queue, noAck: true)!;
        Assert.Equal(("", queue), (found.Method.Field<string>(2), found.Method.Field<string>(3)));
    }

    [Theory]
    [InlineData("amq.direct", "direct", false)]
    [InlineData("amq.fanout", "fanout", false)]
    [InlineData("amq.topic", "topic", false)]
    [InlineData("amq.headers", "headers", false)]
    [InlineData("amq.match", "headers", false)]
    [InlineData("amq.rabbitmq.trace", "topic", true)]
    public void PredeclaredExchange_OfEachVirtualHost_IsDurableAndOfItsType(string name, string type, bool isInternal)
    {
        Open().DeclareExchange(1, name, type, durable: true, @internal: isInternal);
    }

    [Fact]
    public void DirectExchange_WithSeveralBindings_MatchesTheKeyExactly()
    {
        var peer = Open();
        var (exchange, queue) = DeclareBound(peer, "direct", "red", "green");

        Array.ForEach(["red", "green", "Red", "red.", "", "blue"], key => peer.Publish(1, exchange, key, key));

        Assert.Equal(["red", "green"], Drain(peer, queue));
    }

    [Fact]
    public void FanoutExchange_WithAnyKey_ReachesEachQueueOnce()
    {
        var peer = Open();
        var (exchange, one) = DeclareBound(peer, "fanout", "", "k");
        var two = peer.DeclareQueue(1);
        peer.BindQueue(1, two, exchange, "other");

        peer.Publish(1, exchange, "whatever", "copy");

        Assert.Equal(["copy"], Drain(peer, one));
        Assert.Equal(["copy"], Drain(peer, two));
    }

    [Theory]
    [InlineData("a.b.c", "a.b.c", true)]
    [InlineData("a.b.c", "a.b", false)]
    [InlineData("a.*.c", "a.b.c", true)]
    [InlineData("a.*.c", "a.c", false)]
    [InlineData("a.*.c", "a.b.b.c", false)]
    [InlineData("a.*.c", "a..c", true)]
    [InlineData("*", "a", true)]
    [InlineData("*", "", false)] // the empty key has no word at all
    [InlineData("*.*", ".", true)]
    [InlineData("*", "a.b", false)]
    [InlineData("#", "", true)]
    [InlineData("#", "a.b.c.d", true)]
    [InlineData("a.#", "a", true)]
    [InlineData("a.#", "a.b.c", true)]
    [InlineData("a.#", "b", false)]
    [InlineData("a.#", "", false)]
    [InlineData("#.c", "c", true)]
    [InlineData("#.c", "a.b.c", true)]
    [InlineData("a.#.c", "a.c", true)]
    [InlineData("a.#.c", "a.b.b.c", true)]
    [InlineData("a.#.c", "a.b.c.d", false)]
    [InlineData("#.b.#", "a.b.c", true)]
    [InlineData("#.b.#", "b", true)]
    [InlineData("#.b.#", "a.c", false)]
    [InlineData("*.#", "a", true)]
    [InlineData("#.*", "a.b", true)]
    [InlineData("*.*", "a", false)]
    [InlineData("a.b*", "a.bc", false)]
    [InlineData("a.b*", "a.b*", true)]
    [InlineData("A", "a", false)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("..", "..", true)]
    [InlineData("#.", "a.", true)]
    public void TopicExchange_WithAPattern_MatchesByWords(string pattern, string key, bool matches)
    {
        var peer = Open();
        var (exchange, queue) = DeclareBound(peer, "topic", pattern);

        peer.Publish(1, exchange, key);

        Assert.Equal(matches, peer.Get(1, queue, noAck: true) is not null);
    }

    [Fact]
    public void TopicExchange_WithSeveralPatternsOfOneQueue_DeliversOneCopy()
    {
        var peer = Open();
        var (exchange, queue) = DeclareBound(peer, "topic", "a.*", "#", "a.b", "*.b");

        peer.Publish(1, exchange, "a.b", "once");

        Assert.Equal(["once"], Drain(peer, queue));
        Array.ForEach(["#", "a.*", "a.b"], pattern => peer.UnbindQueue(1, queue, exchange, pattern));
        peer.Publish(1, exchange, "a.c", "not bound");
        peer.Publish(1, exchange, "a.b", "still bound");
        Assert.Equal(["still bound"], Drain(peer, queue));
    }

    public static TheoryData<string, byte[], byte[], bool> HeaderCases()
    {
        static byte[] Table(params (string, object?)[] entries) => PeerWriter.Table(entries);
        return new()
        {
            { "all, all there", Table(("x-match", "all"), ("a", 1), ("b", "x")), Table(("a", 1), ("b", "x"), ("c", 3)), true },
            { "all, one missing", Table(("x-match", "all"), ("a", 1), ("b", "x")), Table(("a", 1)), false },
            { "all, one other", Table(("x-match", "all"), ("a", 1), ("b", "x")), Table(("a", 1), ("b", "y")), false },
            { "no x-match is all", Table(("a", 1), ("b", "x")), Table(("a", 1)), false },
            { "any, one there", Table(("x-match", "any"), ("a", 1), ("b", "x")), Table(("b", "x")), true },
            { "any, none there", Table(("x-match", "any"), ("a", 1), ("b", "x")), Table(("b", "y")), false },
            { "all of nothing matches everything", Table(("x-match", "all")), Table(("a", 1)), true },
            { "all of nothing matches no headers", Table(), Table(), true },
            { "any of nothing matches nothing", Table(("x-match", "any")), Table(("a", 1)), false },
            { "void asks for presence", Table(("a", null)), Table(("a", "whatever")), true },
            { "void asks for presence, absent", Table(("a", null)), Table(("b", 1)), false },
            { "numbers of two widths are equal", Table(("a", 1)), Table(("a", 1L)), true },
            { "text is no number", Table(("a", 1)), Table(("a", "1")), false },
            { "case counts", Table(("a", "x")), Table(("a", "X")), false },
            { "x- is not looked at", Table(("a", 1), ("x-b", 2)), Table(("a", 1)), true },
            { "all-with-x looks at x-", Table(("x-match", "all-with-x"), ("a", 1), ("x-b", 2)), Table(("a", 1)), false },
            { "all-with-x, all there", Table(("x-match", "all-with-x"), ("a", 1), ("x-b", 2)), Table(("a", 1), ("x-b", 2)), true },
            { "any-with-x looks at x-", Table(("x-match", "any-with-x"), ("a", 1), ("x-b", 2)), Table(("x-b", 2)), true },
            { "any does not look at x-", Table(("x-match", "any"), ("a", 1), ("x-b", 2)), Table(("x-b", 2)), false },
            { "bits", Table(("a", true)), Table(("a", true)), true },
            { "bits differ", Table(("a", true)), Table(("a", false)), false },
        };
    }

    [Theory]
    [MemberData(nameof(HeaderCases))]
    public void HeadersExchange_WithArguments_MatchesTheHeaders(string @case, byte[] arguments, byte[] headers, bool matches)
    {
        var peer = Open();
        var exchange = Unique.Name("x");
        peer.DeclareExchange(1, exchange, "headers", autoDelete: true);
        var queue = peer.DeclareQueue(1);
        peer.BindQueue(1, queue, exchange, "ignored", arguments);

        peer.Publish(1, exchange, "any key", @case, properties: [0x20, 0, .. new PeerWriter().LongString(headers).ToArray()]);

        Assert.Equal(matches, peer.Get(1, queue, noAck: true) is not null);
    }

    [Fact]
    public void HeadersExchange_WithAMessageWithoutHeaders_TreatsThemAsNone()
    {
        var peer = Open();
        var exchange = Unique.Name("x");
        peer.DeclareExchange(1, exchange, "headers", autoDelete: true);
        var one = peer.DeclareQueue(1);
        var all = peer.DeclareQueue(1);
        peer.BindQueue(1, one, exchange, "", PeerWriter.Table(("a", 1)));
        peer.BindQueue(1, all, exchange, "", null);

        peer.Publish(1, exchange, "");

        Assert.Null(peer.Get(1, one));
        Assert.NotNull(peer.Get(1, all, noAck: true));
    }

    [Fact]
    public void ExchangeBinding_ToAnotherExchange_PassesMessagesOnWithTheirKeyAndExchange()
    {
        var peer = Open();
        var (destination, queue) = DeclareBound(peer, "topic", "a.#");
        var source = Unique.Name("x");
        peer.DeclareExchange(1, source, "direct", autoDelete: true);
        peer.BindExchange(1, destination, source, "a.b");

        Array.ForEach(["a.b", "a.c"], key => peer.Publish(1, source, key, key));

        var found = peer.Get(1, queue, noAck: true)!;
        Assert.Equal((source, "a.b"), (found.Method.Field<string>(2), found.Method.Field<string>(3)));
        Assert.Null(peer.Get(1, queue));
        peer.Call(1, "exchange.unbind", 0, destination, source, "a.b", false, null);
    }

    [Fact]
    public void ExchangeBindings_InACircle_DeliverOneCopy()
    {
        var peer = Open();
        var (one, queue) = DeclareBound(peer, "fanout", "");
        var two = Unique.Name("x");
        peer.DeclareExchange(1, two, "fanout", autoDelete: true);
        peer.BindExchange(1, two, one, "");
        peer.BindExchange(1, one, two, "");
        peer.BindExchange(1, one, one, "");
        peer.BindQueue(1, queue, two, "");

        peer.Publish(1, one, "", "once");
        peer.Publish(1, two, "", "and once");

        Assert.Equal(["once", "and once"], Drain(peer, queue));
        peer.Call(1, "exchange.delete", 0, one, false, false);
        peer.Call(1, "exchange.delete", 0, two, false, false);
    }

    [Fact]
    public void Binding_DeclaredTwice_IsOne()
    {
        var peer = Open();
        var (exchange, queue) = DeclareBound(peer, "direct", "k", "k");
        peer.BindQueue(1, queue, exchange, "stays");
        peer.Publish(1, exchange, "k", "once");
        Assert.Equal(["once"], Drain(peer, queue));

        peer.UnbindQueue(1, queue, exchange, "k");
        peer.Publish(1, exchange, "k", "not any more");

        Assert.Empty(Drain(peer, queue));
    }

    [Fact]
    public void Bindings_WithOtherArguments_AreTwo()
    {
        var peer = Open();
        var (exchange, queue) = DeclareBound(peer, "direct", "k");
        var arguments = PeerWriter.Table(("a", 1));
        peer.BindQueue(1, queue, exchange, "k", arguments);

        peer.UnbindQueue(1, queue, exchange, "k");
        peer.Publish(1, exchange, "k", "by the other binding");

        Assert.Equal(["by the other binding"], Drain(peer, queue));
        peer.UnbindQueue(1, queue, exchange, "k", arguments);
        AssertMissing(peer, exchange);
    }

    [Fact]
    public void AutoDeleteExchange_WithoutItsLastBinding_IsGone()
    {
        var peer = Open();
        var (exchange, queue) = DeclareBound(peer, "direct", "a", "b");
        peer.UnbindQueue(1, queue, exchange, "a");
        peer.DeclareExchange(1, exchange, "direct", passive: true);

        peer.UnbindQueue(1, queue, exchange, "b");

        AssertMissing(peer, exchange);
    }

    [Fact]
    public void AutoDeleteExchange_WhoseOnlyQueueIsDeleted_IsGone()
    {
        var peer = Open();
        var (exchange, queue) = DeclareBound(peer, "direct", "a");

        peer.Call(1, "queue.delete", 0, queue, false, false, false);

        AssertMissing(peer, exchange);
    }

    [Fact]
    public void AutoDeleteExchange_WhoseOnlyDestinationIsDeleted_IsGone()
    {
        var peer = Open();
        var source = Unique.Name("x");
        var destination = Unique.Name("x");
        peer.DeclareExchange(1, source, "fanout", autoDelete: true);
        peer.DeclareExchange(1, destination, "fanout");
        peer.BindExchange(1, destination, source, "");

        peer.Call(1, "exchange.delete", 0, destination, false, false);

        AssertMissing(peer, source);
    }

    [Fact]
    public void AutoDeleteExchange_ThatNeverHadABinding_Stays()
    {
        var peer = Open(1, 2);
        var exchange = Unique.Name("x");
        peer.DeclareExchange(1, exchange, "fanout", autoDelete: true);

        peer.CloseChannel(1);

        peer.DeclareExchange(2, exchange, "fanout", passive: true);
        peer.Call(2, "exchange.delete", 0, exchange, true, false);
    }

    [Fact]
    public void ExchangeDelete_OfABoundExchange_TakesItsBindingsAlong()
    {
        var peer = Open();
        var exchange = Unique.Name("x");
        var queue = peer.DeclareQueue(1);
        peer.DeclareExchange(1, exchange, "fanout");
        peer.BindQueue(1, queue, exchange, "");
        peer.Call(1, "exchange.delete", 0, exchange, false, false);
        peer.DeclareExchange(1, exchange, "fanout");

        peer.Publish(1, exchange, "", mandatory: true);

        peer.ExpectReturn(1);
        peer.Call(1, "exchange.delete", 0, exchange, true, false);
    }

    [Fact]
    public void InternalExchange_BehindAnother_Routes()
    {
        var peer = Open();
        var exchange = Unique.Name("x");
        var queue = peer.DeclareQueue(1);
        peer.DeclareExchange(1, exchange, "fanout", autoDelete: true, @internal: true);
        peer.BindQueue(1, queue, exchange, "");
        peer.BindExchange(1, exchange, "amq.direct", queue);

        peer.Publish(1, "amq.direct", queue, "inside");

        Assert.Equal(["inside"], Drain(peer, queue));
    }

    [Fact]
    public void Mandatory_Unroutable_ComesBackAsItWasSent()
    {
        var peer = Open();
        byte[] properties = [0x90, 0, 10, .. "text/plain"u8, 2];

        peer.Publish(1, "amq.direct", "no such key", "body", mandatory: true, properties);

        var returned = peer.ExpectReturn(1);
        Assert.Equal(["312", "NO_ROUTE", "amq.direct", "no such key"], returned.Method.Fields.Select(field => $"{field}"));
        Assert.Equal(properties, returned.Properties);
        Assert.Equal("body", returned.Text);
    }

    [Fact]
    public void Mandatory_Routed_DoesNotComeBack()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);

        peer.Publish(1, "", queue, "body", mandatory: true);

        peer.ExpectNothingBefore(1);
        Assert.Equal(["body"], Drain(peer, queue));
    }

    private static (string Exchange, string Queue) DeclareBound(ScriptedPeer peer, string type, params string[] keys)
    {
        var exchange = Unique.Name("x");
        peer.DeclareExchange(1, exchange, type, autoDelete: true);
        var queue = peer.DeclareQueue(1);
        Array.ForEach(keys, key => peer.BindQueue(1, queue, exchange, key));
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

    private static void AssertMissing(ScriptedPeer peer, string exchange)
    {
        peer.Send(1, "exchange.declare", 0, exchange, "direct", true, false, false, false, false, null);
        peer.ExpectChannelClose(1, 404, $"NOT_FOUND - no exchange '{exchange}' in vhost '/'", "exchange.declare");
    }
}
