using System.Buffers.Text;
using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Conversion;

/// <summary>The headers, and the values in them.</summary>
internal sealed partial class BasicWriter
{
    private const long MillisecondsASecond = 1000;

    /// <summary>Octets of a decimal number of 64 bits.</summary>
    private const int MaxDigits = 20;

    /// <summary>
    /// Headers that were begun and did not fit after which the rest is not tried: an array of 1.0 may say in six octets what takes thousands in a field table, and
    /// work is to have a bound, too.
    /// </summary>
    private const int MaxAbandoned = 8;

    /// <summary>A header that was given up after so few octets was no work.</summary>
    private const int FewOctets = 512;

    /// <summary>Octets of the longest scalar: a uuid as text, with its length.</summary>
    private const int MaxScalarOctets = sizeof(uint) + MessageIds.UuidOctets;

    private readonly KeySet _names = new();
    private int _limit;
    private int _abandoned;
    private bool _isFull;

    private void AddHeaders(
        in PropertiesView properties, bool hasMessageId, bool hasCorrelationId, EncodedMapView annotations, EncodedMapView applicationProperties, int limit)
    {
        int mark = _buffer.Count;
        int start = _buffer.BeginLength();
        _limit = limit;
        _abandoned = 0;
        _names.Clear();
        AddId(AnnotationNames.MessageId, properties.MessageId, !hasMessageId);
        AddId(AnnotationNames.CorrelationId, properties.CorrelationId, !hasCorrelationId);
        foreach (var entry in applicationProperties)
        {
            if (entry.Key.TryGetString(out var name) || entry.Key.TryGetSymbol(out name))
            {
                AddHeader(name, entry.Value);
            }
        }

        foreach (var entry in annotations)
        {
            if ((entry.Key.TryGetSymbol(out var name) || entry.Key.TryGetString(out name)) && name.StartsWith(AnnotationNames.Prefix))
            {
                AddAnnotation(name, entry.Value);
            }
        }

        if (_buffer.Count == start)
        {
            _buffer.Truncate(mark);
            return;
        }

        _buffer.EndLength(start);
        _flags |= 1 << HeadersBit;
    }

    /// <summary>Adds an id that is no short string.</summary>
    private void AddId(ReadOnlySpan<byte> name, AnyMessageId id, bool isNeeded)
    {
        if (isNeeded && id.Kind is AnyMessageId.Member.MessageIdString or AnyMessageId.Member.MessageIdBinary)
        {
            AddHeader(name, new EncodedValueView(id.Octets));
        }
    }

    private void AddAnnotation(ReadOnlySpan<byte> name, EncodedValueView value)
    {
        if (name.SequenceEqual(AnnotationNames.Copies))
        {
            AddHeader(AnnotationNames.CopiesHeader, value);
        }
        else if (name.SequenceEqual(AnnotationNames.Deaths))
        {
            AddDeaths(value);
        }
        else if (!AnnotationNames.IsBrokers(name))
        {
            AddHeader(name, value);
        }
    }

    private void AddHeader(ReadOnlySpan<byte> name, EncodedValueView value)
    {
        int mark = _buffer.Count;
        if (!TryBegin(name))
        {
            return;
        }

        if (!TryAddValue(value))
        {
            Abandon(mark);
        }
    }

    /// <summary>Adds the name of a header that is to be written: the first of its name, a short string, and not beyond what fits.</summary>
    private bool TryBegin(ReadOnlySpan<byte> name)
    {
        _isFull = false;
        if (_abandoned > MaxAbandoned || name.Length > byte.MaxValue || !HasRoom(1 + name.Length + 1))
        {
            return false;
        }

        int mark = _buffer.Count;
        AddKey(name);
        if (_names.Add(_buffer.Written, mark + 1, name.Length))
        {
            return true;
        }

        _buffer.Truncate(mark);
        return false;
    }

    /// <summary>Takes back a header whose value has no type there, or does not fit.</summary>
    private void Abandon(int mark)
    {
        // The set of names knows where the name stood: what comes next must not stand there.
        _names.RemoveLast();
        if (_isFull && _buffer.Count - mark > FewOctets)
        {
            _abandoned++;
        }

        _buffer.Truncate(mark);
    }

    private bool HasRoom(int octets)
    {
        bool hasRoom = octets <= _limit - _buffer.Count;
        _isFull |= !hasRoom;
        return hasRoom;
    }

    private void AddKey(ReadOnlySpan<byte> name)
    {
        _buffer.Add((byte)name.Length);
        _buffer.Add(name);
    }

    /// <summary>Adds a tagged value.</summary>
    /// <returns>False, and perhaps the beginning of it, when it cannot be told in 0-9-1 or does not fit.</returns>
    private bool TryAddValue(EncodedValueView value)
    {
        switch (value.Type)
        {
            case AmqpType.String when value.TryGetString(out var text):
                return TryAddText(FieldType.LongString, text);
            case AmqpType.Symbol when value.TryGetSymbol(out var symbol):
                return TryAddText(FieldType.LongString, symbol);
            case AmqpType.Binary when value.TryGetBinary(out var octets):
                return TryAddText(FieldType.Binary, octets);
            case AmqpType.List when value.TryGetList(out var list):
                return TryAddList(list);
            case AmqpType.Array when value.TryGetArray(out var array):
                return TryAddArray(array);
            case AmqpType.Map when value.TryGetMap(out var map):
                return TryAddMap(map);
            case AmqpType.Described when value.TryGetDescribed(out _, out var described):
                return TryAddValue(described);
            default:
                return HasRoom(1 + MaxScalarOctets) && TryAddScalar(value);
        }
    }

    private bool TryAddScalar(EncodedValueView value)
    {
        switch (value.Type)
        {
            case AmqpType.Null:
                _buffer.Add((byte)FieldType.Void);
                return true;
            case AmqpType.Boolean when value.TryGetBoolean(out bool boolean):
                _buffer.Add((byte)FieldType.Boolean);
                _buffer.Add(boolean ? (byte)1 : (byte)0);
                return true;
            case AmqpType.Float when value.TryGetFloat(out float number):
                _buffer.Add((byte)FieldType.Single);
                _buffer.AddInt32(BitConverter.SingleToInt32Bits(number));
                return true;
            case AmqpType.Double when value.TryGetDouble(out double number):
                _buffer.Add((byte)FieldType.Double);
                _buffer.AddInt64(BitConverter.DoubleToInt64Bits(number));
                return true;
            case AmqpType.Timestamp when value.TryGetTimestamp(out long milliseconds) && milliseconds >= 0:
                _buffer.Add((byte)FieldType.Timestamp);
                _buffer.AddInt64(milliseconds / MillisecondsASecond);
                return true;
            case AmqpType.Uuid when value.TryGetUuid(out var uuid):
                AddUuid(uuid);
                return true;
            case AmqpType.Char when value.TryGetChar(out var letter):
                Span<byte> utf8 = stackalloc byte[4];
                return TryAddText(FieldType.LongString, utf8[..letter.EncodeToUtf8(utf8)]);
            case AmqpType.Decimal32 or AmqpType.Decimal64 or AmqpType.Decimal128 when DecimalBits.TryRead(value, out byte scale, out int digits):
                _buffer.Add((byte)FieldType.Decimal);
                _buffer.Add(scale);
                _buffer.AddInt32(digits);
                return true;
            default:
                return TryAddInteger(value);
        }
    }

    private bool TryAddInteger(EncodedValueView value)
    {
        if (value.TryGetInt64(out long integer))
        {
            AddInteger(value.Type, integer);
            return true;
        }

        if (!value.TryGetUInt64(out ulong number))
        {
            return false;
        }

        if (number > long.MaxValue)
        {
            // No type of 0-9-1 holds it: as text it is at least the same number.
            Span<byte> digits = stackalloc byte[MaxDigits];
            Utf8Formatter.TryFormat(number, digits, out int count);
            return TryAddText(FieldType.LongString, digits[..count]);
        }

        AddInteger(value.Type, (long)number);
        return true;
    }

    private void AddInteger(AmqpType type, long integer)
    {
        switch (type)
        {
            case AmqpType.Byte or AmqpType.UByte:
                _buffer.Add((byte)(type == AmqpType.Byte ? FieldType.Int8 : FieldType.UInt8));
                _buffer.Add((byte)integer);
                break;
            case AmqpType.Short or AmqpType.UShort:
                _buffer.Add((byte)(type == AmqpType.Short ? FieldType.Int16 : FieldType.UInt16));
                _buffer.AddInt16((int)integer);
                break;
            case AmqpType.Int or AmqpType.UInt:
                _buffer.Add((byte)(type == AmqpType.Int ? FieldType.Int32 : FieldType.UInt32));
                _buffer.AddInt32((int)integer);
                break;
            default:
                _buffer.Add((byte)FieldType.Int64);
                _buffer.AddInt64(integer);
                break;
        }
    }

    private void AddUuid(Guid uuid)
    {
        Span<byte> text = stackalloc byte[MessageIds.UuidOctets];
        MessageIds.UuidPrefix.CopyTo(text);
        Utf8Formatter.TryFormat(uuid, text[MessageIds.UuidPrefix.Length..], out _);
        TryAddText(FieldType.LongString, text);
    }

    private bool TryAddText(FieldType type, scoped ReadOnlySpan<byte> octets)
    {
        if (!HasRoom(octets.Length) || !HasRoom(1 + sizeof(uint) + octets.Length))
        {
            return false;
        }

        _buffer.Add((byte)type);
        _buffer.AddInt32(octets.Length);
        _buffer.Add(octets);
        return true;
    }

    private bool TryAddList(EncodedListView list)
    {
        _buffer.Add((byte)FieldType.Array);
        int start = _buffer.BeginLength();
        foreach (var element in list)
        {
            if (!TryAddElement(element))
            {
                return false;
            }
        }

        _buffer.EndLength(start);
        return HasRoom(0);
    }

    private bool TryAddArray(EncodedArrayView array)
    {
        _buffer.Add((byte)FieldType.Array);
        int start = _buffer.BeginLength();
        foreach (var element in array)
        {
            if (!TryAddElement(element))
            {
                return false;
            }
        }

        _buffer.EndLength(start);
        return HasRoom(0);
    }

    /// <summary>Adds an element; what cannot be told is void, so that the others keep their places.</summary>
    private bool TryAddElement(EncodedValueView element)
    {
        int mark = _buffer.Count;
        if (TryAddValue(element))
        {
            return true;
        }

        _buffer.Truncate(mark);
        _buffer.Add((byte)FieldType.Void);
        return !_isFull;
    }

    private bool TryAddMap(EncodedMapView map)
    {
        _buffer.Add((byte)FieldType.Table);
        int start = _buffer.BeginLength();
        Span<byte> scratch = stackalloc byte[MaxDigits];
        foreach (var entry in map)
        {
            if (!TryGetName(entry.Key, scratch, out var name) || name.Length > byte.MaxValue)
            {
                continue;
            }

            int mark = _buffer.Count;
            if (!HasRoom(1 + name.Length))
            {
                return false;
            }

            AddKey(name);
            if (!TryAddValue(entry.Value))
            {
                _buffer.Truncate(mark);
            }

            if (_isFull)
            {
                return false;
            }
        }

        _buffer.EndLength(start);
        return HasRoom(0);
    }

    /// <summary>The text of a key: strings and symbols as they are, integers in decimal.</summary>
    private static bool TryGetName(EncodedValueView key, Span<byte> scratch, out ReadOnlySpan<byte> name)
    {
        if (key.TryGetString(out name) || key.TryGetSymbol(out name))
        {
            return true;
        }

        int octets = 0;
        bool isNumber = key.TryGetInt64(out long integer) ? Utf8Formatter.TryFormat(integer, scratch, out octets)
            : key.TryGetUInt64(out ulong number) && Utf8Formatter.TryFormat(number, scratch, out octets);
        name = scratch[..octets];
        return isNumber;
    }

    /// <summary>x-opt-deaths as x-death: an array of tables.</summary>
    private void AddDeaths(EncodedValueView value)
    {
        int mark = _buffer.Count;
        if (!(value.Type is AmqpType.Array or AmqpType.List) || !TryBegin(AnnotationNames.DeathHeader))
        {
            return;
        }

        _buffer.Add((byte)FieldType.Array);
        int start = _buffer.BeginLength();
        bool fits = true;
        if (value.TryGetArray(out var array))
        {
            foreach (var death in array)
            {
                fits = fits && TryAddDeath(death);
            }
        }
        else if (value.TryGetList(out var list))
        {
            foreach (var death in list)
            {
                fits = fits && TryAddDeath(death);
            }
        }

        _buffer.EndLength(start);
        if (!fits || !HasRoom(0))
        {
            Abandon(mark);
        }
    }

    private bool TryAddDeath(EncodedValueView value)
    {
        if (!value.TryGetMap(out var death))
        {
            return true;
        }

        _buffer.Add((byte)FieldType.Table);
        int start = _buffer.BeginLength();
        foreach (var entry in death)
        {
            if (!(entry.Key.TryGetSymbol(out var name) || entry.Key.TryGetString(out name)) || name.SequenceEqual("last-time"u8))
            {
                continue;
            }

            name = name.SequenceEqual("first-time"u8) ? "time"u8 : name.SequenceEqual("ttl"u8) ? "original-expiration"u8 : name;
            if (name.Length > byte.MaxValue || !HasRoom(1 + name.Length))
            {
                return false;
            }

            int mark = _buffer.Count;
            AddKey(name);
            if (!(name.SequenceEqual("original-expiration"u8) ? TryAddDigits(entry.Value) : TryAddValue(entry.Value)))
            {
                _buffer.Truncate(mark);
            }

            if (_isFull)
            {
                return false;
            }
        }

        _buffer.EndLength(start);
        return HasRoom(0);
    }

    private bool TryAddDigits(EncodedValueView value)
    {
        Span<byte> digits = stackalloc byte[MaxDigits];
        return TryGetName(value, digits, out var text) && TryAddText(FieldType.LongString, text);
    }
}
