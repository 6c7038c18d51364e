using System.Buffers.Binary;

namespace AmqpToolkit.Codec.Classic;

/// <summary>
/// The payload of a content header frame, read in place (0-9-1 specification, 2.3.5.2 and 4.2.6.1). The properties stay undecoded; the generated views read them.
/// <code>
/// 0          2        4           12               14
/// +----------+--------+-----------+----------------+---------------+
/// | class-id | weight | body size | property flags | property list |
/// +----------+--------+-----------+----------------+---------------+
/// </code>
/// </summary>
public readonly ref struct ContentHeaderView
{
    internal const int FixedOctets = 12;
    internal const int BodySizeAt = 4;

    private const int WeightAt = 2;
    private const int FlagsOctets = 2;

    private ContentHeaderView(ReadOnlySpan<byte> payload)
    {
        ClassId = BinaryPrimitives.ReadUInt16BigEndian(payload);
        Weight = BinaryPrimitives.ReadUInt16BigEndian(payload[WeightAt..]);
        BodyOctets = BinaryPrimitives.ReadUInt64BigEndian(payload[BodySizeAt..]);
        Properties = payload[FixedOctets..];
    }

    /// <summary>The class that the content belongs to; equals that of the method before.</summary>
    public ushort ClassId { get; }

    /// <summary>Unused; the specification wants zero. Handed on for the caller to judge.</summary>
    public ushort Weight { get; }

    /// <summary>The announced length of the body, over all its frames. Any 64-bit value may stand here.</summary>
    public ulong BodyOctets { get; }

    /// <summary>Property flags and list as they came, at least two octets.</summary>
    public ReadOnlySpan<byte> Properties { get; }

    /// <summary>Reads a content header.</summary>
    /// <returns><see cref="DecodeError.None"/>, or <see cref="DecodeError.Truncated"/> below fourteen octets.</returns>
    public static DecodeError TryParse(ReadOnlySpan<byte> payload, out ContentHeaderView view)
    {
        if (payload.Length < FixedOctets + FlagsOctets)
        {
            view = default;
            return DecodeError.Truncated;
        }

        view = new ContentHeaderView(payload);
        return DecodeError.None;
    }
}
