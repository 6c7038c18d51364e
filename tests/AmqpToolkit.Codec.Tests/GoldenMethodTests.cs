using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Codec.Tests;

/// <summary>Whole method frames, put together by hand from the specification: written, and read again.</summary>
public class GoldenMethodTests
{
    private static readonly Dictionary<string, (ushort Channel, object Method, string Hex)> Golden = new()
    {
        ["connection.start"] = (0, new ConnectionStart
        {
            VersionMajor = 0,
            VersionMinor = 9,
            ServerProperties = Table.Create(b => b.Add("product", "X")),
            Mechanisms = "PLAIN AMQPLAIN",
            Locales = "en_US",
        },
            """
            01 0000 00000033  000A 000A
            00 09                                             # version-major, version-minor
            0000000E 07 70726F64756374 53 00000001 58         # server-properties: product S "X"
            0000000E 504C41494E 20 414D51504C41494E           # mechanisms
            00000005 656E5F5553                               # locales
            CE
            """),
        ["connection.start-ok"] = (0, new ConnectionStartOk
        {
            ClientProperties = default,
            Mechanism = "PLAIN",
            Response = "\0guest\0guest",
            Locale = "en_US",
        },
            """
            01 0000 00000024  000A 000B
            00000000                                          # client-properties, empty
            05 504C41494E                                     # mechanism
            0000000C 00 6775657374 00 6775657374              # response
            05 656E5F5553                                     # locale
            CE
            """),
        ["connection.tune"] = (0, new ConnectionTune { ChannelMax = 2047, FrameMax = 131072, Heartbeat = 60 },
            """
            01 0000 0000000C  000A 001E
            07FF 00020000 003C                                # channel-max, frame-max, heartbeat
            CE
            """),
        ["connection.tune-ok"] = (0, new ConnectionTuneOk { ChannelMax = 0xFFFF, FrameMax = 0xFFFFFFFF, Heartbeat = 0 },
            """
            01 0000 0000000C  000A 001F
            FFFF FFFFFFFF 0000
            CE
            """),
        ["connection.open"] = (0, new ConnectionOpen { VirtualHost = "/" },
            """
            01 0000 00000008  000A 0028
            01 2F                                             # virtual-host
            00 00                                             # reserved-1 shortstr, reserved-2 bit
            CE
            """),
        ["connection.open-ok"] = (0, default(ConnectionOpenOk), "01 0000 00000005  000A 0029  00  CE"),
        ["connection.close"] = (0, new ConnectionClose { ReplyCode = 320, ReplyText = "CONNECTION_FORCED", ClassId = 60, MethodId = 40 },
            """
            01 0000 0000001C  000A 0032
            0140                                              # reply-code 320
            11 434F4E4E454354494F4E5F464F52434544             # reply-text
            003C 0028                                         # class-id, method-id
            CE
            """),
        ["connection.close-ok"] = (0, default(ConnectionCloseOk), "01 0000 00000004  000A 0033  CE"),
        ["connection.blocked"] = (0, new ConnectionBlocked { Reason = "low on memory" },
            "01 0000 00000012  000A 003C  0D 6C6F77206F6E206D656D6F7279  CE"),
        ["connection.update-secret"] = (0, new ConnectionUpdateSecret { NewSecret = "s3", Reason = "r" },
            "01 0000 0000000C  000A 0046  00000002 7333  01 72  CE"),
        ["channel.open"] = (1, default(ChannelOpen), "01 0001 00000005  0014 000A  00  CE"),
        ["channel.open-ok"] = (1, default(ChannelOpenOk), "01 0001 00000008  0014 000B  00000000  CE"),
        ["channel.flow"] = (1, new ChannelFlow { Active = true }, "01 0001 00000005  0014 0014  01  CE"),
        ["exchange.declare"] = (2, new ExchangeDeclare { Exchange = "logs", Type = "topic", Durable = true, Internal = true, NoWait = true },
            """
            01 0002 00000016  0028 000A
            0000                                              # reserved-1
            04 6C6F6773                                       # exchange
            05 746F706963                                     # type
            1A                                                # passive 01, durable 02, auto-delete 04, internal 08, no-wait 10
            00000000                                          # arguments
            CE
            """),
        ["exchange.bind"] = (2, new ExchangeBind { Destination = "d", Source = "s", RoutingKey = "k", NoWait = false },
            "01 0002 00000011  0028 001E  0000 01 64 01 73 01 6B 00 00000000  CE"),
        ["exchange.unbind-ok"] = (2, default(ExchangeUnbindOk), "01 0002 00000004  0028 0033  CE"),
        ["queue.declare"] = (0x0100, new QueueDeclare
        {
            Queue = "q",
            Durable = true,
            Exclusive = true,
            Arguments = Table.Create(b => b.Add("x-max-length", 10)),
        },
            """
            01 0100 0000001F  0032 000A
            0000                                              # reserved-1
            01 71                                             # queue
            06                                                # passive 01, durable 02, exclusive 04, auto-delete 08, no-wait 10
            00000012 0C 782D6D61782D6C656E677468 49 0000000A  # arguments: x-max-length I 10
            CE
            """),
        ["queue.declare-ok"] = (1, new QueueDeclareOk { Queue = "q", MessageCount = 3, ConsumerCount = 0x01020304 },
            "01 0001 0000000E  0032 000B  01 71 00000003 01020304  CE"),
        ["queue.bind"] = (1, new QueueBind { Queue = "q", Exchange = "e", RoutingKey = "", NoWait = true },
            "01 0001 00000010  0032 0014  0000 01 71 01 65 00 01 00000000  CE"),
        ["queue.delete"] = (1, new QueueDelete { Queue = "q", IfEmpty = true, NoWait = true },
            "01 0001 00000009  0032 0028  0000 01 71 06  CE"),
        ["queue.unbind"] = (1, new QueueUnbind { Queue = "q", Exchange = "e", RoutingKey = "k" },
            "01 0001 00000010  0032 0032  0000 01 71 01 65 01 6B 00000000  CE"),
        ["basic.qos"] = (1, new BasicQos { PrefetchSize = 0, PrefetchCount = 256, Global = true },
            "01 0001 0000000B  003C 000A  00000000 0100 01  CE"),
        ["basic.consume"] = (1, new BasicConsume { Queue = "q", ConsumerTag = "t", NoAck = true, NoWait = true },
            """
            01 0001 0000000F  003C 0014
            0000                                              # reserved-1
            01 71                                             # queue
            01 74                                             # consumer-tag
            0A                                                # no-local 01, no-ack 02, exclusive 04, no-wait 08
            00000000                                          # arguments
            CE
            """),
        ["basic.publish"] = (1, new BasicPublish { Exchange = "amq.topic", RoutingKey = "a.b", Mandatory = true },
            """
            01 0001 00000015  003C 0028
            0000                                              # reserved-1
            09 616D712E746F706963                             # exchange
            03 612E62                                         # routing-key
            01                                                # mandatory 01, immediate 02
            CE
            """),
        ["basic.publish, immediate"] = (1, new BasicPublish { Immediate = true }, "01 0001 00000009  003C 0028  0000 00 00 02  CE"),
        ["basic.return"] = (1, new BasicReturn { ReplyCode = 312, ReplyText = "NO_ROUTE", Exchange = "", RoutingKey = "k" },
            "01 0001 00000012  003C 0032  0138 08 4E4F5F524F555445 00 01 6B  CE"),
        ["basic.deliver"] = (1, new BasicDeliver { ConsumerTag = "ct", DeliveryTag = 0x0102030405060708, Redelivered = true, Exchange = "e", RoutingKey = "k" },
            """
            01 0001 00000014  003C 003C
            02 6374                                           # consumer-tag
            0102030405060708                                  # delivery-tag
            01                                                # redelivered
            01 65                                             # exchange
            01 6B                                             # routing-key
            CE
            """),
        ["basic.get-ok"] = (1, new BasicGetOk { DeliveryTag = 1, Redelivered = false, Exchange = "", RoutingKey = "q", MessageCount = 9 },
            "01 0001 00000014  003C 0047  0000000000000001 00 00 01 71 00000009  CE"),
        ["basic.get-empty"] = (1, default(BasicGetEmpty), "01 0001 00000005  003C 0048  00  CE"),
        ["basic.ack"] = (1, new BasicAck { DeliveryTag = 5, Multiple = true }, "01 0001 0000000D  003C 0050  0000000000000005 01  CE"),
        ["basic.nack"] = (1, new BasicNack { DeliveryTag = 5, Multiple = false, Requeue = true }, "01 0001 0000000D  003C 0078  0000000000000005 02  CE"),
        ["basic.reject"] = (1, new BasicReject { DeliveryTag = ulong.MaxValue, Requeue = true }, "01 0001 0000000D  003C 005A  FFFFFFFFFFFFFFFF 01  CE"),
        ["confirm.select"] = (1, new ConfirmSelect { Nowait = true }, "01 0001 00000005  0055 000A  01  CE"),
        ["tx.commit-ok"] = (1, default(TxCommitOk), "01 0001 00000004  005A 0015  CE"),
        ["access.request"] = (1, new AccessRequest { Realm = "/data", Passive = true, Read = true },
            "01 0001 0000000B  001E 000A  05 2F64617461 12  CE"), // exclusive 01, passive 02, active 04, write 08, read 10
    };

    public static TheoryData<string> Names => [.. Golden.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Frame_PutTogetherByHand_IsWrittenAndRead(string name)
    {
        (ushort channel, object method, string hex) = Golden[name];
        byte[] expected = Hex.Parse(hex);
        byte[] payload = MethodRoundTripTests.Write(method);
        byte[] frame = new byte[payload.Length + FrameWriter.OverheadOctets];
        FrameWriter.WriteFrameHeader(frame, (byte)Constants.FrameMethod, channel, payload.Length);
        payload.CopyTo(frame, FrameReader.HeaderOctets);
        FrameWriter.End(frame, FrameReader.HeaderOctets + payload.Length);

        Assert.Equal(Hex.Of(expected), Hex.Of(frame));
        Assert.Equal(FrameReadStatus.Complete, FrameReader.TryRead(expected, maxFrameOctets: 4096, out Frame read));
        Assert.Equal(channel, read.Channel);
        MethodType type = MethodType.All.Single(type => type.Owned == method.GetType());
        Assert.Equal(DecodeError.None, type.Parse(read.Payload[sizeof(uint)..], out object? owned, out _));
        Assert.Equal(method, owned);
    }

    [Fact]
    public void WriteMethod_WritesTheWholeFrame()
    {
        var method = new BasicPublish { Exchange = "amq.topic", RoutingKey = "a.b", Mandatory = true };
        byte[] destination = new byte[method.MaxOctets + FrameWriter.OverheadOctets];

        int octets = FrameWriter.WriteMethod(destination, channel: 1, method);

        Assert.Equal(Hex.Of(Hex.Parse(Golden["basic.publish"].Hex)), Hex.Of(destination.AsSpan(0, octets)));
    }

    [Fact]
    public void SpanForm_WritesWhatTheOwnedFormWrites()
    {
        Span<byte> destination = stackalloc byte[64];

        int octets = BasicPublish.Write(destination, "amq.topic"u8, "a.b"u8, mandatory: true, immediate: false);

        Assert.Equal(
            Hex.Of(MethodRoundTripTests.Write(new BasicPublish { Exchange = "amq.topic", RoutingKey = "a.b", Mandatory = true })),
            Hex.Of(destination[..octets]));
    }

    [Fact]
    public void View_OfBasicDeliver_ReadsInPlace()
    {
        byte[] frame = Hex.Parse(Golden["basic.deliver"].Hex);

        Assert.Equal(DecodeError.None, BasicDeliverView.TryParse(frame.AsSpan(11..^1), out BasicDeliverView view));
        Assert.True(view.ConsumerTag.SequenceEqual("ct"u8));
        Assert.Equal(0x0102030405060708ul, view.DeliveryTag);
        Assert.True(view.Redelivered);
        Assert.True(view.Exchange.SequenceEqual("e"u8));
        Assert.True(view.RoutingKey.SequenceEqual("k"u8));
        Assert.True(view.IsTextValid);
    }

    [Fact]
    public void View_OfRevivedBits_ReadsThem()
    {
        byte[] frame = Hex.Parse(Golden["exchange.declare"].Hex);

        Assert.Equal(DecodeError.None, ExchangeDeclareView.TryParse(frame.AsSpan(11..^1), out ExchangeDeclareView view));
        Assert.Equal((false, true, false, true, true), (view.Passive, view.Durable, view.AutoDelete, view.Internal, view.NoWait));
    }

    [Fact]
    public void Constants_CarryTheirScope()
    {
        Assert.Equal(404, Constants.NotFound);
        Assert.Equal(ErrorScope.Channel, Constants.ScopeOf(Constants.NotFound));
        Assert.Equal(ErrorScope.Connection, Constants.ScopeOf(Constants.FrameError));
        Assert.Equal(ErrorScope.None, Constants.ScopeOf(Constants.ReplySuccess));
        Assert.Equal("not-found", Constants.NameOf(404));
        Assert.Equal(0xCE, Constants.FrameEnd);
        Assert.Equal((1, 2, 3, 8), (Constants.FrameMethod, Constants.FrameHeader, Constants.FrameBody, Constants.FrameHeartbeat));
    }
}
