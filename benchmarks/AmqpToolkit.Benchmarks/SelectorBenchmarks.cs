using AmqpToolkit.Broker.Conversion;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Selectors;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;
using BenchmarkDotNet.Attributes;

namespace AmqpToolkit.Benchmarks;

/// <summary>A selector over a message of either version that has an id, a time and three properties of the application; and the same message made one of the other version.</summary>
[MemoryDiagnoser]
[BenchmarkCategory("Broker", "V1_0")]
public class SelectorBenchmarks
{
    private readonly MessageArena _arena = new();
    private readonly byte[] _body = new byte[16];
    private readonly byte[] _basic;
    private readonly byte[] _sections;
    private readonly byte[] _data;
    private readonly Selector _selector;

    public SelectorBenchmarks()
    {
        byte[] buffer = new byte[Sample.BufferOctets];
        _basic = buffer[..new BasicProperties
        {
            ContentType = "text/plain",
            MessageId = "id-1",
            Timestamp = 1_700_000_000,
            Headers = Table.Create(table => table.Add("shape", "round").Add("colour", "red").Add("weight", 5)),
        }.Write(buffer)];
        var builder = new EncodedValueBuilder()
            .Add(new Header { Durable = true })
            .Add(new Properties { MessageId = EncodedValue.String("id-1"), ContentType = "text/plain", CreationTime = 1_700_000_000_000 })
            .Describe(ApplicationPropertiesView.DescriptorCode).BeginMap()
            .AddString("shape").AddString("round").AddString("colour").AddString("red").AddString("weight").AddInt(5).End();
        _sections = builder.Span.ToArray();
        _data = builder.Clear().Add(new Data { Value = _body }).Span.ToArray();
        _selector = Selector.TryParse("colour = 'red' AND weight > 3", out Selector? selector, out string? error) ? selector! : throw new InvalidOperationException(error);
    }

    private MessageContent BasicMessage => new() { Exchange = default, RoutingKey = "key"u8, Properties = _basic, Body = _body };

    private MessageContent SectionMessage => new() { Exchange = default, RoutingKey = "key"u8, Properties = _sections, Body = _data, Flags = MessageFlags.Sections };

    [Benchmark(Description = "selector, two of three properties: message of 0-9-1")]
    public bool MatchBasic() => _selector.Matches(BasicMessage);

    [Benchmark(Description = "selector, two of three properties: message of 1.0")]
    public bool MatchSections() => _selector.Matches(SectionMessage);

    [Benchmark(Description = "message of 0-9-1, three headers: sections of 1.0 written")]
    public int BasicToSections() => SectionWriter.OfThread.FromBasic(BasicMessage).Length;

    [Benchmark(Description = "message of 1.0, three properties: properties of 0-9-1 written")]
    public int SectionsToBasic() => BasicWriter.OfThread.PropertiesOf(SectionMessage).Length;

    [Benchmark(Description = "message of 1.0: body for 0-9-1 found")]
    public long BodyToBasic() => BasicWriter.OfThread.BodyOf(SectionMessage, _arena).Count;
}
