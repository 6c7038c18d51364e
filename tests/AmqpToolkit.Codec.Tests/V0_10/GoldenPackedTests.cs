using AmqpToolkit.Codec.V0_10;

namespace AmqpToolkit.Codec.Tests.V0_10;

/// <summary>Controls and commands of 0-10, put together by hand from the specification: written, and read again. From the code on, without the frame.</summary>
public class GoldenPackedTests
{
    private static readonly Dictionary<string, (object Item, string Hex)> Golden = new()
    {
        ["connection.start"] = (new ConnectionStart
        {
            ServerProperties = PackedValue.Map(map => map.Key("product").AddString("X")),
            Mechanisms = PackedValue.Strings("PLAIN", "ANONYMOUS"),
            Locales = PackedValue.Strings("en_US"),
        },
            """
            0101 0700
            00000010 00000001 07 70726F64756374 95 0001 58  # server-properties: product str16 "X"
            00000017 95 00000002 0005 504C41494E 0009 414E4F4E594D4F5553
            0000000C 95 00000001 0005 656E5F5553            # locales
            """),
        ["connection.start-ok"] = (new ConnectionStartOk { Mechanism = "PLAIN", Response = "\0a\0b", Locale = "en_US" },
            """
            0102 0E00                                       # client-properties 01 (none), mechanism 02, response 04, locale 08
            05 504C41494E
            00000004 00610062
            05 656E5F5553
            """),
        ["connection.tune"] = (new ConnectionTune { ChannelMax = 0x7FFF, MaxFrameSize = 65535, HeartbeatMin = 0, HeartbeatMax = 120 },
            "0105 0F00 7FFF FFFF 0000 0078"),
        ["connection.tune-ok"] = (new ConnectionTuneOk { ChannelMax = 10, Heartbeat = 60 }, "0106 0500 000A 003C"),
        ["connection.open"] = (new ConnectionOpen { VirtualHost = "/", Insist = true }, "0107 0500 01 2F"), // insist is a bit without octets
        ["connection.open-ok"] = (default(ConnectionOpenOk), "0108 0000"),
        ["connection.heartbeat"] = (default(ConnectionHeartbeat), "010A 0000"),
        ["connection.close"] = (new ConnectionClose { ReplyCode = ConnectionCloseCode.FramingError, ReplyText = "bad" }, "010B 0300 01F5 03 626164"),
        ["session.attach"] = (new SessionAttach { Name = "s1", Force = true }, "0201 0300 0002 7331"),
        ["session.detached"] = (new SessionDetached { Name = "s1", CodeValue = SessionDetachCode.SessionBusy }, "0204 0300 0002 7331 01"),
        ["session.request-timeout"] = (new SessionRequestTimeout { Timeout = 300 }, "0205 0100 0000012C"),
        ["session.command-point"] = (new SessionCommandPoint { CommandId = 5, CommandOffset = 0 }, "0207 0300 00000005 0000000000000000"),
        ["session.completed"] = (new SessionCompleted { Commands = new SequenceSet([new SequenceRange(0, 4), new SequenceRange(7, 7)]), TimelyReply = true },
            """
            020A 0300
            0010 00000000 00000004  00000007 00000007       # two ranges, 16 octets
            """),
        ["session.flush"] = (new SessionFlush { Completed = true }, "020C 0400"),
        ["execution.sync"] = (default(ExecutionSync), "0301 0101 0000"),
        ["execution.result"] = (new ExecutionResult
        {
            CommandId = 9,
            Value = PackedValue.Struct(new QueueQueryResult { Queue = "q", Durable = true, MessageCount = 3, SubscriberCount = 1 }),
        },
            """
            0302 0101 0300
            00000009
            0000000E 0801                                   # value: 14 octets, queue-query-result
                C500                                        #   queue 01, durable 04, message-count 40, subscriber-count 80
                01 71 00000003 00000001
            """),
        ["execution.exception"] = (new ExecutionException { ErrorCode = ExecutionErrorCode.NotFound, CommandId = 2, ClassCode = 8, Description = "no q" },
            """
            0303 0101 2700                                  # error-code 01, command-id 02, class-code 04, description 20
            0194 00000002 08 0004 6E6F2071
            """),
        ["message.transfer"] = (new MessageTransfer { Destination = "amq.topic", AcceptMode = MessageAcceptMode.None, AcquireMode = MessageAcquireMode.PreAcquired },
            "0401 0101 0700 09 616D712E746F706963 01 00"),
        ["message.accept"] = (new MessageAccept { Transfers = new SequenceSet(1, 8) }, "0402 0101 0100 0008 00000001 00000008"),
        ["message.release"] = (new MessageRelease { Transfers = new SequenceSet(3, 3), SetRedelivered = true }, "0404 0101 0300 0008 00000003 00000003"),
        ["message.subscribe"] = (new MessageSubscribe
        {
            Queue = "q",
            Destination = "d",
            AcceptMode = MessageAcceptMode.Explicit,
            AcquireMode = MessageAcquireMode.PreAcquired,
            Exclusive = true,
        },
            "0407 0101 1F00 01 71 01 64 00 00"),
        ["message.flow"] = (new MessageFlow { Destination = "d", Unit = MessageCreditUnit.Byte, Value = uint.MaxValue }, "040A 0101 0700 01 64 01 FFFFFFFF"),
        ["tx.select"] = (default(TxSelect), "0501 0101 0000"),
        ["dtx.prepare"] = (new DtxPrepare { Xid = new DtxXid { Format = 2, GlobalId = "g", BranchId = "br" } },
            "0607 0101 0100 0000000D 0604 0700 00000002 01 67 02 6272"),
        ["exchange.bind"] = (new ExchangeBind { Queue = "q", Exchange = "e", BindingKey = "k", Arguments = PackedValue.Map(map => map.Key("n").AddInt32(-1)) },
            """
            0704 0101 0F00
            01 71 01 65 01 6B
            0000000B 00000001 01 6E 21 FFFFFFFF
            """),
        ["queue.declare"] = (new QueueDeclare { Queue = "q", Durable = true, AutoDelete = true },
            "0801 0101 2900 01 71"), // queue 01, durable 08, auto-delete 20
        ["file.return, second octet of the bits"] = (new FileReturn { ReplyText = "x", RoutingKey = "k" }, "090A 0101 0A00 01 78 01 6B"),
    };

    public static TheoryData<string> Names => [.. Golden.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Payload_PutTogetherByHand_IsWrittenAndRead(string name)
    {
        (object item, string hex) = Golden[name];
        byte[] expected = Hex.Parse(hex);
        byte[] fields = PackedSpecCoverageTests.Write(item);
        MethodType type = MethodType.Named(Specs.CommandSpec.Edition, item.GetType().Name);
        ushort code = (ushort)type.View.GetField("Code")!.GetRawConstantValue()!;
        byte[] head = [(byte)(code >> 8), (byte)code];
        bool isCommand = item is ICommand;

        Assert.Equal(Hex.Of(expected), Hex.Of([.. head, .. isCommand ? new byte[] { 1, 1 } : [], .. fields]));
        Assert.Equal(DecodeError.None, type.Parse(expected.AsSpan(isCommand ? 4 : 2), out object? read, out _));
        Assert.Equal(item, read);
        Assert.Equal(name.Split(',')[0], isCommand ? Commands.NameOf(code) : Controls.NameOf(code));
    }

    [Fact]
    public void DeliveryProperties_UseBothOctetsOfTheirBits()
    {
        var properties = new MessageDeliveryProperties { DeliveryMode = MessageDeliveryMode.Persistent, Ttl = 1000, Exchange = "e", RoutingKey = "k", ResumeTtl = 1 };
        byte[] octets = new byte[properties.MaxOctets + PackedWriter.Struct32Overhead];

        int written = PackedWriter.WriteStruct(octets, properties);

        Assert.Equal(
            Hex.Of(Hex.Parse(
                """
                00000019 0401                # 25 octets, class 4 struct 1
                30 0B                        # delivery-mode 10, ttl 20; exchange 01, routing-key 02, resume-ttl 08
                02                           # delivery-mode
                00000000000003E8             # ttl
                01 65 01 6B                  # exchange, routing-key
                0000000000000001             # resume-ttl
                """)),
            Hex.Of(octets.AsSpan(0, written)));
    }

    [Fact]
    public void ResultOfACommand_IsFoundByItsCode()
    {
        Assert.True(Commands.TryGetInfo(Commands.QueueQuery, out CommandInfo info));
        byte[] octets = Hex.Parse(Golden["execution.result"].Hex);

        Assert.Equal(DecodeError.None, ExecutionResultView.TryParse(octets.AsSpan(4), out ExecutionResultView result));
        Assert.Equal(info.ResultCode, result.Value.Code);
        Assert.Equal("queue.queue-query-result", Structs.NameOf(result.Value.Code));
        Assert.Equal(DecodeError.None, QueueQueryResultView.TryParse(result.Value.Fields, out QueueQueryResultView view));
        Assert.Equal("q"u8, view.Queue);
        Assert.Equal(3u, view.MessageCount);
        Assert.False(view.HasAlternateExchange);
    }

    [Fact]
    public void Xids_InAnArray_AreStructs()
    {
        var result = new DtxRecoverResult { InDoubt = PackedValue.Structs(new DtxXid { Format = 1, GlobalId = "a", BranchId = "b" }, new DtxXid { Format = 2, GlobalId = "c", BranchId = "d" }) };
        byte[] octets = PackedSpecCoverageTests.Write(result);

        Assert.Equal("0100" + "00000025" + "AB00000002" + "0000000C06040700000000010161" + "0162" + "0000000C06040700000000020163" + "0164", Hex.Of(octets));
        Assert.Equal(DecodeError.None, DtxRecoverResultView.TryParse(octets, out DtxRecoverResultView view));
        uint formats = 0;
        foreach (PackedValueView element in view.InDoubt)
        {
            Assert.True(element.TryGetStruct(out PackedStructView item));
            Assert.Equal(DtxXidView.Code, item.Code);
            Assert.Equal(DecodeError.None, DtxXidView.TryParse(item.Fields, out DtxXidView xid));
            formats = (formats * 10) + xid.Format;
        }

        Assert.Equal(12u, formats);
    }

    [Fact]
    public void HeaderSegment_HasItsStructsInAnyOrder_AndUnknownOnesArePassedOver()
    {
        byte[] octets = Hex.Parse(
            """
            00000008 0403 0100 00000005           # message-properties, but content-length is cut: its view tells, not the walk
            00000005 7F01 616263                  # a struct that nobody knows
            00000006 0401 0002 016B               # delivery-properties: routing-key "k"
            """);

        Assert.Equal(DecodeError.None, HeaderSegmentView.TryParse(octets, out HeaderSegmentView header));
        Assert.True(header.TryGetStruct(MessageDeliveryPropertiesView.Code, out ReadOnlySpan<byte> fields));
        Assert.Equal(DecodeError.None, MessageDeliveryPropertiesView.TryParse(fields, out MessageDeliveryPropertiesView delivery));
        Assert.Equal("k"u8, delivery.RoutingKey);
        Assert.True(header.TryGetStruct(MessagePropertiesView.Code, out fields));
        Assert.Equal(DecodeError.Truncated, MessagePropertiesView.TryParse(fields, out _));
        Assert.False(header.TryGetStruct(MessageFragmentPropertiesView.Code, out _));
        int[] ends = [0, 12, 21, 31];
        for (int cut = 0; cut < octets.Length; cut++)
        {
            Assert.Equal(ends.Contains(cut) ? DecodeError.None : DecodeError.Truncated, HeaderSegmentView.TryParse(octets.AsSpan(0, cut), out _));
        }

        Assert.Equal(DecodeError.MalformedCompound, HeaderSegmentView.TryParse([0, 0, 0, 1, 4], out _));
    }

    [Theory]
    [InlineData("0301 0100 0000", DecodeError.None)]
    [InlineData("0301 0102 0000", DecodeError.MalformedProperties)]       // a bit of the session header that has no meaning
    [InlineData("0301 00 0000", DecodeError.MalformedProperties)]         // a session header without its bits
    [InlineData("0301 0200 00 0000", DecodeError.TrailingOctets)]
    [InlineData("0301 0100 0100", DecodeError.MalformedProperties)]       // a presence bit of no field
    [InlineData("0301 0100 0000 00", DecodeError.TrailingOctets)]
    [InlineData("0304 0100 0000", DecodeError.UnknownMethod)]
    [InlineData("0B01 0100 0000", DecodeError.UnknownClass)]
    [InlineData("0902 0100 0000", DecodeError.UnexpectedMethod)]          // file.qos-ok is for clients
    [InlineData("0803 0100 0100 02C328", DecodeError.InvalidUtf8)]
    [InlineData("0803 0100 0100 03C328", DecodeError.Truncated)]
    public void Dispatch_TellsWhatIsWrong(string hex, DecodeError expected)
    {
        RecordingDispatch server = RecordingDispatch.Of(Specs.CommandSpec.Edition, "Server", "Command");

        Assert.Equal(expected, server.Dispatch(1, Hex.Parse(hex)));
        Assert.Equal(expected == DecodeError.None ? 1 : 0, server.Handler.Calls);
    }
}
