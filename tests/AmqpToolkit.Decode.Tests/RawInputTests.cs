using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Decode.Tests;

/// <summary>Raw octets of a stream.</summary>
public sealed class RawInputTests
{
    private static readonly string[] ClientFrames =
    [
        "AMQP 0-9-1 header=0 0 9 1",
        "[0] connection.start-ok client-properties={product=\"test\", list=[1, \"two\"]} mechanism=\"PLAIN\" response=*** (user \"guest\") locale=\"en_US\"",
        "[1] basic.publish exchange=\"orders\" routing-key=\"eu.new\" mandatory=true immediate=false",
        "[1] basic.header body-size=5 content-type=\"text/plain\" headers={x=7} delivery-mode=2",
        "[1] body 5 octets \"hello\"",
    ];

    [Fact]
    public void Stream_OfAClient_IsDecodedFrameByFrame()
    {
        ToolResult result = Tool.Run(Classic.Client);
        Assert.Equal(ClientFrames, result.Frames);
        Assert.Equal(ExitCode.Clean, result.ExitCode);
    }

    [Fact]
    public void Offsets_OfFrames_AreThoseOfTheStream()
    {
        ToolResult result = Tool.Run(Classic.Client);
        int startOk = Classic.StartOk.Length;
        Assert.Equal("#1 @0 ", result.Lines[1][..6]);
        Assert.Equal("#1 @8 ", result.Lines[2][..6]);
        Assert.StartsWith($"#1 @{8 + startOk} ", result.Lines[3], StringComparison.Ordinal);
    }

    [Fact]
    public void Streams_OfBothDirections_AreOneConversation()
    {
        using TemporaryFile client = new(Classic.Client);
        using TemporaryFile server = new([.. Classic.Start, .. Classic.Method(1, new BasicDeliver { ConsumerTag = "c", DeliveryTag = 9 })]);
        ToolResult result = Tool.Run("", client.Path, server.Path);
        Assert.Equal(ExitCode.Clean, result.ExitCode);
        Assert.Equal(1, result.Lines.Count(line => line.StartsWith("#1 ", StringComparison.Ordinal) && line.Contains(" > ", StringComparison.Ordinal) && !line.Contains('@', StringComparison.Ordinal)));
        Assert.Contains("#1 < @0 [0] connection.start version-major=0 version-minor=9 server-properties={product=\"RabbitMQ\", capabilities={basic.nack=true}} mechanisms=\"PLAIN AMQPLAIN\" locales=\"en_US\"", result.Lines);
        Assert.Contains(result.Lines, line => line.EndsWith("[1] basic.deliver consumer-tag=\"c\" delivery-tag=9 redelivered=false exchange=\"\" routing-key=\"\"", StringComparison.Ordinal));
    }

    [Fact]
    public void ReplyCode_OfAClose_HasItsName()
    {
        ToolResult result = Tool.Run([.. ProtocolHeader.V0_9_1, .. Classic.Method(1, new ChannelClose { ReplyCode = 404, ReplyText = "NOT_FOUND", ClassId = 50, MethodId = 10 })]);
        Assert.Contains("reply-code=not-found(404)", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Body_LongerThanThePreview_IsCut()
    {
        byte[] body = Classic.Text(new string('x', 100));
        ToolResult result = Tool.Run([.. ProtocolHeader.V0_9_1, .. Classic.Body(1, body)], "--body", "3");
        Assert.Equal("[1] body 100 octets \"xxx\"…", result.Frames.Last());
        Assert.Equal("[1] body 100 octets", Tool.Run([.. ProtocolHeader.V0_9_1, .. Classic.Body(1, body)], "--body", "0").Frames.Last());
    }

    [Fact]
    public void Body_ThatIsNoText_IsShownInHex() =>
        Assert.Equal("[1] body 3 octets 00 01 ff", Tool.Run([.. ProtocolHeader.V0_9_1, .. Classic.Body(1, [0, 1, 255])]).Frames.Last());

    [Fact]
    public void Text_ThatATerminalWouldObey_IsEscaped()
    {
        ToolResult result = Tool.Run([.. ProtocolHeader.V0_9_1, .. Classic.Method(1, new QueueDelete { Queue = "a\nb\"\u202Ec\u009B" })]);
        Assert.Contains("queue=\"a\\nb\\\"\\u202ec\\u009b\"", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u009B', result.Output);
    }

    [Fact]
    public void Header_OfNoEdition_IsAnErrorAtItsOctet()
    {
        ToolResult result = Tool.Run([.. "AMQP"u8, 9, 9, 9, 9, 1, 2, 3]);
        Assert.Equal(ExitCode.Errors, result.ExitCode);
        Assert.Contains("ERROR at 4: no edition has the header AMQP 9 9 9 9", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Header_OfTls_StopsWithAWord()
    {
        ToolResult result = Tool.Run([.. "AMQP"u8, 2, 1, 0, 0, 0x16, 3, 1, 0, 200, 1, 0]);
        Assert.Contains("AMQP 1.0 TLS", result.Output, StringComparison.Ordinal);
        Assert.Contains("TLS from here on", result.Lines[^1], StringComparison.Ordinal);
        Assert.Equal(ExitCode.Clean, result.ExitCode);
    }

    [Fact]
    public void Stream_OfTlsAlone_SaysSo() => Assert.Contains("TLS from here on", Tool.Run([0x16, 3, 1, 0, 200, 1, 0, 0, 0]).Output, StringComparison.Ordinal);

    [Fact]
    public void Stream_CutAnywhere_SaysHowFarItCame()
    {
        byte[] whole = Classic.Client;
        int[] ends = [.. FrameEnds(whole)];
        for (int cut = 9; cut < whole.Length; cut++)
        {
            ToolResult result = Tool.Run(whole[..cut], "--form", "raw");
            int frames = ends.Count(end => end <= cut);
            Assert.Equal(ClientFrames[..frames], result.Frames.Take(frames));
            int rest = cut - ends.Last(end => end <= cut);
            Assert.Equal(rest == 0 ? ExitCode.Clean : ExitCode.Errors, result.ExitCode);
            Assert.True(rest == 0 || result.Lines[^1].EndsWith($"ERROR: the stream ends {rest} octets into a frame", StringComparison.Ordinal), result.Output);
        }
    }

    [Theory]
    [InlineData(Classic08, "0-8")]
    [InlineData("414d515001010901", "0-8")]
    [InlineData("414d515001010009", "0-9")]
    [InlineData("414d51500101000a", "0-10")]
    [InlineData("414d515000010000", "1.0")]
    [InlineData("414d515003010000", "1.0 SASL")]
    public void Header_OfEachEdition_IsNamed(string hex, string name) =>
        Assert.StartsWith($"AMQP {name} header=", Tool.Run(hex).Frames.Single(), StringComparison.Ordinal);

    private const string Classic08 = "414d515001010800";

    private static IEnumerable<int> FrameEnds(byte[] stream)
    {
        int at = 8;
        yield return at;
        while (at < stream.Length)
        {
            FrameReader.TryRead(stream.AsSpan(at), 0, out Frame frame);
            at += frame.Octets;
            yield return at;
        }
    }
}
