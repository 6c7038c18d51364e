using AmqpToolkit.Codec.V0_10;

namespace AmqpToolkit.Codec.Tests.V0_10;

/// <summary>What runs for every message of 0-10 allocates nothing.</summary>
public class PackedAllocationTests
{
    private readonly byte[] _buffer = new byte[4096];
    private readonly PackedBuilder _builder = new();
    private readonly SegmentAssembler _assembler = new(4096);
    private readonly RecordingDispatch _server = RecordingDispatch.Of(Specs.CommandSpec.Edition, "Server", "Command");

    [Fact]
    public void Transfer_WrittenReadAndDispatched_AllocatesNothing()
    {
        var properties = new MessageProperties { ContentLength = 5, ContentType = "text/plain", ApplicationHeaders = PackedValue.Map(map => map.Key("a").AddInt32(1)) };

        AllocationTests.AssertNoAllocation(() =>
        {
            int at = FrameWriter.WriteCommand(_buffer, 1, new MessageTransfer { Destination = "q", AcceptMode = MessageAcceptMode.None }, sync: false, isLast: false);
            int header = PackedWriter.WriteStruct(_buffer.AsSpan(at + FrameReader.HeaderOctets), new MessageDeliveryProperties { RoutingKey = "k" });
            header += PackedWriter.WriteStruct(_buffer.AsSpan(at + FrameReader.HeaderOctets + header), properties);
            at += header + FrameWriter.WriteHeader(_buffer.AsSpan(at), FrameFlags.LastSegment | FrameFlags.FirstFrame | FrameFlags.LastFrame, SegmentType.Header, Track.Command, 1, header);
            return Read(_buffer.AsSpan(0, at));
        });
        Assert.Equal("HandleMessageTransfer", _server.Handler.Method);
    }

    [Fact]
    public void Builder_Reused_AllocatesNothing() => AllocationTests.AssertNoAllocation(() => _builder.Clear()
        .BeginMap().Key("n"u8).AddInt32(1).Key("s").AddString("text").Key("l").BeginList().AddVoid().End().End().Span.Length);

    [Fact]
    public void Ranges_WrittenAndRead_AllocateNothing() => AllocationTests.AssertNoAllocation(() =>
    {
        int octets = new MessageAccept { Transfers = new SequenceSet(1, 9) }.Write(_buffer);
        _ = MessageAcceptView.TryParse(_buffer.AsSpan(0, octets), out MessageAcceptView view);
        int sum = view.Transfers.Contains(4) ? 1 : 0;
        foreach (SequenceRange range in view.Transfers)
        {
            sum += (int)range.Count;
        }

        return sum;
    });

    private int Read(ReadOnlySpan<byte> rest)
    {
        int sum = 0;
        while (FrameReader.TryRead(rest, 4096, out Frame frame) == FrameReadStatus.Complete)
        {
            rest = rest[frame.Octets..];
            _ = _assembler.Add(frame, out Segment segment);
            if (segment.Type == SegmentType.Command)
            {
                sum += 1 + (int)_server.Dispatch(frame.Channel, segment.Payload);
                continue;
            }

            _ = HeaderSegmentView.TryParse(segment.Payload, out HeaderSegmentView header);
            if (header.TryGetStruct(MessagePropertiesView.Code, out ReadOnlySpan<byte> fields) && MessagePropertiesView.TryParse(fields, out MessagePropertiesView view) == DecodeError.None)
            {
                sum += view.ApplicationHeaders.TryGetValue("a"u8, out PackedValueView value) && value.TryGetInt64(out long number) ? (int)number : 0;
            }
        }

        return sum;
    }
}
