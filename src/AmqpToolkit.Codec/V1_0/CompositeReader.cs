using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using AmqpToolkit.Codec.Classic;

namespace AmqpToolkit.Codec.V1_0;

/// <summary>
/// Walks once over the fields of a composite (1.4): <c>0x00, descriptor, list</c>. What generated views are parsed with. The first error stays, and ends
/// the walk: one look at <see cref="Close"/> tells. Fields that the reader does not know come last and are skipped.
/// </summary>
public ref struct CompositeReader
{
    private ReadOnlySpan<byte> _source;
    private int _at;
    private int _remaining;
    private DecodeError _error;

    private CompositeReader(ReadOnlySpan<byte> source, int at, int count)
    {
        _source = source;
        _at = at;
        _remaining = count;
    }

    /// <summary>The composite, from its first octet to its last.</summary>
    public readonly ReadOnlySpan<byte> Source => _source;

    /// <summary>Opens a composite.</summary>
    /// <param name="source">The composite, and whatever comes after it.</param>
    /// <param name="code">Its numeric descriptor.</param>
    /// <param name="symbol">Its symbolic descriptor.</param>
    /// <param name="reader">A reader at its first field.</param>
    public static DecodeError Open(ReadOnlySpan<byte> source, ulong code, ReadOnlySpan<byte> symbol, out CompositeReader reader)
    {
        reader = default;
        DecodeError error = DescriptorReader.Pass(source, code, symbol, out int at);
        if (error != DecodeError.None)
        {
            return error;
        }

        if (at >= source.Length)
        {
            return DecodeError.Truncated;
        }

        byte constructor = source[at];
        if (constructor == 0xC0)
        {
            if (source.Length - at < 2 || source.Length - at - 2 < source[at + 1])
            {
                return DecodeError.Truncated;
            }

            if (source[at + 1] == 0)
            {
                return DecodeError.MalformedCompound;
            }

            reader = new CompositeReader(source[..(at + 2 + source[at + 1])], at + 3, source[at + 2]);
            return DecodeError.None;
        }

        if (constructor is not (0x45 or 0xD0))
        {
            return AmqpReader.TypeOf(constructor) == AmqpType.Unknown ? DecodeError.UnknownConstructor : DecodeError.UnexpectedType;
        }

        int end = at + 1;
        error = AmqpReader.SkipContents(source, constructor, ref end);
        if (error == DecodeError.None)
        {
            error = AmqpReader.ReadCompound(source[(at + 1)..end], constructor, out int start, out int count);
            reader = new CompositeReader(source[..end], at + 1 + start, count);
        }

        return error;
    }

    /// <summary>Whether the next field has a value. Null is passed over; what is missing at the end is null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Next()
    {
        if (_remaining <= 0)
        {
            return false;
        }

        _remaining--;
        if ((uint)_at >= (uint)_source.Length)
        {
            Fail(DecodeError.MalformedCompound);
            return false;
        }

        if (_source[_at] == 0x40)
        {
            _at++;
            return false;
        }

        return true;
    }

    /// <summary>Skips the fields that were not asked for.</summary>
    /// <returns>The first error of the walk.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public DecodeError Close() => _remaining == 0 && _at == _source.Length ? _error : CloseSlow();

    /// <summary>Reads a boolean.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool ReadBoolean()
    {
        byte constructor = _source[_at++];
        return constructor == 0x41 || (constructor != 0x42 && ReadBooleanOctet(constructor));
    }

    /// <summary>Reads a ubyte.</summary>
    public byte ReadUByte() => TryTake(0x50, sizeof(byte), out ReadOnlySpan<byte> octets) ? octets[0] : (byte)0;

    /// <summary>Reads a ushort.</summary>
    public ushort ReadUShort() => TryTake(0x60, sizeof(ushort), out ReadOnlySpan<byte> octets) ? BinaryPrimitives.ReadUInt16BigEndian(octets) : (ushort)0;

    /// <summary>Reads a uint in any of its three encodings.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint ReadUInt()
    {
        if (_source[_at] == 0x52 && _at + 1 < _source.Length)
        {
            uint value = _source[_at + 1];
            _at += 2;
            return value;
        }

        return ReadUIntSlow();
    }

    /// <summary>Reads a ulong in any of its three encodings.</summary>
    public ulong ReadULong()
    {
        switch (_source[_at])
        {
            case 0x44:
                _at++;
                return 0;
            case 0x53:
                return TryTake(0x53, 1, out ReadOnlySpan<byte> octet) ? octet[0] : 0UL;
            default:
                return TryTake(0x80, sizeof(ulong), out ReadOnlySpan<byte> octets) ? BinaryPrimitives.ReadUInt64BigEndian(octets) : 0;
        }
    }

    /// <summary>Reads a byte, which is signed.</summary>
    public sbyte ReadByte() => TryTake(0x51, sizeof(sbyte), out ReadOnlySpan<byte> octets) ? (sbyte)octets[0] : (sbyte)0;

    /// <summary>Reads a short.</summary>
    public short ReadShort() => TryTake(0x61, sizeof(short), out ReadOnlySpan<byte> octets) ? BinaryPrimitives.ReadInt16BigEndian(octets) : (short)0;

    /// <summary>Reads an int in either encoding.</summary>
    public int ReadInt() => _source[_at] == 0x54
        ? TryTake(0x54, 1, out ReadOnlySpan<byte> octet) ? (sbyte)octet[0] : 0
        : TryTake(0x71, sizeof(int), out ReadOnlySpan<byte> octets) ? BinaryPrimitives.ReadInt32BigEndian(octets) : 0;

    /// <summary>Reads a long in either encoding.</summary>
    public long ReadLong() => _source[_at] == 0x55
        ? TryTake(0x55, 1, out ReadOnlySpan<byte> octet) ? (sbyte)octet[0] : 0
        : TryTake(0x81, sizeof(long), out ReadOnlySpan<byte> octets) ? BinaryPrimitives.ReadInt64BigEndian(octets) : 0;

    /// <summary>Reads a float.</summary>
    public float ReadFloat() => TryTake(0x72, sizeof(float), out ReadOnlySpan<byte> octets) ? BinaryPrimitives.ReadSingleBigEndian(octets) : 0;

    /// <summary>Reads a double.</summary>
    public double ReadDouble() => TryTake(0x82, sizeof(double), out ReadOnlySpan<byte> octets) ? BinaryPrimitives.ReadDoubleBigEndian(octets) : 0;

    /// <summary>Reads the bits of a decimal32.</summary>
    public uint ReadDecimal32() => TryTake(0x74, sizeof(uint), out ReadOnlySpan<byte> octets) ? BinaryPrimitives.ReadUInt32BigEndian(octets) : 0;

    /// <summary>Reads the bits of a decimal64.</summary>
    public ulong ReadDecimal64() => TryTake(0x84, sizeof(ulong), out ReadOnlySpan<byte> octets) ? BinaryPrimitives.ReadUInt64BigEndian(octets) : 0;

    /// <summary>Reads the bits of a decimal128.</summary>
    public UInt128 ReadDecimal128() => TryTake(0x94, 16, out ReadOnlySpan<byte> octets) ? BinaryPrimitives.ReadUInt128BigEndian(octets) : default;

    /// <summary>Reads a char.</summary>
    public Rune ReadChar()
    {
        if (!TryTake(0x73, sizeof(uint), out ReadOnlySpan<byte> octets))
        {
            return default;
        }

        if (Rune.TryCreate(BinaryPrimitives.ReadUInt32BigEndian(octets), out Rune value))
        {
            return value;
        }

        Fail(DecodeError.InvalidValue);
        return default;
    }

    /// <summary>Reads a timestamp: milliseconds since 1970.</summary>
    public long ReadTimestamp() => TryTake(0x83, sizeof(long), out ReadOnlySpan<byte> octets) ? BinaryPrimitives.ReadInt64BigEndian(octets) : 0;

    /// <summary>Reads a uuid.</summary>
    public Guid ReadUuid() => TryTake(0x98, 16, out ReadOnlySpan<byte> octets) ? new Guid(octets, bigEndian: true) : default;

    /// <summary>Passes a binary.</summary>
    /// <returns>Where its constructor stands.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int PassBinary()
    {
        int start = _at;
        if (_source[start] == 0xA0 && start + 1 < _source.Length && _source.Length - start - 2 >= _source[start + 1])
        {
            _at = start + 2 + _source[start + 1];
            return start;
        }

        return PassVariable(0xA0);
    }

    /// <summary>Passes a string, and checks its text.</summary>
    /// <inheritdoc cref="PassBinary"/>
    public int PassString()
    {
        int start = PassVariable(0xA1);
        if (_error == DecodeError.None && !WireReader.IsText(AmqpReader.VariableAt(_source, start)))
        {
            Fail(DecodeError.InvalidUtf8);
        }

        return start;
    }

    /// <summary>Passes a symbol, and checks its characters.</summary>
    /// <inheritdoc cref="PassBinary"/>
    public int PassSymbol()
    {
        int start = PassVariable(0xA3);
        if (_error == DecodeError.None && !Ascii.IsValid(AmqpReader.VariableAt(_source, start)))
        {
            Fail(DecodeError.InvalidValue);
        }

        return start;
    }

    /// <summary>Passes a value of any type, and checks it as a whole.</summary>
    /// <inheritdoc cref="PassBinary"/>
    public int PassValue()
    {
        int start = _at;
        DecodeError error = AmqpReader.Validate(_source, ref _at, 0);
        if (error != DecodeError.None)
        {
            Fail(error == DecodeError.Truncated ? DecodeError.MalformedCompound : error);
        }

        return start;
    }

    /// <summary>Passes a value of one type, and checks it as a whole.</summary>
    /// <inheritdoc cref="PassBinary"/>
    public int PassValue(AmqpType type)
    {
        if (AmqpReader.TypeOf(_source[_at]) == type)
        {
            return PassValue();
        }

        Fail(DecodeError.UnexpectedType);
        return 0;
    }

    /// <summary>Passes a described value, and checks it as a whole.</summary>
    /// <param name="at">Where it stands.</param>
    /// <param name="octets">The value.</param>
    /// <returns>Whether it was one.</returns>
    public bool PassDescribed(out int at, out ReadOnlySpan<byte> octets)
    {
        at = PassValue(AmqpType.Described);
        octets = _error == DecodeError.None ? _source[at.._at] : default;
        return _error == DecodeError.None;
    }

    /// <summary>Passes a value of one type, or an array of such values.</summary>
    /// <inheritdoc cref="PassBinary"/>
    public int PassMultiple(AmqpType type)
    {
        int start = PassValue();
        if (_error == DecodeError.None && !new MultipleView(AmqpReader.ValueAt(_source, start)).IsOf(type))
        {
            Fail(DecodeError.UnexpectedType);
        }

        return start;
    }

    /// <summary>Notes that the value that was passed last is not what it should be.</summary>
    public void Fail(DecodeError error)
    {
        if (_error == DecodeError.None)
        {
            _error = error;
        }

        _remaining = 0;
        _at = _source.Length;
    }

    private bool ReadBooleanOctet(byte constructor)
    {
        if (constructor != 0x56)
        {
            Fail(DecodeError.UnexpectedType);
        }
        else if (_at >= _source.Length)
        {
            Fail(DecodeError.MalformedCompound);
        }
        else if (_source[_at] <= 1)
        {
            return _source[_at++] != 0;
        }
        else
        {
            Fail(DecodeError.InvalidValue);
        }

        return false;
    }

    private uint ReadUIntSlow()
    {
        switch (_source[_at])
        {
            case 0x43:
                _at++;
                return 0;
            case 0x52:
                return TryTake(0x52, 1, out ReadOnlySpan<byte> octet) ? octet[0] : 0U;
            default:
                return TryTake(0x70, sizeof(uint), out ReadOnlySpan<byte> octets) ? BinaryPrimitives.ReadUInt32BigEndian(octets) : 0;
        }
    }

    private bool TryTake(byte constructor, int width, out ReadOnlySpan<byte> octets)
    {
        octets = default;
        if (_source[_at] != constructor)
        {
            Fail(DecodeError.UnexpectedType);
            return false;
        }

        if (_source.Length - _at - 1 < width)
        {
            Fail(DecodeError.MalformedCompound);
            return false;
        }

        octets = _source.Slice(_at + 1, width);
        _at += 1 + width;
        return true;
    }

    private int PassVariable(byte small)
    {
        int start = _at;
        byte constructor = _source[_at];
        if (constructor != small && constructor != small + 0x10)
        {
            Fail(DecodeError.UnexpectedType);
            return 0;
        }

        _at++;
        if (AmqpReader.SkipContents(_source, constructor, ref _at) == DecodeError.None)
        {
            return start;
        }

        Fail(DecodeError.MalformedCompound);
        return 0;
    }

    private DecodeError CloseSlow()
    {
        while (_remaining > 0)
        {
            _remaining--;
            PassValue();
        }

        return _error != DecodeError.None || _at == _source.Length ? _error : DecodeError.MalformedCompound;
    }
}
