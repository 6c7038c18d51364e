using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Protocol.Tests;

public sealed class ContentWriterTests
{
    private const uint FrameMax = 4096;
    private const int PerFrame = (int)FrameMax - 8;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(PerFrame - 1, 1)]
    [InlineData(PerFrame, 1)]
    [InlineData(PerFrame + 1, 2)]
    [InlineData(2 * PerFrame, 2)]
    [InlineData((10 * PerFrame) + 1, 11)]
    public void Write_OfAnyBody_FillsFramesUpToTheMaximum(int bodyOctets, int bodyFrames)
    {
        byte[] body = new byte[bodyOctets];
        new Random(bodyOctets).NextBytes(body);
        byte[] properties = [0x10, 0, 2];
        byte[] output = new byte[ContentWriter.CountOctets(properties.Length, bodyOctets, FrameMax)];

        Assert.Equal(output.Length, ContentWriter.Write(output, 9, 60, properties, body, FrameMax));

        var sink = new RecordingFrameSink();
        var content = default(ContentState);
        content.Begin(60 << 16);
        var input = new FrameInput(FrameMax - FrameInput.ToleratedOctets); // so that no frame may be too large
        Assert.Null(input.Consume(output, ref sink, out int consumed));
        Assert.Equal(output.Length, consumed);
        Assert.Equal(1 + bodyFrames, sink.Frames.Count);
        Assert.StartsWith("header 9 003C0000" + bodyOctets.ToString("X16"), sink.Frames[0], StringComparison.Ordinal);
        Assert.EndsWith("100002", sink.Frames[0], StringComparison.Ordinal);
        Assert.Equal(body, BodyOf(output));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(uint.MaxValue)]
    [InlineData(2_147_483_648u)]
    public void Write_WithoutALimit_PutsTheBodyIntoOneFrame(uint frameMax)
    {
        byte[] output = new byte[ContentWriter.CountOctets(2, 300_000, frameMax)];

        Assert.Equal(output.Length, ContentWriter.Write(output, 1, 60, [0, 0], new byte[300_000], frameMax));
        Assert.Equal(ContentWriter.HeaderOverheadOctets + 2 + 8 + 300_000, output.Length);
    }

    private static byte[] BodyOf(byte[] output)
    {
        var body = new List<byte>();
        for (int at = 0; at < output.Length;)
        {
            int size = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(output.AsSpan(at + 3));
            if (output[at] == 3)
            {
                body.AddRange(output.AsSpan(at + 7, size));
            }

            at += size + 8;
        }

        return [.. body];
    }
}
