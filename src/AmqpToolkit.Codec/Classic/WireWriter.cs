using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace AmqpToolkit.Codec.Classic;

/// <summary>
/// Writes the base types of 0-8, 0-9 and 0-9-1 (0-9-1 specification, 4.2.5) to the start of a span, and returns the octets written. Numbers are
/// big-endian. No state, any thread.
/// </summary>
/// <remarks>A target that is too short throws <see cref="ArgumentException"/> or one of its subclasses: sizing is the caller's business.</remarks>
public static class WireWriter
{
    /// <summary>Writes a short.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WriteUInt16(Span<byte> destination, ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, value);
        return sizeof(ushort);
    }

    /// <summary>Writes a long.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WriteUInt32(Span<byte> destination, uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination, value);
        return sizeof(uint);
    }

    /// <summary>Writes a longlong or a timestamp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WriteUInt64(Span<byte> destination, ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, value);
        return sizeof(ulong);
    }

    /// <summary>Writes a short string: <c>length octet, contents</c>.</summary>
    /// <exception cref="ArgumentException">There are more than 255 octets.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WriteShortString(Span<byte> destination, ReadOnlySpan<byte> octets)
    {
        if (octets.Length > ShortString.LimitOctets)
        {
            ThrowTooLong(octets.Length);
        }

        octets.CopyTo(destination[1..]);
        destination[0] = (byte)octets.Length;
        return 1 + octets.Length;
    }

    /// <summary>Writes a long string or a table: <c>length long, contents</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WriteLongString(Span<byte> destination, ReadOnlySpan<byte> octets)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, octets.Length);
        octets.CopyTo(destination[sizeof(uint)..]);
        return sizeof(uint) + octets.Length;
    }

    /// <summary>Packs flags into an octet, the first one into its lowest bit, without a branch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte Bits(
        bool bit0,
        bool bit1 = false,
        bool bit2 = false,
        bool bit3 = false,
        bool bit4 = false,
        bool bit5 = false,
        bool bit6 = false,
        bool bit7 = false) => (byte)(
            Bit(bit0)
            | (Bit(bit1) << 1)
            | (Bit(bit2) << 2)
            | (Bit(bit3) << 3)
            | (Bit(bit4) << 4)
            | (Bit(bit5) << 5)
            | (Bit(bit6) << 6)
            | (Bit(bit7) << 7));

    /// <summary>1 for true, whatever octet the runtime keeps for it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Bit(bool value) => value ? 1 : 0;

    [DoesNotReturn]
    private static void ThrowTooLong(int octets) =>
        throw new ArgumentException($"A short string has at most {ShortString.LimitOctets} octets, this one has {octets}.", nameof(octets));
}
