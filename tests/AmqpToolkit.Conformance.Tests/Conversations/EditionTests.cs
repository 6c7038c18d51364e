using System.Text;
using AmqpToolkit.Conformance.Tests.Own;
using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Conversations;

/// <summary>The same in each edition on one port, and what an edition says in octets of its own.</summary>
public sealed class EditionTests : ConversationTests
{
    /// <summary>All fourteen properties of class basic, cluster-id the last, and a value of each type in the headers.</summary>
    private static readonly byte[] AllProperties =
    [
        0xFF, 0xFC, .. new PeerWriter().ShortString("text/plain").ShortString("utf-8")
            .LongString(PeerWriter.Table(
                ("t", true), ("b", new TaggedValue('b', [0xFF])), ("B", new TaggedValue('B', [0xFF])), ("s", new TaggedValue('s', [0xFF, 0xFE])), ("u", new TaggedValue('u', [0xFF, 0xFE])),
                ("I", new TaggedValue('I', [0xFF, 0xFF, 0xFF, 0xFE])), ("i", new TaggedValue('i', [0xFF, 0xFF, 0xFF, 0xFE])), ("l", new TaggedValue('l', [0x80, 0, 0, 0, 0, 0, 0, 1])),
                ("f", new TaggedValue('f', [0x3F, 0x80, 0, 0])), ("d", new TaggedValue('d', [0x3F, 0xF0, 0, 0, 0, 0, 0, 0])), ("D", new TaggedValue('D', [2, 0xFF, 0xFF, 0xFF, 0xFE])),
                ("S", "text"), ("x", new TaggedValue('x', [0, 0, 0, 1, 0xFF])), ("A", new object?[] { 1, "two" }), ("F", PeerWriter.Table(("k", "v"))), ("T", new TaggedValue('T', [0, 0, 0, 0, 0x65, 0, 0, 0])), ("V", null)))
            .Octet(2).Octet(9).ShortString("correlation").ShortString("reply").ShortString("600000").ShortString("message").LongLong(1700000000).ShortString("type").ShortString("guest").ShortString("application")
            .ShortString("cluster").ToArray(),
    ];

    public static TheoryData<Edition> Editions => [.. Enum.GetValues<Edition>()];

    public static TheoryData<Edition, Edition> Pairs
    {
        get
        {
            var pairs = new TheoryData<Edition, Edition>();
            foreach (var from in Enum.GetValues<Edition>())
            {
                foreach (var to in Enum.GetValues<Edition>())
                {
                    pairs.Add(from, to);
                }
            }

            return pairs;
        }
    }

    [Theory]
    [InlineData(Edition.V0_8, "0800", "0014000B", "", "000A003C", "000A003D")]
    [InlineData(Edition.V0_8Alternative, "0800", "0014000B", "", "000A003C", "000A003D")]
    [InlineData(Edition.V0_9, "0009", "0014000B 00000000", "00000000", "000A0032", "000A0033")]
    [InlineData(Edition.V0_9_1, "0009", "0014000B 00000000", "00000000", "000A0032", "000A0033")]
    public void Conversation_InItsOctets_IsAsTheEditionHasIt(Edition edition, string version, string openOk, string consumeArguments, string close, string closeOk)
    {
        var peer = Use(ScriptedPeer.Connect(BrokerUnderTest.Default, edition));
        var queue = Unique.Name("q");
        var name = $"{queue.Length:X2}" + Convert.ToHexString(Encoding.ASCII.GetBytes(queue));

        peer.SendRaw(ScriptedPeer.HeaderOf(edition));
        Assert.StartsWith("000A000A" + version, Convert.ToHexString(peer.ReceiveOctets().AsSpan(7)), StringComparison.Ordinal);
        Say(peer, 0, "000A000B 00000000 05 504C41494E 0000000C 00 6775657374 00 6775657374 05 656E5F5553"); // start-ok: no properties, PLAIN, guest, en_US
        Hear(peer, 1, 0, "000A001E 07FF 00020000 003C");
        Say(peer, 0, "000A001F 07FF 00020000 0000");
        Say(peer, 0, "000A0028 01 2F 00 00"); // open: vhost /, capabilities, insist
        Hear(peer, 1, 0, "000A0029 00");
        Say(peer, 1, "0014000A 00");
        Hear(peer, 1, 1, openOk);
        Say(peer, 1, "001E000A 05 2F64617461 1F"); // access.request: realm /data, exclusive, passive, active, write, read
        Hear(peer, 1, 1, "001E000B 0001");
        Say(peer, 1, $"0032000A 0001 {name} 04 00000000"); // queue.declare: ticket, name, exclusive
        Hear(peer, 1, 1, $"0032000B {name} 00000000 00000000");
        Say(peer, 1, $"003C0014 0001 {name} 01 74 00 {consumeArguments}"); // basic.consume: ticket, queue, tag t, no bits
        Hear(peer, 1, 1, "003C0015 01 74");
        Say(peer, 1, $"003C0028 0001 00 {name} 00"); // basic.publish: ticket, default exchange, key, no bits
        Say(peer, 1, "003C 0000 0000000000000002 0004 02 6964", type: 2); // content header: two octets, cluster-id
        Say(peer, 1, "6869", type: 3);
        Hear(peer, 1, 1, $"003C003C 01 74 0000000000000001 00 00 {name}");
        Hear(peer, 2, 1, "003C 0000 0000000000000002 0004 02 6964");
        Hear(peer, 3, 1, "6869");
        Say(peer, 1, "003C0050 0000000000000001 00");
        Say(peer, 0, $"{close} 00C8 00 0000 0000");
        Hear(peer, 1, 0, closeOk);
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public void Session_WithWhatAllEditionsHave_IsServed(Edition edition)
    {
        var peer = Open(edition);
        var queue = peer.DeclareQueue(1);
        var exchange = Unique.Name("x");
        peer.DeclareExchange(1, exchange, "topic", autoDelete: true);
        peer.BindQueue(1, queue, exchange, "a.*");
        peer.Qos(1, 1);
        peer.Consume(1, queue, "tag");

        peer.Publish(1, exchange, "a.b", "one");
        peer.Publish(1, exchange, "a.c", "two");
        peer.Publish(1, exchange, "b", "gone");
        Assert.Equal("one", peer.ExpectDelivery(1, "tag").Text);
        peer.Reject(1, 1);
        var again = peer.ExpectDelivery(1, "tag");
        Assert.Equal(("one", true), (again.Text, again.Redelivered));
        peer.Ack(1, again.DeliveryTag);
        Assert.Equal("two", peer.ExpectDelivery(1, "tag").Text);
        peer.Cancel(1, "tag");
        peer.Send(1, "basic.recover-async", true);
        Assert.Equal("two", peer.Get(1, queue)?.Text);
        peer.Publish(1, "", "nobody", "back", mandatory: true);
        Assert.Equal((312, "NO_ROUTE"), ReasonOf(peer.ExpectReturn(1).Method));

        peer.Call(1, "tx.select");
        peer.Publish(1, "", queue, "three");
        Assert.Null(peer.Get(1, queue));
        peer.Call(1, "tx.commit");
        Assert.Equal("three", peer.Get(1, queue)?.Text);
        peer.Call(1, "tx.rollback");
        peer.UnbindQueue(1, queue, exchange, "a.*");
        Assert.Equal(0u, peer.Call(1, "queue.purge", 0, queue, false).Field<uint>(0));
        peer.Call(1, "basic.recover", true);
        Assert.Equal("two", peer.Get(1, queue)?.Text);
        Assert.Equal(1u, peer.Call(1, "queue.delete", 0, queue, false, false, false).Field<uint>(0));
        peer.CloseChannel(1);
        peer.Call(0, "connection.close", 200, "done", 0, 0);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Message_FromOneEditionToAnother_KeepsEveryOctet(Edition from, Edition to)
    {
        var publisher = Open(from);
        var reader = Open(to);
        var queue = Unique.Name("q");
        reader.DeclareQueue(1, queue, durable: true, autoDelete: true);
        reader.Consume(1, queue, "tag");

        publisher.Publish(1, "", queue, new byte[200_000], properties: AllProperties);
        var delivered = reader.ExpectDelivery(1, "tag");

        Assert.Equal(Convert.ToHexString(AllProperties), Convert.ToHexString(delivered.Properties));
        Assert.Equal(200_000, delivered.Body.Length);
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public void ConnectionClose_OnAChannel_IsRefusedByItsOwnNumber(Edition edition)
    {
        var peer = Open(edition);

        peer.Send(1, "connection.close", 200, "done", 0, 0);

        peer.ExpectConnectionClose(503, "COMMAND_INVALID - unimplemented method", "connection.close");
        peer.Send(0, "connection.close-ok");
        peer.ExpectSocketClosed();
    }

    // RabbitMQ does not answer a close that crosses its own.
    [OwnBrokerTheory]
    [MemberData(nameof(Editions))]
    public void ConnectionClose_FromBothEnds_IsAnsweredByBoth(Edition edition)
    {
        var peer = Open(edition);

        peer.InOneWrite(() =>
        {
            peer.Send(1, "basic.qos", 1, 0, false);
            peer.Send(0, "connection.close", 200, "done", 0, 0);
        });

        peer.ExpectConnectionClose(540, "NOT_IMPLEMENTED - prefetch_size!=0 (1)", "basic.qos");
        peer.Expect(0, "connection.close-ok");
    }

    [Theory]
    [InlineData(Edition.V0_8)]
    [InlineData(Edition.V0_8Alternative)]
    public void ServerProperties_Of0_8_HaveNoBooleans(Edition edition)
    {
        var peer = Use(ScriptedPeer.Connect(BrokerUnderTest.Default, edition));
        peer.SendRaw(ScriptedPeer.HeaderOf(edition));

        var properties = peer.Expect(0, "connection.start").Field<Dictionary<string, object?>>(2);

        Assert.Equal("RabbitMQ", properties["product"]);
        Assert.Empty(Assert.IsType<Dictionary<string, object?>>(properties["capabilities"]));
        Assert.All(properties.Where(one => one.Key != "capabilities"), one => Assert.IsType<string>(one.Value));
    }

    [Theory]
    [InlineData("exchange.bind", 0, "amq.direct", "amq.fanout", "", false, null)]
    [InlineData("exchange.unbind", 0, "amq.direct", "amq.fanout", "", false, null)]
    [InlineData("basic.nack", 1UL, false, true)]
    [InlineData("confirm.select", false)]
    public void Method_ThatOnly0_9_1Has_EndsAConnectionOf0_8(string method, params object?[] fields)
    {
        var peer = Open(Edition.V0_8);

        peer.SendFrame(1, 1, PeerWriter.Method(method, fields));

        peer.ExpectSocketClosed();
    }

    [Fact]
    public void UpdateSecret_Of0_8_EndsTheConnection()
    {
        var peer = Open(Edition.V0_8);

        peer.SendFrame(1, 0, PeerWriter.Method("connection.update-secret", "new", "because"));

        peer.ExpectSocketClosed();
    }

    [Theory]
    [InlineData("confirm.select", false)]
    [InlineData("exchange.bind", 0, "amq.direct", "amq.fanout", "", false, null)]
    public void Method_ThatOnly0_9_1Has_IsTakenFrom0_9(string method, params object?[] fields) => Open(Edition.V0_9).Call(1, method, fields);

    [Theory]
    [InlineData("basic.consume with a table of arguments", "0000 04 6E6F6E65 00 00 00000000", "0,0,4,110,111,110,101,0,0,0,0,0,0")]
    [InlineData("basic.consume without its bits", "0000 04 6E6F6E65 00", "0,0,4,110,111,110,101,0")]
    [InlineData("basic.consume without anything", "", "")]
    public void Consume_Of0_8ThatCannotBeDecoded_Closes501(string what, string arguments, string shown)
    {
        Assert.NotEmpty(what);
        var peer = Open(Edition.V0_8);

        peer.SendFrame(1, 1, [0, 60, 0, 20, .. Octets(arguments)]);

        peer.ExpectConnectionClose(501, $"FRAME_ERROR - cannot decode <<{shown}>>", "basic.consume");
    }

    [Fact]
    public void Consume_Of0_8WithATextThatIsNoUtf8_Closes501()
    {
        var peer = Open(Edition.V0_8);

        peer.SendFrame(1, 1, [0, 60, 0, 20, 0, 0, 1, 0xFF, 0, 0]);

        peer.ExpectConnectionClose(501, "FRAME_ERROR - Malformed UTF-8 in shortstr", null);
    }

    [Theory]
    [InlineData(0, 504, "CHANNEL_ERROR - unexpected method in connection state running")]
    [InlineData(1, 503, "COMMAND_INVALID - unimplemented method")]
    public void Redirect_FromAClientOf0_8_IsRefusedByItsOwnNumber(ushort channel, int code, string text)
    {
        var peer = Open(Edition.V0_8);

        peer.Send(channel, "connection.redirect", "host", "");

        peer.ExpectConnectionClose(code, text, "connection.redirect");
    }

    [Theory]
    [InlineData(0, 504, "CHANNEL_ERROR - unexpected method in connection state running")]
    [InlineData(1, 503, "COMMAND_INVALID - unimplemented method")]
    [InlineData(3, 504, "CHANNEL_ERROR - expected 'channel.open'")]
    public void Alert_FromAClientOf0_8_IsRefused(ushort channel, int code, string text)
    {
        var peer = Open(Edition.V0_8);

        peer.Send(channel, "channel.alert", 200, "listen", null);

        peer.ExpectConnectionClose(code, text, "channel.alert");
    }

    [Fact]
    public void Queue_GoneUnderAClientOf0_8ThatAskedForNothing_IsNotTold()
    {
        var peer = Use(ScriptedPeer.Open(BrokerUnderTest.Default, capabilities: [], edition: Edition.V0_8));
        peer.OpenChannel(1);
        var queue = peer.DeclareQueue(1);
        peer.Consume(1, queue, "tag");

        peer.Call(1, "queue.delete", 0, queue, false, false, false);

        peer.ExpectNothingBefore(1);
    }

    [OwnBrokerTheory]
    [InlineData(true)]
    [InlineData(1)] // a boolean is nothing that 0-8 knows
    public void Alert_TellsAClientOf0_8ThatAskedForItThatItsQueueIsGone(object isTaken)
    {
        var peer = Use(ScriptedPeer.Open(BrokerUnderTest.Default, capabilities: PeerWriter.Table(("channel.alert", isTaken)), edition: Edition.V0_8));
        peer.OpenChannel(1);
        peer.OpenChannel(2);
        var queue = peer.DeclareQueue(1);
        peer.Consume(1, queue, "tag");

        peer.Send(2, "queue.delete", 0, queue, false, false, true);

        var alert = peer.Expect(1, "channel.alert");
        Assert.Equal((404, $"NOT_FOUND - no queue '{queue}' in vhost '/'"), ReasonOf(alert));
        Assert.Equal("tag", Assert.Single(alert.Field<Dictionary<string, object?>>(2), one => one.Key == "consumer-tag").Value);
        peer.ExpectNothingBefore(1);
    }

    [Fact]
    public void ConsumerCancel_ToAClientOf0_8ThatAskedForIt_IsBasicCancel()
    {
        var peer = Open(Edition.V0_8);
        var queue = peer.DeclareQueue(1);
        peer.Consume(1, queue, "tag");

        peer.Send(1, "queue.delete", 0, queue, false, false, false);

        peer.Expect(1, "queue.delete-ok");
        Assert.Equal("tag", peer.Expect(1, "basic.cancel").Field<string>(0));
    }

    [OwnBrokerTheory]
    [InlineData(Edition.V0_8, "file.qos", "file", 0, 1, false)]
    [InlineData(Edition.V0_8, "file.publish", "file", 0, "", "key", false, false, "id")]
    [InlineData(Edition.V0_8, "stream.qos", "stream", 0, 1, 0, false)]
    [InlineData(Edition.V0_8, "stream.publish", "stream", 0, "", "key", false, false)]
    [InlineData(Edition.V0_8, "dtx.select", "dtx")]
    [InlineData(Edition.V0_8, "dtx.start", "dtx", "id")]
    [InlineData(Edition.V0_8, "tunnel.request", "tunnel", null)]
    [InlineData(Edition.V0_8, "test.integer", "test", 1, 2, 3, 4UL, 0)]
    [InlineData(Edition.V0_9, "file.qos", "file", 0, 1, false)]
    [InlineData(Edition.V0_9, "stream.publish", "stream", 0, "", "key", false, false)]
    [InlineData(Edition.V0_9, "dtx.select", "dtx")]
    [InlineData(Edition.V0_9, "tunnel.request", "tunnel", null)]
    [InlineData(Edition.V0_9, "message.qos", "message", 0, 1, false)]
    public void Class_ThatNoBrokerHasAUseFor_IsAnswered540(Edition edition, string method, string name, params object?[]? fields)
    {
        var peer = Open(edition);

        peer.Send(1, method, fields ?? [null]);
        peer.SendHeader(1, 5, classId: 80);
        peer.SendBody(1, "never"u8);

        peer.ExpectConnectionClose(540, $"NOT_IMPLEMENTED - class '{name}'", method);
        peer.Send(0, "connection.close-ok");
        peer.ExpectSocketClosed();
    }

    [OwnBrokerTheory]
    [InlineData(Edition.V0_8, "file.qos", 0, 504, "CHANNEL_ERROR - unexpected method in connection state running")]
    [InlineData(Edition.V0_8, "file.qos", 3, 504, "CHANNEL_ERROR - expected 'channel.open'")]
    [InlineData(Edition.V0_9, "file.qos", 0, 504, "CHANNEL_ERROR - unexpected method in connection state running")]
    [InlineData(Edition.V0_9, "file.qos", 3, 504, "CHANNEL_ERROR - expected 'channel.open'")]
    public void Class_ThatNoBrokerHasAUseFor_OnAChannelThatIsNone_IsAnsweredByTheState(Edition edition, string method, ushort channel, int code, string text)
    {
        var peer = Open(edition);

        peer.Send(channel, method, 0, 1, false);

        peer.ExpectConnectionClose(code, text, method);
    }

    [OwnBrokerTheory]
    [InlineData(Edition.V0_8)]
    [InlineData(Edition.V0_9)]
    public void Class_ThatNoBrokerHasAUseFor_WithinAContent_IsAnswered505(Edition edition)
    {
        var peer = Open(edition);

        peer.Send(1, "basic.publish", 0, "", "nobody", false, false);
        peer.Send(1, "dtx.select");

        peer.ExpectConnectionClose(505, "UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead", "basic.publish");
    }

    [OwnBrokerFact]
    public void Answer_OfAClassThatNoBrokerHasAUseFor_IsAnswered503()
    {
        var peer = Open(Edition.V0_8);

        peer.Send(1, "file.qos-ok");

        peer.ExpectConnectionClose(503, "COMMAND_INVALID - unimplemented method", "file.qos-ok");
    }

    [OwnBrokerFact]
    public void Ping_Of0_9_IsAnsweredOkAndPong()
    {
        var peer = Open(Edition.V0_9);

        peer.Send(1, "channel.ping");

        peer.Expect(1, "channel.ok");
        peer.Expect(1, "channel.pong");
        peer.Send(1, "channel.ok");
        peer.Send(1, "channel.pong");
        peer.Expect(1, "channel.ok");
        peer.ExpectNothingBefore(1);
    }

    [OwnBrokerFact]
    public void Ping_Of0_9BehindAPublish_ComesAfterItsDelivery()
    {
        var peer = Open(Edition.V0_9);
        var queue = peer.DeclareQueue(1);
        peer.Consume(1, queue, "tag", noAck: true);

        peer.InOneWrite(() =>
        {
            peer.Publish(1, "", queue, "first");
            peer.Send(1, "channel.ping");
        });

        Assert.Equal("first", peer.ExpectDelivery(1, "tag").Text);
        peer.Expect(1, "channel.ok");
        peer.Expect(1, "channel.pong");
    }

    [OwnBrokerFact]
    public void Resume_Of0_9_IsOkForTheChannelItselfAnd404ForOneThatIsDead()
    {
        var peer = Open(Edition.V0_9);

        peer.Send(1, "channel.resume", "");
        peer.Expect(1, "channel.ok");
        peer.Send(1, "channel.resume", "dead");

        peer.ExpectChannelClose(1, 404, "NOT_FOUND - no channel <<\"dead\">> to resume", "channel.resume");
        peer.ExpectNothingBefore(2);
        peer.Send(1, "channel.ping");
        peer.ExpectNothingBefore(2);
        peer.Send(1, "channel.close-ok");
        peer.OpenChannel(1);
    }

    [OwnBrokerFact]
    public void Resume_Of0_9OnAChannelThatIsNotOpen_Closes504()
    {
        var peer = Open(Edition.V0_9);

        peer.Send(3, "channel.resume", "dead");

        peer.ExpectConnectionClose(504, "CHANNEL_ERROR - expected 'channel.open'", "channel.resume");
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public void ConnectionClose_BeforeOpen_IsOutOfTurnByItsOwnNumber(Edition edition)
    {
        var peer = Use(ScriptedPeer.Tuned(BrokerUnderTest.Default, edition: edition));
        peer.TuneOk();

        peer.Send(0, "connection.close", 200, "done", 0, 0);

        peer.ExpectConnectionClose(504, "CHANNEL_ERROR - unexpected method in connection state opening", "connection.close");
    }

    [OwnBrokerTheory]
    [InlineData(Edition.V0_8, "003C0014 0000 00 00 00", "0,60,0,20,0,0,0,0,0")] // basic.consume
    [InlineData(Edition.V0_8, "0046000A 00000000 0000 00", "0,70,0,10,0,0,0,0,0,0,0")] // file.qos
    [InlineData(Edition.V0_9, "0014003C", "0,20,0,60")] // channel.ping
    public void Method_OfAChannelBeforeOpen_Closes505(Edition edition, string octets, string shown)
    {
        var peer = Use(ScriptedPeer.Tuned(BrokerUnderTest.Default, edition: edition));
        peer.TuneOk();

        peer.SendFrame(1, 1, Octets(octets));

        peer.ExpectConnectionClose(505, $"UNEXPECTED_FRAME - type 1, all octets = <<{shown}>>", null);
    }

    [OwnBrokerTheory]
    [InlineData("channel.ping", "0014003C 00", "<<0>>")]
    [InlineData("channel.pong", "00140046 00", "<<0>>")]
    [InlineData("channel.ok", "00140050 00", "<<0>>")]
    [InlineData("channel.resume", "00140032 0000", "<<0,0>>")]
    public void Method_Of0_9ThatCannotBeDecoded_Closes501(string method, string octets, string shown)
    {
        var peer = Open(Edition.V0_9);

        peer.SendFrame(1, 1, Octets(octets));

        peer.ExpectConnectionClose(501, $"FRAME_ERROR - cannot decode {shown}", method);
    }

    [Theory]
    [InlineData(Edition.V0_8, "channel.ping")]
    [InlineData(Edition.V0_8, "channel.resume", "")]
    [InlineData(Edition.V0_9, "channel.alert", 200, "", null)]
    public void Method_OfAnotherOlderEdition_EndsTheConnection(Edition edition, string method, params object?[] fields)
    {
        var peer = Open(edition);

        peer.SendFrame(1, 1, PeerWriter.Method(edition == Edition.V0_8 ? Edition.V0_9 : Edition.V0_8, method, fields));

        peer.ExpectSocketClosed();
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public void Frames_OutOfBandAndTrace_AreNone(Edition edition)
    {
        foreach (byte type in (byte[])[4, 5, 6, 7])
        {
            var peer = Open(edition);

            peer.SendFrame(type, 1, [0, 20, 0, 10, 0]);

            peer.ExpectConnectionClose(501, $"FRAME_ERROR - type {type}, all octets = <<0,20,0,10,0>>: unknown_frame", null);
        }
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public void Login_Refused_IsAnsweredInTheEditionsWords(Edition edition)
    {
        var peer = Use(ScriptedPeer.Started(BrokerUnderTest.Default, edition));

        peer.StartOk("PLAIN", "\0guest\0wrong");

        peer.ExpectConnectionClose(403, "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile.", null);
    }

    private ScriptedPeer Open(Edition edition) => Use(ScriptedPeer.OpenWithChannels(BrokerUnderTest.Default, edition, 1, 2));

    private static (int Code, string Text) ReasonOf(IncomingMethod method) => (method.Field<ushort>(0), method.Field<string>(1));

    private static byte[] Octets(string hexadecimal) => Convert.FromHexString(hexadecimal.Replace(" ", "", StringComparison.Ordinal));

    private static void Say(ScriptedPeer peer, ushort channel, string payload, byte type = 1) => peer.SendFrame(type, channel, Octets(payload));

    private static void Hear(ScriptedPeer peer, byte type, ushort channel, string payload)
    {
        var octets = Octets(payload);
        byte[] frame = [type, (byte)(channel >> 8), (byte)channel, .. new PeerWriter().Long((uint)octets.Length).ToArray(), .. octets, 0xCE];
        Assert.Equal(Convert.ToHexString(frame), Convert.ToHexString(peer.ReceiveOctets()));
    }
}
