using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace AmqpToolkit.Codec.V1_0;

/// <summary>
/// Writes composites: their start, each field at its place, their end. Every method returns where the next octet goes; a field is written as
/// <see cref="AmqpWriter"/> writes a value of its type. No state, any thread.
/// </summary>
/// <remarks>
/// <para>A composite is <c>descriptor, constructor C0, size, count, fields</c>; a large one <c>descriptor, D0, size and count of four octets, fields</c>.</para>
/// <para>A target that is too short throws <see cref="ArgumentException"/> or <see cref="IndexOutOfRangeException"/>: sizing is the caller's business.</para>
/// </remarks>
public static class CompositeWriter
{
    /// <summary>Constructor of a descriptor, that of a small number, the number.</summary>
    private const int SmallDescriptorOctets = 3;

    /// <summary>Begins a composite: descriptor, then room for the start of a small list.</summary>
    /// <returns>Where the first field goes.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Begin(Span<byte> destination, ulong code)
    {
        if (code <= byte.MaxValue)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination, CompositeReader.SmallStart((byte)code));
            return SmallDescriptorOctets + AmqpWriter.SmallListOverhead;
        }

        int list = AmqpWriter.WriteDescriptor(destination, code);
        destination[list] = 0xC0;
        return list + AmqpWriter.SmallListOverhead;
    }

    /// <summary>Ends a composite: as a list without fields, as a small one, or, when it has become too long, as a large one, to which its fields are moved.</summary>
    /// <param name="destination">What the composite is written to.</param>
    /// <param name="first">Where its fields begin.</param>
    /// <param name="at">Where its fields end.</param>
    /// <param name="count">How many fields there are.</param>
    /// <returns>Where the composite ends.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int End(Span<byte> destination, int first, int at, int count) => AmqpWriter.EndList(destination, first, at, count);

    /// <summary>Says that a composite lacks a mandatory field.</summary>
    /// <exception cref="InvalidOperationException">Always.</exception>
    [DoesNotReturn]
    public static void ThrowMissingField(string composite) => throw new InvalidOperationException($"A mandatory field of '{composite}' is not set.");

    /// <summary>Writes null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WriteNull(Span<byte> destination, int at)
    {
        destination[at] = 0x40;
        return at + 1;
    }

    /// <summary>Writes a boolean.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WriteBoolean(Span<byte> destination, int at, bool value)
    {
        destination[at] = value ? (byte)0x41 : (byte)0x42;
        return at + 1;
    }

    /// <summary>Writes a uint.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WriteUInt(Span<byte> destination, int at, uint value)
    {
        if ((uint)at + (ulong)AmqpWriter.MaxUIntOctets > (uint)destination.Length)
        {
            return at + AmqpWriter.WriteLastUInt(destination[at..], value);
        }

        // There is room for the longest form: one check in place of one for each octet. The place is not negative, or it were beyond any length above.
        ref byte start = ref Unsafe.Add(ref MemoryMarshal.GetReference(destination), (nint)(uint)at);
        if (value - 1 < byte.MaxValue)
        {
            Unsafe.WriteUnaligned(ref start, AmqpWriter.SmallUInt(value));
            return at + 2;
        }

        if (value == 0)
        {
            start = 0x43;
            return at + 1;
        }

        start = 0x70;
        Unsafe.WriteUnaligned(ref Unsafe.Add(ref start, 1), BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value);
        return at + AmqpWriter.MaxUIntOctets;
    }

    /// <summary>Writes a ubyte.</summary>
    public static int WriteUByte(Span<byte> destination, int at, byte value) => at + AmqpWriter.WriteUByte(destination[at..], value);

    /// <summary>Writes a ushort.</summary>
    public static int WriteUShort(Span<byte> destination, int at, ushort value) => at + AmqpWriter.WriteUShort(destination[at..], value);

    /// <summary>Writes a ulong.</summary>
    public static int WriteULong(Span<byte> destination, int at, ulong value) => at + AmqpWriter.WriteULong(destination[at..], value);

    /// <summary>Writes a byte, which is signed.</summary>
    public static int WriteByte(Span<byte> destination, int at, sbyte value) => at + AmqpWriter.WriteByte(destination[at..], value);

    /// <summary>Writes a short.</summary>
    public static int WriteShort(Span<byte> destination, int at, short value) => at + AmqpWriter.WriteShort(destination[at..], value);

    /// <summary>Writes an int.</summary>
    public static int WriteInt(Span<byte> destination, int at, int value) => at + AmqpWriter.WriteInt(destination[at..], value);

    /// <summary>Writes a long.</summary>
    public static int WriteLong(Span<byte> destination, int at, long value) => at + AmqpWriter.WriteLong(destination[at..], value);

    /// <summary>Writes a float.</summary>
    public static int WriteFloat(Span<byte> destination, int at, float value) => at + AmqpWriter.WriteFloat(destination[at..], value);

    /// <summary>Writes a double.</summary>
    public static int WriteDouble(Span<byte> destination, int at, double value) => at + AmqpWriter.WriteDouble(destination[at..], value);

    /// <summary>Writes the bits of a decimal32.</summary>
    public static int WriteDecimal32(Span<byte> destination, int at, uint value) => at + AmqpWriter.WriteDecimal32(destination[at..], value);

    /// <summary>Writes the bits of a decimal64.</summary>
    public static int WriteDecimal64(Span<byte> destination, int at, ulong value) => at + AmqpWriter.WriteDecimal64(destination[at..], value);

    /// <summary>Writes the bits of a decimal128.</summary>
    public static int WriteDecimal128(Span<byte> destination, int at, UInt128 value) => at + AmqpWriter.WriteDecimal128(destination[at..], value);

    /// <summary>Writes a char.</summary>
    public static int WriteChar(Span<byte> destination, int at, Rune value) => at + AmqpWriter.WriteChar(destination[at..], value);

    /// <summary>Writes a timestamp: milliseconds since 1970.</summary>
    public static int WriteTimestamp(Span<byte> destination, int at, long value) => at + AmqpWriter.WriteTimestamp(destination[at..], value);

    /// <summary>Writes a uuid.</summary>
    public static int WriteUuid(Span<byte> destination, int at, Guid value) => at + AmqpWriter.WriteUuid(destination[at..], value);

    /// <summary>Writes a binary; null for a null reference.</summary>
    public static int WriteBinary(Span<byte> destination, int at, in LongString value) => at + AmqpWriter.WriteBinary(destination[at..], value);

    /// <summary>Writes a string; null for a null reference.</summary>
    public static int WriteString(Span<byte> destination, int at, in LongString value) => at + AmqpWriter.WriteString(destination[at..], value);

    /// <summary>Writes a symbol; null for a null reference.</summary>
    /// <exception cref="ArgumentException">It is not ASCII.</exception>
    public static int WriteSymbol(Span<byte> destination, int at, in LongString value) => at + AmqpWriter.WriteSymbol(destination[at..], value);
}
