using System.Buffers.Binary;
using System.Text;

namespace AmqpToolkit.Conformance.Tests.Peer;

/// <summary>Reads values and insists that a method is used up to its last octet.</summary>
internal ref struct PeerReader(ReadOnlySpan<byte> rest)
{
    private ReadOnlySpan<byte> _rest = rest;
    private int _bits;
    private byte _bitOctet;

    public static IncomingMethod Method(ushort channel, ReadOnlySpan<byte> payload, Edition edition = Edition.V0_9_1)
    {
        var reader = new PeerReader(payload);
        var shape = MethodCatalogue.Find(reader.Short(), reader.Short(), edition);
        var fields = new object?[shape.Domains.Length];
        for (var i = 0; i < fields.Length; i++)
        {
            fields[i] = reader.Field(shape.Domains[i]);
        }

        return reader._rest.IsEmpty
            ? new IncomingMethod(channel, shape.Name, fields)
            : throw new InvalidDataException($"{reader._rest.Length} octets too many after {shape.Name}.");
    }

    public readonly bool IsAtEnd => _rest.IsEmpty;

    public string ShortString() => (string)Field("shortstr")!;

    public byte[] TableOctets() => Take((int)Long()).ToArray();

    /// <summary>The headers of a content; none is an empty table.</summary>
    public static Dictionary<string, object?> Headers(byte[] properties)
    {
        var reader = new PeerReader(properties);
        var flags = reader.Short();
        foreach (var bit in (int[])[15, 14])
        {
            if ((flags >> bit & 1) != 0)
            {
                reader.Field("shortstr");
            }
        }

        return (flags >> 13 & 1) != 0 ? reader.Table() : [];
    }

    public ushort Short() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    public uint Long() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    public ulong LongLong() => BinaryPrimitives.ReadUInt64BigEndian(Take(8));

    private object? Field(string domain)
    {
        if (domain == "bit")
        {
            if (_bits is 0 or 8)
            {
                _bitOctet = Take(1)[0];
                _bits = 0;
            }

            return (_bitOctet >> _bits++ & 1) != 0;
        }

        _bits = 0;
        return domain switch
        {
            "octet" => Take(1)[0],
            "short" => Short(),
            "long" => Long(),
            "longlong" => LongLong(),
            "shortstr" => Text(Take(Take(1)[0])),
            "longstr" => Text(Take((int)Long())),
            "table" => Table(),
            _ => throw new InvalidDataException($"Unknown domain '{domain}'."),
        };
    }

    private Dictionary<string, object?> Table()
    {
        var reader = new PeerReader(Take((int)Long()));
        var table = new Dictionary<string, object?>();
        while (!reader._rest.IsEmpty)
        {
            var key = Text(reader.Take(reader.Take(1)[0]));
            table.Add(key, reader.Value());
        }

        return table;
    }

    private object? Value()
    {
        var tag = (char)Take(1)[0];
        return tag switch
        {
            't' => Take(1)[0] != 0,
            'b' => (sbyte)Take(1)[0],
            'B' => Take(1)[0],
            's' => (short)Short(),
            'u' => Short(),
            'I' => (int)Long(),
            'i' => Long(),
            'l' or 'L' => (long)LongLong(),
            'f' => BitConverter.UInt32BitsToSingle(Long()),
            'd' => BitConverter.UInt64BitsToDouble(LongLong()),
            'D' => (Take(1)[0], (int)Long()),
            'S' => Text(Take((int)Long())),
            'x' => Take((int)Long()).ToArray(),
            'A' => Array(),
            'T' => DateTimeOffset.FromUnixTimeSeconds((long)LongLong()),
            'F' => Table(),
            'V' => null,
            _ => throw new InvalidDataException($"The broker sent a field value with the tag '{tag}'."),
        };
    }

    private List<object?> Array()
    {
        var reader = new PeerReader(Take((int)Long()));
        var items = new List<object?>();
        while (!reader._rest.IsEmpty)
        {
            items.Add(reader.Value());
        }

        return items;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    private static string Text(ReadOnlySpan<byte> octets) => Encoding.UTF8.GetString(octets);
}
