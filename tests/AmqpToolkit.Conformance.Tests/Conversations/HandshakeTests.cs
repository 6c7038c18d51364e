using AmqpToolkit.Conformance.Tests.Own;
using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Conversations;

/// <summary>From the protocol header to open-ok, and the end by close.</summary>
public sealed class HandshakeTests : ConversationTests
{
    [Fact]
    public void ConnectionStart_ToAnybody_SaysVersionMechanismsAndLocale()
    {
        var peer = Use(ScriptedPeer.Connect(BrokerUnderTest.Default));
        peer.SendRaw(ScriptedPeer.ProtocolHeader);

        var start = peer.Expect(0, "connection.start");

        Assert.Equal(0, start.Field<byte>(0));
        Assert.Equal(9, start.Field<byte>(1));
        var mechanisms = start.Field<string>(3).Split(' ');
        Assert.Contains("PLAIN", mechanisms);
        Assert.Contains("AMQPLAIN", mechanisms);
        Assert.Equal("en_US", start.Field<string>(4));
    }

    [Fact]
    public void ConnectionStart_ToAnybody_CarriesThePropertiesThatClientsRead()
    {
        var peer = Use(ScriptedPeer.Connect(BrokerUnderTest.Default));
        peer.SendRaw(ScriptedPeer.ProtocolHeader);

        var properties = peer.Expect(0, "connection.start").Field<Dictionary<string, object?>>(2);

        Assert.Equal("RabbitMQ", properties["product"]);
        Assert.Matches(@"^\d+\.\d+\.\d+", Assert.IsType<string>(properties["version"]));
        Array.ForEach(["platform", "copyright", "information", "cluster_name"], name => Assert.IsType<string>(properties[name]));
        var capabilities = Assert.IsType<Dictionary<string, object?>>(properties["capabilities"]);
        Assert.Equal(
            [
                "publisher_confirms", "exchange_exchange_bindings", "basic.nack", "consumer_cancel_notify", "connection.blocked",
                "consumer_priorities", "authentication_failure_close", "per_consumer_qos", "direct_reply_to",
            ],
            capabilities.Keys);
        Assert.All(capabilities.Values, value => Assert.Equal(true, value));
    }

    [Fact]
    public void ConnectionTune_ByDefault_Proposes2047ChannelsAnd128KiBAndAMinute()
    {
        var peer = Use(ScriptedPeer.Started(BrokerUnderTest.Default));
        peer.StartOk("PLAIN", $"\0{peer.Broker.User}\0{peer.Broker.Password}");

        var tune = peer.Expect(0, "connection.tune");

        Assert.Equal(["2047", "131072", "60"], tune.Fields.Select(field => $"{field}"));
    }

    [OwnBrokerFact]
    public void StartOk_WithAnonymous_IsGuestSince4()
    {
        foreach (var profile in new[] { Profile.V4_2, Profile.V4_3 })
        {
            var peer = Use(ScriptedPeer.Connect(BrokerUnderTest.For(profile)));
            peer.SendRaw(ScriptedPeer.ProtocolHeader);
            Assert.Equal("PLAIN AMQPLAIN SCRAM-SHA-256 SCRAM-SHA-512 ANONYMOUS", peer.Expect(0, "connection.start").Field<string>(3));

            peer.StartOk("ANONYMOUS", "");

            peer.Expect(0, "connection.tune");
            peer.TuneOk();
            peer.Send(0, "connection.open", "/", "", false);
            peer.Expect(0, "connection.open-ok");
            peer.OpenChannel(1);
            peer.Publish(1, "", "nosuch", properties: [0, 0x10, 5, .. "guest"u8]);
            peer.ExpectNothingBefore(1);
        }
    }

    [OwnBrokerFact]
    public void ConnectionStart_Of3_13_OffersNoAnonymous()
    {
        var peer = Use(ScriptedPeer.Connect(BrokerUnderTest.For(Profile.V3_13)));
        peer.SendRaw(ScriptedPeer.ProtocolHeader);

        Assert.Equal("PLAIN AMQPLAIN SCRAM-SHA-256 SCRAM-SHA-512", peer.Expect(0, "connection.start").Field<string>(3));
    }

    [Fact]
    public void StartOk_WithAmqPlain_LogsIn()
    {
        var peer = Use(ScriptedPeer.Started(BrokerUnderTest.Default));

        peer.StartOk("AMQPLAIN", PeerWriter.Table(("LOGIN", peer.Broker.User), ("PASSWORD", peer.Broker.Password)));

        peer.Expect(0, "connection.tune");
    }

    [Fact]
    public void StartOk_WithoutAnyClientProperty_LogsIn()
    {
        var peer = Use(ScriptedPeer.Started(BrokerUnderTest.Default));

        peer.Send(0, "connection.start-ok", null, "PLAIN", $"\0{peer.Broker.User}\0{peer.Broker.Password}", "");

        peer.Expect(0, "connection.tune");
    }

    [Fact]
    public void Handshake_InOneWrite_OpensTheConnectionAndAChannel()
    {
        var peer = Use(ScriptedPeer.Started(BrokerUnderTest.Default));
        peer.StartOk("PLAIN", $"\0{peer.Broker.User}\0{peer.Broker.Password}");
        peer.Expect(0, "connection.tune");

        peer.InOneWrite(() =>
        {
            peer.TuneOk();
            peer.Send(0, "connection.open", peer.Broker.VirtualHost, "", false);
        });

        Assert.Equal("", peer.Expect(0, "connection.open-ok").Field<string>(0));
        peer.OpenChannel(1);
    }

    [Fact]
    public void Handshake_OneOctetAtATime_OpensTheConnection()
    {
        var peer = Use(ScriptedPeer.Connect(BrokerUnderTest.Default));
        SendSlowly(peer, ScriptedPeer.ProtocolHeader);
        peer.Expect(0, "connection.start");
        SendSlowly(peer, Frame(PeerWriter.Method("connection.start-ok", null, "PLAIN", $"\0{peer.Broker.User}\0{peer.Broker.Password}", "en_US")));
        peer.Expect(0, "connection.tune");
        SendSlowly(peer, Frame(PeerWriter.Method("connection.tune-ok", 2047, 131072, 0)));
        SendSlowly(peer, Frame(PeerWriter.Method("connection.open", peer.Broker.VirtualHost, "", false)));

        peer.Expect(0, "connection.open-ok");
    }

    [Fact]
    public void ConnectionClose_FromTheClient_IsAnsweredWithCloseOk()
    {
        var peer = Open();

        peer.Call(0, "connection.close", 200, "done", 0, 0);
    }

    [Fact]
    public void ConnectionClose_CrossingTheBrokersClose_IsAnsweredToo()
    {
        var peer = Open();
        peer.InOneWrite(() =>
        {
            peer.Send(0, "connection.open", "/", "", false);
            peer.Send(0, "connection.close", 200, "done", 0, 0);
        });

        peer.ExpectConnectionClose(504, "CHANNEL_ERROR - unexpected method in connection state running", "connection.open");
        peer.Expect(0, "connection.close-ok");
        peer.Send(0, "connection.close-ok");
        peer.ExpectSocketClosed();
    }

    [Fact]
    public void Methods_AfterTheBrokersClose_AreDropped()
    {
        var peer = Open();
        peer.InOneWrite(() =>
        {
            peer.Send(0, "connection.open", "/", "", false);
            peer.Send(1, "channel.flow", true);
            peer.Send(2, "channel.open", "");
            peer.Send(0, "connection.close-ok");
        });

        peer.ExpectConnectionClose(504, "CHANNEL_ERROR - unexpected method in connection state running", "connection.open");
        peer.ExpectSocketClosed();
    }

    [Fact]
    public void UpdateSecret_FromAPlainUser_IsTaken()
    {
        var peer = Open();

        peer.Call(0, "connection.update-secret", peer.Broker.Password, "because");
    }

    [Fact]
    public void SocketEnd_WithoutClose_TakesTheExclusiveQueueAlong()
    {
        var peer = Open();
        var queue = Unique.Name("q");
        peer.DeclareQueue(1, queue, exclusive: true);
        var other = Open();

        peer.Shutdown();
        peer.ExpectSocketClosed();

        Assert.True(Eventually(() => IsFree(other, queue)), "The queue of a connection that is gone still exists.");
    }

    [Fact]
    public void BrokersClose_WithoutCloseOk_TakesTheExclusiveQueueAlong()
    {
        var peer = Open();
        var queue = Unique.Name("q");
        peer.DeclareQueue(1, queue, exclusive: true);
        var other = Open();

        peer.Send(1, "channel.open", "");
        peer.Expect(0, "connection.close");

        Assert.True(Eventually(() => IsFree(other, queue)), "The queue of a connection that was closed still exists.");
    }

    // The broker notices the end in its own time: ask again, each question an exchange with the broker, for a bounded number.
    private static bool Eventually(Func<bool> holds)
    {
        var deadline = Environment.TickCount64 + (long)ScriptedPeer.Deadline.TotalMilliseconds;
        while (!holds())
        {
            if (Environment.TickCount64 > deadline)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsFree(ScriptedPeer peer, string queue)
    {
        peer.Send(1, "queue.declare", 0, queue, true, false, false, false, false, null);
        var close = peer.Expect(1, "channel.close");
        peer.Send(1, "channel.close-ok");
        peer.OpenChannel(1);
        return close.Field<ushort>(0) == 404;
    }

    private static byte[] Frame(byte[] method) => [1, 0, 0, .. new PeerWriter().Long((uint)method.Length).ToArray(), .. method, 0xCE];

    private static void SendSlowly(ScriptedPeer peer, byte[] octets)
    {
        foreach (var octet in octets)
        {
            peer.SendRaw([octet]);
        }
    }
}
