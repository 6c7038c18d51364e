using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using BenchmarkDotNet.Attributes;

namespace AmqpToolkit.Benchmarks;

/// <summary>A published and a delivered message: method, content header and body of 16 octets.</summary>
[MemoryDiagnoser]
[BenchmarkCategory("Codec")]
public class MethodBenchmarks
{
    private readonly byte[] _buffer = new byte[Sample.BufferOctets];
    private readonly byte[] _publishArguments = Sample.Payload(new BasicPublish { Exchange = Sample.Exchange, RoutingKey = Sample.RoutingKey })[sizeof(uint)..];
    private readonly byte[] _deliverFrames = Sample.DeliverFrames();
    private readonly byte[] _deliverArguments = Sample.Payload(new BasicDeliver
    {
        ConsumerTag = Sample.ConsumerTag,
        DeliveryTag = 1234567,
        Exchange = Sample.Exchange,
        RoutingKey = Sample.RoutingKey,
    })[sizeof(uint)..];

    private readonly byte[] _exchangeOctets = "amq.topic"u8.ToArray();
    private readonly byte[] _routingKeyOctets = "a.b.c"u8.ToArray();
    private ShortString _exchange;
    private ShortString _routingKey;
    private string _exchangeText = Sample.Exchange;
    private string _routingKeyText = Sample.RoutingKey;

    [GlobalSetup]
    public void Prepare()
    {
        _exchange = _exchangeOctets;
        _routingKey = _routingKeyOctets;
    }

    [Benchmark(Description = "basic.publish: view, all fields read")]
    public int PublishView()
    {
        if (BasicPublishView.TryParse(_publishArguments, out BasicPublishView view) != DecodeError.None)
        {
            return -1;
        }

        return view.Exchange.Length + view.RoutingKey.Length + (view.Mandatory ? 1 : 0) + (view.Immediate ? 1 : 0);
    }

    [Benchmark(Description = "basic.deliver: view, all fields read")]
    public int DeliverView()
    {
        if (BasicDeliverView.TryParse(_deliverArguments, out BasicDeliverView view) != DecodeError.None)
        {
            return -1;
        }

        return view.ConsumerTag.Length + (int)view.DeliveryTag + (view.Redelivered ? 1 : 0) + view.Exchange.Length + view.RoutingKey.Length;
    }

    [Benchmark(Description = "basic.publish: text checked for UTF-8")]
    public bool PublishIsTextValid()
    {
        _ = BasicPublishView.TryParse(_publishArguments, out BasicPublishView view);
        return view.IsTextValid;
    }

    [Benchmark(Description = "publish: three frames, names pre-encoded")]
    public int PublishFromOctets()
    {
        Span<byte> buffer = _buffer;
        int at = FrameWriter.WriteMethod(buffer, Sample.Channel, new BasicPublish { Exchange = _exchange, RoutingKey = _routingKey });
        at += FrameWriter.WriteContentHeader(buffer[at..], Sample.Channel, BasicPropertiesView.ClassId, (ulong)Sample.Body.Length, Sample.NoProperties);
        return at + FrameWriter.WriteBody(buffer[at..], Sample.Channel, Sample.Body);
    }

    [Benchmark(Description = "publish: three frames, names from strings")]
    public int PublishFromStrings()
    {
        Span<byte> buffer = _buffer;
        int at = FrameWriter.WriteMethod(buffer, Sample.Channel, new BasicPublish { Exchange = _exchangeText, RoutingKey = _routingKeyText });
        at += FrameWriter.WriteContentHeader(buffer[at..], Sample.Channel, BasicPropertiesView.ClassId, (ulong)Sample.Body.Length, Sample.NoProperties);
        return at + FrameWriter.WriteBody(buffer[at..], Sample.Channel, Sample.Body);
    }

    [Benchmark(Description = "publish: three frames, span form")]
    public int PublishFromSpans()
    {
        Span<byte> buffer = _buffer;
        int octets = BasicPublish.Write(buffer[FrameReader.HeaderOctets..], _exchangeOctets, _routingKeyOctets, mandatory: false, immediate: false);
        FrameWriter.WriteFrameHeader(buffer, (byte)Constants.FrameMethod, Sample.Channel, octets);
        int at = FrameWriter.End(buffer, FrameReader.HeaderOctets + octets);
        at += FrameWriter.WriteContentHeader(buffer[at..], Sample.Channel, BasicPropertiesView.ClassId, (ulong)Sample.Body.Length, Sample.NoProperties);
        return at + FrameWriter.WriteBody(buffer[at..], Sample.Channel, Sample.Body);
    }

    [Benchmark(Description = "deliver: three frames read, all fields")]
    public int DeliverDecode()
    {
        ReadOnlySpan<byte> input = _deliverFrames;
        if (FrameReader.TryRead(input, Sample.FrameMax, out Frame method) != FrameReadStatus.Complete
            || BasicDeliverView.TryParse(method.Payload[sizeof(uint)..], out BasicDeliverView deliver) != DecodeError.None
            || FrameReader.TryRead(input = input[method.Octets..], Sample.FrameMax, out Frame header) != FrameReadStatus.Complete
            || ContentHeaderView.TryParse(header.Payload, out ContentHeaderView content) != DecodeError.None
            || FrameReader.TryRead(input[header.Octets..], Sample.FrameMax, out Frame body) != FrameReadStatus.Complete)
        {
            return -1;
        }

        return deliver.ConsumerTag.Length + (int)deliver.DeliveryTag + deliver.Exchange.Length + deliver.RoutingKey.Length
            + (int)content.BodyOctets + content.Properties.Length + body.Payload.Length;
    }
}
