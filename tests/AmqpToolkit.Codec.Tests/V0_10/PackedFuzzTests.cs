using System.Buffers.Binary;
using AmqpToolkit.Codec.Tests.Specs;
using AmqpToolkit.Codec.V0_10;
using Xunit.Abstractions;

namespace AmqpToolkit.Codec.Tests.V0_10;

/// <summary>Damaged frames of 0-10 through all decoders: no exception, no hang, only the defined errors. See <see cref="FuzzRun"/> for longer runs.</summary>
public class PackedFuzzTests(ITestOutputHelper output)
{
    private const int Seed = 10;
    private const ushort FrameMax = 4096;
    private const int LongestInput = 2 * FrameMax;
    private const int MaxSegmentOctets = 8192;

    private static readonly Dictionary<(string Kind, int Code), SpecPacked> ByCode =
        CommandSpec.Instance.Packed.Where(item => item.Code is not null).ToDictionary(item => (item.Kind, item.Code!.Value));

    private readonly FuzzRun _run = new(output, Seed, [.. CommandSpec.Instance.Lengths.Keys.Select(CommandSpec.Instance.CodeOf).Where(code => code >= 0).Select(code => (byte)code)]);
    private readonly RecordingDispatch[] _dispatches =
    [
        RecordingDispatch.Of(CommandSpec.Edition, "Server", "Control"),
        RecordingDispatch.Of(CommandSpec.Edition, "Client", "Control"),
        RecordingDispatch.Of(CommandSpec.Edition, "Server", "Command"),
        RecordingDispatch.Of(CommandSpec.Edition, "Client", "Command"),
    ];

    [Fact]
    public void Decoders_FedWithDamagedFrames_ReportOnlyDefinedErrors()
    {
        _run.Over(Corpus(), LongestInput, Mend, Decode);
        output.WriteLine($"{_dispatches.Sum(dispatch => dispatch.Handler.Calls)} calls of handlers");
    }

    private static void Mend(Span<byte> input)
    {
        if (input.Length >= FrameReader.HeaderOctets)
        {
            input[0] = (byte)FrameFlags.Whole;
            BinaryPrimitives.WriteUInt16BigEndian(input[2..], (ushort)input.Length);
        }
    }

    private static byte[] Frame(string kind, ReadOnlySpan<byte> payload)
    {
        (SegmentType type, Track track) = kind switch
        {
            "control" => (SegmentType.Control, Track.Control),
            "command" => (SegmentType.Command, Track.Command),
            _ => (SegmentType.Header, Track.Command),
        };
        byte[] frame = new byte[FrameReader.HeaderOctets + payload.Length];
        FrameWriter.WriteHeader(frame, FrameFlags.Whole, type, track, channel: 1, payload.Length);
        payload.CopyTo(frame.AsSpan(FrameReader.HeaderOctets));
        return frame;
    }

    /// <summary>Frames of every control, command, and struct as a header.</summary>
    private List<byte[]> Corpus()
    {
        const int eachItem = 4;
        var random = new PackedRandom(_run.Seed);
        var corpus = new List<byte[]>();
        foreach (SpecPacked item in CommandSpec.Instance.Packed.Where(item => item.Code is not null))
        {
            for (int sample = 0; sample < eachItem; sample++)
            {
                byte[] fields = PackedSpecCoverageTests.Write(random.Instance(item, _ => random.Random.Next(4) != 0));
                byte[] code = [(byte)(item.Code!.Value >> 8), (byte)item.Code.Value];
                byte[] length = new byte[sizeof(uint)];
                BinaryPrimitives.WriteInt32BigEndian(length, code.Length + fields.Length);
                corpus.Add(Frame(item.Kind, item.Kind switch
                {
                    "control" => [.. code, .. fields],
                    "command" => [.. code, 1, 0, .. fields],
                    _ => [.. length, .. code, .. fields],
                }));
            }
        }

        corpus.RemoveAll(frame => frame.Length > FrameMax);
        return corpus;
    }

    private void Decode(ReadOnlySpan<byte> input)
    {
        if (FrameReader.TryRead(input, FrameMax, out Frame frame) != FrameReadStatus.Complete
            || new SegmentAssembler(MaxSegmentOctets).Add(frame, out Segment segment) == SegmentStatus.TooLarge)
        {
            return;
        }

        ReadOnlySpan<byte> payload = segment.Payload.IsEmpty ? frame.Payload : segment.Payload;
        foreach (RecordingDispatch dispatch in _dispatches)
        {
            _run.Count(dispatch.Dispatch(frame.Channel, payload));
        }

        if (PackedReader.OpenCommand(payload, out ushort code, out _, out ReadOnlySpan<byte> fields) == DecodeError.None && ByCode.TryGetValue(("command", code), out SpecPacked? command))
        {
            _run.Count(command.Type.Parse(fields, out _, out _));
        }

        DecodeError error = HeaderSegmentView.TryParse(payload, out HeaderSegmentView header);
        _run.Count(error);
        foreach (PackedStructView item in header)
        {
            if (ByCode.TryGetValue(("struct", item.Code), out SpecPacked? known))
            {
                _run.Count(known.Type.Parse(item.Fields, out _, out _));
            }
        }

        // Values that nothing has validated, too.
        ReadOnlySpan<byte> octets = payload[Math.Min(payload.Length, 8)..];
        _run.Count(PackedMapView.Validate(octets));
        _run.Count(SequenceSetView.Validate(octets));
        PackedWalk.Map(new PackedMapView(octets));
        PackedWalk.Array(new PackedArrayView(octets));
    }
}
