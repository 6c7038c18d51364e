using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace AmqpToolkit.Conformance.Tests.Peer;

/// <summary>Writes values, most significant octet first. Plain and slow on purpose.</summary>
internal sealed class PeerWriter
{
    private readonly List<byte> _octets = [];
    private int _bits; // how many bits of the last octet are in use

    public byte[] ToArray() => [.. _octets];

    public static byte[] Method(string name, params object?[] fields) => Method(Edition.V0_9_1, name, fields);

    public static byte[] Method(Edition edition, string name, params object?[] fields)
    {
        var shape = MethodCatalogue.Find(name, edition);
        if (fields.Length == shape.Domains.Length + 1 && fields[^1] is null)
        {
            // The empty table of arguments that 0-8 has no place for.
            fields = fields[..^1];
        }

        if (fields.Length != shape.Domains.Length)
        {
            throw new ArgumentException($"{name} has {shape.Domains.Length} fields, not {fields.Length}.", nameof(fields));
        }

        var writer = new PeerWriter();
        writer.Short(shape.ClassId).Short(shape.MethodId);
        for (var i = 0; i < fields.Length; i++)
        {
            writer.Field(shape.Domains[i], fields[i]);
        }

        return writer.ToArray();
    }

    public static byte[] Table(params (string Key, object? Value)[] entries)
    {
        var writer = new PeerWriter();
        foreach (var (key, value) in entries)
        {
            writer.ShortString(key).Value(value);
        }

        return writer.ToArray();
    }

    public PeerWriter Field(string domain, object? value)
    {
        if (domain == "bit")
        {
            return Bit(Convert.ToBoolean(value, CultureInfo.InvariantCulture));
        }

        _bits = 0;
        return domain switch
        {
            "octet" => Octet(Convert.ToByte(value, CultureInfo.InvariantCulture)),
            "short" => Short(Convert.ToUInt16(value, CultureInfo.InvariantCulture)),
            "long" => Long(Convert.ToUInt32(value, CultureInfo.InvariantCulture)),
            "longlong" => LongLong(Convert.ToUInt64(value, CultureInfo.InvariantCulture)),
            "shortstr" => ShortString(value),
            "longstr" => LongString(value),
            "table" => LongString(TableOctets(value)),
            _ => throw new ArgumentException($"Unknown domain '{domain}'.", nameof(domain)),
        };
    }

    public PeerWriter Octet(byte value)
    {
        _octets.Add(value);
        return this;
    }

    public PeerWriter Octets(ReadOnlySpan<byte> value)
    {
        _octets.AddRange(value);
        return this;
    }

    public PeerWriter Short(ushort value) => Octet((byte)(value >> 8)).Octet((byte)value);

    public PeerWriter Long(uint value)
    {
        Span<byte> octets = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(octets, value);
        return Octets(octets);
    }

    public PeerWriter LongLong(ulong value)
    {
        Span<byte> octets = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(octets, value);
        return Octets(octets);
    }

    public PeerWriter ShortString(object? value)
    {
        var octets = TextOctets(value);
        return Octet(checked((byte)octets.Length)).Octets(octets);
    }

    public PeerWriter LongString(object? value)
    {
        var octets = TextOctets(value);
        return Long((uint)octets.Length).Octets(octets);
    }

    private PeerWriter Bit(bool value)
    {
        if (_bits is 0 or 8)
        {
            _octets.Add(0);
            _bits = 0;
        }

        _octets[^1] |= (byte)((value ? 1 : 0) << _bits++);
        return this;
    }

    private PeerWriter Value(object? value) => value switch
    {
        null => Octet((byte)'V'),
        TaggedValue tagged => Octet((byte)tagged.Tag).Octets(tagged.Payload),
        bool flag => Octet((byte)'t').Octet(flag ? (byte)1 : (byte)0),
        int number => Octet((byte)'I').Long((uint)number),
        long number => Octet((byte)'l').LongLong((ulong)number),
        double number => Octet((byte)'d').LongLong((ulong)BitConverter.DoubleToInt64Bits(number)),
        string text => Octet((byte)'S').LongString(text),
        byte[] table => Octet((byte)'F').LongString(table),
        object?[] items => Octet((byte)'A').LongString(items.Aggregate(new PeerWriter(), (writer, item) => writer.Value(item)).ToArray()),
        _ => throw new ArgumentException($"The peer does not write {value.GetType()}.", nameof(value)),
    };

    private static byte[] TextOctets(object? value) => value switch
    {
        byte[] octets => octets,
        string text => Encoding.UTF8.GetBytes(text),
        _ => throw new ArgumentException($"{value?.GetType()} is neither text nor octets.", nameof(value)),
    };

    private static byte[] TableOctets(object? value) => value switch
    {
        null => [],
        byte[] octets => octets,
        _ => throw new ArgumentException($"{value.GetType()} is not the octets of a table.", nameof(value)),
    };
}
