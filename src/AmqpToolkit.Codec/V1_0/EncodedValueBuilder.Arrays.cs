using System.Buffers.Binary;

namespace AmqpToolkit.Codec.V1_0;

/// <content>
/// Elements of arrays. They share one constructor, which is known when the last of them is: until then they stand in the widest encoding of their type,
/// without constructor. Variable elements that all turn out to be short are made narrow in the end.
/// </content>
public sealed partial class EncodedValueBuilder
{
    private const int MaxArrayHeader = CompoundOverhead + 11;

    /// <summary>The constructor of the widest encoding.</summary>
    private static byte Widest(AmqpType type) => type switch
    {
        AmqpType.Null => 0x40,
        AmqpType.Boolean => 0x56,
        AmqpType.UByte => 0x50,
        AmqpType.UShort => 0x60,
        AmqpType.UInt => 0x70,
        AmqpType.ULong => 0x80,
        AmqpType.Byte => 0x51,
        AmqpType.Short => 0x61,
        AmqpType.Int => 0x71,
        AmqpType.Long => 0x81,
        AmqpType.Float => 0x72,
        AmqpType.Double => 0x82,
        AmqpType.Decimal32 => 0x74,
        AmqpType.Decimal64 => 0x84,
        AmqpType.Decimal128 => 0x94,
        AmqpType.Char => 0x73,
        AmqpType.Timestamp => 0x83,
        AmqpType.Uuid => 0x98,
        AmqpType.Binary => 0xB0,
        AmqpType.String => 0xB1,
        AmqpType.Symbol => 0xB3,
        AmqpType.List => 0xD0,
        AmqpType.Map => 0xD1,
        AmqpType.Array => 0xF0,
        _ => throw new InvalidOperationException($"{type} is not the type of an element; name what is described, and the descriptor."),
    };

    /// <summary>Turns the value that was added last into an element.</summary>
    private void WidenElement(int start)
    {
        byte constructor = _octets[start];
        Span<byte> value = _octets.AsSpan(start);
        int octets = _length - start;
        _length = start + (constructor switch
        {
            0x41 or 0x42 => WriteElement(value, constructor == 0x41 ? 1 : 0, sizeof(byte)),
            0x43 => WriteElement(value, 0, sizeof(uint)),
            0x44 => WriteElement(value, 0, sizeof(ulong)),
            0x52 => WriteElement(value, value[1], sizeof(uint)),
            0x53 => WriteElement(value, value[1], sizeof(ulong)),
            0x54 => WriteElement(value, (sbyte)value[1], sizeof(int)),
            0x55 => WriteElement(value, (sbyte)value[1], sizeof(long)),
            0x45 => WriteElement(value, (long)sizeof(uint) << 32, sizeof(ulong)),
            >= 0xA0 and < 0xB0 => WidenVariable(value, octets),
            (>= 0xC0 and < 0xD0) or (>= 0xE0 and < 0xF0) => WidenCompound(value, octets),
            _ => WithoutConstructor(value, octets),
        });
    }

    private static int WriteElement(Span<byte> element, long value, int width)
    {
        Span<byte> octets = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(octets, value);
        octets[(sizeof(long) - width)..].CopyTo(element);
        return width;
    }

    private static int WithoutConstructor(Span<byte> value, int octets)
    {
        value[1..octets].CopyTo(value);
        return octets - 1;
    }

    /// <summary>Constructor and one octet of length become four octets of length.</summary>
    private static int WidenVariable(Span<byte> value, int octets)
    {
        value[2..octets].CopyTo(value[sizeof(uint)..]);
        BinaryPrimitives.WriteInt32BigEndian(value, octets - 2);
        return octets - 2 + sizeof(uint);
    }

    /// <summary>Constructor, size and count of an octet each become size and count of four octets each.</summary>
    private static int WidenCompound(Span<byte> value, int octets)
    {
        int count = value[2];
        value[3..octets].CopyTo(value[(2 * sizeof(uint))..]);
        BinaryPrimitives.WriteInt32BigEndian(value, octets - 3 + sizeof(uint));
        BinaryPrimitives.WriteInt32BigEndian(value[sizeof(uint)..], count);
        return octets - 3 + (2 * sizeof(uint));
    }

    private int EndArray(Open open)
    {
        int start = open.At + CompoundOverhead;
        byte constructor = Widest(open.Elements);
        if (constructor >> 4 == 0xB && NarrowVariables(start, open.Count))
        {
            constructor -= 0x10;
        }

        Span<byte> header = stackalloc byte[MaxArrayHeader];
        int descriptor = open.Descriptor is { } code ? AmqpWriter.WriteDescriptor(header, code) : 0;
        header[descriptor] = constructor;
        int shared = descriptor + 1;
        int elements = _length - start;
        bool isSmall = 1 + shared + elements <= byte.MaxValue && open.Count <= byte.MaxValue;
        int at = open.At + (isSmall ? 3 : CompoundOverhead);
        Room(shared);
        _octets.AsSpan(start, elements).CopyTo(_octets.AsSpan(at + shared));
        header[..shared].CopyTo(_octets.AsSpan(at));
        if (isSmall)
        {
            _octets[open.At] = 0xE0;
            _octets[open.At + 1] = (byte)(1 + shared + elements);
            _octets[open.At + 2] = (byte)open.Count;
        }
        else
        {
            _octets[open.At] = 0xF0;
            BinaryPrimitives.WriteInt32BigEndian(_octets.AsSpan(open.At + 1), sizeof(uint) + shared + elements);
            BinaryPrimitives.WriteInt32BigEndian(_octets.AsSpan(open.At + 1 + sizeof(uint)), open.Count);
        }

        return at + shared + elements;
    }

    /// <summary>Gives every element one octet of length, if all are that short.</summary>
    private bool NarrowVariables(int start, int count)
    {
        int at = start;
        for (int i = 0; i < count; i++)
        {
            int octets = BinaryPrimitives.ReadInt32BigEndian(_octets.AsSpan(at));
            if (octets > byte.MaxValue)
            {
                return false;
            }

            at += sizeof(uint) + octets;
        }

        int target = start;
        at = start;
        for (int i = 0; i < count; i++)
        {
            int octets = BinaryPrimitives.ReadInt32BigEndian(_octets.AsSpan(at));
            _octets[target] = (byte)octets;
            _octets.AsSpan(at + sizeof(uint), octets).CopyTo(_octets.AsSpan(target + 1));
            at += sizeof(uint) + octets;
            target += 1 + octets;
        }

        _length = target;
        return true;
    }
}
