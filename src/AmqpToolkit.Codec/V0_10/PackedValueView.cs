using System.Buffers.Binary;

namespace AmqpToolkit.Codec.V0_10;

/// <summary>
/// A value with its type code, as it stands in maps, lists and arrays; valid as long as its octets are. Nothing is decoded before it is asked for.
/// <c>default</c> is a value that is not there.
/// </summary>
public readonly ref struct PackedValueView
{
    /// <summary>A value over its octets.</summary>
    /// <param name="typeCode">One of <see cref="TypeCodes"/>, or of a type that this edition does not have.</param>
    /// <param name="contents">The octets after the code and, for a type with one, after the length.</param>
    public PackedValueView(byte typeCode, ReadOnlySpan<byte> contents)
    {
        TypeCode = typeCode;
        Contents = contents;
    }

    /// <summary>The code of its type.</summary>
    public byte TypeCode { get; }

    /// <summary>The octets of the value, without a length.</summary>
    public ReadOnlySpan<byte> Contents { get; }

    /// <summary>A boolean of one octet.</summary>
    public bool TryGetBoolean(out bool value)
    {
        bool matches = TypeCode == TypeCodes.Boolean && Contents.Length == 1;
        value = matches && Contents[0] != 0;
        return matches;
    }

    /// <summary>An unsigned integer of any width.</summary>
    public bool TryGetUInt64(out ulong value)
    {
        bool matches = TypeCode is TypeCodes.Uint8 or TypeCodes.Uint16 or TypeCodes.Uint32 or TypeCodes.Uint64;
        value = matches ? Bits() : 0;
        return matches;
    }

    /// <summary>A signed integer of any width, or an unsigned one that fits.</summary>
    public bool TryGetInt64(out long value)
    {
        if (TryGetUInt64(out ulong unsigned))
        {
            value = (long)unsigned;
            return unsigned <= long.MaxValue;
        }

        bool matches = TypeCode is TypeCodes.Int8 or TypeCodes.Int16 or TypeCodes.Int32 or TypeCodes.Int64;
        int spare = 64 - (8 * Math.Min(Contents.Length, sizeof(long)));
        value = matches && spare < 64 ? (long)(Bits() << spare) >> spare : 0;
        return matches;
    }

    /// <summary>A floating-point number of either width.</summary>
    public bool TryGetDouble(out double value)
    {
        (bool matches, value) = TypeCode switch
        {
            TypeCodes.Float => (true, BitConverter.UInt32BitsToSingle((uint)Bits())),
            TypeCodes.Double => (true, BitConverter.UInt64BitsToDouble(Bits())),
            _ => (false, 0d),
        };
        return matches;
    }

    /// <summary>A time: seconds since 1970.</summary>
    public bool TryGetDatetime(out ulong seconds)
    {
        bool matches = TypeCode == TypeCodes.Datetime;
        seconds = matches ? Bits() : 0;
        return matches;
    }

    /// <summary>A uuid.</summary>
    public bool TryGetUuid(out Guid value)
    {
        bool matches = TypeCode == TypeCodes.Uuid && Contents.Length == 16;
        value = matches ? new Guid(Contents, bigEndian: true) : default;
        return matches;
    }

    /// <summary>The octets of a string in UTF-8 of either width; they may be malformed.</summary>
    public bool TryGetString(out ReadOnlySpan<byte> utf8)
    {
        bool matches = TypeCode is TypeCodes.Str8 or TypeCodes.Str16;
        utf8 = matches ? Contents : default;
        return matches;
    }

    /// <summary>The octets of a vbin of any width.</summary>
    public bool TryGetBinary(out ReadOnlySpan<byte> octets)
    {
        bool matches = TypeCode is TypeCodes.Vbin8 or TypeCodes.Vbin16 or TypeCodes.Vbin32;
        octets = matches ? Contents : default;
        return matches;
    }

    /// <summary>A map.</summary>
    public bool TryGetMap(out PackedMapView value)
    {
        bool matches = TypeCode == TypeCodes.Map;
        value = matches ? new PackedMapView(Contents) : default;
        return matches;
    }

    /// <summary>A list.</summary>
    public bool TryGetList(out PackedListView value)
    {
        bool matches = TypeCode == TypeCodes.List;
        value = matches ? new PackedListView(Contents) : default;
        return matches;
    }

    /// <summary>An array.</summary>
    public bool TryGetArray(out PackedArrayView value)
    {
        bool matches = TypeCode == TypeCodes.Array;
        value = matches ? new PackedArrayView(Contents) : default;
        return matches;
    }

    /// <summary>A struct32.</summary>
    public bool TryGetStruct(out PackedStructView value)
    {
        bool matches = TypeCode == TypeCodes.Struct32;
        value = matches ? new PackedStructView(Contents) : default;
        return matches;
    }

    /// <summary>Copies the value.</summary>
    public PackedValue ToOwned() => new(TypeCode, Contents.ToArray());

    private ulong Bits()
    {
        ReadOnlySpan<byte> octets = Contents;
        return octets.Length switch
        {
            sizeof(byte) => octets[0],
            sizeof(ushort) => BinaryPrimitives.ReadUInt16BigEndian(octets),
            sizeof(uint) => BinaryPrimitives.ReadUInt32BigEndian(octets),
            sizeof(ulong) => BinaryPrimitives.ReadUInt64BigEndian(octets),
            _ => 0,
        };
    }
}
