namespace AmqpToolkit.Decode.Tests;

/// <summary>Capture files: formats, link layers, addresses.</summary>
public sealed class CaptureTests
{
    private static readonly string[] Expected =
    [
        "AMQP 0-9-1 header=0 0 9 1",
        "[0] connection.start version-major=0 version-minor=9 server-properties={product=\"RabbitMQ\", capabilities={basic.nack=true}} mechanisms=\"PLAIN AMQPLAIN\" locales=\"en_US\"",
        "[0] connection.start-ok client-properties={product=\"test\", list=[1, \"two\"]} mechanism=\"PLAIN\" response=*** (user \"guest\") locale=\"en_US\"",
        "[1] basic.publish exchange=\"orders\" routing-key=\"eu.new\" mandatory=true immediate=false",
        "[1] basic.header body-size=5 content-type=\"text/plain\" headers={x=7} delivery-mode=2",
        "[1] body 5 octets \"hello\"",
    ];

    private static CaptureBuilder Conversation(CaptureBuilder capture)
    {
        byte[] rest = Classic.Client[8..];
        capture.Open();
        capture.Packet(true, 0, Classic.Client.AsSpan(0, 8), acknowledged: 0);
        capture.Packet(false, 0, Classic.Server, acknowledged: 8);
        capture.Packet(true, 8, rest, acknowledged: Classic.Server.Length);
        return capture.Close(8 + rest.Length, Classic.Server.Length);
    }

    [Theory]
    [InlineData(CaptureFormat.Pcap)]
    [InlineData(CaptureFormat.PcapBigEndian)]
    [InlineData(CaptureFormat.PcapNanoseconds)]
    [InlineData(CaptureFormat.Pcapng)]
    [InlineData(CaptureFormat.PcapngBigEndian)]
    public void Capture_OfEachFormat_IsDecoded(CaptureFormat format)
    {
        ToolResult result = Tool.Run(Conversation(new CaptureBuilder { Format = format }).ToArray());
        Assert.Equal(Expected, result.Frames);
        Assert.Equal(ExitCode.Clean, result.ExitCode);
        Assert.Equal("#1 10.0.0.1:40000 > 10.0.0.2:5672", result.Lines[0]);
        Assert.StartsWith("22:13:20.127456 #1 > @0 AMQP", result.Lines[1], StringComparison.Ordinal);
        Assert.StartsWith("22:13:20.128456 #1 < @0 [0] connection.start ", result.Lines[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CaptureBuilder.Ethernet, false, 0)]
    [InlineData(CaptureBuilder.Ethernet, true, 0)]
    [InlineData(CaptureBuilder.Ethernet, false, 1)]
    [InlineData(CaptureBuilder.Ethernet, true, 2)]
    [InlineData(CaptureBuilder.LinuxCooked, false, 0)]
    [InlineData(CaptureBuilder.LinuxCooked, true, 1)]
    [InlineData(CaptureBuilder.LinuxCooked2, false, 0)]
    [InlineData(CaptureBuilder.LinuxCooked2, true, 0)]
    [InlineData(CaptureBuilder.Raw, false, 0)]
    [InlineData(CaptureBuilder.Raw, true, 0)]
    [InlineData(CaptureBuilder.Null, false, 0)]
    [InlineData(CaptureBuilder.Null, true, 0)]
    public void Capture_OfEachLink_IsDecoded(int linkType, bool isVersion6, int vlanTags)
    {
        CaptureBuilder capture = new() { Format = CaptureFormat.Pcap, LinkType = (ushort)linkType, IsVersion6 = isVersion6, VlanTags = vlanTags };
        ToolResult result = Tool.Run(Conversation(capture).ToArray());
        Assert.Equal(Expected, result.Frames);
        Assert.Equal(isVersion6 ? "#1 [fd00::1]:40000 > [fd00::2]:5672" : "#1 10.0.0.1:40000 > 10.0.0.2:5672", result.Lines[0]);
    }

    [Fact]
    public void Capture_OfAnotherPort_IsFoundByItsHeader()
    {
        ToolResult result = Tool.Run(Conversation(CaptureBuilder.Pcap(serverPort: 12345)).ToArray());
        Assert.Equal(Expected, result.Frames);
    }

    [Fact]
    public void Connection_WithoutAmqp_IsLeftOut()
    {
        CaptureBuilder capture = CaptureBuilder.Pcap(serverPort: 80).Open().Packet(true, 0, "GET / HTTP/1.1\r\n\r\n"u8).Packet(false, 0, "HTTP/1.1 200 OK\r\n\r\n"u8);
        ToolResult result = Tool.Run(capture.ToArray());
        Assert.Empty(result.Lines);
        Assert.Equal(ExitCode.Clean, result.ExitCode);
    }

    [Fact]
    public void Connection_ThatHasBegunBefore_IsFoundAtTheNextFrame()
    {
        byte[] stream = [.. Classic.Publish, .. Classic.Publish];
        ToolResult result = Tool.Run(CaptureBuilder.Pcap().Packet(true, 0, stream.AsSpan(5)).ToArray());
        Assert.Contains("neither a protocol header nor a frame", result.Output, StringComparison.Ordinal);
        Assert.Equal("[1] body 5 octets \"hello\"", result.Frames.Last());
        Assert.Contains(result.Frames, frame => frame.StartsWith("[1] basic.publish", StringComparison.Ordinal));
    }

    [Fact]
    public void Port_ThatIsNamed_CountsAsAmqp()
    {
        byte[] capture = CaptureBuilder.Pcap(serverPort: 7777).Packet(false, 0, Classic.Heartbeat).ToArray();
        Assert.Empty(Tool.Run(capture).Lines);
        Assert.Equal("[0] heartbeat", Tool.Run(capture, "--port", "7777").Frames.Last());
    }

    [Fact]
    public void Captures_TwoFiles_AreOneCapture()
    {
        using TemporaryFile first = new(CaptureBuilder.Pcap().Open().Packet(true, 0, Classic.Client.AsSpan(0, 50)).ToArray());
        using TemporaryFile second = new(CaptureBuilder.Pcap().Packet(true, 50, Classic.Client.AsSpan(50)).ToArray());
        ToolResult result = Tool.Run("", first.Path, second.Path);
        Assert.Equal("[1] body 5 octets \"hello\"", result.Frames.Last());
        Assert.Equal(ExitCode.Clean, result.ExitCode);
    }

    [Fact]
    public void Connections_ManyAtATime_AreFollowedEach()
    {
        using MemoryStream all = new();
        byte[][] captures = [.. Enumerable.Range(0, 20).Select(i => new CaptureBuilder { Format = CaptureFormat.Pcap, ClientPort = (ushort)(50000 + i) }
            .Open().Packet(true, 0, Classic.Client).ToArray())];
        all.Write(captures[0]);
        foreach (byte[] capture in captures[1..])
        {
            all.Write(capture.AsSpan(24));
        }

        ToolResult result = Tool.Run(all.ToArray());
        Assert.Equal(20, result.Frames.Count(frame => frame.Contains("basic.publish", StringComparison.Ordinal)));
        Assert.Equal(20, result.Lines.Count(line => line.Contains(" > 10.0.0.2:5672", StringComparison.Ordinal)));
    }

    [Fact]
    public void Ends_UsedAgain_AreAnotherConversation()
    {
        CaptureBuilder capture = CaptureBuilder.Pcap();
        Conversation(capture);
        Conversation(capture);
        ToolResult result = Tool.Run(capture.ToArray());
        Assert.Equal([.. Expected, .. Expected], result.Frames);
        Assert.Contains(result.Lines, line => line.StartsWith("#2 ", StringComparison.Ordinal));
    }
}
