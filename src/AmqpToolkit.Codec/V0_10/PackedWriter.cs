using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace AmqpToolkit.Codec.V0_10;

/// <summary>
/// Writes the types of 0-10 to the start of a span, and returns the octets written. Numbers are big-endian. No state, any thread.
/// </summary>
/// <remarks>A target that is too short throws <see cref="ArgumentException"/> or <see cref="IndexOutOfRangeException"/>: sizing is the caller's business.</remarks>
public static class PackedWriter
{
    /// <summary>Octets before a command at most: its code, and the header with one bit.</summary>
    public const int CommandOverhead = 4;

    /// <summary>Octets before a struct32: its size and its code.</summary>
    public const int Struct32Overhead = 6;

    /// <summary>Writes a control: <c>code, presence bits, fields</c>.</summary>
    public static int WriteControl<T>(Span<byte> destination, in T control)
        where T : struct, IControl
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)T.Code);
        return sizeof(ushort) + control.Write(destination[sizeof(ushort)..]);
    }

    /// <summary>Writes a command: <c>code, session header, presence bits, fields</c>.</summary>
    /// <param name="destination">What is written to.</param>
    /// <param name="command">The command.</param>
    /// <param name="sync">The sender waits for its completion.</param>
    public static int WriteCommand<T>(Span<byte> destination, in T command, bool sync)
        where T : struct, ICommand
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)T.Code);
        destination[2] = 1;
        destination[3] = sync ? (byte)1 : (byte)0;
        return CommandOverhead + command.Write(destination[CommandOverhead..]);
    }

    /// <summary>Writes a struct as it stands inside of others: <c>size, code if it has one, presence bits, fields</c>.</summary>
    /// <exception cref="ArgumentException">Its octets are more than its size can say.</exception>
    public static int WriteStruct<T>(Span<byte> destination, in T value)
        where T : struct, IPacked
    {
        int at = T.SizeOctets;
        if (T.Code >= 0)
        {
            BinaryPrimitives.WriteUInt16BigEndian(destination[at..], (ushort)T.Code);
            at += sizeof(ushort);
        }

        at += value.Write(destination[at..]);
        if (T.SizeOctets != 0)
        {
            WriteLength(destination, T.SizeOctets, at - T.SizeOctets);
        }

        return at;
    }

    /// <summary>Writes presence bits, the lowest bit of the first octet first.</summary>
    public static int WritePresence(Span<byte> destination, int packOctets, uint present)
    {
        destination[0] = (byte)present;
        if (packOctets == sizeof(ushort))
        {
            destination[1] = (byte)(present >> 8);
        }

        return packOctets;
    }

    /// <summary>Writes a uint8.</summary>
    public static int WriteUInt8(Span<byte> destination, byte value)
    {
        destination[0] = value;
        return sizeof(byte);
    }

    /// <summary>Writes an int8.</summary>
    public static int WriteInt8(Span<byte> destination, sbyte value) => WriteUInt8(destination, (byte)value);

    /// <summary>Writes a boolean of one octet.</summary>
    public static int WriteBoolean(Span<byte> destination, bool value) => WriteUInt8(destination, value ? (byte)1 : (byte)0);

    /// <summary>Writes a uint16.</summary>
    public static int WriteUInt16(Span<byte> destination, ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, value);
        return sizeof(ushort);
    }

    /// <summary>Writes an int16.</summary>
    public static int WriteInt16(Span<byte> destination, short value) => WriteUInt16(destination, (ushort)value);

    /// <summary>Writes a uint32.</summary>
    public static int WriteUInt32(Span<byte> destination, uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination, value);
        return sizeof(uint);
    }

    /// <summary>Writes an int32.</summary>
    public static int WriteInt32(Span<byte> destination, int value) => WriteUInt32(destination, (uint)value);

    /// <summary>Writes a uint64.</summary>
    public static int WriteUInt64(Span<byte> destination, ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, value);
        return sizeof(ulong);
    }

    /// <summary>Writes an int64.</summary>
    public static int WriteInt64(Span<byte> destination, long value) => WriteUInt64(destination, (ulong)value);

    /// <summary>Writes a float.</summary>
    public static int WriteFloat(Span<byte> destination, float value) => WriteUInt32(destination, BitConverter.SingleToUInt32Bits(value));

    /// <summary>Writes a double.</summary>
    public static int WriteDouble(Span<byte> destination, double value) => WriteUInt64(destination, BitConverter.DoubleToUInt64Bits(value));

    /// <summary>Writes a uuid, in network order.</summary>
    public static int WriteUuid(Span<byte> destination, Guid value)
    {
        value.TryWriteBytes(destination[..16], bigEndian: true, out int written);
        return written;
    }

    /// <summary>Writes octets of a fixed width.</summary>
    /// <exception cref="ArgumentException">There are more or fewer.</exception>
    public static int WriteFixed(Span<byte> destination, int octets, LongString value)
    {
        int written = value.Write(destination);
        if (written != octets)
        {
            ThrowWrongLength(octets, written);
        }

        return written;
    }

    /// <summary>Writes a length and as many octets.</summary>
    /// <exception cref="ArgumentException">They are more than the length can say.</exception>
    public static int WriteVariable(Span<byte> destination, int lengthOctets, LongString value)
    {
        int written = value.Write(destination[lengthOctets..]);
        WriteLength(destination, lengthOctets, written);
        return lengthOctets + written;
    }

    /// <summary>Writes a map: <c>size, count, keys with coded values</c>.</summary>
    /// <exception cref="ArgumentException">The value has another type.</exception>
    public static int WriteMap(Span<byte> destination, PackedValue value) => WriteCompound(destination, TypeCodes.Map, PackedLayout.CountOctets, value);

    /// <summary>Writes a list: <c>size, count, coded values</c>.</summary>
    /// <inheritdoc cref="WriteMap"/>
    public static int WriteList(Span<byte> destination, PackedValue value) => WriteCompound(destination, TypeCodes.List, PackedLayout.CountOctets, value);

    /// <summary>Writes an array: <c>size, code, count, values</c>.</summary>
    /// <inheritdoc cref="WriteMap"/>
    public static int WriteArray(Span<byte> destination, PackedValue value) => WriteCompound(destination, TypeCodes.Array, PackedLayout.ArrayHeadOctets, value);

    /// <summary>Writes a struct of any kind: <c>size, code, presence bits, fields</c>.</summary>
    /// <inheritdoc cref="WriteMap"/>
    public static int WriteStruct32(Span<byte> destination, PackedValue value) => WriteCompound(destination, TypeCodes.Struct32, -1, value);

    /// <summary>Writes ranges of numbers: <c>size, pairs</c>.</summary>
    /// <exception cref="ArgumentException">There are more than 8191 of them.</exception>
    public static int WriteSequenceSet(Span<byte> destination, SequenceSet value)
    {
        WriteLength(destination, sizeof(ushort), value.MaxOctets);
        return sizeof(ushort) + value.Write(destination[sizeof(ushort)..]);
    }

    /// <summary>Writes ranges of octets: <c>size, pairs</c>.</summary>
    /// <exception cref="ArgumentException">There are more than 4095 of them.</exception>
    public static int WriteByteRanges(Span<byte> destination, ByteRanges value)
    {
        WriteLength(destination, sizeof(ushort), value.MaxOctets);
        return sizeof(ushort) + value.Write(destination[sizeof(ushort)..]);
    }

    private static int WriteCompound(Span<byte> destination, byte typeCode, int emptyOctets, PackedValue value)
    {
        Span<byte> contents = destination[sizeof(uint)..];
        int octets = value.Contents.Length;
        if (value.IsDefault && emptyOctets >= 0)
        {
            octets = emptyOctets;
            contents[..octets].Clear();
        }
        else if (value.TypeCode == typeCode)
        {
            value.Contents.Span.CopyTo(contents);
        }
        else
        {
            ThrowWrongType(value, typeCode);
        }

        BinaryPrimitives.WriteInt32BigEndian(destination, octets);
        return sizeof(uint) + octets;
    }

    internal static void WriteLength(Span<byte> destination, int lengthOctets, int length)
    {
        switch (lengthOctets)
        {
            case 1 when length <= byte.MaxValue:
                destination[0] = (byte)length;
                break;
            case 2 when length <= ushort.MaxValue:
                BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)length);
                break;
            case 4:
                BinaryPrimitives.WriteInt32BigEndian(destination, length);
                break;
            case 0:
                break;
            default:
                ThrowWrongLength(lengthOctets == 1 ? byte.MaxValue : ushort.MaxValue, length);
                break;
        }
    }

    [DoesNotReturn]
    private static void ThrowWrongLength(int expected, int actual) => throw new ArgumentException($"The value has {actual} octets, {expected} fit.");

    [DoesNotReturn]
    private static void ThrowWrongType(PackedValue value, byte expected) =>
        throw new ArgumentException($"The field has the type 0x{expected:x2}, the value 0x{value.TypeCode:x2}.", nameof(value));
}
