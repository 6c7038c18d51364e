using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Conversations;

/// <summary>What a change of users, permissions and virtual hosts does to connections that are open.</summary>
public sealed class AccessTests : ConversationTests
{
    private static AccessControl Control => BrokerUnderTest.Default.AccessControl;

    [AccessFact]
    public void WritePermission_TakenBetweenTwoPublishesOfOneWay_RefusesTheSecond()
    {
        var user = AddUser();
        var peer = OpenAs(user);
        var queue = peer.DeclareQueue(1);
        peer.Call(1, "confirm.select", false);
        peer.Publish(1, "", queue);
        peer.Expect(1, "basic.ack");

        Control.SetPermissions(user, ".*", "^nothing$", ".*");
        peer.Publish(1, "", queue);

        ExpectRefusal(peer, "write", $"exchange 'amq.default' in vhost '/' refused for user '{user}'", "basic.publish");
    }

    [AccessFact]
    public void WritePermission_GivenAfterARefusal_IsThere()
    {
        var user = AddUser("^nothing$");
        var peer = OpenAs(user);
        peer.Publish(1, "amq.fanout", "");
        ExpectRefusal(peer, "write", $"exchange 'amq.fanout' in vhost '/' refused for user '{user}'", "basic.publish");
        peer.Send(1, "channel.close-ok");

        Control.SetPermissions(user, ".*", ".*", ".*");
        peer.OpenChannel(1);
        peer.Publish(1, "amq.fanout", "");

        peer.ExpectNothingBefore(1);
    }

    [AccessFact]
    public void TopicPermission_SetBetweenTwoPublishes_RefusesTheSecond()
    {
        var user = AddUser();
        var peer = OpenAs(user);
        peer.Publish(1, "amq.topic", "a.b");
        peer.ExpectNothingBefore(1);

        Control.SetTopicPermissions(user, "amq.topic", "^b", ".*");
        peer.Publish(1, "amq.topic", "a.b");
        ExpectRefusal(peer, "write", $"topic 'a.b' in exchange 'amq.topic' in vhost '/' refused for user '{user}'", "basic.publish");
        peer.Send(1, "channel.close-ok");

        Control.ClearTopicPermissions(user);
        peer.OpenChannel(1);
        peer.Publish(1, "amq.topic", "a.b");
        peer.ExpectNothingBefore(1);
    }

    [AccessFact]
    public void ReadPermission_Taken_LeavesConsumersAndRefusesMore()
    {
        var user = AddUser();
        var peer = OpenAs(user, 1, 2);
        var queue = peer.DeclareQueue(1);
        peer.Consume(1, queue, "tag");

        Control.SetPermissions(user, ".*", ".*", "");
        peer.Publish(1, "", queue, "still read");

        Assert.Equal("still read", peer.ExpectDelivery(1, "tag").Text);
        peer.Send(2, "basic.get", 0, queue, true);
        ExpectRefusal(peer, "read", $"queue '{queue}' in vhost '/' refused for user '{user}'", "basic.get", 2);
    }

    [AccessFact]
    public void PermissionsOfTheVirtualHost_Cleared_RefuseEverythingThatNeedsOne()
    {
        var user = AddUser();
        var peer = OpenAs(user);
        var queue = Unique.Name("q");

        Control.ClearPermissions(user);
        peer.Send(1, "queue.declare", 0, queue, false, false, true, false, false, null);

        ExpectRefusal(peer, "configure", $"queue '{queue}' in vhost '/' refused for user '{user}'", "queue.declare");
    }

    [Own.OwnBrokerFact]
    [Row("110")]
    public void UpdateSecret_AfterReadPermissionIsGone_CancelsTheConsumersThatMayNotRead()
    {
        var user = AddUser();
        var peer = OpenAs(user, 1, 2);
        var (mine, other) = (peer.DeclareQueue(1), peer.DeclareQueue(1));
        peer.Consume(1, mine, "mine");
        peer.Consume(2, other, "other");
        peer.Publish(2, "", other, "taken");
        var taken = peer.ExpectDelivery(2, "other");

        Control.SetPermissions(user, ".*", ".*", $"^{mine.Replace("+", "\\+", StringComparison.Ordinal)}$");
        peer.Call(0, "connection.update-secret", "new", "because");

        var cancel = peer.Expect(2, "basic.cancel");
        Assert.Equal(("other", true), (cancel.Field<string>(0), cancel.Field<bool>(1)));
        peer.Ack(2, taken.DeliveryTag);
        peer.Publish(1, "", mine, "still read");
        peer.ExpectDelivery(1, "mine");
        peer.Publish(1, "", other, "read by nobody");
        peer.Send(2, "basic.consume", 0, other, "other", false, false, false, false, null);
        ExpectRefusal(peer, "read", $"queue '{other}' in vhost '/' refused for user '{user}'", "basic.consume", 2);
        peer.ExpectNothingBefore(1);
    }

    [Own.OwnBrokerFact]
    [Row("111")]
    public void UpdateSecret_AfterTheVirtualHostIsTaken_ClosesWith530()
    {
        var user = AddUser();
        var peer = OpenAs(user);

        Control.ClearPermissions(user);
        peer.Send(0, "connection.update-secret", "new", "because");

        peer.ExpectConnectionClose(530, $"NOT_ALLOWED - access to vhost '/' refused for user '{user}'", "connection.update-secret");
    }

    [AccessFact]
    public void UpdateSecret_OfAUserWithAPassword_IsTaken()
    {
        var peer = OpenAs(AddUser());

        peer.Call(0, "connection.update-secret", "anything", "because");

        peer.ExpectNothingBefore(1);
    }

    [AccessFact]
    [Row("113")]
    public void User_Deleted_LosesItsConnectionsAndNobodyElseDoes()
    {
        var user = AddUser();
        var peer = OpenAs(user);
        var other = Open();

        Control.DeleteUser(user);

        peer.ExpectConnectionClose(320, $"CONNECTION_FORCED - user '{user}' is deleted", null);
        peer.Send(0, "connection.close-ok");
        peer.ExpectSocketClosed();
        other.ExpectNothingBefore(1);
    }

    [AccessFact]
    [Row("113")]
    public void VirtualHost_Deleted_LosesItsConnectionsAndComesBackEmpty()
    {
        var (user, host) = (AddUser(), Unique.Name("host"));
        Control.AddVirtualHost(host);
        Control.SetPermissions(user, ".*", ".*", ".*", host);
        var peer = Use(ScriptedPeer.OpenWithChannels(BrokerUnderTest.Default.As(user, host), 1));
        peer.DeclareQueue(1, "here", durable: true);
        peer.Deposit("here", "a", "b");
        peer.Consume(1, "here", "tag");
        peer.ExpectDelivery(1, "tag");
        peer.ExpectDelivery(1, "tag");

        Control.DeleteVirtualHost(host);
        Incoming last;
        do
        {
            last = peer.Receive();
        }
        while (last is IncomingMethod { Name: not "connection.close" });

        // RabbitMQ sometimes has no time for the word, sometimes says "is down", and does not wait for close-ok.
        if (BrokerUnderTest.Default.IsReference)
        {
            Assert.StartsWith($"CONNECTION_FORCED - vhost '{host}' is ", (last as IncomingMethod)?.Field<string>(1) ?? $"CONNECTION_FORCED - vhost '{host}' is ", StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal($"CONNECTION_FORCED - vhost '{host}' is deleted", Assert.IsType<IncomingMethod>(last).Field<string>(1));
            peer.Send(0, "connection.close-ok");
            peer.ExpectSocketClosed();
        }

        Control.AddVirtualHost(host);
        Control.SetPermissions(user, ".*", ".*", ".*", host);
        var again = Use(ScriptedPeer.OpenWithChannels(BrokerUnderTest.Default.As(user, host), 1));
        again.Send(1, "queue.declare", 0, "here", true, false, false, false, false, null);
        again.ExpectChannelClose(1, 404, $"NOT_FOUND - no queue 'here' in vhost '{host}'", "queue.declare");
        Control.DeleteVirtualHost(host);
    }

    [AccessFact]
    [Row("14")]
    public void ConnectionLimits_AreCountedAndGivenBack()
    {
        var (user, host) = (AddUser(), Unique.Name("host"));
        Control.AddVirtualHost(host);
        Control.LimitVirtualHost(host, 1, -1);
        Control.SetPermissions(user, ".*", ".*", ".*", host);
        var broker = BrokerUnderTest.Default.As(user, host);
        var first = Use(ScriptedPeer.Open(broker));

        var second = Use(ScriptedPeer.Tuned(broker));
        second.TuneOk();
        second.Send(0, "connection.open", host, "", false);
        second.ExpectConnectionClose(530, $"NOT_ALLOWED - access to vhost '{host}' refused for user '{user}': connection limit (1) is reached", "connection.open");

        first.Call(0, "connection.close", 200, "", 0, 0);
        first.Dispose();
        Assert.True(SpinWait.SpinUntil(() => Opens(broker), ScriptedPeer.LongDeadline), "The place of the first connection is not free.");
        Control.DeleteVirtualHost(host);
    }

    private static bool Opens(BrokerUnderTest broker)
    {
        using var peer = ScriptedPeer.Tuned(broker);
        peer.TuneOk();
        peer.Send(0, "connection.open", broker.VirtualHost, "", false);
        return peer.Receive() is IncomingMethod { Name: "connection.open-ok" };
    }

    private static string AddUser(string write = ".*")
    {
        var user = Unique.Name("user");
        Control.AddUser(user);
        Control.SetPermissions(user, ".*", write, ".*");
        return user;
    }

    private ScriptedPeer OpenAs(string user, params ushort[] channels) =>
        Use(ScriptedPeer.OpenWithChannels(BrokerUnderTest.Default.As(user), channels.Length == 0 ? [1] : channels));

    private static void ExpectRefusal(ScriptedPeer peer, string kind, string text, string method, ushort channel = 1) =>
        peer.ExpectChannelClose(channel, 403, $"ACCESS_REFUSED - {(BrokerUnderTest.Default.IsReference ? "" : kind + " ")}access to {text}", method);
}
