using AmqpToolkit.Codec;
using BenchmarkDotNet.Attributes;
using RabbitMQ.Client;

namespace AmqpToolkit.Benchmarks;

/// <summary>RabbitMQ.Client's codec on the properties and the table of the other codec benchmarks.</summary>
[MemoryDiagnoser]
[BenchmarkCategory("Codec")]
public class RabbitMqClientBenchmarks
{
    private readonly byte[] _buffer = new byte[Sample.BufferOctets];
    private readonly BasicProperties _properties = new() { ContentType = "application/json", DeliveryMode = DeliveryModes.Persistent, CorrelationId = "4711" };
    private readonly Dictionary<string, object?> _table = new()
    {
        ["x-tenant"] = "acme",
        ["x-attempt"] = 3,
        ["x-sequence"] = 1234567890123L,
        ["x-replay"] = false,
        ["x-weight"] = 0.75,
        ["x-source"] = "importer",
        ["x-region"] = "eu-west-1",
        ["x-created"] = new RabbitMQ.Client.AmqpTimestamp(1_700_000_000),
        ["x-priority"] = (byte)5,
        ["x-last"] = "end",
    };

    private RabbitMqClientCodec.PropertiesWriter? _writeProperties;
    private byte[] _propertiesWire = [];
    private byte[] _tableWire = [];

    [GlobalSetup]
    public void Prepare()
    {
        _writeProperties = RabbitMqClientCodec.WriterOf(_properties);
        _propertiesWire = _buffer[..WriteProperties()];
        _tableWire = _buffer[..WriteTable()];
        if (new TableView(_tableWire.AsSpan(sizeof(uint))).ToDictionary().Count != _table.Count)
        {
            throw new InvalidOperationException("RabbitMQ.Client wrote another table.");
        }

        if (ReadProperties() != "application/json".Length + "4711".Length + (int)DeliveryModes.Persistent)
        {
            throw new InvalidOperationException("RabbitMQ.Client read other properties.");
        }
    }

    [Benchmark(Description = "RabbitMQ.Client: properties, three set: write from strings")]
    public int WriteProperties() => _writeProperties!(_buffer);

    [Benchmark(Description = "RabbitMQ.Client: properties, three set: read")]
    public int ReadProperties() => RabbitMqClientCodec.ReadProperties(_propertiesWire);

    [Benchmark(Description = "RabbitMQ.Client: table of ten: encode from a dictionary")]
    public int WriteTable() => RabbitMqClientCodec.WriteTable(ref _buffer[0], _table);

    [Benchmark(Description = "RabbitMQ.Client: table of ten: last key looked up")]
    public object? LookUpLast()
    {
        RabbitMqClientCodec.ReadTable(_tableWire, out Dictionary<string, object?>? table);
        return table!["x-last"];
    }
}
