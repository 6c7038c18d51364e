using System.Text;
using AmqpToolkit.Codec.V0_10;

namespace AmqpToolkit.Codec.Tests.Specs;

/// <summary>Values for the fields of packed structs, from a seed; <paramref name="plain"/>: text in ASCII, enumerations with values that they have not.</summary>
internal sealed class PackedRandom(int seed, bool plain = false)
{
    private const int UnknownChoice = 100;

    private const int DeepestMap = 3;

    private readonly Random _random = new(seed);

    internal Random Random => _random;

    /// <summary>An instance with values in all of its fields, or in those that are chosen.</summary>
    internal object Instance(SpecPacked item, Func<SpecField, bool>? chosen = null)
    {
        object instance = Activator.CreateInstance(item.Type.Owned)!;
        foreach (SpecField field in item.Fields)
        {
            if (chosen?.Invoke(field) ?? true)
            {
                System.Reflection.PropertyInfo property = item.Type.PropertyOf(field.Name);
                property.SetValue(instance, Value(field.Type, property.PropertyType));
            }
        }

        return instance;
    }

    internal PackedValue Map() => Build(builder => Fill(builder.BeginMap(), hasKeys: true, depth: 1));

    private static PackedValue Build(Action<PackedBuilder> fill)
    {
        var builder = new PackedBuilder();
        fill(builder);
        return builder.ToValue();
    }

    private object Value(string type, Type property)
    {
        if (property.IsEnum)
        {
            return Enum.ToObject(property, plain ? UnknownChoice + _random.Next(100) : _random.Next(256)); // unknown values, too
        }

        switch (type)
        {
            case "bit":
                return true;
            case "map":
                return Map();
            case "array":
                return PackedValue.Strings([.. Enumerable.Range(0, _random.Next(4)).Select(_ => Text(20))]);
            case "struct32":
                return PackedValue.Struct(new QueueQueryResult { Queue = Text(20), Durable = true, Arguments = Map(), MessageCount = 7 });
            case "sequence-set":
                return new SequenceSet([.. Enumerable.Range(0, _random.Next(4)).Select(_ => Range())]);
            case "byte-ranges":
                return new ByteRanges([.. Enumerable.Range(0, _random.Next(4)).Select(_ => new ByteRange((ulong)_random.Next(), (ulong)_random.NextInt64(1L << 32, long.MaxValue)))]);
            case "str8" or "str16":
                return (LongString)Text(type == "str8" ? 63 : 100);
            case "vbin8" or "vbin16" or "vbin32":
                return (LongString)Octets(_random.Next(type == "vbin8" ? 256 : 400));
            case "uuid":
                return new Guid(Octets(16));
        }

        return CommandSpec.Instance.Lengths.TryGetValue(type, out int width)
            ? Convert.ChangeType(_random.NextInt64(1L << (8 * Math.Min(7, -width))), property, System.Globalization.CultureInfo.InvariantCulture)
            : Instance(CommandSpec.Instance.Find(type));
    }

    private SequenceRange Range()
    {
        uint first = (uint)_random.NextInt64(1L << 32);
        return new SequenceRange(first, unchecked(first + (uint)_random.Next()));
    }

    private void Fill(PackedBuilder builder, bool hasKeys, int depth)
    {
        int entries = _random.Next(6);
        for (int i = 0; i < entries; i++)
        {
            if (hasKeys)
            {
                builder.Key($"{i}{Text(10)}");
            }

            switch (_random.Next(depth < DeepestMap ? 20 : 17))
            {
                case 0: builder.AddVoid(); break;
                case 1: builder.AddBoolean(_random.Next(2) == 0); break;
                case 2: builder.AddUInt8((byte)_random.Next(256)); break;
                case 3: builder.AddInt8((sbyte)_random.Next(-128, 128)); break;
                case 4: builder.AddUInt16((ushort)_random.Next(65536)); break;
                case 5: builder.AddInt16((short)_random.Next(-32768, 32768)); break;
                case 6: builder.AddUInt32((uint)_random.NextInt64(1L << 32)); break;
                case 7: builder.AddInt32(_random.Next(int.MinValue, int.MaxValue)); break;
                case 8: builder.AddUInt64((ulong)_random.NextInt64()); break;
                case 9: builder.AddInt64(-_random.NextInt64()); break;
                case 10: builder.AddFloat(_random.Next(1000) / 8f); break;
                case 11: builder.AddDouble(_random.NextDouble()); break;
                case 12: builder.AddDatetime((ulong)_random.Next()); break;
                case 13: builder.AddUuid(new Guid(Octets(16))); break;
                case 14: builder.AddBinary(Octets(_random.Next(30))); break;
                case 15: builder.AddStruct(new DtxXid { Format = 1, GlobalId = "g", BranchId = "b" }); break;
                case 16: builder.AddString(Text(20)); break;
                case 17: Fill(builder.BeginMap(), hasKeys: true, depth + 1); break;
                case 18: Fill(builder.BeginList(), hasKeys: false, depth + 1); break;
                default: builder.BeginArray(TypeCodes.Uint16).AddUInt16(1).AddUInt16(2).End(); break;
            }
        }

        builder.End();
    }

    private byte[] Octets(int count)
    {
        byte[] octets = new byte[count];
        _random.NextBytes(octets);
        return octets;
    }

    private string Text(int runes)
    {
        var text = new StringBuilder();
        for (int rune = _random.Next(runes + 1); rune > 0; rune--)
        {
            text.Append(_random.Next(8) switch
            {
                _ when plain => (char)_random.Next('a', 'z' + 1),
                0 => 'é',
                1 => '€',
                2 => (object)"😀",
                _ => 'a',
            });
        }

        return text.ToString();
    }
}
