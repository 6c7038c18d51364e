using System.Buffers.Binary;
using System.Globalization;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Descriptions;
using AmqpToolkit.Codec.V0_10;
using AmqpToolkit.Decode.Framing;

namespace AmqpToolkit.Decode.Values;

/// <summary>
/// Decodes what 0-10 packs, field by field, so that those before a mistake are shown.
/// <code>presence bits, lowest first  fields that are there</code>
/// </summary>
internal sealed class PackedFields
{
    private const int BitsOfOctet = 8;

    private readonly Shapes _shapes = Shapes.Of(Edition.V0_10);
    private readonly ValueLimit _limit = new();

    /// <summary>Decodes presence bits and fields.</summary>
    /// <param name="octets">A segment.</param>
    /// <param name="at">Where the presence bits stand.</param>
    /// <param name="end">Where the struct has to end.</param>
    /// <param name="shape">What it is.</param>
    /// <param name="fields">Takes the fields.</param>
    public Problem? Read(ReadOnlySpan<byte> octets, int at, int end, ShapeDescription shape, List<DecodedField> fields)
    {
        if (end - at < shape.PackOctets)
        {
            return new Problem($"the presence bits of {shape.Name} are cut off", at);
        }

        ReadOnlySpan<byte> present = octets.Slice(at, shape.PackOctets);
        for (int i = shape.Fields.Count; i < present.Length * BitsOfOctet; i++)
        {
            if (IsPresent(present, i))
            {
                return new Problem($"presence bit {i} of {shape.Name} has no field", at + (i / BitsOfOctet));
            }
        }

        at += shape.PackOctets;
        for (int i = 0; i < shape.Fields.Count; i++)
        {
            if (shape.PackOctets != 0 && !IsPresent(present, i))
            {
                continue;
            }

            if (ReadField(octets, ref at, end, shape.Fields[i], fields) is { } problem)
            {
                return problem;
            }
        }

        return at == end ? null : new Problem($"{Words.Octets(end - at)} left over in {shape.Name}", at);
    }

    /// <summary>Reads a size of 0 to 4 octets.</summary>
    public static Problem? ReadSize(ReadOnlySpan<byte> octets, ref int at, int end, int lengthOctets, string name, out int size)
    {
        size = 0;
        if (end - at < lengthOctets)
        {
            return new Problem($"the size of {name} is cut off", at);
        }

        uint announced = lengthOctets switch
        {
            1 => octets[at],
            2 => BinaryPrimitives.ReadUInt16BigEndian(octets[at..]),
            4 => BinaryPrimitives.ReadUInt32BigEndian(octets[at..]),
            _ => (uint)(end - at),
        };
        if (announced > (uint)(end - at - lengthOctets))
        {
            return new Problem($"{name} says {announced} octets and {end - at - lengthOctets} are left", at);
        }

        at += lengthOctets;
        size = (int)announced;
        return null;
    }

    private static bool IsPresent(ReadOnlySpan<byte> bits, int index) => (bits[index / BitsOfOctet] & (1 << (index % BitsOfOctet))) != 0;

    private Problem? ReadField(ReadOnlySpan<byte> octets, ref int at, int end, FieldDescription field, List<DecodedField> fields)
    {
        if (field.Type == "bit")
        {
            fields.Add(new DecodedField(field.Name, new DecodedValue.Boolean(true)));
            return null;
        }

        int size = field.FixedOctets;
        if (field.LengthOctets != 0)
        {
            if (ReadSize(octets, ref at, end, field.LengthOctets, field.Name, out size) is { } problem)
            {
                return problem;
            }
        }
        else if (end - at < size)
        {
            return new Problem($"{field.Name} is cut off", at);
        }

        int start = at;
        at += size;
        return field.IsStruct ? ReadStruct(octets, start, at, field, fields) : ReadContents(octets[start..at], start, field, fields);
    }

    private Problem? ReadStruct(ReadOnlySpan<byte> octets, int at, int end, FieldDescription field, List<DecodedField> fields)
    {
        ShapeDescription shape = _shapes.Struct(field.Type);
        if (shape.Code != ulong.MaxValue)
        {
            if (end - at < sizeof(ushort) || BinaryPrimitives.ReadUInt16BigEndian(octets[at..]) != shape.Code)
            {
                return new Problem($"{field.Name} does not begin with the code of {shape.Name}, 0x{shape.Code:x4}", at);
            }

            at += sizeof(ushort);
        }

        List<DecodedField> inner = [];
        Problem? problem = Read(octets, at, end, shape, inner);
        fields.Add(new DecodedField(field.Name, new DecodedValue.Struct(shape.Name, inner)));
        return problem;
    }

    private Problem? ReadContents(ReadOnlySpan<byte> contents, int at, FieldDescription field, List<DecodedField> fields)
    {
        DecodeError error = field.Type switch
        {
            "map" => PackedMapView.Validate(contents),
            "list" => PackedListView.Validate(contents),
            "array" => PackedArrayView.Validate(contents),
            "sequence-set" => SequenceSetView.Validate(contents),
            "byte-ranges" => ByteRangesView.Validate(contents),
            _ => DecodeError.None,
        };
        DecodedValue value = field.Type switch
        {
            "map" => Map(new PackedMapView(contents)),
            "list" => List(new PackedListView(contents)),
            "array" => Array(new PackedArrayView(contents)),
            "sequence-set" => Ranges(new SequenceSetView(contents)),
            "byte-ranges" => Ranges(new ByteRangesView(contents)),
            "struct32" => Struct(new PackedStructView(contents)),
            _ => Scalar(field, contents),
        };
        fields.Add(new DecodedField(field.Name, value));
        return error == DecodeError.None ? null : new Problem($"{field.Name}: {error}", at);
    }

    private static DecodedValue Scalar(FieldDescription field, ReadOnlySpan<byte> contents)
    {
        switch (field.Type)
        {
            case "boolean":
                return new DecodedValue.Boolean(contents[0] != 0);
            case "int8" or "int16" or "int32" or "int64":
                return new DecodedValue.Integer(Signed(contents));
            case "uint8" or "uint16" or "uint32" or "uint64" or "sequence-no":
                DecodedValue.Integer number = new(Unsigned(contents));
                return field.Choices?.NameOf(number.Value.ToString(CultureInfo.InvariantCulture)) is { } name ? new DecodedValue.Choice(name, number) : number;
            case "datetime":
                return new DecodedValue.Instant((long)Unsigned(contents), IsMilliseconds: false);
            case "uuid":
                return new DecodedValue.Name(new Guid(contents, bigEndian: true).ToString());
            case "float":
                return new DecodedValue.Float(BinaryPrimitives.ReadSingleBigEndian(contents), IsSingle: true);
            case "double":
                return new DecodedValue.Float(BinaryPrimitives.ReadDoubleBigEndian(contents));
            case "str8" or "str16":
                return OctetText.Value(contents);
            default:
                return new DecodedValue.Octets(contents.ToArray(), contents.Length);
        }
    }

    private static ulong Unsigned(ReadOnlySpan<byte> octets)
    {
        ulong number = 0;
        foreach (byte octet in octets)
        {
            number = (number << BitsOfOctet) | octet;
        }

        return number;
    }

    private static long Signed(ReadOnlySpan<byte> octets)
    {
        int spare = 64 - (octets.Length * BitsOfOctet);
        return (long)(Unsigned(octets) << spare) >> spare;
    }

    private static DecodedValue.List Ranges(SequenceSetView set)
    {
        List<DecodedValue> ranges = [];
        foreach (SequenceRange range in set)
        {
            ranges.Add(new DecodedValue.Name(range.First == range.Last ? $"{range.First}" : $"{range.First}-{range.Last}"));
        }

        return new DecodedValue.List(ranges);
    }

    private static DecodedValue.List Ranges(ByteRangesView set)
    {
        List<DecodedValue> ranges = [];
        foreach (ByteRange range in set)
        {
            ranges.Add(new DecodedValue.Name($"{range.First}-{range.Last}"));
        }

        return new DecodedValue.List(ranges);
    }

    private DecodedValue Value(PackedValueView value, int depth = 1)
    {
        if (!_limit.Take() || depth > TableView.MaxDepth)
        {
            return DecodedValue.Elided.Instance;
        }

        if (value.TryGetMap(out PackedMapView map))
        {
            return Map(map, depth + 1);
        }

        if (value.TryGetList(out PackedListView list))
        {
            return List(list, depth + 1);
        }

        if (value.TryGetArray(out PackedArrayView array))
        {
            return Array(array, depth + 1);
        }

        if (value.TryGetStruct(out PackedStructView structure))
        {
            return Struct(structure);
        }

        return Simple(value);
    }

    private static DecodedValue Simple(PackedValueView value)
    {
        if (value.TryGetBoolean(out bool boolean))
        {
            return new DecodedValue.Boolean(boolean);
        }

        if (value.TryGetUInt64(out ulong unsigned))
        {
            return new DecodedValue.Integer(unsigned);
        }

        if (value.TryGetInt64(out long signed))
        {
            return new DecodedValue.Integer(signed);
        }

        if (value.TryGetDouble(out double number))
        {
            return new DecodedValue.Float(number, value.TypeCode == TypeCodes.Float);
        }

        if (value.TryGetDatetime(out ulong seconds))
        {
            return new DecodedValue.Instant((long)seconds, IsMilliseconds: false);
        }

        if (value.TryGetUuid(out Guid uuid))
        {
            return new DecodedValue.Name(uuid.ToString());
        }

        if (value.TryGetString(out ReadOnlySpan<byte> text))
        {
            return OctetText.Value(text);
        }

        return value.TypeCode == TypeCodes.Void ? DecodedValue.Null.Instance : new DecodedValue.Octets(value.Contents.ToArray(), value.Contents.Length);
    }

    private DecodedValue.Map Map(PackedMapView map, int depth = 1)
    {
        List<KeyValuePair<DecodedValue, DecodedValue>> entries = [];
        foreach (PackedEntryView entry in map)
        {
            entries.Add(new(OctetText.Value(entry.Key), Value(entry.Value, depth)));
            if (entries[^1].Value is DecodedValue.Elided)
            {
                break;
            }
        }

        return new DecodedValue.Map(entries);
    }

    private DecodedValue.List List(PackedListView list, int depth = 1)
    {
        List<DecodedValue> items = [];
        foreach (PackedValueView item in list)
        {
            items.Add(Value(item, depth));
            if (items[^1] is DecodedValue.Elided)
            {
                break;
            }
        }

        return new DecodedValue.List(items);
    }

    private DecodedValue.List Array(PackedArrayView array, int depth = 1)
    {
        List<DecodedValue> items = [];
        foreach (PackedValueView item in array)
        {
            items.Add(Value(item, depth));
            if (items[^1] is DecodedValue.Elided)
            {
                break;
            }
        }

        return new DecodedValue.List(items);
    }

    /// <summary>A struct of any kind; what cannot be decoded stays octets.</summary>
    private DecodedValue Struct(PackedStructView structure)
    {
        List<DecodedField> fields = [];
        return _shapes.Find(ShapeKind.Struct, structure.Code) is { } shape && Read(structure.Fields, 0, structure.Fields.Length, shape, fields) is null
            ? new DecodedValue.Struct(shape.Name, fields)
            : new DecodedValue.Octets(structure.Span.ToArray(), structure.Span.Length);
    }
}
