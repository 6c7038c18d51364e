using System.Buffers.Binary;
using System.Text;

namespace AmqpToolkit.Broker.Durability;

/// <summary>Reads what <see cref="Messages.OctetBuffer"/> wrote. What is cut short reads as nothing, and says so in the end.</summary>
internal ref struct OctetReader(ReadOnlySpan<byte> octets)
{
    private ReadOnlySpan<byte> _rest = octets;

    /// <summary>Whether more was read than there was.</summary>
    public bool IsBroken { get; private set; }

    public byte Octet() => Take(1) is [var octet] ? octet : (byte)0;

    public ushort Short() => Take(sizeof(ushort)) is { IsEmpty: false } octets ? BinaryPrimitives.ReadUInt16BigEndian(octets) : (ushort)0;

    public uint Long() => Take(sizeof(uint)) is { IsEmpty: false } octets ? BinaryPrimitives.ReadUInt32BigEndian(octets) : 0;

    public ulong LongLong() => Take(sizeof(ulong)) is { IsEmpty: false } octets ? BinaryPrimitives.ReadUInt64BigEndian(octets) : 0;

    /// <summary>Octets behind their length in one octet.</summary>
    public ReadOnlySpan<byte> ShortText() => Take(Octet());

    /// <summary>Text behind its length in two octets.</summary>
    public string Text() => Encoding.UTF8.GetString(Take(Short()));

    /// <summary>All that is left.</summary>
    public ReadOnlySpan<byte> Rest() => Take(_rest.Length);

    private ReadOnlySpan<byte> Take(int count)
    {
        if (_rest.Length < count)
        {
            IsBroken = true;
            _rest = default;
            return default;
        }

        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
