using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;
using BenchmarkDotNet.Attributes;

namespace AmqpToolkit.Benchmarks;

/// <summary>A message of AMQP 1.0: header, properties, five application properties, 1 KiB of data; and the copy of its octets.</summary>
[MemoryDiagnoser]
[BenchmarkCategory("Codec", "V1_0")]
public class SectionBenchmarks
{
    private const int ApplicationProperties = 5;

    private readonly EncodedValueBuilder _builder = new();
    private readonly byte[] _buffer = new byte[Sample.BufferOctets];
    private readonly byte[] _body = new byte[1024];
    private readonly byte[] _message;
    private readonly byte[] _properties;

    public SectionBenchmarks()
    {
        MessageWrite();
        _message = _builder.Span.ToArray();
        _properties = MessageSections.TryParse(_message, out MessageSections sections) == DecodeError.None ? sections.Properties.ToArray() : [];
    }

    [Benchmark(Description = "1.0 message: sections found")]
    public int Sections()
    {
        if (MessageSections.TryParse(_message, out MessageSections sections) != DecodeError.None)
        {
            return -1;
        }

        return sections.Properties.Length + sections.ApplicationProperties.Length + sections.Body.Length + (int)sections.BodyKind;
    }

    [Benchmark(Description = "1.0 properties, five set: view, fields read")]
    public long Properties() => PropertiesView.TryParse(_properties, out PropertiesView view, out _) == DecodeError.None
        ? view.To.Octets.Length + view.CreationTime + view.Subject.Length
        : -1;

    [Benchmark(Description = "1.0 application properties, five: one key looked up")]
    public bool ApplicationProperty()
    {
        _ = MessageSections.TryParse(_message, out MessageSections sections);
        return ApplicationPropertiesView.TryParse(sections.ApplicationProperties, out ApplicationPropertiesView view, out _) == DecodeError.None
            && view.Value.TryGetValue("property-3"u8, out _);
    }

    [Benchmark(Description = "1.0 message: written")]
    public int MessageWrite()
    {
        _builder.Clear()
            .Add(new Header { Durable = true })
            .Add(new Properties { MessageId = EncodedValue.ULong(5), To = EncodedValue.String("queue"), Subject = "subject", ContentType = "text/plain", CreationTime = 1_700_000_000_000 })
            .Describe(ApplicationPropertiesView.DescriptorCode).BeginMap();
        for (int i = 0; i < ApplicationProperties; i++)
        {
            _builder.AddString(Names[i]).AddString("value");
        }

        return _builder.End().Add(new Data { Value = _body }).Span.Length;
    }

    [Benchmark(Description = "copy: the octets of a message")]
    public void Copy() => _message.CopyTo(_buffer.AsSpan());

    private static string[] Names { get; } = [.. Enumerable.Range(0, ApplicationProperties).Select(number => $"property-{number}")];
}
