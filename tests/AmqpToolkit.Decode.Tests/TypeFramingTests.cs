using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Decode.Tests;

/// <summary>Frames of 1.0.</summary>
public sealed class TypeFramingTests
{
    private const int At = 8;

    private static ToolResult Decode(params byte[] frames) => Tool.Run([.. Types.Header, .. frames], "--form", "raw");

    private static string Last(params byte[] frames) => Decode(frames).Frames.Last();

    [Fact]
    public void Performatives_WithEveryField_AreDecoded()
    {
        ToolResult result = Decode([.. Types.Performatives.SelectMany(frame => frame)]);
        Assert.Equal(ExitCode.Clean, result.ExitCode);
        string[] frames = [.. result.Frames];
        Assert.Equal(
            "[0] open container-id=\"me\" hostname=\"host\" max-frame-size=65536 channel-max=255 idle-time-out=30000 outgoing-locales=[en-US] incoming-locales=[en-US, de-DE] "
            + "offered-capabilities=[one] desired-capabilities=[two, three] properties={answer=42}",
            frames[1].Replace("=en-US ", "=[en-US] ", StringComparison.Ordinal).Replace("=one ", "=[one] ", StringComparison.Ordinal));
        Assert.StartsWith("[1] attach name=\"link\" handle=7 role=receiver snd-settle-mode=settled(1) rcv-settle-mode=second(1) source=source(address=\"from\" durable=unsettled-state(2) expiry-policy=never timeout=60 dynamic=true", frames[3], StringComparison.Ordinal);
        Assert.Contains("header=(durable=true priority=7 ttl=1000 first-acquirer=true delivery-count=3) delivery-annotations={answer=42} message-annotations={answer=42} properties=(message-id=\"m-1\"", frames[5], StringComparison.Ordinal);
        Assert.EndsWith("application-properties={key=\"value\"} data=5 octets \"hello\"", frames[5], StringComparison.Ordinal);
        Assert.Equal("[1] disposition role=receiver first=3 state=modified(delivery-failed=true undeliverable-here=true message-annotations={answer=42})", frames[7]);
        Assert.Equal("[0] close error=error(condition=amqp:not-found description=\"no such node\" info={answer=42})", frames[^1]);
    }

    [Fact]
    public void Sasl_HidesResponses()
    {
        byte[] stream = [.. Types.SaslHeader, .. Types.Sasl.SelectMany(frame => frame)];
        ToolResult result = Tool.Run(stream);
        Assert.Equal(ExitCode.Clean, result.ExitCode);
        Assert.DoesNotContain("secret-word", result.Output, StringComparison.Ordinal);
        Assert.Contains("sasl-init mechanism=PLAIN initial-response=*** (user \"guest\") hostname=\"host\"", result.Output, StringComparison.Ordinal);
        Assert.Contains("sasl-response response=***", result.Output, StringComparison.Ordinal);
        Assert.Contains("sasl-outcome code=auth(1)", result.Output, StringComparison.Ordinal);
        Assert.Contains("secret-word", Tool.Run(stream, "--secrets").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Header_AfterTheSaslLayer_IsAnotherOne() =>
        Assert.Equal(
            ["AMQP 1.0 SASL header=3 1 0 0", "AMQP 1.0 header=0 1 0 0", "[0] empty"],
            Tool.Run([.. Types.SaslHeader, .. Types.Header, 0, 0, 0, 8, 2, 0, 0, 0]).Frames);

    [Fact]
    public void Message_InSeveralTransfers_ShowsItsSectionsOnce()
    {
        byte[] message = Types.Message;
        byte[] first = Types.Transfer(new Transfer { Handle = 1, DeliveryId = 1, DeliveryTag = new byte[] { 1 }, More = true }, message[..30]);
        byte[] second = Types.Transfer(new Transfer { Handle = 1, More = true }, message[30..90]);
        byte[] third = Types.Transfer(new Transfer { Handle = 1 }, message[90..]);
        byte[] next = Types.Transfer(new Transfer { Handle = 1, DeliveryId = 2, DeliveryTag = new byte[] { 2 } }, message);
        ToolResult result = Decode([.. first, .. second, .. third, .. next]);
        Assert.Equal(ExitCode.Clean, result.ExitCode);
        string[] frames = [.. result.Frames];
        Assert.Contains("header=(durable=true", frames[1], StringComparison.Ordinal);
        Assert.Contains("payload=", frames[1], StringComparison.Ordinal);
        Assert.Contains("payload=60 octets", frames[2], StringComparison.Ordinal);
        Assert.Contains($"payload={message.Length - 90} octets", frames[3], StringComparison.Ordinal);
        Assert.EndsWith("data=5 octets \"hello\"", frames[4], StringComparison.Ordinal);
    }

    [Fact]
    public void Descriptor_AsASymbol_IsUnderstood()
    {
        byte[] symbol = [0xA3, 15, .. "amqp:close:list"u8];
        byte[] body = [0x00, .. symbol, 0x45];
        Assert.Equal("[3] close", Last([0, 0, 0, (byte)(8 + body.Length), 2, 0, 0, 3, .. body]));
    }

    [Fact]
    public void Field_ThatIsMalformed_HasItsPlace()
    {
        byte[] frame = Types.Frame(0, new Begin { NextOutgoingId = 1, IncomingWindow = 2, OutgoingWindow = 3 });
        int third = frame.Length - 2;
        frame[third] = 0x3F; // no constructor
        Assert.Contains($"begin next-outgoing-id=1 incoming-window=2 ERROR at {At + third}: outgoing-window: UnknownConstructor", Last(frame), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("00000009 02000000 01", "0x01 stands where a descriptor should begin with 0x00")]
    [InlineData("0000000c 02000000 005399 45", "1.0 has no 0x99")]
    [InlineData("0000000c 02000000 005318 40", "0x40 is no constructor of a list")]
    [InlineData("0000000d 02000000 005318 4500", "1 octet left over after the performative")]
    [InlineData("0000000c 02070000 005318 45", "there is no type 7 of frames")]
    [InlineData("00000011 02000000 005318 c004ff 404040", "a list of 4 octets and 255 fields does not fit")]
    public void Frame_WithAMistake_SaysWhich(string hex, string reason)
    {
        ToolResult result = Tool.Run($"414d515000010000 {hex} 0000000802000000");
        Assert.Contains(reason, result.Output, StringComparison.Ordinal);
        Assert.Equal("[0] empty", result.Frames.Last());
        Assert.Equal(ExitCode.Errors, result.ExitCode);
    }

    [Theory]
    [InlineData("00000004", "a frame cannot have 4 octets")]
    [InlineData("7fffffff 02000000", "a frame of 2147483647 octets is more than 16777216")]
    [InlineData("0000000c 01000000 00531845", "a frame of 12 octets cannot have its body 4 octets in")]
    public void Size_ThatCannotBe_IsRefused(string hex, string reason)
    {
        byte[] close = Types.Frame(0, default(Close));
        ToolResult result = Tool.Run($"414d515000010000 {hex} {Classic.Hex(close)}");
        Assert.Contains(reason, result.Output, StringComparison.Ordinal);
        Assert.Equal("[0] close", result.Frames.Last());
    }

    [Fact]
    public void Frames_MutatedAtRandom_AreJudgedAsTheCodecDoes()
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        byte[][] frames = [.. Types.Performatives.Where(frame => frame[10] != 0x14)];
        Framing.TypeFraming framing = new(new DecodeSettings());
        int clean = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] frame = (byte[])frames[random.Next(frames.Length)].Clone();
            for (int changes = random.Next(1, 3); changes > 0; changes--)
            {
                frame[random.Next(FrameReader.HeaderOctets + 3, frame.Length)] = (byte)random.Next(256);
            }

            DecodeError error = EncodedValueView.TryParse(frame.AsSpan(FrameReader.HeaderOctets), out _, out int octets);
            bool isWellFormed = error == DecodeError.None && octets == frame.Length - FrameReader.HeaderOctets;
            bool isClean = framing.Decode(frame).Problem is null;
            clean += isClean ? 1 : 0;
            Assert.True(isWellFormed || !isClean, $"seed {seed}, {error}: {Classic.Hex(frame)}");
        }

        Assert.InRange(clean, 1000, 19_000);
    }

    [Fact]
    public void Stream_CutAnywhere_NeverThrows()
    {
        byte[] whole = [.. Types.Header, .. Types.Performatives.SelectMany(frame => frame)];
        for (int cut = At; cut < whole.Length; cut += 7)
        {
            ToolResult result = Tool.Run(whole[..cut], "--form", "raw");
            Assert.True(result.ExitCode is ExitCode.Clean or ExitCode.Errors, $"cut at {cut}: {result.Error}");
        }
    }
}
