using System.Buffers.Binary;
using System.Globalization;

namespace AmqpToolkit.Codec.Tests.Specs;

/// <summary>The plainest writer of packed structs: field for field from the XML.</summary>
internal sealed class PackedPlainWriter
{
    private readonly List<byte> _octets = [];

    /// <summary>Presence bits and fields.</summary>
    internal static byte[] Fields(SpecPacked item, object instance)
    {
        var writer = new PackedPlainWriter();
        byte[] present = new byte[item.Pack];
        for (int i = 0; i < item.Fields.Count; i++)
        {
            if (item.Pack != 0 && IsSet(item, instance, i))
            {
                present[i / 8] |= (byte)(1 << (i % 8));
            }
        }

        writer._octets.AddRange(present);
        for (int i = 0; i < item.Fields.Count; i++)
        {
            SpecField field = item.Fields[i];
            if (field.Type != "bit" && (item.Pack == 0 || IsSet(item, instance, i)))
            {
                writer.Value(field.Type, item.Type.PropertyOf(field.Name).GetValue(instance)!);
            }
        }

        return [.. writer._octets];
    }

    private static bool IsSet(SpecPacked item, object instance, int index)
    {
        string name = item.Type.PropertyOf(item.Fields[index].Name).Name;
        return (bool)item.Type.Owned.GetProperty(item.Fields[index].Type == "bit" ? name : "Has" + name)!.GetValue(instance)!;
    }

    private void Value(string type, object value)
    {
        switch (value)
        {
            case LongString text:
                byte[] octets = text.ToMemory().ToArray();
                if (CommandSpec.Instance.Lengths[type] > 0)
                {
                    Number((ulong)octets.Length, CommandSpec.Instance.Lengths[type]);
                }

                _octets.AddRange(octets);
                break;
            case Guid uuid:
                _octets.AddRange(uuid.ToByteArray(bigEndian: true));
                break;
            case Codec.V0_10.PackedValue compound:
                Number((ulong)compound.Contents.Length, sizeof(uint));
                _octets.AddRange(compound.Contents.Span);
                break;
            case Codec.V0_10.SequenceSet set:
                Number((ulong)set.Count * 8, sizeof(ushort));
                for (int i = 0; i < set.Count; i++)
                {
                    Number(set[i].First, sizeof(uint));
                    Number(set[i].Last, sizeof(uint));
                }

                break;
            case Codec.V0_10.ByteRanges ranges:
                Number((ulong)ranges.Count * 16, sizeof(ushort));
                for (int i = 0; i < ranges.Count; i++)
                {
                    Number(ranges[i].First, sizeof(ulong));
                    Number(ranges[i].Last, sizeof(ulong));
                }

                break;
            default:
                if (CommandSpec.Instance.Lengths.TryGetValue(type, out int width))
                {
                    Number(Convert.ToUInt64(value, CultureInfo.InvariantCulture), -width);
                }
                else
                {
                    Struct(CommandSpec.Instance.Find(type), value);
                }

                break;
        }
    }

    private void Struct(SpecPacked item, object value)
    {
        byte[] fields = Fields(item, value);
        Number((ulong)(fields.Length + (item.Code is null ? 0 : 2)), item.Size);
        if (item.Code is { } code)
        {
            Number((ulong)code, sizeof(ushort));
        }

        _octets.AddRange(fields);
    }

    private void Number(ulong number, int octets)
    {
        Span<byte> all = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(all, number);
        _octets.AddRange(all[(sizeof(ulong) - octets)..]);
    }
}
