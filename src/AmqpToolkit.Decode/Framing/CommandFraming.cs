using System.Buffers.Binary;
using AmqpToolkit.Codec.Descriptions;
using AmqpToolkit.Codec.V0_10;
using AmqpToolkit.Decode.Output;
using AmqpToolkit.Decode.Values;

namespace AmqpToolkit.Decode.Framing;

/// <summary>
/// Frames of 0-10, put together to segments; a segment is shown with its last frame.
/// <code>flags(1) type(1) size(2) reserved(1) track(1) channel(2) reserved(4)  payload</code>
/// </summary>
internal sealed class CommandFraming(DecodeSettings settings) : IFraming
{
    private const int MaxSegmentOctets = 256 << 10;
    private const int MaxTracks = 1024;
    private const int CodeOctets = 2;
    private const int TypeAt = 1;

    private static readonly string[] _kinds = ["control", "command", "header", "body"];

    private readonly Shapes _shapes = Shapes.Of(Edition.V0_10);
    private readonly Dictionary<(ushort Channel, Track Track), SegmentAssembler> _assemblers = [];

    /// <summary>After a gap nobody knows what the first frame of a track continues.</summary>
    private bool _isResumed;

    public FrameCut Cut(ReadOnlySpan<byte> input, int maxOctets, out int octets, out string reason)
    {
        octets = 0;
        reason = "";
        switch (FrameReader.TryRead(input, 0, out Frame frame))
        {
            case FrameReadStatus.Complete:
                octets = frame.Octets;
                return FrameCut.Complete;
            case FrameReadStatus.Incomplete:
                return FrameCut.Incomplete;
            default:
                reason = input[0] >> 6 != 0 ? $"0x{input[0]:X2} holds a version of the frame format that is not 0" : $"a frame cannot have {BinaryPrimitives.ReadUInt16BigEndian(input[2..])} octets";
                return FrameCut.Malformed;
        }
    }

    public FrameCut Recognize(ReadOnlySpan<byte> input, int maxOctets)
    {
        // Flags without version, a type, zeros where zeros are; first frames of first segments only, which begin with a code.
        const byte FirstOfFirst = (byte)(FrameFlags.FirstSegment | FrameFlags.FirstFrame);
        if ((input[0] & 0xF0) != 0 || (input[0] & FirstOfFirst) != FirstOfFirst || (input.Length > TypeAt && input[TypeAt] > (byte)SegmentType.Command))
        {
            return FrameCut.Malformed;
        }

        if (input.Length < FrameReader.HeaderOctets + CodeOctets)
        {
            return FrameCut.Incomplete;
        }

        bool isPossible = input[4] == 0 && input[5] == input[TypeAt] && BinaryPrimitives.ReadUInt32BigEndian(input[8..]) == 0
            && _shapes.Find(KindOf((SegmentType)input[TypeAt]), BinaryPrimitives.ReadUInt16BigEndian(input[FrameReader.HeaderOctets..])) is not null;
        return isPossible ? Cut(input, maxOctets, out _, out _) : FrameCut.Malformed;
    }

    public DecodedFrame Decode(ReadOnlySpan<byte> frame)
    {
        FrameReader.TryRead(frame, 0, out Frame read);
        if ((int)read.Type >= _kinds.Length)
        {
            return new DecodedFrame { Kind = "frame", Name = "frame", Channel = read.Channel, Octets = frame.Length, Problem = new Problem($"there is no segment type {(int)read.Type}", TypeAt) };
        }

        string kind = _kinds[(int)read.Type];
        switch (Assembler(read).Add(read, out Segment segment))
        {
            case SegmentStatus.Complete:
                return Segment(frame, read, kind, segment.Payload);
            case SegmentStatus.Incomplete:
                return Part(frame, read, kind, null);
            case SegmentStatus.TooLarge:
                _assemblers.Remove((read.Channel, read.Track));
                return Part(frame, read, kind, new Problem($"a segment of more than {MaxSegmentOctets} octets is not put together", 0));
            default:
                _assemblers.Remove((read.Channel, read.Track));
                return Part(frame, read, kind, _isResumed ? null : new Problem($"a frame of a {kind} segment with flags 0x{frame[0]:X2} cannot come here", 0));
        }
    }

    public void Reset()
    {
        _assemblers.Clear();
        _isResumed = true;
    }

    private static ShapeKind KindOf(SegmentType type) => type == SegmentType.Control ? ShapeKind.Control : ShapeKind.Command;

    private SegmentAssembler Assembler(in Frame frame)
    {
        (ushort, Track) key = (frame.Channel, frame.Track);
        if (!_assemblers.TryGetValue(key, out SegmentAssembler? assembler))
        {
            if (_assemblers.Count == MaxTracks)
            {
                Reset();
            }

            assembler = new SegmentAssembler(MaxSegmentOctets, keepsBodies: false);
            _assemblers.Add(key, assembler);
        }

        return assembler;
    }

    private DecodedFrame Part(ReadOnlySpan<byte> frame, in Frame read, string kind, Problem? problem) =>
        new() { Kind = kind, Name = $"{kind} (part)", Channel = read.Channel, Octets = frame.Length, Fields = [Preview(read.Payload)], Problem = problem };

    private DecodedField Preview(ReadOnlySpan<byte> octets) =>
        new("octets", new DecodedValue.Octets(octets[..Math.Min(octets.Length, settings.BodyOctets)].ToArray(), octets.Length));

    private DecodedFrame Segment(ReadOnlySpan<byte> frame, in Frame read, string kind, ReadOnlySpan<byte> payload)
    {
        List<DecodedField> fields = [];
        string name = kind;
        Problem? problem = null;
        switch (read.Type)
        {
            case SegmentType.Body:
                fields.Add(Preview(payload));
                break;
            case SegmentType.Header:
                problem = ReadHeader(payload, fields);
                break;
            default:
                problem = ReadPacked(payload, KindOf(read.Type), fields, out name);
                break;
        }

        // Where the segment began in an earlier frame, this frame's start is as near as one comes.
        int at = read is { IsFirstFrame: true, IsLastFrame: true } ? FrameReader.HeaderOctets : 0;
        return new DecodedFrame
        {
            Kind = kind,
            Name = name,
            Channel = read.Channel,
            Octets = frame.Length,
            Fields = settings.ShowSecrets ? fields : Secrets.Hide(name, fields),
            Problem = problem is null ? null : at == 0 ? problem with { Text = $"{problem.Text} (octet {problem.At} of the segment)", At = 0 } : problem with { At = at + problem.At },
        };
    }

    private Problem? ReadPacked(ReadOnlySpan<byte> payload, ShapeKind kind, List<DecodedField> fields, out string name)
    {
        name = kind == ShapeKind.Control ? "control" : "command";
        if (payload.Length < CodeOctets)
        {
            return new Problem("the code is cut off", 0);
        }

        ushort code = BinaryPrimitives.ReadUInt16BigEndian(payload);
        if (_shapes.Find(kind, code) is not { } shape)
        {
            string what = name;
            name = $"0x{code:x4}";
            return new Problem($"0-10 has no {what} {name}", 0);
        }

        name = shape.Name;
        PackedFields packed = new();
        int at = CodeOctets;
        if (kind == ShapeKind.Command)
        {
            ShapeDescription header = _shapes.Struct("session.header");
            if (PackedFields.ReadSize(payload, ref at, payload.Length, header.SizeOctets, header.Name, out int size) is { } problem)
            {
                return problem;
            }

            if (packed.Read(payload, at, at + size, header, fields) is { } mistake)
            {
                return mistake;
            }

            at += size;
        }

        return packed.Read(payload, at, payload.Length, shape, fields);
    }

    private Problem? ReadHeader(ReadOnlySpan<byte> payload, List<DecodedField> fields)
    {
        PackedFields packed = new();
        int at = 0;
        while (at < payload.Length)
        {
            int start = at;
            if (PackedFields.ReadSize(payload, ref at, payload.Length, sizeof(uint), "a struct", out int size) is { } problem)
            {
                return problem;
            }

            if (size < CodeOctets)
            {
                return new Problem("a struct without a code", start);
            }

            ushort code = BinaryPrimitives.ReadUInt16BigEndian(payload[at..]);
            List<DecodedField> inner = [];
            if (_shapes.Find(ShapeKind.Struct, code) is { } shape)
            {
                Problem? mistake = packed.Read(payload, at + CodeOctets, at + size, shape, inner);
                fields.Add(new DecodedField(shape.Name.Split('.')[^1], new DecodedValue.Struct("", inner)));
                if (mistake is not null)
                {
                    return mistake;
                }
            }
            else
            {
                fields.Add(new DecodedField($"0x{code:x4}", new DecodedValue.Octets(payload.Slice(at, size).ToArray(), size)));
            }

            at += size;
        }

        return null;
    }
}
