using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.Tests;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Decode.Framing;

namespace AmqpToolkit.Decode.Tests;

/// <summary>Frames with mistakes: what came before stands, the mistake has its place, and decoding goes on.</summary>
public sealed class MalformedFrameTests
{
    private const int At = 8;

    private static ToolResult Decode(params byte[] frames) => Tool.Run([.. ProtocolHeader.V0_9_1, .. frames, .. Classic.Heartbeat]);

    [Fact]
    public void Method_WithAFieldCutOff_ShowsWhatCameBefore()
    {
        // basic.publish: reserved short, exchange "ab", routing key of 9 octets that are not there
        ToolResult result = Decode(Classic.Raw(1, 1, 0, 60, 0, 40, 0, 0, 2, (byte)'a', (byte)'b', 9, (byte)'x'));
        Assert.Equal($"[1] basic.publish exchange=\"ab\" ERROR at {At + 7 + 4 + 5}: routing-key says 9 octets and 1 are left", result.Frames.ElementAt(1));
        Assert.Equal("[0] heartbeat", result.Frames.Last());
        Assert.Equal(ExitCode.Errors, result.ExitCode);
    }

    [Fact]
    public void Method_WithOctetsLeftOver_SaysWhere() =>
        Assert.Contains($"tx.select ERROR at {At + 11}: 2 octets left over", Decode(Classic.Raw(1, 1, 0, 90, 0, 10, 1, 2)).Output, StringComparison.Ordinal);

    [Fact]
    public void Method_ThatIsUnknown_HasItsNumbers() =>
        Assert.Contains($"[1] 60.999 ERROR at {At + 7}: 0-9-1 has no method 60.999", Decode(Classic.Raw(1, 1, 0, 60, 3, 231)).Output, StringComparison.Ordinal);

    [Fact]
    public void Table_WithAnUnknownTag_SaysWhichEntry()
    {
        // queue.declare: short, queue "", bits, table of 8 octets: "a" t 1, "b" Z 1
        byte[] table = [1, (byte)'a', (byte)'t', 1, 1, (byte)'b', (byte)'Z', 1];
        ToolResult result = Decode(Classic.Raw(1, 1, [0, 50, 0, 10, 0, 0, 0, 0, 0, 0, 0, 8, .. table]));
        Assert.Contains($"arguments={{a=true}} ERROR at {At + 7 + 12 + 6 - 2}: arguments: UnknownFieldType", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Properties_WithAFlagTooMany_SayWhich()
    {
        byte[] payload = [0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0x80, 0x02, 3, (byte)'a', (byte)'b', (byte)'c'];
        Assert.Contains("basic.header body-size=5 content-type=\"abc\" ERROR", Decode(Classic.Raw(2, 1, payload)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Frame_WithAnotherEnd_IsPassedOver()
    {
        byte[] bad = Classic.Method(1, new QueueDelete { Queue = "lost" });
        bad[^1] = 0;
        ToolResult result = Decode(bad);
        Assert.Contains($"#1 @{At + bad.Length - 1} ERROR: 0x00 stands where the frame should end with 0xCE (the frame begins at {At})", result.Lines);
        Assert.Contains($"#1 @{At + bad.Length} (decoding goes on after {bad.Length} octets that were passed over)", result.Lines);
        Assert.Equal("[0] heartbeat", result.Frames.Last());
    }

    [Fact]
    public void Frame_OfAHugeSize_IsRefusedWithoutWaiting()
    {
        ToolResult result = Decode(1, 0, 1, 0xFF, 0xFF, 0xFF, 0xF0, 1, 2, 3);
        Assert.Contains($"#1 @{At + 3} ERROR: a payload of 4294967280 octets is more than 16777208 (the frame begins at {At})", result.Lines);
        Assert.Equal("[0] heartbeat", result.Frames.Last());
    }

    [Fact]
    public void Octets_WithoutAnyFrame_AreCountedAtTheEnd()
    {
        ToolResult result = Tool.Run([.. ProtocolHeader.V0_9_1, .. Enumerable.Repeat((byte)0xAA, 1000)]);
        Assert.Contains("1000 octets without a frame up to the end", result.Lines[^1], StringComparison.Ordinal);
    }

    /// <summary>Two decoders of one definition: one by one here, in one pass in the codec's views. They agree on what is well-formed.</summary>
    [Fact]
    public void Methods_MutatedAtRandom_AreJudgedAsTheViewsDo()
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        ClassicFraming framing = new(Edition.V0_9_1, new DecodeSettings());
        (MethodType Method, object Value, byte[] Frame)[] methods = [.. AllMethods.Of(seed, plainNames: false).Where(one => one.Frame.Length > FrameReader.HeaderOctets + 5)];
        for (int i = 0; i < 20_000; i++)
        {
            (MethodType method, _, byte[] original) = methods[random.Next(methods.Length)];
            byte[] frame = (byte[])original.Clone();
            for (int changes = random.Next(1, 4); changes > 0; changes--)
            {
                frame[random.Next(FrameReader.HeaderOctets + 4, frame.Length - 1)] = (byte)random.Next(256);
            }

            DecodeError view = method.Parse(frame.AsSpan((FrameReader.HeaderOctets + 4)..^1), out _, out _);
            bool isClean = framing.Decode(frame).Problem is null;
            Assert.True((view == DecodeError.None) == isClean, $"seed {seed}, {method}, {view}: {Classic.Hex(frame)}");
        }
    }
}
