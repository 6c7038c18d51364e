using System.Buffers.Binary;
using AmqpToolkit.Codec.Classic;

namespace AmqpToolkit.Codec.V0_10;

/// <summary>
/// Walks once over the fields of something packed: <c>presence bits, fields</c>. The bits fill their octets from the lowest on, so that field 0 is the
/// lowest bit of the first octet. The first error stays, and ends the walk: one look at <see cref="Close"/> tells.
/// </summary>
public ref struct PackedReader
{
    private readonly ReadOnlySpan<byte> _source;
    private int _at;
    private DecodeError _error;

    private PackedReader(ReadOnlySpan<byte> source, int at, uint present)
    {
        _source = source;
        _at = at;
        Present = present;
    }

    /// <summary>A bit for each field that is there.</summary>
    public uint Present { get; }

    /// <summary>All octets.</summary>
    public readonly ReadOnlySpan<byte> Source => _source;

    /// <summary>Reads the presence bits.</summary>
    /// <param name="source">Presence bits and fields.</param>
    /// <param name="packOctets">Octets of the bits; without any, every field is there.</param>
    /// <param name="known">The bits that have a field.</param>
    /// <param name="reader">A reader at the first field.</param>
    /// <returns><see cref="DecodeError.MalformedProperties"/> for a bit without a field, which could not be skipped.</returns>
    public static DecodeError Open(ReadOnlySpan<byte> source, int packOctets, uint known, out PackedReader reader)
    {
        reader = default;
        if (source.Length < packOctets)
        {
            return DecodeError.Truncated;
        }

        uint present = packOctets switch
        {
            0 => known,
            1 => source[0],
            _ => BinaryPrimitives.ReadUInt16LittleEndian(source),
        };
        if ((present & ~known) != 0)
        {
            return DecodeError.MalformedProperties;
        }

        reader = new PackedReader(source, packOctets, present);
        return DecodeError.None;
    }

    /// <summary>Reads what comes before the fields of a control: its code.</summary>
    public static DecodeError OpenControl(ReadOnlySpan<byte> payload, out ushort code, out ReadOnlySpan<byte> fields)
    {
        code = 0;
        fields = default;
        if (payload.Length < sizeof(ushort))
        {
            return DecodeError.Truncated;
        }

        code = BinaryPrimitives.ReadUInt16BigEndian(payload);
        fields = payload[sizeof(ushort)..];
        return DecodeError.None;
    }

    /// <summary>Reads what comes before the fields of a command: its code, and the session header with its size of one octet.</summary>
    /// <param name="payload">The payload of a command segment.</param>
    /// <param name="code">Class code and own code.</param>
    /// <param name="sync">The sender waits for completion.</param>
    /// <param name="fields">Presence bits and fields.</param>
    public static DecodeError OpenCommand(ReadOnlySpan<byte> payload, out ushort code, out bool sync, out ReadOnlySpan<byte> fields)
    {
        const int HeaderAt = sizeof(ushort) + 1;
        sync = false;
        DecodeError error = OpenControl(payload, out code, out fields);
        if (error != DecodeError.None || fields.IsEmpty || fields[0] > payload.Length - HeaderAt)
        {
            return DecodeError.Truncated;
        }

        int headerOctets = fields[0];
        error = SessionHeaderView.TryParse(payload.Slice(HeaderAt, headerOctets), out SessionHeaderView header);
        sync = header.Sync;
        fields = payload[(HeaderAt + headerOctets)..];

        // A header without room for its bits is a mistake of its own: more octets would not help.
        return error == DecodeError.Truncated ? DecodeError.MalformedProperties : error;
    }

    /// <summary>Whether octets are well-formed UTF-8.</summary>
    public static bool IsText(ReadOnlySpan<byte> octets) => WireReader.IsText(octets);

    /// <summary>The octets of a variable value whose length stands at an offset.</summary>
    public static ReadOnlySpan<byte> VariableAt(ReadOnlySpan<byte> source, int at, int lengthOctets) =>
        Length(source, at, lengthOctets, out int length) ? source.Slice(at + lengthOctets, length) : default;

    /// <summary>The octets of a struct whose size stands at an offset, after its code. Nothing when the code is another one.</summary>
    public static ReadOnlySpan<byte> CodedAt(ReadOnlySpan<byte> source, int at, int sizeOctets, ushort code)
    {
        ReadOnlySpan<byte> octets = VariableAt(source, at, sizeOctets);
        return octets.Length >= sizeof(ushort) && BinaryPrimitives.ReadUInt16BigEndian(octets) == code ? octets[sizeof(ushort)..] : default;
    }

    /// <summary>The first error of the walk, or that octets are left.</summary>
    public readonly DecodeError Close() => _error != DecodeError.None || _at == _source.Length ? _error : DecodeError.TrailingOctets;

    /// <summary>Notes what was found in the field that was passed last.</summary>
    public void Note(DecodeError error)
    {
        if (_error == DecodeError.None)
        {
            _error = error;
        }
    }

    /// <summary>Notes what was found in the struct that was passed last: what ends inside of it, although its size fits, is no truncation.</summary>
    public void NoteStruct(DecodeError error) => Note(error == DecodeError.Truncated ? DecodeError.MalformedCompound : error);

    /// <summary>Reads a uint8.</summary>
    public byte ReadUInt8() => Take(sizeof(byte), out ReadOnlySpan<byte> octets) ? octets[0] : (byte)0;

    /// <summary>Reads an int8.</summary>
    public sbyte ReadInt8() => (sbyte)ReadUInt8();

    /// <summary>Reads a boolean of one octet.</summary>
    public bool ReadBoolean() => ReadUInt8() != 0;

    /// <summary>Reads a uint16.</summary>
    public ushort ReadUInt16() => Take(sizeof(ushort), out ReadOnlySpan<byte> octets) ? BinaryPrimitives.ReadUInt16BigEndian(octets) : (ushort)0;

    /// <summary>Reads an int16.</summary>
    public short ReadInt16() => (short)ReadUInt16();

    /// <summary>Reads a uint32.</summary>
    public uint ReadUInt32() => Take(sizeof(uint), out ReadOnlySpan<byte> octets) ? BinaryPrimitives.ReadUInt32BigEndian(octets) : 0;

    /// <summary>Reads an int32.</summary>
    public int ReadInt32() => (int)ReadUInt32();

    /// <summary>Reads a uint64.</summary>
    public ulong ReadUInt64() => Take(sizeof(ulong), out ReadOnlySpan<byte> octets) ? BinaryPrimitives.ReadUInt64BigEndian(octets) : 0;

    /// <summary>Reads an int64.</summary>
    public long ReadInt64() => (long)ReadUInt64();

    /// <summary>Reads a float.</summary>
    public float ReadFloat() => BitConverter.UInt32BitsToSingle(ReadUInt32());

    /// <summary>Reads a double.</summary>
    public double ReadDouble() => BitConverter.UInt64BitsToDouble(ReadUInt64());

    /// <summary>Reads a uuid, in network order.</summary>
    public Guid ReadUuid() => Take(16, out ReadOnlySpan<byte> octets) ? new Guid(octets, bigEndian: true) : default;

    /// <summary>Passes octets of a fixed width.</summary>
    /// <returns>Where they stand.</returns>
    public int PassFixed(int octets)
    {
        int start = _at;
        return Take(octets, out _) ? start : 0;
    }

    /// <summary>Passes a length and as many octets.</summary>
    /// <returns>Where the length stands.</returns>
    public int PassVariable(int lengthOctets)
    {
        int start = _at;
        if (_error == DecodeError.None && Length(_source, _at, lengthOctets, out int length))
        {
            _at += lengthOctets + length;
            return start;
        }

        Fail();
        return 0;
    }

    /// <summary>Passes a size and a struct with a code, and checks the code.</summary>
    /// <returns>Where the size stands.</returns>
    public int PassCoded(int sizeOctets, ushort code)
    {
        int at = PassVariable(sizeOctets);
        if (_error == DecodeError.None)
        {
            ReadOnlySpan<byte> octets = VariableAt(_source, at, sizeOctets);
            Note(octets.Length < sizeof(ushort) ? DecodeError.MalformedCompound
                : BinaryPrimitives.ReadUInt16BigEndian(octets) != code ? DecodeError.UnexpectedType
                : DecodeError.None);
        }

        return at;
    }

    /// <summary>Passes a map, and checks it.</summary>
    /// <returns>Where its length stands.</returns>
    public int PassMap() => PassCompound(TypeCodes.Map);

    /// <summary>Passes a list, and checks it.</summary>
    /// <inheritdoc cref="PassMap"/>
    public int PassList() => PassCompound(TypeCodes.List);

    /// <summary>Passes an array, and checks it.</summary>
    /// <inheritdoc cref="PassMap"/>
    public int PassArray() => PassCompound(TypeCodes.Array);

    /// <summary>Passes a struct of any kind; whoever knows its code checks its fields.</summary>
    /// <inheritdoc cref="PassMap"/>
    public int PassStruct32() => PassCompound(TypeCodes.Struct32);

    /// <summary>Passes ranges of numbers, and checks them.</summary>
    /// <inheritdoc cref="PassMap"/>
    public int PassSequenceSet()
    {
        int at = PassVariable(sizeof(ushort));
        if (_error == DecodeError.None)
        {
            Note(SequenceSetView.Validate(VariableAt(_source, at, sizeof(ushort))));
        }

        return at;
    }

    /// <summary>Passes ranges of octets, and checks them.</summary>
    /// <inheritdoc cref="PassMap"/>
    public int PassByteRanges()
    {
        int at = PassVariable(sizeof(ushort));
        if (_error == DecodeError.None)
        {
            Note(ByteRangesView.Validate(VariableAt(_source, at, sizeof(ushort))));
        }

        return at;
    }

    private int PassCompound(byte typeCode)
    {
        int at = PassVariable(sizeof(uint));
        if (_error == DecodeError.None)
        {
            Note(PackedLayout.Validate(typeCode, VariableAt(_source, at, sizeof(uint))));
        }

        return at;
    }

    private static bool Length(ReadOnlySpan<byte> source, int at, int lengthOctets, out int length)
    {
        length = 0;
        int left = source.Length - at - lengthOctets;
        if (left < 0)
        {
            return false;
        }

        uint octets = lengthOctets switch
        {
            1 => source[at],
            2 => BinaryPrimitives.ReadUInt16BigEndian(source[at..]),
            _ => BinaryPrimitives.ReadUInt32BigEndian(source[at..]),
        };
        length = (int)octets;
        return octets <= (uint)left;
    }

    private bool Take(int width, out ReadOnlySpan<byte> octets)
    {
        if (_source.Length - _at < width)
        {
            octets = default;
            Fail();
            return false;
        }

        octets = _source.Slice(_at, width);
        _at += width;
        return true;
    }

    private void Fail()
    {
        Note(DecodeError.Truncated);
        _at = _source.Length;
    }
}
