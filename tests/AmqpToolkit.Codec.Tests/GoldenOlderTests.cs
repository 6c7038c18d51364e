namespace AmqpToolkit.Codec.Tests;

/// <summary>Methods of 0-8 and 0-9 where these differ from 0-9-1, put together by hand from their specifications: written, and read again.</summary>
public class GoldenOlderTests
{
    private static readonly Dictionary<string, (object Method, string Hex)> Golden = new()
    {
        ["0-8 connection.start"] = (new V0_8.ConnectionStart { VersionMajor = 8, VersionMinor = 0, Mechanisms = "PLAIN", Locales = "en_US" },
            "000A 000A 08 00 00000000 00000005 504C41494E 00000005 656E5F5553"),
        ["0-8 connection.close"] = (new V0_8.ConnectionClose { ReplyCode = 320, ReplyText = "bye", ClassId = 60, MethodId = 40 },
            "000A 003C 0140 03 627965 003C 0028"), // 50 is connection.redirect's neighbour in 0-8, close is 60
        ["0-8 connection.close-ok"] = (default(V0_8.ConnectionCloseOk), "000A 003D"),
        ["0-8 connection.open"] = (new V0_8.ConnectionOpen { VirtualHost = "/", Capabilities = "c", Insist = true }, "000A 0028 01 2F 01 63 01"),
        ["0-8 channel.open-ok"] = (default(V0_8.ChannelOpenOk), "0014 000B"),
        ["0-8 channel.alert"] = (new V0_8.ChannelAlert { ReplyCode = 310, ReplyText = "x" }, "0014 001E 0136 01 78 00000000"),
        ["0-8 access.request"] = (new V0_8.AccessRequest { Realm = "/data", Exclusive = true, Active = true, Read = true }, "001E 000A 05 2F64617461 15"),
        ["0-8 access.request-ok"] = (new V0_8.AccessRequestOk { Ticket = 101 }, "001E 000B 0065"),
        ["0-8 exchange.declare"] = (new V0_8.ExchangeDeclare { Ticket = 1, Exchange = "e", Type = "direct", AutoDelete = true },
            "0028 000A 0001 01 65 06 646972656374 04 00000000"),
        ["0-8 queue.bind"] = (new V0_8.QueueBind { Ticket = 1, Queue = "q", Exchange = "e", RoutingKey = "k", Nowait = true },
            "0032 0014 0001 01 71 01 65 01 6B 01 00000000"),
        ["0-8 basic.consume"] = (new V0_8.BasicConsume { Ticket = 1, Queue = "q", ConsumerTag = "t", NoAck = true },
            "003C 0014 0001 01 71 01 74 02"), // no arguments
        ["0-8 basic.publish"] = (new V0_8.BasicPublish { Ticket = 0x0102, Exchange = "e", RoutingKey = "k", Immediate = true },
            "003C 0028 0102 01 65 01 6B 02"),
        ["0-8 basic.recover"] = (new V0_8.BasicRecover { Requeue = true }, "003C 0064 01"),
        ["0-8 tx.rollback-ok"] = (default(V0_8.TxRollbackOk), "005A 001F"),
        ["0-9 connection.start"] = (new V0_9.ConnectionStart { VersionMajor = 0, VersionMinor = 9, Mechanisms = "PLAIN", Locales = "en_US" },
            "000A 000A 00 09 00000000 00000005 504C41494E 00000005 656E5F5553"),
        ["0-9 connection.close"] = (new V0_9.ConnectionClose { ReplyCode = 320, ReplyText = "bye" }, "000A 0032 0140 03 627965 0000 0000"),
        ["0-9 channel.open-ok"] = (new V0_9.ChannelOpenOk { ChannelId = "id" }, "0014 000B 00000002 6964"),
        ["0-9 queue.unbind"] = (new V0_9.QueueUnbind { Ticket = 1, Queue = "q", Exchange = "e", RoutingKey = "k" },
            "0032 0032 0001 01 71 01 65 01 6B 00000000"),
        ["0-9 basic.consume"] = (new V0_9.BasicConsume { Queue = "q", Filter = Table.Create(b => b.Add("a", 1)) },
            "003C 0014 0000 01 71 00 00 00000007 01 61 49 00000001"),
        ["0-9 message.transfer"] = (new V0_9.MessageTransfer
        {
            Destination = "d",
            Immediate = true,
            Ttl = 5,
            Priority = 4,
            DeliveryMode = 2,
            RoutingKey = "k",
            BodyKind = 0,
            Body = "hi",
        },
            """
            0078 000A
            0000 01 64            # ticket, destination
            02                    # redelivered 01, immediate 02
            0000000000000005      # ttl
            04                    # priority
            0000000000000000      # timestamp
            02                    # delivery-mode
            0000000000000000      # expiration
            00 01 6B              # exchange, routing-key
            00 00 00 00 00 00 00  # message-id, correlation-id, reply-to, content-type, content-encoding, user-id, app-id
            00 00000000 00000000  # transaction-id, security-token, application-headers
            00 00000002 6869      # body: inline
            """),
        ["0-9 message.ok"] = (default(V0_9.MessageOk), "0078 01F4"),
    };

    public static TheoryData<string> Names => [.. Golden.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Method_PutTogetherByHand_IsWrittenAndRead(string name)
    {
        (object method, string hex) = Golden[name];
        byte[] expected = Hex.Parse(hex);

        Assert.Equal(Hex.Of(expected), Hex.Of(MethodRoundTripTests.Write(method)));
        MethodType type = MethodType.Named(method.GetType().Namespace!, method.GetType().Name);
        Assert.Equal(DecodeError.None, type.Parse(expected.AsSpan(sizeof(uint)), out object? read, out _));
        Assert.Equal(method, read);
    }

    [Fact]
    public void Constants_AreThoseOfTheirEdition()
    {
        Assert.Equal(ErrorScope.Channel, V0_8.Constants.ScopeOf(310));
        Assert.Equal(ErrorScope.None, V0_9_1.Constants.ScopeOf(310));
        Assert.Equal(ErrorScope.None, V0_8.Constants.ScopeOf(312));
        Assert.Equal("not-delivered", V0_8.Constants.NameOf(310).Replace(' ', '-'));
        Assert.Equal(ErrorScope.Channel, V0_9.Constants.ScopeOf(313));
        Assert.Equal(4, V0_8.Constants.FrameOobMethod);
        Assert.Equal("connection.close", V0_8.Methods.NameOf(0x000A_003C));
        Assert.Equal("connection.close", V0_9.Methods.NameOf(0x000A_0032));
    }
}
