using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Conversations;

/// <summary>Direct reply-to: requests carry a name that leads back to the channel, without a queue.</summary>
public sealed class DirectReplyToTests : ConversationTests
{
    private const string ReplyTo = "amq.rabbitmq.reply-to";

    [Fact]
    public void Request_WithDirectReplyTo_IsAnsweredThroughTheDefaultExchange()
    {
        var client = Open();
        var server = Open();
        var queue = server.DeclareQueue(1);
        Assert.Equal("replies", client.Consume(1, ReplyTo, "replies", noAck: true));

        var token = Request(client, server, queue, [0x86, 0, .. Short("text/plain"), .. Short("7"), .. Short(ReplyTo)], out var request);
        server.Publish(1, "", token, "answer", properties: [0x04, 0, .. Short("7")]);

        Assert.Equal("text/plain", request[0]);
        var answer = client.ExpectDelivery(1, "replies");
        Assert.Equal(("answer", "", token, false), (answer.Text, answer.Method.Field<string>(3), answer.Method.Field<string>(4), answer.Redelivered));
        Assert.Equal([0x04, 0, .. Short("7")], answer.Properties);
    }

    [Fact]
    public void Token_OfAConsumer_IsThereUntilItIsCancelled()
    {
        var client = Open();
        var server = Open();
        var queue = server.DeclareQueue(1);
        client.Consume(1, ReplyTo, "t", noAck: true);
        var token = Request(client, server, queue);
        Assert.Equal((token, 0U, 1U), server.DeclareQueue(1, token));
        Assert.Equal((token, 0U, 1U), server.DeclareQueue(1, token, passive: true));

        client.Cancel(1, "t");

        server.Publish(1, "", token, "nobody listens", mandatory: true);
        Assert.Equal(("nobody listens", token), (Returned(server, out var key), key));
        client.Consume(1, ReplyTo, "t", noAck: true);
        Assert.NotEqual(token, Request(client, server, queue));
        server.Publish(1, "", token, "to the old name");
        client.ExpectNothingBefore(1);
        server.Send(1, "queue.declare", 0, token, false, false, false, false, false, null);
        server.ExpectChannelClose(1, 404, $"NOT_FOUND - no queue '{token}' in vhost '/'", "queue.declare");
    }

    [Theory]
    [InlineData("channel")]
    [InlineData("connection")]
    public void Token_OfAConsumerWhoseChannelIsGone_LeadsNowhere(string what)
    {
        var client = Open();
        var server = Open(1, 2);
        var queue = server.DeclareQueue(1);
        client.Consume(1, ReplyTo, "t", noAck: true);
        var token = Request(client, server, queue);

        if (what == "channel")
        {
            client.CloseChannel(1);
        }
        else
        {
            client.Call(0, "connection.close", 200, "bye", 0, 0);
        }

        server.Publish(1, "", token, "nobody listens", mandatory: true);
        Returned(server, out _);
        server.Send(2, "queue.declare", 0, token, true, false, false, false, false, null);
        server.ExpectChannelClose(2, 404, $"NOT_FOUND - no queue '{token}' in vhost '/'", "queue.declare");
    }

    [Fact]
    public void Token_AsACopysKey_ReachesTheChannelOnce()
    {
        var client = Open();
        var server = Open();
        var queue = server.DeclareQueue(1);
        client.Consume(1, ReplyTo, "t", noAck: true);
        var token = Request(client, server, queue);

        server.Publish(1, "", "nosuch", "copied", properties: [0x20, 0, .. new PeerWriter().LongString(PeerWriter.Table(("CC", new object[] { token, token }))).ToArray()]);

        var found = client.ExpectDelivery(1, "t");
        Assert.Equal(("copied", "nosuch"), (found.Text, found.Method.Field<string>(4)));
        client.ExpectNothingBefore(1);
    }

    [Fact]
    public void Token_OnAnotherExchange_IsAKeyLikeAnyOther()
    {
        var client = Open();
        var server = Open();
        var queue = server.DeclareQueue(1);
        client.Consume(1, ReplyTo, "t", noAck: true);
        var token = Request(client, server, queue);

        server.Publish(1, "amq.direct", token, "not routed", mandatory: true);

        Returned(server, out _);
        client.ExpectNothingBefore(1);
    }

    [Fact]
    public void Request_ThatIsReturned_ShowsTheToken()
    {
        var client = Open();
        client.Consume(1, ReplyTo, "t", noAck: true);

        client.Publish(1, "", "nosuch", mandatory: true, properties: [0x02, 0, .. Short(ReplyTo)]);

        Assert.StartsWith($"{ReplyTo}.", new PeerReader(client.ExpectReturn(1).Properties.AsSpan(2)).ShortString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Replies_InGreatNumber_ComeInOrderWithoutCredit()
    {
        var client = Open();
        var server = Open();
        var queue = server.DeclareQueue(1);
        client.Qos(1, 1);
        client.Consume(1, ReplyTo, "t", noAck: true);
        var token = Request(client, server, queue);

        server.InOneWrite(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                server.Publish(1, "", token, $"{i}");
            }
        });

        for (var i = 0; i < 1000; i++)
        {
            Assert.Equal($"{i}", client.ExpectDelivery(1, "t").Text);
        }
    }

    [Fact]
    public void Request_InATransaction_IsSentWithTheToken()
    {
        var client = Open();
        var server = Open();
        var queue = server.DeclareQueue(1);
        client.Consume(1, ReplyTo, "t", noAck: true);
        client.Call(1, "tx.select");

        client.Publish(1, "", queue, "request", properties: [0x02, 0, .. Short(ReplyTo)]);
        client.Call(1, "tx.commit");

        Assert.StartsWith($"{ReplyTo}.", new PeerReader(server.Get(1, queue, noAck: true)!.Properties.AsSpan(2)).ShortString(), StringComparison.Ordinal);
    }

    private static byte[] Short(string text) => new PeerWriter().ShortString(text).ToArray();

    private static string Request(ScriptedPeer client, ScriptedPeer server, string queue) =>
        Request(client, server, queue, [0x02, 0, .. Short(ReplyTo)], out _);

    // The last of the properties, all of which are short strings, is reply-to.
    private static string Request(ScriptedPeer client, ScriptedPeer server, string queue, byte[] properties, out List<string> others)
    {
        client.Publish(1, "", queue, "request", properties: properties);
        client.ExpectNothingBefore(1);
        var found = server.Get(1, queue, noAck: true)!;
        Assert.Equal(properties[..2], found.Properties[..2]);
        var reader = new PeerReader(found.Properties.AsSpan(2));
        others = [];
        while (!reader.IsAtEnd)
        {
            others.Add(reader.ShortString());
        }

        Assert.StartsWith($"{ReplyTo}.", others[^1], StringComparison.Ordinal);
        return others[^1];
    }

    private static string Returned(ScriptedPeer peer, out string key)
    {
        var returned = peer.ExpectReturn(1);
        key = returned.Method.Field<string>(3);
        return returned.Text;
    }
}
