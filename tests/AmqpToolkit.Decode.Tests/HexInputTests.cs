namespace AmqpToolkit.Decode.Tests;

/// <summary>Octets as text, on the command line and on standard input.</summary>
public sealed class HexInputTests
{
    private const string Heartbeat = "[0] heartbeat";

    [Fact]
    public void Hex_AsArgument_IsDecoded()
    {
        ToolResult result = Tool.Run("", Classic.Hex(Classic.Method(3, new Codec.V0_9_1.QueueDelete { Queue = "q", IfEmpty = true })));
        Assert.Equal(ExitCode.Clean, result.ExitCode);
        Assert.Equal("[3] queue.delete queue=\"q\" if-unused=false if-empty=true no-wait=false", result.Frames.Last());
    }

    [Theory]
    [InlineData("08000000000000CE")]
    [InlineData("08 00 00 00 00 00 00 ce\n")]
    [InlineData("08:00:00:00:00:00:00:CE")]
    [InlineData("0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xCE")]
    [InlineData("\\x08\\x00\\x00\\x00\\x00\\x00\\x00\\xce")]
    [InlineData("# a heartbeat\n08 0000 # type, channel\n\n00000000 ce")]
    [InlineData("00000000: 0800 0000 0000 00ce                      ........")]
    public void Hex_InEachSpelling_IsDecoded(string text)
    {
        ToolResult result = Tool.Run(text);
        Assert.Equal(Heartbeat, result.Frames.Last());
        Assert.Equal(ExitCode.Clean, result.ExitCode);
    }

    [Fact]
    public void Hex_DumpOfSeveralLines_IsOneStream()
    {
        ToolResult result = Tool.Run("00000000: 414d 5150 0000 0901 0800 0000 0000 00ce  AMQP............\n00000010: 0800 0000 0000 00ce                      ........\n");
        Assert.Equal(["AMQP 0-9-1 header=0 0 9 1", Heartbeat, Heartbeat], result.Frames);
    }

    [Theory]
    [InlineData("08 0", "line 1, column 4")]
    [InlineData("08 00\n00 0 00", "line 2, column 4")]
    [InlineData("0800 zz", "line 1, column 6")]
    public void Hex_WithAMistake_IsRefusedWithItsPlace(string text, string place)
    {
        ToolResult result = Tool.Run(text, "--form", "hex");
        Assert.Equal(ExitCode.BadUsage, result.ExitCode);
        Assert.Contains(place, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Argument_NeitherFileNorHex_IsRefused()
    {
        ToolResult result = Tool.Run("", "no-such-file.pcap");
        Assert.Equal(ExitCode.BadUsage, result.ExitCode);
        Assert.Contains("no-such-file.pcap", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Edition_OfAStreamWithoutHeader_IsGuessedAndSaid()
    {
        ToolResult result = Tool.Run(Classic.Hex(Classic.Heartbeat));
        Assert.Contains(result.Lines, line => line.Contains("look like 0-9-1", StringComparison.Ordinal));
    }

    [Fact]
    public void Edition_ThatIsNone_IsRefusedWithTheNames()
    {
        ToolResult result = Tool.Run("08", "--edition", "0-7");
        Assert.Equal(ExitCode.BadUsage, result.ExitCode);
        Assert.Contains("0-9-1", result.Error, StringComparison.Ordinal);
    }
}
