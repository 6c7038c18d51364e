using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Protocol.Tests;

public sealed class FrameInputTests
{
    private const uint FrameMax = 131072;

    /// <summary>Every kind of frame, each with and without octets where both may be.</summary>
    private static readonly byte[] AllKinds = Frames.Join(
        Frames.Method(0, 0, 10, 0, 11),
        Frames.Method(7, 0, 60, 0, 40, 0, 0, 0, 1, (byte)'q', 0),
        Frames.Header(7, 0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0),
        Frames.Body(7, 3),
        Frames.Body(7, 0),
        Frames.Heartbeat,
        Frames.Body(65535, 2),
        Frames.Method(65535, 0, 20, 0, 40));

    [Fact]
    public void Consume_OfEveryKindOfFrame_HandsEachOn()
    {
        var sink = new RecordingFrameSink();

        Assert.Null(Feed(AllKinds, sink, FrameMax, AllKinds.Length).Error);

        Assert.Equal(
            [
                "method 0 000A000B", "method 7 003C00280000000171" + "00", "header 7 003C0000000000000000000500" + "00", $"body 7 {BodyHex(3)}", "body 7 ",
                "heartbeat 0 ", $"body 65535 {BodyHex(2)}", "method 65535 00140028",
            ],
            sink.Frames);
    }

    [Fact]
    public void Consume_SplitAtEveryOffset_HandsTheSameOn()
    {
        var whole = new RecordingFrameSink();
        Feed(AllKinds, whole, FrameMax, AllKinds.Length);
        for (int split = 1; split < AllKinds.Length; split++)
        {
            var sink = new RecordingFrameSink();

            Assert.Null(Feed(AllKinds, sink, FrameMax, split, AllKinds.Length - split).Error);

            Assert.Equal(whole.Frames, sink.Frames);
        }
    }

    [Fact]
    public void Consume_OneOctetAtATime_HandsTheSameOn()
    {
        var whole = new RecordingFrameSink();
        Feed(AllKinds, whole, FrameMax, AllKinds.Length);
        var sink = new RecordingFrameSink();

        Assert.Null(Feed(AllKinds, sink, FrameMax, OneByOne(AllKinds)).Error);

        Assert.Equal(whole.Frames, sink.Frames);
        Assert.Equal(0, sink.Parts);
    }

    [Fact]
    public void Consume_OfRandomFramesInRandomPieces_HandsTheSameOn()
    {
        const int Seed = 77;
        var random = new Random(Seed);
        for (int round = 0; round < 300; round++)
        {
            byte[] input = Frames.Join([.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => RandomFrame(random))]);
            var whole = new RecordingFrameSink();
            Assert.Null(Feed(input, whole, FrameMax, input.Length).Error);
            var sink = new RecordingFrameSink();
            var pieces = new List<int>();
            for (int left = input.Length; left > 0; left -= pieces[^1])
            {
                pieces.Add(Math.Min(left, random.Next(3) == 0 ? random.Next(1, 9) : random.Next(1, 50_000)));
            }

            Assert.Null(Feed(input, sink, FrameMax, [.. pieces]).Error);

            Assert.True(whole.Frames.SequenceEqual(sink.Frames), $"seed {Seed}, round {round}");
        }

        static byte[] RandomFrame(Random random) => random.Next(5) switch
        {
            0 => Frames.Heartbeat,
            1 => Frames.Header((ushort)random.Next(1, 65536), new byte[random.Next(14, 200)]),
            2 => Frames.Method((ushort)random.Next(65536), new byte[random.Next(4, 200)]),
            3 => Frames.Body((ushort)random.Next(1, 65536), random.Next(0, 300)),
            _ => Frames.Body((ushort)random.Next(1, 65536), random.Next(FrameInput.WholeFrameOctets - 2, (int)FrameMax - 7)),
        };
    }

    [Theory]
    [InlineData(FrameInput.WholeFrameOctets - 1, false)]
    [InlineData(FrameInput.WholeFrameOctets, false)]
    [InlineData(FrameInput.WholeFrameOctets + 1, true)]
    [InlineData((int)FrameMax - 8, true)]
    public void Consume_OfABodyThatArrivesInPieces_TakesLargeOnesInParts(int octets, bool inParts)
    {
        byte[] input = Frames.Join(Frames.Body(3, octets), Frames.Method(3, 0, 60, 0, 40));
        var sink = new RecordingFrameSink();
        var input2 = new FrameInput(FrameMax);

        Assert.Null(input2.Consume(input.AsSpan(0, 20_000), ref sink, out int consumed));

        Assert.Equal(inParts ? 20_000 : 0, consumed);
        Assert.Null(input2.Consume(input.AsSpan(consumed), ref sink, out int rest));
        Assert.Equal(input.Length, consumed + rest);
        Assert.Equal(2, sink.Frames.Count);
        Assert.Equal(inParts ? 1 : 0, sink.Parts);
    }

    [Fact]
    public void Consume_OfALargeBodyOctetByOctet_NeedsTheHeaderAloneToBeKept()
    {
        byte[] input = Frames.Join(Frames.Body(3, 40_000), Frames.Heartbeat);
        var sink = new RecordingFrameSink();

        var (error, longestKept) = Feed(input, sink, FrameMax, OneByOne(input));

        Assert.Null(error);
        Assert.Equal(["body 3", "heartbeat 0"], sink.Frames.Select(frame => string.Join(' ', frame.Split(' ').Take(2))));
        Assert.Equal(1, sink.LargestPart);
        Assert.InRange(longestKept, 0, 7);
    }

    public static TheoryData<string, byte[], int, string> Mistakes => new()
    {
        { "unknown type", Frames.Of(4, 1, [1, 2, 3, 4]), 501, "type 4" },
        { "type 0", Frames.Of(0, 0, []), 501, "type 0" },
        { "a method frame without ids", Frames.Of(1, 1, [0, 60, 0]), 501, "type 1" },
        { "an empty method frame", Frames.Of(1, 1, []), 501, "type 1" },
        { "a heartbeat with payload", Frames.Of(8, 0, [1]), 501, "type 8" },
        { "a wrong end octet", Frames.Of(1, 1, [0, 60, 0, 40], end: 0), 501, "invalid_frame_end_marker,0" },
        { "a wrong end octet of a large body", [.. Frames.Body(1, 50_000)[..^1], 0xCD], 501, "invalid_frame_end_marker,205" },
        { "a frame too large", Frames.Of(3, 1, new byte[FrameMax + 1]), 501, "frame_too_large,131073,131064" },
        { "the largest size", [1, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF], 501, "frame_too_large,4294967295,131064" },
        { "a heartbeat on a channel", Frames.Of(8, 1, []), 505, "type 8" },
        { "a header on channel 0", Frames.Of(2, 0, new byte[14]), 505, "type 2" },
        { "a body on channel 0", Frames.Of(3, 0, [1]), 505, "type 3" },
        { "a large body on channel 0", Frames.Of(3, 0, new byte[40_000]), 505, "type 3" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void Consume_OfAMistake_EndsTheConnectionWithItsCode(string what, byte[] mistake, int replyCode, string text)
    {
        byte[] before = Frames.Method(2, 0, 60, 0, 40);
        byte[] input = Frames.Join(before, mistake);
        int[][] cuts = [[input.Length], input.Length < 100 ? OneByOne(input) : [before.Length + 3, 40, input.Length - before.Length - 43]];
        foreach (int[] cut in cuts)
        {
            var sink = new RecordingFrameSink();

            var error = Feed(input, sink, FrameMax, cut).Error;

            Assert.NotNull(error);
            Assert.True(error.ReplyCode == replyCode, $"{what}: {error}");
            Assert.Equal(Codec.ErrorScope.Connection, error.Scope);
            Assert.Contains(text, error.ReplyText, StringComparison.Ordinal);
            Assert.Equal("method 2 003C0028", sink.Frames[0]);

            // The octets of a large body are handed on before its end octet is there.
            Assert.Equal(sink.Parts > 0 ? 2 : 1, sink.Frames.Count);
        }
    }

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void Consume_AfterAMistake_GoesOnOnlyWhereTheNextFrameIsKnown(string what, byte[] mistake, int replyCode, string text)
    {
        Assert.NotEmpty(text);
        byte[] input = Frames.Join(mistake, Frames.Heartbeat);
        var sink = new RecordingFrameSink();
        var frames = new FrameInput(FrameMax);

        var error = frames.Consume(input, ref sink, out int consumed);
        Assert.Equal(replyCode, error!.ReplyCode);
        bool isOutOfStep = text.Contains("end_marker", StringComparison.Ordinal) || text.Contains("too_large", StringComparison.Ordinal);
        Assert.True(frames.IsOutOfStep == isOutOfStep, what);
        Assert.Null(frames.Consume(input.AsSpan(consumed), ref sink, out int rest));
        Assert.Equal(isOutOfStep ? [] : ["heartbeat 0 "], sink.Frames);
        Assert.Equal(isOutOfStep ? 0 : input.Length, isOutOfStep ? rest : consumed + rest);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(8, true)]
    [InlineData(9, false)]
    public void Consume_OfAFrameOverTheMaximum_ToleratesEightOctets(int octetsOver, bool isTaken)
    {
        byte[] input = Frames.Body(1, 4096 - 8 + octetsOver);
        var sink = new RecordingFrameSink();

        Assert.Equal(isTaken, Feed(input, sink, 4096, input.Length).Error is null);
        Assert.Equal(isTaken ? 1 : 0, sink.Frames.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(uint.MaxValue)]
    [InlineData(uint.MaxValue - 7)]
    [InlineData(uint.MaxValue - 8)]
    public void Consume_WithoutALimit_TakesLargeFrames(uint frameMax)
    {
        byte[] input = Frames.Body(1, 1_000_000);
        var sink = new RecordingFrameSink();

        Assert.Null(Feed(input, sink, frameMax, input.Length).Error);
        Assert.Single(sink.Frames);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(uint.MaxValue)]
    public void Consume_WithoutALimit_RefusesWhatNoArrayHolds(uint frameMax)
    {
        var sink = new RecordingFrameSink();

        var error = Feed([1, 0, 1, 0x80, 0, 0, 0], sink, frameMax, 7).Error;

        Assert.Equal(501, error!.ReplyCode);
        Assert.Contains("frame_too_large,2147483648", error.ReplyText, StringComparison.Ordinal);
    }

    [Fact]
    public void Consume_WhenTheSinkRefuses_HasTakenThatFrameAndNoMore()
    {
        byte[] first = Frames.Method(1, 0, 60, 0, 40);
        byte[] input = Frames.Join(first, first, first);
        var sink = new RecordingFrameSink { RefusedCall = 1 };
        var frames = new FrameInput(FrameMax);

        Assert.Same(sink.Refusal, frames.Consume(input, ref sink, out int consumed));

        Assert.Equal(2 * first.Length, consumed);
        Assert.False(frames.IsOutOfStep);
        Assert.Null(frames.Consume(input.AsSpan(consumed), ref sink, out consumed));
        Assert.Equal(3, sink.Frames.Count);
    }

    [Fact]
    public void Consume_WhenTheSinkIsSaturated_StopsBehindTheFrame_AndGoesOnLater()
    {
        byte[] input = Frames.Join(Frames.Heartbeat, Frames.Body(1, 100), Frames.Heartbeat);
        var sink = new RecordingFrameSink { EnoughFrames = 2 };
        var frames = new FrameInput(FrameMax);

        Assert.Null(frames.Consume(input, ref sink, out int consumed));

        Assert.Equal(2, sink.Frames.Count);
        Assert.Equal(input.Length - Frames.Heartbeat.Length, consumed);
        sink.EnoughFrames = int.MaxValue;
        Assert.Null(frames.Consume(input.AsSpan(consumed), ref sink, out consumed));
        Assert.Equal(Frames.Heartbeat.Length, consumed);
        Assert.Equal(3, sink.Frames.Count);
    }

    [Fact]
    public void Consume_WhenTheSinkLeavesAFrame_GivesItAgain()
    {
        byte[] input = Frames.Join(Frames.Heartbeat, Frames.Method(1, 0, 10, 0, 50), Frames.Heartbeat);
        var sink = new RecordingFrameSink { EnoughFrames = 2, LeavesFrame = true };
        var frames = new FrameInput(FrameMax);

        Assert.Null(frames.Consume(input, ref sink, out int consumed));

        Assert.Equal(Frames.Heartbeat.Length, consumed);
        (sink.EnoughFrames, sink.LeavesFrame) = (int.MaxValue, false);
        Assert.Null(frames.Consume(input.AsSpan(consumed), ref sink, out consumed));
        Assert.Equal(input.Length - Frames.Heartbeat.Length, consumed);
        Assert.Equal(4, sink.Frames.Count);
        Assert.Equal(sink.Frames[1], sink.Frames[2]);
    }

    [Fact]
    public void Consume_WhenTheSinkRefusesAPartOfABody_StaysInStep()
    {
        byte[] input = Frames.Join(Frames.Body(1, 60_000), Frames.Heartbeat);
        var sink = new RecordingFrameSink { RefusedCall = 0 };
        var frames = new FrameInput(FrameMax);

        Assert.Same(sink.Refusal, frames.Consume(input.AsSpan(0, 10_000), ref sink, out int consumed));

        Assert.Equal(10_000, consumed);
        Assert.Null(frames.Consume(input.AsSpan(consumed), ref sink, out int rest));
        Assert.Equal(input.Length, consumed + rest);
        Assert.Equal("heartbeat 0 ", sink.Frames[^1]);
    }

    /// <summary>Feeds pieces as a receive pump does: what was not taken comes again with the next piece behind it.</summary>
    private static (ProtocolError? Error, int LongestKept) Feed(byte[] input, RecordingFrameSink sink, uint frameMax, params int[] pieces)
    {
        var frames = new FrameInput(frameMax);
        int start = 0;
        int end = 0;
        int longestKept = 0;
        foreach (int piece in pieces)
        {
            end += piece;
            var error = frames.Consume(input.AsSpan(start, end - start), ref sink, out int consumed);
            start += consumed;
            longestKept = Math.Max(longestKept, end - start);
            if (error is not null)
            {
                return (error, longestKept);
            }
        }

        return (null, longestKept);
    }

    private static int[] OneByOne(byte[] input) => [.. Enumerable.Repeat(1, input.Length)];

    private static string BodyHex(int octets) => Convert.ToHexString(Frames.Body(1, octets).AsSpan(7, octets));
}
