using AmqpToolkit.Codec;
using BenchmarkDotNet.Attributes;

namespace AmqpToolkit.Benchmarks;

/// <summary>A field table of ten entries, as headers of a message have them.</summary>
[MemoryDiagnoser]
[BenchmarkCategory("Codec")]
public class TableBenchmarks
{
    private readonly byte[] _buffer = new byte[Sample.BufferOctets];
    private readonly TableBuilder _builder = new();
    private byte[] _wire = [];

    [GlobalSetup]
    public void Prepare() => _wire = _buffer[..Encode()];

    [Benchmark(Description = "table of ten: encode, keys in UTF-8")]
    public int Encode() => _builder.Clear()
        .Add("x-tenant"u8, "acme"u8)
        .Add("x-attempt"u8, 3)
        .Add("x-sequence"u8, 1234567890123L)
        .Add("x-replay"u8, false)
        .Add("x-weight"u8, 0.75)
        .Add("x-source"u8, "importer"u8)
        .Add("x-region"u8, "eu-west-1"u8)
        .Add("x-created"u8, new AmqpTimestamp(1_700_000_000))
        .Add("x-priority"u8, (byte)5)
        .Add("x-last"u8, "end"u8)
        .Write(_buffer);

    [Benchmark(Description = "table of ten: encode, keys and values from strings")]
    public int EncodeFromStrings() => _builder.Clear()
        .Add("x-tenant", "acme")
        .Add("x-attempt", 3)
        .Add("x-sequence", 1234567890123L)
        .Add("x-replay", false)
        .Add("x-weight", 0.75)
        .Add("x-source", "importer")
        .Add("x-region", "eu-west-1")
        .Add("x-created", new AmqpTimestamp(1_700_000_000))
        .Add("x-priority", (byte)5)
        .Add("x-last", "end")
        .Write(_buffer);

    [Benchmark(Description = "table of ten: last key looked up")]
    public int LookUpLast() => new TableView(_wire).TryGetValue("x-last"u8, out FieldValueView value) ? value.Payload.Length : -1;

    [Benchmark(Description = "table of ten: absent key looked up")]
    public bool LookUpAbsent() => new TableView(_wire).TryGetValue("x-absent"u8, out _);

    [Benchmark(Description = "table of ten: validate")]
    public DecodeError Validate() => TableView.Validate(_wire);

    [Benchmark(Description = "table of ten: to a dictionary of objects")]
    public int ToDictionary() => new TableView(_wire).ToDictionary().Count;
}
