using System.Buffers.Text;
using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Conversion;

/// <summary>The values of field tables.</summary>
internal sealed partial class SectionWriter
{
    private const long MillisecondsASecond = 1000;

    /// <summary>Adds a value; what has no type there is no value.</summary>
    /// <returns>False, and perhaps the beginning of it, when it cannot be told in 1.0.</returns>
    private bool TryAddValue(FieldValueView value, int depth)
    {
        switch (value.Type)
        {
            case FieldType.Void:
                _buffer.AddNull();
                return true;
            case FieldType.Boolean when value.TryGetBoolean(out bool boolean):
                _buffer.AddBoolean(boolean);
                return true;
            case FieldType.Single when value.TryGetDouble(out double number):
                _buffer.AddFloat((float)number);
                return true;
            case FieldType.Double when value.TryGetDouble(out double number):
                _buffer.AddDouble(number);
                return true;
            case FieldType.Decimal:
                _buffer.AddDecimal64(DecimalBits.ToDecimal64(value.Payload[0], (int)WireReader.ReadUInt32(value.Payload[1..])));
                return true;
            case FieldType.LongString:
                AddText(value.Payload);
                return true;
            case FieldType.Binary:
                _buffer.AddBinary(value.Payload);
                return true;
            case FieldType.Timestamp when value.TryGetTimestamp(out var time):
                return TryAddTime(time.Seconds);
            case FieldType.Table:
                return TryAddMap(new TableView(value.Payload), depth + 1);
            case FieldType.Array:
                return TryAddList(new ArrayView(value.Payload), depth + 1);
            default:
                return TryAddInteger(value);
        }
    }

    private bool TryAddInteger(FieldValueView value)
    {
        if (!value.TryGetInt64(out long integer))
        {
            return false;
        }

        switch (value.Type)
        {
            case FieldType.Int8:
                _buffer.AddByte((sbyte)integer);
                break;
            case FieldType.UInt8:
                _buffer.AddUByte((byte)integer);
                break;
            case FieldType.Int16:
                _buffer.AddShort((short)integer);
                break;
            case FieldType.UInt16:
                _buffer.AddUShort((ushort)integer);
                break;
            case FieldType.Int32:
                _buffer.AddInt((int)integer);
                break;
            case FieldType.UInt32:
                _buffer.AddUInt((uint)integer);
                break;
            default:
                _buffer.AddLong(integer);
                break;
        }

        return true;
    }

    /// <summary>Adds text as a string; what is none, or holds an octet zero, is binary.</summary>
    private void AddText(ReadOnlySpan<byte> octets)
    {
        if (WireReader.IsText(octets) && !octets.Contains((byte)0))
        {
            _buffer.AddString(octets);
        }
        else
        {
            _buffer.AddBinary(octets);
        }
    }

    private bool TryAddTime(ulong seconds)
    {
        bool fits = seconds <= long.MaxValue / MillisecondsASecond;
        if (fits)
        {
            _buffer.AddTimestamp((long)seconds * MillisecondsASecond);
        }

        return fits;
    }

    /// <summary>A table as a map, whose keys are symbols where they can be.</summary>
    private bool TryAddMap(TableView table, int depth)
    {
        if (depth > TableView.MaxDepth)
        {
            return false;
        }

        int start = _buffer.BeginCompound();
        int pairs = 0;
        var names = NamesAt(depth);
        foreach (var entry in table)
        {
            int mark = _buffer.Count;
            if (!names.Add(table.Span, OffsetOf(table.Span, entry.Key), entry.Key.Length))
            {
                continue;
            }

            if ((TryAddSymbol(entry.Key) || TryAddString(entry.Key)) && TryAddValue(entry.Value, depth))
            {
                pairs++;
            }
            else
            {
                _buffer.Truncate(mark);
            }
        }

        _buffer.EndCompound(start, Constructors.MapMap8, 2 * pairs);
        return true;
    }

    /// <summary>An array as a list: its elements may differ in type. What cannot be told is null, so that the others keep their places.</summary>
    private bool TryAddList(ArrayView array, int depth)
    {
        if (depth > TableView.MaxDepth)
        {
            return false;
        }

        int start = _buffer.BeginCompound();
        int count = 0;
        foreach (var element in array)
        {
            int mark = _buffer.Count;
            if (!TryAddValue(element, depth))
            {
                _buffer.Truncate(mark);
                _buffer.AddNull();
            }

            count++;
        }

        _buffer.EndCompound(start, Constructors.ListList8, count);
        return true;
    }

    /// <summary>CC as x-cc, a list of strings.</summary>
    private bool TryAddCopies(FieldValueView value)
    {
        if (!value.TryGetArray(out var keys))
        {
            return false;
        }

        _buffer.AddSymbol(AnnotationNames.Copies);
        int start = _buffer.BeginCompound();
        int count = 0;
        foreach (var key in keys)
        {
            if (key.TryGetString(out var text))
            {
                AddText(text);
                count++;
            }
        }

        _buffer.EndCompound(start, Constructors.ListList8, count);
        return true;
    }

    /// <summary>x-death as x-opt-deaths: an array of maps, newest death first.</summary>
    private bool TryAddDeaths(FieldValueView value)
    {
        if (!value.TryGetArray(out var deaths))
        {
            return false;
        }

        _buffer.AddSymbol(AnnotationNames.Deaths);
        int start = _buffer.BeginCompound();
        int count = 0;
        _buffer.AddElementConstructor(Constructors.MapMap32);
        foreach (var element in deaths)
        {
            if (element.TryGetTable(out var death))
            {
                AddDeath(death);
                count++;
            }
        }

        _buffer.EndCompound(start, Constructors.ArrayArray8, count);
        return count > 0;
    }

    private void AddDeath(TableView death)
    {
        int start = _buffer.BeginElement();
        int pairs = AddDeathText(death, "queue"u8, isSymbol: false) + AddDeathText(death, "reason"u8, isSymbol: true);
        if (death.TryGetValue("count"u8, out var value) && value.TryGetInt64(out long count) && count >= 0)
        {
            _buffer.AddSymbol("count"u8);
            _buffer.AddULong((ulong)count);
            pairs++;
        }

        // That of the first death there, in this queue and for this reason: later ones count only.
        if (death.TryGetValue("time"u8, out value) && value.TryGetTimestamp(out var time) && time.Seconds <= long.MaxValue / MillisecondsASecond)
        {
            _buffer.AddSymbol("first-time"u8);
            TryAddTime(time.Seconds);
            pairs++;
        }

        pairs += AddDeathText(death, "exchange"u8, isSymbol: false) + AddDeathKeys(death);
        if (death.TryGetValue("original-expiration"u8, out value) && value.TryGetString(out var text)
            && Utf8Parser.TryParse(text, out uint milliseconds, out int read) && read == text.Length)
        {
            _buffer.AddSymbol("ttl"u8);
            _buffer.AddUInt(milliseconds);
            pairs++;
        }

        _buffer.EndElement(start, 2 * pairs);
    }

    private int AddDeathText(TableView death, ReadOnlySpan<byte> name, bool isSymbol)
    {
        if (!death.TryGetValue(name, out var value) || !value.TryGetString(out var text) || (isSymbol && !Ascii.IsValid(text)))
        {
            return 0;
        }

        _buffer.AddSymbol(name);
        if (isSymbol)
        {
            _buffer.AddSymbol(text);
        }
        else
        {
            AddText(text);
        }

        return 1;
    }

    private int AddDeathKeys(TableView death)
    {
        if (!death.TryGetValue("routing-keys"u8, out var value) || !value.TryGetArray(out var keys))
        {
            return 0;
        }

        _buffer.AddSymbol("routing-keys"u8);
        int start = _buffer.BeginCompound();
        int count = 0;
        _buffer.AddElementConstructor(Constructors.StringStr32Utf8);
        foreach (var key in keys)
        {
            if (key.TryGetString(out var text) && WireReader.IsText(text))
            {
                _buffer.AddStringElement(text);
                count++;
            }
        }

        _buffer.EndCompound(start, Constructors.ArrayArray8, count);
        return 1;
    }
}
