using System.Buffers.Binary;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Descriptions;

namespace AmqpToolkit.Decode.Values;

/// <summary>
/// Decodes the fields of a method or of content properties one by one, so that those before a mistake are shown. The views of the codec decide in one pass
/// whether all is well; here it matters where it is not.
/// </summary>
internal ref struct ClassicFields(ReadOnlySpan<byte> frame, int at, int end)
{
    private const int BitsOfOctet = 8;

    private readonly ReadOnlySpan<byte> _octets = frame[..end];
    private readonly ValueLimit _limit = new();
    private readonly List<DecodedField> _fields = [];
    private int _at = at;
    private int _bits;
    private Problem? _problem;

    /// <summary>What was decoded.</summary>
    public readonly IReadOnlyList<DecodedField> Fields => _fields;

    /// <summary>Decodes the arguments of a method, which fill the octets.</summary>
    public Problem? ReadMethod(ShapeDescription shape)
    {
        foreach (FieldDescription field in shape.Fields)
        {
            if (field.Type == "bit")
            {
                ReadBit(field);
            }
            else
            {
                _bits = 0;
                Read(field);
            }

            if (_problem is not null)
            {
                return _problem;
            }
        }

        return NoteRest();
    }

    /// <summary>Decodes property flags and those properties that they announce, which fill the octets.</summary>
    public Problem? ReadProperties(ShapeDescription shape)
    {
        int flagsAt = _at;
        List<ushort> flags = [];
        do
        {
            if (_octets.Length - _at < sizeof(ushort))
            {
                return Fail("the property flags are cut off", flagsAt);
            }

            flags.Add(BinaryPrimitives.ReadUInt16BigEndian(_octets[_at..]));
            _at += sizeof(ushort);
        }
        while ((flags[^1] & 1) != 0);

        const int FlagsOfWord = 15;
        for (int i = 0; i < flags.Count * FlagsOfWord; i++)
        {
            if ((flags[i / FlagsOfWord] & (0x8000 >> (i % FlagsOfWord))) == 0)
            {
                continue;
            }

            if (i >= shape.Fields.Count)
            {
                return Fail($"property flag {i} has no property", flagsAt + (i / FlagsOfWord * sizeof(ushort)));
            }

            FieldDescription field = shape.Fields[i];
            if (field.Type == "bit")
            {
                _fields.Add(new DecodedField(field.Name, new DecodedValue.Boolean(true)));
                continue;
            }

            Read(field);
            if (_problem is not null)
            {
                return _problem;
            }
        }

        return NoteRest();
    }

    private void ReadBit(FieldDescription field)
    {
        if (_bits % BitsOfOctet == 0)
        {
            if (_at >= _octets.Length)
            {
                Fail($"{field.Name} is cut off", _at);
                return;
            }

            _at++;
        }

        bool value = (_octets[_at - 1] & (1 << (_bits % BitsOfOctet))) != 0;
        _bits++;
        Add(field, new DecodedValue.Boolean(value), isZero: !value);
    }

    private void Read(FieldDescription field)
    {
        switch (field.Type)
        {
            case "octet":
                ReadNumber(field, sizeof(byte));
                break;
            case "short":
                ReadNumber(field, sizeof(ushort));
                break;
            case "long":
                ReadNumber(field, sizeof(uint));
                break;
            case "longlong" or "timestamp":
                ReadNumber(field, sizeof(ulong));
                break;
            case "shortstr":
                ReadVariable(field, sizeof(byte));
                break;
            case "content":
                ReadContent(field);
                break;
            default:
                ReadVariable(field, sizeof(uint));
                break;
        }
    }

    private void ReadNumber(FieldDescription field, int octets)
    {
        if (!Take(field, octets, out ReadOnlySpan<byte> value))
        {
            return;
        }

        ulong number = 0;
        foreach (byte octet in value)
        {
            number = (number << 8) | octet;
        }

        Add(field, field.Type == "timestamp" ? new DecodedValue.Instant((long)number, IsMilliseconds: false) : new DecodedValue.Integer(number), number == 0);
    }

    private void ReadVariable(FieldDescription field, int lengthOctets)
    {
        int start = _at;
        if (!Take(field, lengthOctets, out ReadOnlySpan<byte> prefix))
        {
            return;
        }

        uint length = lengthOctets == 1 ? prefix[0] : BinaryPrimitives.ReadUInt32BigEndian(prefix);
        if (length > (uint)(_octets.Length - _at))
        {
            Fail($"{field.Name} says {length} octets and {_octets.Length - _at} are left", start);
            return;
        }

        ReadOnlySpan<byte> value = _octets.Slice(_at, (int)length);
        int valueAt = _at;
        _at += (int)length;
        if (field.Type != "table")
        {
            Add(field, OctetText.Value(value), value.IsEmpty);
            return;
        }

        _fields.Add(new DecodedField(field.Name, FieldTables.Value(new TableView(value), _limit)));
        DecodeError error = TableView.Validate(value);
        if (error != DecodeError.None)
        {
            Fail($"{field.Name}: {error}", valueAt + FieldTables.FindError(value, isArray: false));
        }
    }

    /// <summary>0-9: an octet tells whether the body itself follows, or the name of one.</summary>
    private void ReadContent(FieldDescription field)
    {
        if (!Take(field, sizeof(byte), out ReadOnlySpan<byte> kind))
        {
            return;
        }

        _fields.Add(new DecodedField(field.Name + "-kind", new DecodedValue.Integer(kind[0])));
        ReadVariable(field, sizeof(uint));
    }

    /// <summary>A reserved field is shown only where it holds something.</summary>
    private readonly void Add(FieldDescription field, DecodedValue value, bool isZero)
    {
        if (!field.IsReserved || !isZero)
        {
            _fields.Add(new DecodedField(field.Name, value));
        }
    }

    private bool Take(FieldDescription field, int octets, out ReadOnlySpan<byte> taken)
    {
        if (_octets.Length - _at < octets)
        {
            taken = default;
            Fail($"{field.Name} is cut off", _at);
            return false;
        }

        taken = _octets.Slice(_at, octets);
        _at += octets;
        return true;
    }

    private Problem? NoteRest() => _at < _octets.Length ? Fail($"{Words.Octets(_octets.Length - _at)} left over", _at) : null;

    private Problem Fail(string text, int at) => _problem = new Problem(text, at);
}
