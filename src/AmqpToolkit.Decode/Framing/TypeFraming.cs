using AmqpToolkit.Codec.Descriptions;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Decode.Output;
using AmqpToolkit.Decode.Values;

namespace AmqpToolkit.Decode.Framing;

/// <summary>
/// Frames of 1.0 (2.3), of the transport and of SASL (5.3).
/// <code>size(4) data-offset(1) type(1) channel(2)  extended header  performative  payload</code>
/// </summary>
internal sealed class TypeFraming(DecodeSettings settings) : IFraming
{
    private const byte AmqpFrame = 0;
    private const byte SaslFrame = 1;
    private const int DataOffsetUnit = 4;

    /// <summary>More links than that with a message in several transfers: the oldest memory of them is not worth keeping.</summary>
    private const int MaxUnfinished = 4096;

    private readonly Shapes _shapes = Shapes.Of(Edition.V1_0);

    /// <summary>Links whose last transfer said that more of its message comes.</summary>
    private readonly HashSet<(ushort Channel, Int128 Handle)> _unfinished = [];

    /// <summary>After a gap nobody knows whether a transfer starts its message.</summary>
    private bool _isResumed;

    public FrameCut Cut(ReadOnlySpan<byte> input, int maxOctets, out int octets, out string reason)
    {
        octets = 0;
        reason = "";
        switch (FrameReader.TryRead(input, (uint)maxOctets, out Frame frame))
        {
            case FrameReadStatus.Complete:
                octets = frame.Octets;
                return FrameCut.Complete;
            case FrameReadStatus.Incomplete:
                return FrameCut.Incomplete;
            case FrameReadStatus.TooLarge:
                reason = $"a frame of {Size(input)} octets is more than {maxOctets}";
                return FrameCut.Malformed;
            default:
                reason = Size(input) >= FrameReader.HeaderOctets
                    ? $"a frame of {Size(input)} octets cannot have its body {input[DataOffsetUnit] * DataOffsetUnit} octets in"
                    : $"a frame cannot have {Size(input)} octets";
                return FrameCut.Malformed;
        }
    }

    public FrameCut Recognize(ReadOnlySpan<byte> input, int maxOctets)
    {
        FrameCut cut = Cut(input, maxOctets, out _, out _);
        if (cut == FrameCut.Malformed || input.Length < FrameReader.HeaderOctets)
        {
            return cut;
        }

        int bodyAt = input[DataOffsetUnit] * DataOffsetUnit;
        byte type = input[DataOffsetUnit + 1];
        if (type > SaslFrame || bodyAt != FrameReader.HeaderOctets) // nobody sends extended headers
        {
            return FrameCut.Malformed;
        }

        if (Size(input) == bodyAt)
        {
            return type == AmqpFrame ? cut : FrameCut.Malformed;
        }

        // A small descriptor of a performative: 0x00 0x53 code, or as a ulong of eight octets.
        return input[bodyAt..] switch
        {
            [0x00, 0x53, byte code, ..] => IsPerformative(type, code) ? cut : FrameCut.Malformed,
            [0x00, 0x80, 0, 0, 0, 0, 0, 0, 0, byte code, ..] => IsPerformative(type, code) ? cut : FrameCut.Malformed,
            [0x00, 0xA3, ..] or [0x00] or [0x00, 0x53] => cut,
            [] => FrameCut.Incomplete,
            [0x00, 0x80, ..] when cut == FrameCut.Incomplete => cut,
            _ => FrameCut.Malformed,
        };
    }

    public DecodedFrame Decode(ReadOnlySpan<byte> frame)
    {
        FrameReader.TryRead(frame, (uint)frame.Length, out Frame read);
        int bodyAt = frame.Length - read.Body.Length;
        byte type = (byte)read.Type;
        if (type > SaslFrame)
        {
            return new DecodedFrame { Kind = "frame", Name = $"frame of type {type}", Octets = frame.Length, Problem = new Problem($"there is no type {type} of frames", DataOffsetUnit + 1) };
        }

        int? channel = type == AmqpFrame ? read.Channel : null;
        if (read.Body.IsEmpty)
        {
            return new DecodedFrame { Kind = "heartbeat", Name = "empty", Channel = channel, Octets = frame.Length };
        }

        string kind = type == SaslFrame ? "sasl" : "performative";
        EncodedFields fields = new();
        Problem? problem = fields.Identify(frame, bodyAt, out ShapeDescription? shape, out string name, out int at);
        if (problem is null && shape is not { Kind: ShapeKind.Composite })
        {
            problem = new Problem(shape is null ? $"1.0 has no {name}" : $"{name} is no performative", bodyAt);
        }

        if (problem is not null)
        {
            return new DecodedFrame { Kind = kind, Name = name.Length == 0 ? kind : name, Channel = channel, Octets = frame.Length, Problem = problem };
        }

        problem = fields.ReadComposite(frame, at, shape!, out int end);
        List<DecodedField> all = [.. settings.ShowSecrets ? fields.Fields : Secrets.Hide(name, fields.Fields)];
        if (problem is null)
        {
            problem = shape!.Name == "transfer" ? ReadPayload(frame, end, read.Channel, all, fields) : Rest(frame.Length - end, end);
        }

        return new DecodedFrame { Kind = kind, Name = name, Channel = channel, Octets = frame.Length, Fields = all, Problem = problem };
    }

    public void Reset()
    {
        _unfinished.Clear();
        _isResumed = true;
    }

    private static uint Size(ReadOnlySpan<byte> input) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(input);

    private static Problem? Rest(int octets, int at) => octets == 0 ? null : new Problem($"{Words.Octets(octets)} left over after the performative", at);

    private static bool IsTrue(List<DecodedField> fields, string name) => fields.Any(field => field.Name == name && field.Value is DecodedValue.Boolean { Value: true });

    /// <summary>Performatives of the transport are 0x10 to 0x18, those of SASL 0x40 to 0x44; the definition knows which of them are.</summary>
    private bool IsPerformative(byte type, byte code) =>
        code >> 4 == (type == SaslFrame ? 4 : 1) && _shapes.Find(ShapeKind.Composite, code) is not null;

    /// <summary>Decodes the sections of a message (3.2) as far as this transfer holds them.</summary>
    private Problem? ReadPayload(ReadOnlySpan<byte> frame, int at, ushort channel, List<DecodedField> all, EncodedFields fields)
    {
        Int128 handle = all.Select(field => field is { Name: "handle", Value: DecodedValue.Integer { Value: var number } } ? number : -1).FirstOrDefault(number => number >= 0, -1);
        bool hasMore = IsTrue(all, "more");
        bool isAborted = IsTrue(all, "aborted");
        bool continues = !_unfinished.Add((channel, handle)) || (_isResumed && !StartsSection(frame[at..]));
        if (!hasMore || isAborted)
        {
            _unfinished.Remove((channel, handle));
        }
        else if (_unfinished.Count > MaxUnfinished)
        {
            _unfinished.Clear();
        }

        if (at == frame.Length)
        {
            return null;
        }

        if (continues || isAborted)
        {
            all.Add(new DecodedField("payload", Preview(frame[at..])));
            return null;
        }

        return ReadSections(frame, at, all, fields, hasMore);
    }

    private Problem? ReadSections(ReadOnlySpan<byte> frame, int at, List<DecodedField> all, EncodedFields fields, bool hasMore)
    {
        while (at < frame.Length)
        {
            Problem? problem = fields.Identify(frame, at, out ShapeDescription? shape, out string name, out int valueAt);
            DecodedValue value = DecodedValue.Null.Instance;
            int end = at;
            if (problem is null && shape is null)
            {
                problem = new Problem($"{name} is no section of a message", at);
            }
            else if (problem is null && shape!.Kind == ShapeKind.Composite)
            {
                problem = fields.ReadComposite(frame, valueAt, shape, out end);
                value = new DecodedValue.Struct("", fields.Fields);
            }
            else
            {
                problem ??= fields.ReadValue(frame, valueAt, out value, out end);
            }

            if (problem is not null && hasMore)
            {
                all.Add(new DecodedField("payload", Preview(frame[at..]))); // the rest of it comes in the next transfer
                return null;
            }

            if (problem is not null)
            {
                return problem with { Text = $"{name}: {problem.Text}" };
            }

            all.Add(new DecodedField(name, name == "data" && value is DecodedValue.Octets data ? Preview(data.First) : value));
            at = end;
        }

        return null;
    }

    private bool StartsSection(ReadOnlySpan<byte> payload) =>
        payload is [0x00, 0x53, byte code, ..] && code >> 4 == 7 && _shapes.FindDescribed(code) is not null;

    private DecodedValue.Octets Preview(ReadOnlySpan<byte> octets) => new(octets[..Math.Min(octets.Length, settings.BodyOctets)].ToArray(), octets.Length);
}
