using System.Buffers.Binary;

namespace AmqpToolkit.Codec.Tests.Specs;

/// <summary>The plainest writer of methods and properties that the specification allows: field for field from the XML, nothing clever.</summary>
internal sealed class ClassicWriter
{
    private readonly List<byte> _octets = [];
    private int _bits;

    /// <summary>Class id, method id and arguments.</summary>
    internal static byte[] Method(SpecMethod method, MethodType type, object instance)
    {
        var writer = new ClassicWriter();
        writer.Number(method.Key, sizeof(uint));
        foreach (SpecField field in method.Fields)
        {
            if (field.Type == "content")
            {
                writer.Number((byte)type.PropertyOf(field.Name + "-kind").GetValue(instance)!, sizeof(byte));
            }

            writer.Value(field.Type, field.Reserved ? null : type.PropertyOf(field.Name).GetValue(instance));
        }

        return [.. writer._octets];
    }

    /// <summary>Property flags and list.</summary>
    internal static byte[] Properties(SpecClass item, MethodType type, object instance)
    {
        var writer = new ClassicWriter();
        int flags = 0;
        for (int i = 0; i < item.Properties.Count; i++)
        {
            flags |= IsSet(type, instance, item.Properties[i]) ? 1 << (15 - i) : 0;
        }

        writer.Number((ulong)flags, sizeof(ushort));
        foreach (SpecField field in item.Properties.Where(field => IsSet(type, instance, field)))
        {
            writer.Value(field.Type, type.PropertyOf(field.Name).GetValue(instance));
        }

        return [.. writer._octets];
    }

    private static bool IsSet(MethodType type, object instance, SpecField field) =>
        (bool)type.Owned.GetProperty("Has" + type.PropertyOf(field.Name).Name)!.GetValue(instance)!;

    private static byte[] Octets(object? value)
    {
        switch (value)
        {
            case null:
                return [];
            case ShortString text:
                byte[] octets = new byte[text.MaxOctets];
                return octets[..text.Write(octets)];
            case LongString text:
                return text.ToMemory().ToArray();
            default:
                return ((Table)value).Span.ToArray();
        }
    }

    private void Value(string type, object? value)
    {
        if (type == "bit")
        {
            if (_bits++ % 8 == 0)
            {
                _octets.Add(0);
            }

            _octets[^1] |= (byte)((value is true ? 1 : 0) << ((_bits - 1) % 8));
            return;
        }

        _bits = 0;
        switch (type)
        {
            case "octet":
                Number((byte)(value ?? (byte)0), sizeof(byte));
                break;
            case "short":
                Number((ushort)(value ?? (ushort)0), sizeof(ushort));
                break;
            case "long":
                Number((uint)(value ?? 0u), sizeof(uint));
                break;
            case "longlong" or "timestamp":
                Number((ulong)(value ?? 0ul), sizeof(ulong));
                break;
            case "shortstr":
                Number((ulong)Octets(value).Length, sizeof(byte));
                _octets.AddRange(Octets(value));
                break;
            case "longstr" or "table" or "content":
                Number((ulong)Octets(value).Length, sizeof(uint));
                _octets.AddRange(Octets(value));
                break;
            default:
                throw new NotSupportedException(type);
        }
    }

    private void Number(ulong number, int octets)
    {
        Span<byte> all = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(all, number);
        _octets.AddRange(all[(sizeof(ulong) - octets)..]);
    }
}
