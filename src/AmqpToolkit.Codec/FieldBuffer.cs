using System.Buffers.Binary;
using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace AmqpToolkit.Codec;

/// <summary>The growing octets behind a <see cref="TableBuilder"/> and its <see cref="ArrayBuilder"/>; lengths of nested values are patched in at their end.</summary>
internal sealed class FieldBuffer
{
    private const int InitialOctets = 512;
    private const int MaxKeyOctets = byte.MaxValue;
    private const int MaxOctetsPerChar = 3;
    private const int MaxScalarOctets = 1 + sizeof(ulong);

    private byte[] _octets = new byte[InitialOctets];
    private int _length;
    private int _depth = 1;

    internal ReadOnlySpan<byte> Written => _octets.AsSpan(0, _length);

    internal void Clear()
    {
        _length = 0;
        _depth = 1;
    }

    internal void WriteKey(ReadOnlySpan<byte> utf8) => _length += PutKey(Reserve(1 + MaxKeyOctets), utf8);

    internal void WriteKey(string key) => _length += PutKey(Reserve(1 + MaxKeyOctets), key);

    internal void WriteEntry(ReadOnlySpan<byte> utf8Key, scoped in FieldValue value)
    {
        Span<byte> target = Reserve(1 + MaxKeyOctets + MaxScalarOctets);
        WriteValueAfter(PutKey(target, utf8Key), target, value);
    }

    internal void WriteEntry(string key, scoped in FieldValue value)
    {
        Span<byte> target = Reserve(1 + MaxKeyOctets + MaxScalarOctets);
        WriteValueAfter(PutKey(target, key), target, value);
    }

    /// <summary>A text with its key in one go: it needs no <see cref="FieldValue"/> on the way.</summary>
    internal void WriteEntry(ReadOnlySpan<byte> utf8Key, ReadOnlySpan<byte> utf8)
    {
        const int head = 1 + sizeof(uint);
        Span<byte> target = Reserve(checked(1 + MaxKeyOctets + head + utf8.Length));
        int keyOctets = PutKey(target, utf8Key);
        target = target[keyOctets..];
        target[0] = (byte)FieldType.LongString;
        BinaryPrimitives.WriteInt32BigEndian(target[1..], utf8.Length);
        utf8.CopyTo(target[head..]);
        _length += keyOctets + head + utf8.Length;
    }

    internal void WriteValue(scoped in FieldValue value) => WriteValueAfter(keyOctets: 0, Reserve(MaxScalarOctets), value);

    /// <summary>Opens a nested table or array.</summary>
    /// <returns>Where its length stands, for <see cref="End"/>.</returns>
    internal int Begin(FieldType type)
    {
        if (_depth == TableView.MaxDepth)
        {
            throw new InvalidOperationException(
                string.Create(CultureInfo.InvariantCulture, $"Tables and arrays are nested at most {TableView.MaxDepth} deep."));
        }

        _depth++;
        Span<byte> target = Reserve(1 + sizeof(uint));
        target[0] = (byte)type;
        int lengthAt = _length + 1;
        _length += 1 + sizeof(uint);
        return lengthAt;
    }

    internal void End(int lengthAt)
    {
        BinaryPrimitives.WriteInt32BigEndian(_octets.AsSpan(lengthAt), _length - lengthAt - sizeof(uint));
        _depth--;
    }

    internal void WriteObject(object? value)
    {
        switch (value)
        {
            case null:
                WriteValue(FieldValue.Void);
                break;
            case string text:
                WriteValue(text);
                break;
            case bool boolean:
                WriteValue(boolean);
                break;
            case int number:
                WriteValue(number);
                break;
            case long number:
                WriteValue(number);
                break;
            case sbyte number:
                WriteValue(number);
                break;
            case byte number:
                WriteValue(number);
                break;
            case short number:
                WriteValue(number);
                break;
            case ushort number:
                WriteValue(number);
                break;
            case uint number:
                WriteValue(number);
                break;
            case ulong number when number <= long.MaxValue:
                WriteValue((long)number);
                break;
            case float number:
                WriteValue(number);
                break;
            case double number:
                WriteValue(number);
                break;
            case decimal number:
                WriteValue(number);
                break;
            case AmqpTimestamp timestamp:
                WriteValue(timestamp);
                break;
            case DateTimeOffset date:
                WriteValue(AmqpTimestamp.FromDateTimeOffset(date));
                break;
            case byte[] octets:
                WriteValue(octets);
                break;
            case ReadOnlyMemory<byte> octets:
                WriteValue(FieldValue.Binary(octets.Span));
                break;
            case LongString text:
                WriteValue(text.IsNull ? FieldValue.Void : text.ToMemory().Span);
                break;
            case ShortString text:
                WriteValue(text.IsNull ? FieldValue.Void : text.ToString());
                break;
            case Table table:
                WriteValue(table);
                break;
            case IEnumerable<KeyValuePair<string, object?>> entries:
                WriteTable(entries);
                break;
            case IEnumerable elements:
                WriteArray(elements);
                break;
            default:
                throw new ArgumentException($"No field value has the type {value.GetType()} or holds {value}.", nameof(value));
        }
    }

    private void WriteTable(IEnumerable<KeyValuePair<string, object?>> entries)
    {
        int lengthAt = Begin(FieldType.Table);
        foreach ((string key, object? value) in entries)
        {
            WriteKey(key);
            WriteObject(value);
        }

        End(lengthAt);
    }

    private void WriteArray(IEnumerable elements)
    {
        int lengthAt = Begin(FieldType.Array);
        foreach (object? element in elements)
        {
            WriteObject(element);
        }

        End(lengthAt);
    }

    private static int PutKey(Span<byte> target, ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxKeyOctets)
        {
            ThrowKeyTooLong();
        }

        target[0] = (byte)utf8.Length;
        ShortCopy.Copy(utf8, target[1..]);
        return 1 + utf8.Length;
    }

    private static int PutKey(Span<byte> target, string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Length > MaxKeyOctets / MaxOctetsPerChar && Encoding.UTF8.GetByteCount(key) > MaxKeyOctets)
        {
            ThrowKeyTooLong();
        }

        int octets = Encoding.UTF8.GetBytes(key, target[1..]);
        target[0] = (byte)octets;
        return 1 + octets;
    }

    /// <summary>A fixed value in one store of eight octets: what is more than the value is overwritten by the next one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void WriteValueAfter(int keyOctets, Span<byte> target, scoped in FieldValue value)
    {
        if (!value.IsFixed)
        {
            _length += keyOctets;
            WriteLengthPrefixed(value);
            return;
        }

        target[keyOctets] = (byte)value.Type;
        BinaryPrimitives.WriteUInt64BigEndian(target[(keyOctets + 1)..], value.LeftAlignedBits);
        _length += keyOctets + 1 + value.FixedOctets;
    }

    private void WriteLengthPrefixed(scoped in FieldValue value)
    {
        const int head = 1 + sizeof(uint);
        Span<byte> target;
        int octets;
        if (value.IsText)
        {
            ReadOnlySpan<char> text = value.Text;
            target = Reserve(checked(head + (text.Length * MaxOctetsPerChar)));
            octets = Encoding.UTF8.GetBytes(text, target[head..]);
        }
        else
        {
            octets = value.Payload.Length;
            target = Reserve(checked(head + octets));
            value.Payload.CopyTo(target[head..]);
        }

        target[0] = (byte)value.Type;
        BinaryPrimitives.WriteInt32BigEndian(target[1..], octets);
        _length += head + octets;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Span<byte> Reserve(int octets)
    {
        if (_octets.Length - _length < octets)
        {
            Grow(octets);
        }

        return _octets.AsSpan(_length);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(int octets) => Array.Resize(ref _octets, Math.Max(_octets.Length * 2, checked(_length + octets)));

    [DoesNotReturn]
    private static void ThrowKeyTooLong() =>
        throw new ArgumentException($"A key of a field table has at most {MaxKeyOctets} octets.", "key");
}
