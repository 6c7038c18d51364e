using System.Buffers.Binary;

namespace AmqpToolkit.Decode.Tests;

/// <summary>Frames of 0-10, put together by hand.</summary>
public sealed class CommandFramingTests
{
    private const string Header = "414d51500101000a";
    private const int At = 8 + 12;

    private const byte Control = 0;
    private const byte Command = 1;
    private const byte HeaderSegment = 2;
    private const byte Body = 3;

    private const byte Whole = 0x0F;
    private const byte FirstSegment = 0x0B;
    private const byte MiddleSegment = 0x03;
    private const byte LastSegment = 0x07;

    private static string Frame(byte flags, byte type, string payload, byte channel = 1)
    {
        byte[] octets = Convert.FromHexString(payload.Replace(" ", "", StringComparison.Ordinal));
        byte[] frame = [flags, type, 0, 0, 0, type == Control ? (byte)0 : (byte)1, 0, channel, 0, 0, 0, 0, .. octets];
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)frame.Length);
        return Convert.ToHexString(frame);
    }

    private static ToolResult Decode(params string[] frames) => Tool.Run(Header + string.Concat(frames));

    [Theory]
    [InlineData(Control, "020A 0300 0010 00000000 00000004 00000007 00000007", "session.completed commands=[0-4, 7] timely-reply=true")]
    [InlineData(Control, "020C 0400", "session.flush completed=true")]
    [InlineData(Command, "0301 0101 0000", "execution.sync sync=true")]
    [InlineData(Command, "0302 0100 0300 00000009 0000000E 0801 C500 01 71 00000003 00000001", "execution.result command-id=9 value=queue.queue-query-result(queue=\"q\" durable=true message-count=3 subscriber-count=1)")]
    [InlineData(Command, "0303 0101 2700 0194 00000002 08 0004 6E6F2071", "execution.exception sync=true error-code=not-found(404) command-id=2 class-code=8 description=\"no q\"")]
    [InlineData(Command, "0401 0100 0700 09 616D712E746F706963 01 00", "message.transfer destination=\"amq.topic\" accept-mode=none(1) acquire-mode=pre-acquired(0)")]
    [InlineData(Command, "0607 0100 0100 0000000D 0604 0700 00000002 01 67 02 6272", "dtx.prepare xid=dtx.xid(format=2 global-id=1 octet \"g\" branch-id=2 octets \"br\")")]
    [InlineData(Command, "0704 0100 0F00 01 71 01 65 01 6B 0000000B 00000001 01 6E 21 FFFFFFFF", "exchange.bind queue=\"q\" exchange=\"e\" binding-key=\"k\" arguments={n=-1}")]
    [InlineData(Command, "0801 0100 2900 01 71", "queue.declare queue=\"q\" durable=true auto-delete=true")]
    public void Segment_OfOneFrame_IsDecoded(byte type, string payload, string expected)
    {
        ToolResult result = Decode(Frame(Whole, type, payload));
        Assert.Equal(["AMQP 0-10 header=1 1 0 10", "[1] " + expected], result.Frames);
        Assert.Equal(ExitCode.Clean, result.ExitCode);
    }

    [Fact]
    public void StartOk_HidesItsPassword()
    {
        string response = Convert.ToHexString(Classic.Text("\0guest\0secret-word"));
        ToolResult result = Decode(Frame(Whole, Control, $"0102 0E00 05 504C41494E {response.Length / 2:X8} {response} 05 656E5F5553", channel: 0));
        Assert.Equal("[0] connection.start-ok mechanism=\"PLAIN\" response=*** (user \"guest\") locale=\"en_US\"", result.Frames.Last());
    }

    [Fact]
    public void Message_WithHeaderAndBody_IsDecodedSegmentBySegment()
    {
        string delivery = "0401 0002 01 6B"; // delivery-properties: routing-key
        string message = "0403 1000 0A 746578742F706C61696E"; // message-properties: content-type
        string header = Struct(delivery) + Struct(message);
        ToolResult result = Decode(Frame(FirstSegment, Command, "0401 0100 0100 01 71"), Frame(MiddleSegment, HeaderSegment, header), Frame(LastSegment, Body, "68656C6C6F"));
        Assert.Equal(ExitCode.Clean, result.ExitCode);
        Assert.Equal("[1] message.transfer destination=\"q\"", result.Frames.ElementAt(1));
        Assert.StartsWith("[1] header delivery-properties=(", result.Frames.ElementAt(2), StringComparison.Ordinal);
        Assert.Contains("message-properties=(content-type=\"text/plain\")", result.Frames.ElementAt(2), StringComparison.Ordinal);
        Assert.Equal("[1] body 5 octets \"hello\"", result.Frames.Last());
    }

    [Fact]
    public void Segment_OfSeveralFrames_IsShownWithTheLast()
    {
        ToolResult result = Decode(Frame(0x0E, Command, "0801 0100 29"), Frame(0x0C, Command, "00"), Frame(0x0D, Command, "01 71"));
        Assert.Equal(ExitCode.Clean, result.ExitCode);
        Assert.Equal("[1] command (part) 5 octets 08 01 01 00 29", result.Frames.ElementAt(1));
        Assert.Equal("[1] queue.declare queue=\"q\" durable=true auto-delete=true", result.Frames.Last());
    }

    [Theory]
    [InlineData(Command, "0801 0100 2900 05 71", 6, "queue says 5 octets and 1 are left")]
    [InlineData(Command, "0801 0100 0080 ", 5, "presence bit 15 of queue.declare has no field")]
    [InlineData(Command, "0301 0100 0000 00", 6, "1 octet left over in execution.sync")]
    [InlineData(Command, "0399 0100", 0, "0-10 has no command 0x0399")]
    [InlineData(Control, "02", 0, "the code is cut off")]
    [InlineData(Control, "020A 0100 0003 000000", 6, "commands: MalformedCompound")]
    public void Segment_WithAMistake_HasItsPlace(byte type, string payload, int at, string reason)
    {
        ToolResult result = Decode(Frame(Whole, type, payload), Frame(Whole, Command, "0301 0100 0000"));
        Assert.Contains($"ERROR at {At + at}: {reason}", result.Output, StringComparison.Ordinal);
        Assert.Equal("[1] execution.sync", result.Frames.Last());
        Assert.Equal(ExitCode.Errors, result.ExitCode);
    }

    [Fact]
    public void Frame_OutOfItsPlace_IsAnError() =>
        Assert.Contains("cannot come here", Decode(Frame(LastSegment, Body, "00")).Output, StringComparison.Ordinal);

    [Fact]
    public void Frame_ThatCannotBe_IsPassedOver()
    {
        ToolResult result = Decode("0F00000B" + "0000000100000000" + "AA", Frame(Whole, Command, "0301 0100 0000"));
        Assert.Contains("a frame cannot have 11 octets", result.Output, StringComparison.Ordinal);
        Assert.Equal("[1] execution.sync", result.Frames.Last());
    }

    [Fact]
    public void Stream_WithoutHeader_IsGuessed() =>
        Assert.Contains("look like 0-10", Tool.Run(Frame(Whole, Control, "020C 0400")).Output, StringComparison.Ordinal);

    private static string Struct(string codeAndFields)
    {
        string hex = codeAndFields.Replace(" ", "", StringComparison.Ordinal);
        return $"{hex.Length / 2:X8}{hex}";
    }
}
