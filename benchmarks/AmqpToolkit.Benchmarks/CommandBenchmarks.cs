using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_10;
using BenchmarkDotNet.Attributes;

namespace AmqpToolkit.Benchmarks;

/// <summary>A message of 0-10: the frames of message.transfer, of its header with delivery and message properties, and of a body of 16 octets.</summary>
[MemoryDiagnoser]
[BenchmarkCategory("Codec")]
public class CommandBenchmarks
{
    private const ushort MaxFrameSize = ushort.MaxValue;

    private readonly byte[] _buffer = new byte[Sample.BufferOctets];
    private readonly byte[] _destination = "amq.topic"u8.ToArray();
    private readonly byte[] _routingKey = "a.b.c"u8.ToArray();
    private byte[] _frames = [];
    private byte[] _transfer = [];

    [GlobalSetup]
    public void Prepare()
    {
        _frames = _buffer[..Encode()];
        FrameReader.TryRead(_frames, MaxFrameSize, out Frame frame);
        PackedReader.OpenCommand(frame.Payload, out _, out _, out ReadOnlySpan<byte> fields);
        _transfer = fields.ToArray();
    }

    [Benchmark(Description = "0-10 message.transfer: view, all fields read")]
    public int View()
    {
        if (MessageTransferView.TryParse(_transfer, out MessageTransferView view) != DecodeError.None)
        {
            return -1;
        }

        return view.Destination.Length + (int)view.AcceptMode + (int)view.AcquireMode;
    }

    [Benchmark(Description = "0-10 message.transfer: three frames written")]
    public int Encode()
    {
        Span<byte> buffer = _buffer;
        var transfer = new MessageTransfer { Destination = _destination, AcceptMode = MessageAcceptMode.None, AcquireMode = MessageAcquireMode.PreAcquired };
        int at = FrameWriter.WriteCommand(buffer, Sample.Channel, transfer, sync: false, isLast: false);
        Span<byte> header = buffer[(at + FrameReader.HeaderOctets)..];
        int octets = PackedWriter.WriteStruct(header, new MessageDeliveryProperties { RoutingKey = _routingKey });
        octets += PackedWriter.WriteStruct(header[octets..], new MessageProperties { ContentLength = (ulong)Sample.Body.Length });
        at += FrameWriter.WriteHeader(buffer[at..], FrameFlags.FirstFrame | FrameFlags.LastFrame, SegmentType.Header, Track.Command, Sample.Channel, octets) + octets;
        at += FrameWriter.WriteHeader(buffer[at..], FrameFlags.FirstFrame | FrameFlags.LastFrame | FrameFlags.LastSegment, SegmentType.Body, Track.Command, Sample.Channel, Sample.Body.Length);
        Sample.Body.CopyTo(buffer[at..]);
        return at + Sample.Body.Length;
    }

    [Benchmark(Description = "0-10 message.transfer: three frames read, all fields")]
    public int Decode()
    {
        ReadOnlySpan<byte> input = _frames;
        if (FrameReader.TryRead(input, MaxFrameSize, out Frame command) != FrameReadStatus.Complete
            || PackedReader.OpenCommand(command.Payload, out _, out bool sync, out ReadOnlySpan<byte> fields) != DecodeError.None
            || MessageTransferView.TryParse(fields, out MessageTransferView transfer) != DecodeError.None
            || FrameReader.TryRead(input = input[command.Octets..], MaxFrameSize, out Frame header) != FrameReadStatus.Complete
            || HeaderSegmentView.TryParse(header.Payload, out HeaderSegmentView structs) != DecodeError.None
            || !structs.TryGetStruct(MessageDeliveryPropertiesView.Code, out fields)
            || MessageDeliveryPropertiesView.TryParse(fields, out MessageDeliveryPropertiesView delivery) != DecodeError.None
            || !structs.TryGetStruct(MessagePropertiesView.Code, out fields)
            || MessagePropertiesView.TryParse(fields, out MessagePropertiesView properties) != DecodeError.None
            || FrameReader.TryRead(input[header.Octets..], MaxFrameSize, out Frame body) != FrameReadStatus.Complete)
        {
            return -1;
        }

        return transfer.Destination.Length + (int)transfer.AcceptMode + (sync ? 1 : 0) + delivery.RoutingKey.Length + (int)properties.ContentLength + body.Payload.Length;
    }
}
