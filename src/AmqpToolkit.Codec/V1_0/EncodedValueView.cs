using System.Buffers.Binary;
using System.Text;

namespace AmqpToolkit.Codec.V1_0;

/// <summary>
/// One value as it lies on the wire, valid as long as the octets are: its constructor, and what comes after it, which for the elements of an array stand
/// apart. Reading from a view of validated octets cannot fail; <c>default</c> is null.
/// </summary>
public readonly ref struct EncodedValueView
{
    private readonly ReadOnlySpan<byte> _constructor;
    private readonly ReadOnlySpan<byte> _contents;

    /// <summary>A view over octets that hold one value and were validated.</summary>
    public EncodedValueView(ReadOnlySpan<byte> octets)
    {
        int at = 0;
        AmqpReader.SkipConstructor(octets, ref at, 0, out _);
        _constructor = octets[..at];
        _contents = octets[at..];
    }

    internal EncodedValueView(ReadOnlySpan<byte> constructor, ReadOnlySpan<byte> contents)
    {
        _constructor = constructor;
        _contents = contents;
    }

    /// <summary>The type of the value.</summary>
    public AmqpType Type => _constructor.IsEmpty ? AmqpType.Null : AmqpReader.TypeOf(_constructor[0]);

    /// <summary>Whether the value is null.</summary>
    public bool IsNull => Type == AmqpType.Null;

    /// <summary>Octets that the value takes as a value of its own.</summary>
    public int Octets => _constructor.IsEmpty ? 1 : _constructor.Length + _contents.Length;

    private byte Code => _constructor.IsEmpty ? (byte)0x40 : _constructor[0];

    /// <summary>Checks octets and makes a view of the value at their start.</summary>
    public static DecodeError TryParse(ReadOnlySpan<byte> source, out EncodedValueView view, out int octets)
    {
        DecodeError error = AmqpReader.Validate(source, out octets);
        view = error == DecodeError.None ? new EncodedValueView(source[..octets]) : default;
        return error;
    }

    /// <summary>Copies the octets to the start of a span.</summary>
    /// <returns>The number of octets written.</returns>
    public int CopyTo(Span<byte> destination)
    {
        if (_constructor.IsEmpty)
        {
            destination[0] = 0x40;
            return 1;
        }

        _constructor.CopyTo(destination);
        _contents.CopyTo(destination[_constructor.Length..]);
        return Octets;
    }

    /// <summary>Copies the value.</summary>
    public EncodedValue ToOwned()
    {
        int octets = Octets;
        if (octets > EncodedValue.MaxInlineOctets)
        {
            byte[] copy = new byte[octets];
            CopyTo(copy);
            return new EncodedValue(copy);
        }

        Span<byte> few = stackalloc byte[EncodedValue.MaxInlineOctets];
        return EncodedValue.CopyOf(few[..CopyTo(few)]);
    }

    /// <summary>The descriptor and the value that it describes.</summary>
    public bool TryGetDescribed(out EncodedValueView descriptor, out EncodedValueView value)
    {
        descriptor = default;
        value = default;
        if (Type != AmqpType.Described)
        {
            return false;
        }

        AmqpReader.Measure(_constructor, 1, out int end);
        descriptor = new EncodedValueView(_constructor[1..end]);
        value = new EncodedValueView(_constructor[end..], _contents);
        return true;
    }

    /// <summary>A boolean.</summary>
    public bool TryGetBoolean(out bool value)
    {
        value = Code == 0x41 || (Code == 0x56 && _contents[0] != 0);
        return Type == AmqpType.Boolean;
    }

    /// <summary>An unsigned integer of any width.</summary>
    public bool TryGetUInt64(out ulong value)
    {
        (bool found, value) = Code switch
        {
            0x43 or 0x44 => (true, 0UL),
            0x50 or 0x52 or 0x53 => (true, _contents[0]),
            0x60 => (true, BinaryPrimitives.ReadUInt16BigEndian(_contents)),
            0x70 => (true, BinaryPrimitives.ReadUInt32BigEndian(_contents)),
            0x80 => (true, BinaryPrimitives.ReadUInt64BigEndian(_contents)),
            _ => (false, 0UL),
        };
        return found;
    }

    /// <summary>A signed integer of any width.</summary>
    public bool TryGetInt64(out long value)
    {
        (bool found, value) = Code switch
        {
            0x51 or 0x54 or 0x55 => (true, (sbyte)_contents[0]),
            0x61 => (true, BinaryPrimitives.ReadInt16BigEndian(_contents)),
            0x71 => (true, BinaryPrimitives.ReadInt32BigEndian(_contents)),
            0x81 => (true, BinaryPrimitives.ReadInt64BigEndian(_contents)),
            _ => (false, 0L),
        };
        return found;
    }

    /// <summary>A float.</summary>
    public bool TryGetFloat(out float value)
    {
        value = Code == 0x72 ? BinaryPrimitives.ReadSingleBigEndian(_contents) : 0;
        return Code == 0x72;
    }

    /// <summary>A double.</summary>
    public bool TryGetDouble(out double value)
    {
        value = Code == 0x82 ? BinaryPrimitives.ReadDoubleBigEndian(_contents) : 0;
        return Code == 0x82;
    }

    /// <summary>The bits of a decimal32.</summary>
    public bool TryGetDecimal32(out uint value)
    {
        value = Code == 0x74 ? BinaryPrimitives.ReadUInt32BigEndian(_contents) : 0;
        return Code == 0x74;
    }

    /// <summary>The bits of a decimal64.</summary>
    public bool TryGetDecimal64(out ulong value)
    {
        value = Code == 0x84 ? BinaryPrimitives.ReadUInt64BigEndian(_contents) : 0;
        return Code == 0x84;
    }

    /// <summary>The bits of a decimal128.</summary>
    public bool TryGetDecimal128(out UInt128 value)
    {
        value = Code == 0x94 ? BinaryPrimitives.ReadUInt128BigEndian(_contents) : default;
        return Code == 0x94;
    }

    /// <summary>A char.</summary>
    public bool TryGetChar(out Rune value)
    {
        value = Code == 0x73 ? new Rune(BinaryPrimitives.ReadUInt32BigEndian(_contents)) : default;
        return Code == 0x73;
    }

    /// <summary>A timestamp: milliseconds since 1970.</summary>
    public bool TryGetTimestamp(out long value)
    {
        value = Code == 0x83 ? BinaryPrimitives.ReadInt64BigEndian(_contents) : 0;
        return Code == 0x83;
    }

    /// <summary>A uuid.</summary>
    public bool TryGetUuid(out Guid value)
    {
        value = Code == 0x98 ? new Guid(_contents, bigEndian: true) : default;
        return Code == 0x98;
    }

    /// <summary>The octets of a binary.</summary>
    public bool TryGetBinary(out ReadOnlySpan<byte> value) => TryGetVariable(AmqpType.Binary, out value);

    /// <summary>The UTF-8 of a string.</summary>
    public bool TryGetString(out ReadOnlySpan<byte> value) => TryGetVariable(AmqpType.String, out value);

    /// <summary>The ASCII of a symbol.</summary>
    public bool TryGetSymbol(out ReadOnlySpan<byte> value) => TryGetVariable(AmqpType.Symbol, out value);

    /// <summary>A list.</summary>
    public bool TryGetList(out EncodedListView value)
    {
        bool found = Type == AmqpType.List;
        value = found ? new EncodedListView(Code, _contents) : default;
        return found;
    }

    /// <summary>A map.</summary>
    public bool TryGetMap(out EncodedMapView value)
    {
        bool found = Type == AmqpType.Map;
        value = found ? new EncodedMapView(Code, _contents) : default;
        return found;
    }

    /// <summary>An array.</summary>
    public bool TryGetArray(out EncodedArrayView value)
    {
        bool found = Type == AmqpType.Array;
        value = found ? new EncodedArrayView(Code, _contents) : default;
        return found;
    }

    private bool TryGetVariable(AmqpType type, out ReadOnlySpan<byte> value)
    {
        bool found = Type == type;
        value = found ? _contents[(Code < 0xB0 ? 1 : sizeof(uint))..] : default;
        return found;
    }
}
