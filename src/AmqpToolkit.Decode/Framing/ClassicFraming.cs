using System.Buffers.Binary;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.Descriptions;
using AmqpToolkit.Decode.Output;
using AmqpToolkit.Decode.Values;

namespace AmqpToolkit.Decode.Framing;

/// <summary>
/// Frames of 0-8, 0-9 and 0-9-1 (0-9-1 specification, 4.2.3).
/// <code>type(1) channel(2) size(4)  payload(size)  0xCE</code>
/// </summary>
internal sealed class ClassicFraming(Edition edition, DecodeSettings settings) : IFraming
{
    private const byte MethodType = 1;
    private const byte HeaderType = 2;
    private const byte BodyType = 3;
    private const byte HeartbeatType = 8;
    private const byte OldHeartbeatType = 4; // what 0-8's text says, and some of its clients send
    private const byte FrameEnd = 0xCE;
    private const int KeyOctets = 4;

    private readonly Shapes _shapes = Shapes.Of(edition);

    public FrameCut Cut(ReadOnlySpan<byte> input, int maxOctets, out int octets, out string reason)
    {
        octets = 0;
        reason = "";
        if (!IsType(input[0]))
        {
            reason = $"{input[0]} is no type of a frame";
            return FrameCut.Malformed;
        }

        FrameReadStatus status = FrameReader.TryRead(input, (uint)maxOctets, out Frame frame);
        switch (status)
        {
            case FrameReadStatus.Complete:
                octets = frame.Octets;
                return FrameCut.Complete;
            case FrameReadStatus.Incomplete:
                return FrameCut.Incomplete;
        }

        FrameReader.TryReadHeader(input, out _, out _, out uint payload);
        if (status == FrameReadStatus.TooLarge)
        {
            octets = 3;
            reason = $"a payload of {payload} octets is more than {maxOctets - FrameWriter.OverheadOctets}";
        }
        else
        {
            octets = FrameReader.HeaderOctets + (int)payload;
            reason = $"0x{input[octets]:X2} stands where the frame should end with 0xCE";
        }

        return FrameCut.Malformed;
    }

    public FrameCut Recognize(ReadOnlySpan<byte> input, int maxOctets)
    {
        if (!IsType(input[0]))
        {
            return FrameCut.Malformed;
        }

        if (!FrameReader.TryReadHeader(input, out byte type, out ushort channel, out uint payload))
        {
            return FrameCut.Incomplete;
        }

        bool isPossible = type switch
        {
            HeartbeatType or OldHeartbeatType => channel == 0 && payload == 0,
            MethodType => payload >= KeyOctets,
            HeaderType => channel != 0 && payload >= 14,
            _ => channel != 0,
        };
        if (!isPossible || payload > maxOctets - FrameWriter.OverheadOctets)
        {
            return FrameCut.Malformed;
        }

        if (type == MethodType && input.Length >= FrameReader.HeaderOctets + KeyOctets)
        {
            uint key = BinaryPrimitives.ReadUInt32BigEndian(input[FrameReader.HeaderOctets..]);
            if (_shapes.Find(ShapeKind.Method, key) is null)
            {
                return FrameCut.Malformed;
            }
        }

        int end = FrameReader.HeaderOctets + (int)payload;
        if (input.Length <= end)
        {
            return FrameCut.Incomplete;
        }

        return input[end] == FrameEnd ? FrameCut.Complete : FrameCut.Malformed;
    }

    public DecodedFrame Decode(ReadOnlySpan<byte> frame)
    {
        FrameReader.TryReadHeader(frame, out byte type, out ushort channel, out _);
        return type switch
        {
            MethodType => Method(frame, channel),
            HeaderType => Header(frame, channel),
            BodyType => Body(frame, channel),
            _ => new DecodedFrame { Kind = "heartbeat", Name = "heartbeat", Channel = channel, Octets = frame.Length, Problem = HeartbeatProblem(frame, channel) },
        };
    }

    public void Reset()
    {
        // Each frame stands for itself.
    }

    private static bool IsType(byte type) => type is MethodType or HeaderType or BodyType or HeartbeatType or OldHeartbeatType;

    private static Problem? HeartbeatProblem(ReadOnlySpan<byte> frame, ushort channel)
    {
        if (channel != 0)
        {
            return new Problem("a heartbeat is on channel 0", 1);
        }

        return frame.Length > FrameWriter.OverheadOctets ? new Problem("a heartbeat has no payload", FrameReader.HeaderOctets) : null;
    }

    private DecodedFrame Method(ReadOnlySpan<byte> frame, ushort channel)
    {
        const int ArgumentsAt = FrameReader.HeaderOctets + KeyOctets;
        if (frame.Length <= ArgumentsAt)
        {
            return Unreadable("method", "method", frame, channel, new Problem("class and method id are cut off", FrameReader.HeaderOctets));
        }

        uint key = BinaryPrimitives.ReadUInt32BigEndian(frame[FrameReader.HeaderOctets..]);
        if (_shapes.Find(ShapeKind.Method, key) is not { } shape)
        {
            string numbers = $"{key >> 16}.{key & 0xFFFF}";
            return Unreadable("method", numbers, frame, channel, new Problem($"{Editions.NameOf(edition)} has no method {numbers}", FrameReader.HeaderOctets));
        }

        ClassicFields fields = new(frame, ArgumentsAt, frame.Length - 1);
        Problem? problem = fields.ReadMethod(shape);
        return new DecodedFrame
        {
            Kind = "method",
            Name = shape.Name,
            Channel = channel,
            Octets = frame.Length,
            Fields = ReplyCodes.Name(edition, settings.ShowSecrets ? fields.Fields : Secrets.Hide(shape.Name, fields.Fields)),
            Problem = problem,
        };
    }

    private DecodedFrame Header(ReadOnlySpan<byte> frame, ushort channel)
    {
        const int PropertiesAt = FrameReader.HeaderOctets + 12;
        ReadOnlySpan<byte> payload = frame[FrameReader.HeaderOctets..^1];
        if (ContentHeaderView.TryParse(payload, out ContentHeaderView header) != DecodeError.None)
        {
            return Unreadable("header", "header", frame, channel, new Problem("the content header is cut off", frame.Length - 1));
        }

        List<DecodedField> all = [new("body-size", new DecodedValue.Integer(header.BodyOctets))];
        if (header.Weight != 0)
        {
            all.Add(new DecodedField("weight", new DecodedValue.Integer(header.Weight)));
        }

        if (_shapes.Find(ShapeKind.Properties, header.ClassId) is not { } shape)
        {
            return new DecodedFrame
            {
                Kind = "header",
                Name = $"{header.ClassId}.header",
                Channel = channel,
                Octets = frame.Length,
                Fields = all,
                Problem = new Problem($"{Editions.NameOf(edition)} has no class {header.ClassId} with content", FrameReader.HeaderOctets),
            };
        }

        ClassicFields fields = new(frame, PropertiesAt, frame.Length - 1);
        Problem? problem = fields.ReadProperties(shape);
        all.AddRange(fields.Fields);
        return new DecodedFrame { Kind = "header", Name = $"{shape.Name}.header", Channel = channel, Octets = frame.Length, Fields = all, Problem = problem };
    }

    private DecodedFrame Body(ReadOnlySpan<byte> frame, ushort channel)
    {
        ReadOnlySpan<byte> body = frame[FrameReader.HeaderOctets..^1];
        return new DecodedFrame
        {
            Kind = "body",
            Name = "body",
            Channel = channel,
            Octets = frame.Length,
            Fields = [new DecodedField("octets", new DecodedValue.Octets(body[..Math.Min(body.Length, settings.BodyOctets)].ToArray(), body.Length))],
        };
    }

    private static DecodedFrame Unreadable(string kind, string name, ReadOnlySpan<byte> frame, ushort channel, Problem problem) =>
        new() { Kind = kind, Name = name, Channel = channel, Octets = frame.Length, Problem = problem };
}
