using AmqpToolkit.Codec.Classic;
using BenchmarkDotNet.Attributes;

namespace AmqpToolkit.Benchmarks;

/// <summary>64 KiB of what a publisher of 16-octet messages sends, cut into frames.</summary>
[MemoryDiagnoser]
[BenchmarkCategory("Codec")]
public class FrameScanBenchmarks
{
    private const int InputOctets = 64 * 1024;

    private readonly byte[] _input = Repeat(Sample.PublishFrames());

    [Benchmark(Description = "64 KiB of small frames: scan")]
    public int Scan()
    {
        ReadOnlySpan<byte> rest = _input;
        int frames = 0;
        while (FrameReader.TryRead(rest, Sample.FrameMax, out Frame frame) == FrameReadStatus.Complete)
        {
            frames++;
            rest = rest[frame.Octets..];
        }

        return frames;
    }

    private static byte[] Repeat(byte[] frames)
    {
        byte[] input = new byte[InputOctets];
        for (int at = 0; at < InputOctets; at += frames.Length)
        {
            frames.AsSpan(0, Math.Min(frames.Length, InputOctets - at)).CopyTo(input.AsSpan(at));
        }

        return input;
    }
}
