using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AmqpToolkit.Codec;

/// <summary>A value on its way into a <see cref="TableBuilder"/> or <see cref="ArrayBuilder"/>; made by conversion from the .NET value.</summary>
/// <remarks>
/// Conversions are not inlined: inlined, the compiler builds a value in one place and copies it in blocks wider than what was just stored, which
/// the processor cannot forward; that cost 11 ns a value, the call costs 4 (table of ten, net10.0 on x64).
/// </remarks>
public readonly ref struct FieldValue
{
    private const int BitsPerOctet = 8;
    private const int ScaleBits = 32;

    private readonly ref readonly byte _start;
    private readonly ulong _leftAlignedBits;
    private readonly int _octets;
    private readonly ushort _typeAndForm;

    private FieldValue(FieldType type, int fixedOctets, ulong bits)
    {
        _typeAndForm = (ushort)type;
        _octets = fixedOctets;
        _leftAlignedBits = fixedOctets == 0 ? 0 : bits << ((sizeof(ulong) - fixedOctets) * BitsPerOctet);
    }

    private FieldValue(FieldType type, Form form, ReadOnlySpan<byte> payload)
    {
        _typeAndForm = (ushort)((ushort)type | (ushort)form);
        _start = ref MemoryMarshal.GetReference(payload);
        _octets = payload.Length;
    }

    /// <summary>How the value is held.</summary>
    [Flags]
    private enum Form : ushort
    {
        Octets = 0x0100,
        Utf16 = 0x0200,
    }

    /// <summary>No value (<c>V</c>).</summary>
    public static FieldValue Void => new(FieldType.Void, 0, 0);

    /// <summary>The type that is written; that of <c>default</c> is <see cref="FieldType.Void"/>.</summary>
    public FieldType Type => (byte)_typeAndForm == 0 ? FieldType.Void : (FieldType)(byte)_typeAndForm;

    /// <summary>Whether the value has a fixed width: no length, no payload.</summary>
    internal bool IsFixed => _typeAndForm <= byte.MaxValue;

    /// <summary>Whether <see cref="Text"/> is the payload, yet to be encoded, and not <see cref="Payload"/>.</summary>
    internal bool IsText => (_typeAndForm & (ushort)Form.Utf16) != 0;

    /// <summary>Octets of a value of fixed width.</summary>
    internal int FixedOctets => _octets;

    /// <summary>The octets of a value of fixed width, the first one in the highest bits.</summary>
    internal ulong LeftAlignedBits => _leftAlignedBits;

    /// <summary>The payload of a value with a length.</summary>
    internal ReadOnlySpan<byte> Payload => MemoryMarshal.CreateReadOnlySpan(in _start, _octets);

    /// <summary>The text of a value with a length.</summary>
    internal ReadOnlySpan<char> Text => MemoryMarshal.Cast<byte, char>(Payload);

    /// <summary>Octets as a binary value (<c>x</c>).</summary>
    public static FieldValue Binary(ReadOnlySpan<byte> octets) => new(FieldType.Binary, Form.Octets, octets);

    /// <summary>A boolean (<c>t</c>).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static implicit operator FieldValue(bool value) => new(FieldType.Boolean, sizeof(byte), value ? 1u : 0u);

    /// <summary>Signed, 8 bits (<c>b</c>).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static implicit operator FieldValue(sbyte value) => new(FieldType.Int8, sizeof(sbyte), (ulong)value);

    /// <summary>Unsigned, 8 bits (<c>B</c>).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static implicit operator FieldValue(byte value) => new(FieldType.UInt8, sizeof(byte), value);

    /// <summary>Signed, 16 bits (<c>s</c>).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static implicit operator FieldValue(short value) => new(FieldType.Int16, sizeof(short), (ulong)value);

    /// <summary>Unsigned, 16 bits (<c>u</c>).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static implicit operator FieldValue(ushort value) => new(FieldType.UInt16, sizeof(ushort), value);

    /// <summary>Signed, 32 bits (<c>I</c>).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static implicit operator FieldValue(int value) => new(FieldType.Int32, sizeof(int), (ulong)value);

    /// <summary>Unsigned, 32 bits (<c>i</c>).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static implicit operator FieldValue(uint value) => new(FieldType.UInt32, sizeof(uint), value);

    /// <summary>Signed, 64 bits (<c>l</c>).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static implicit operator FieldValue(long value) => new(FieldType.Int64, sizeof(long), (ulong)value);

    /// <summary>IEEE 754 binary32 (<c>f</c>).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static implicit operator FieldValue(float value) => new(FieldType.Single, sizeof(float), BitConverter.SingleToUInt32Bits(value));

    /// <summary>IEEE 754 binary64 (<c>d</c>).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static implicit operator FieldValue(double value) => new(FieldType.Double, sizeof(double), BitConverter.DoubleToUInt64Bits(value));

    /// <summary>A decimal (<c>D</c>).</summary>
    /// <exception cref="ArgumentOutOfRangeException">Its digits do not fit into 32 signed bits.</exception>
    public static implicit operator FieldValue(decimal value)
    {
        byte scale = value.Scale;
        decimal digits = value;
        for (int place = 0; place < scale; place++)
        {
            digits *= 10;
        }

        if (digits is < int.MinValue or > int.MaxValue)
        {
            throw new ArgumentOutOfRangeException(nameof(value), value, "The digits of a decimal field value fit into 32 signed bits.");
        }

        return new FieldValue(FieldType.Decimal, sizeof(byte) + sizeof(int), ((ulong)scale << ScaleBits) | (uint)(int)digits);
    }

    /// <summary>Text (<c>S</c>); null is <see cref="Void"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static implicit operator FieldValue(string? value) => value is null ? Void : new FieldValue(FieldType.LongString, Form.Utf16, MemoryMarshal.AsBytes(value.AsSpan()));

    /// <summary>Text in UTF-8 (<c>S</c>); the octets are written as they are. For <c>x</c> see <see cref="Binary"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static implicit operator FieldValue(ReadOnlySpan<byte> utf8) => new(FieldType.LongString, Form.Octets, utf8);

    /// <summary>A binary value (<c>x</c>); null is <see cref="Void"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static implicit operator FieldValue(byte[]? octets) => octets is null ? Void : Binary(octets);

    /// <summary>A timestamp (<c>T</c>).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static implicit operator FieldValue(AmqpTimestamp value) => new(FieldType.Timestamp, sizeof(ulong), value.Seconds);

    /// <summary>A nested table (<c>F</c>).</summary>
    public static implicit operator FieldValue(Table value) => new(FieldType.Table, Form.Octets, value.Span);

    /// <summary>A nested table (<c>F</c>).</summary>
    public static implicit operator FieldValue(TableView value) => new(FieldType.Table, Form.Octets, value.Span);

    /// <summary>An array (<c>A</c>).</summary>
    public static implicit operator FieldValue(ArrayView value) => new(FieldType.Array, Form.Octets, value.Span);

    /// <summary>A value that was read, written again with its own tag.</summary>
    public static implicit operator FieldValue(FieldValueView value)
    {
        switch (value.Type)
        {
            case FieldType.LongString or FieldType.Binary or FieldType.Table or FieldType.Array:
                return new FieldValue(value.Type, Form.Octets, value.Payload);
            default:
                ulong bits = 0;
                foreach (byte octet in value.Payload)
                {
                    bits = (bits << BitsPerOctet) | octet;
                }

                return new FieldValue(value.Type, value.Payload.Length, bits);
        }
    }
}
