using BenchmarkDotNet.Attributes;

namespace AmqpToolkit.Benchmarks;

/// <summary>The floor: copying the same octets.</summary>
[BenchmarkCategory("Codec")]
public class CopyBenchmarks
{
    private readonly byte[] _publish = Sample.PublishFrames();
    private readonly byte[] _input = new byte[64 * 1024];
    private readonly byte[] _buffer = new byte[64 * 1024];

    [Benchmark(Description = "copy: the octets of a publish")]
    public void CopyPublish() => _publish.CopyTo(_buffer.AsSpan());

    [Benchmark(Description = "copy: 64 KiB")]
    public void Copy64KiB() => _input.CopyTo(_buffer.AsSpan());
}
