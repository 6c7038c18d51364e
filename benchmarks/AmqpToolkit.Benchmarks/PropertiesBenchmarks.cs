using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using BenchmarkDotNet.Attributes;

namespace AmqpToolkit.Benchmarks;

/// <summary>Content properties with three set: content-type, delivery-mode, correlation-id.</summary>
[MemoryDiagnoser]
[BenchmarkCategory("Codec")]
public class PropertiesBenchmarks
{
    private readonly byte[] _buffer = new byte[Sample.BufferOctets];
    private readonly byte[] _contentTypeOctets = "application/json"u8.ToArray();
    private readonly byte[] _correlationIdOctets = "4711"u8.ToArray();
    private string _contentType = "application/json";
    private string _correlationId = "4711";
    private byte[] _wire = [];

    [GlobalSetup]
    public void Prepare() => _wire = _buffer[..WriteFromStrings()];

    [Benchmark(Description = "properties, three set: read")]
    public int Read()
    {
        if (BasicPropertiesView.TryParse(_wire, out BasicPropertiesView view) != DecodeError.None)
        {
            return -1;
        }

        return view.ContentType.Length + view.DeliveryMode + view.CorrelationId.Length;
    }

    [Benchmark(Description = "properties, three set: write from strings")]
    public int WriteFromStrings() =>
        new BasicProperties { ContentType = _contentType, DeliveryMode = 2, CorrelationId = _correlationId }.Write(_buffer);

    [Benchmark(Description = "properties, three set: write pre-encoded")]
    public int WriteFromOctets() =>
        new BasicProperties { ContentType = _contentTypeOctets, DeliveryMode = 2, CorrelationId = _correlationIdOctets }.Write(_buffer);
}
