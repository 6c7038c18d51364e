using System.Buffers.Binary;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Descriptions;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Decode.Framing;

namespace AmqpToolkit.Decode.Values;

/// <summary>
/// Decodes described types of 1.0 field by field, so that those before a mistake are shown.
/// <code>composite: 0x00 descriptor  list constructor, size, count  fields</code>
/// </summary>
internal sealed class EncodedFields
{
    private const byte Described = 0x00;
    private const byte EmptyList = 0x45;
    private const byte SmallList = 0xC0;
    private const byte LargeList = 0xD0;

    private readonly Shapes _shapes = Shapes.Of(Edition.V1_0);
    private readonly ValueLimit _limit = new();
    private readonly List<DecodedField> _fields = [];

    /// <summary>What was decoded of the last one.</summary>
    public IReadOnlyList<DecodedField> Fields => [.. _fields];

    /// <summary>Finds the description of what stands at an offset, by number or symbol.</summary>
    /// <param name="octets">A frame, or the part of it that is looked at.</param>
    /// <param name="at">Where a described value should stand.</param>
    /// <param name="shape">Its description; null for a descriptor that is not known.</param>
    /// <param name="name">The name, or the descriptor.</param>
    /// <param name="valueAt">Where the value after the descriptor stands.</param>
    public Problem? Identify(ReadOnlySpan<byte> octets, int at, out ShapeDescription? shape, out string name, out int valueAt)
    {
        shape = null;
        name = "";
        valueAt = at;
        if (octets[at] != Described)
        {
            return new Problem($"0x{octets[at]:X2} stands where a descriptor should begin with 0x00", at);
        }

        DecodeError error = EncodedValueView.TryParse(octets[(at + 1)..], out EncodedValueView descriptor, out int length);
        if (error != DecodeError.None)
        {
            return new Problem($"descriptor: {error}", at + 1);
        }

        valueAt = at + 1 + length;
        (shape, name) = Find(descriptor);
        return null;
    }

    /// <summary>Decodes the fields of a composite whose list stands at an offset.</summary>
    /// <param name="octets">A frame, or the part of it that is looked at.</param>
    /// <param name="at">Where the list stands.</param>
    /// <param name="shape">What it is.</param>
    /// <param name="end">Where the list ends; where the mistake is, if there is one.</param>
    public Problem? ReadComposite(ReadOnlySpan<byte> octets, int at, ShapeDescription shape, out int end)
    {
        _fields.Clear();
        Problem? problem = OpenList(octets, ref at, out int count, out end);
        for (int i = 0; i < count && problem is null; i++)
        {
            string name = i < shape.Fields.Count ? shape.Fields[i].Name : $"field-{i}";
            DecodeError error = EncodedValueView.TryParse(octets[at..end], out EncodedValueView value, out int length);
            if (error != DecodeError.None)
            {
                return new Problem($"{name}: {error}", at);
            }

            if (i >= shape.Fields.Count && !value.IsNull)
            {
                problem = new Problem($"{shape.Name} has {shape.Fields.Count} fields, not {count}", at);
            }

            if (!value.IsNull)
            {
                _fields.Add(new DecodedField(name, Value(value, i < shape.Fields.Count ? shape.Fields[i] : null)));
            }

            at += length;
        }

        return problem ?? (at == end ? null : new Problem($"{Words.Octets(end - at)} left over in {shape.Name}", at));
    }

    /// <summary>Decodes a value.</summary>
    /// <param name="octets">A frame, or the part of it that is looked at.</param>
    /// <param name="at">Where it stands.</param>
    /// <param name="value">The value.</param>
    /// <param name="end">Where it ends.</param>
    public Problem? ReadValue(ReadOnlySpan<byte> octets, int at, out DecodedValue value, out int end)
    {
        value = DecodedValue.Null.Instance;
        end = at;
        DecodeError error = EncodedValueView.TryParse(octets[at..], out EncodedValueView view, out int length);
        if (error != DecodeError.None)
        {
            return new Problem(error.ToString(), at);
        }

        value = Value(view, null);
        end = at + length;
        return null;
    }

    private static Problem? OpenList(ReadOnlySpan<byte> octets, ref int at, out int count, out int end)
    {
        count = 0;
        end = at;
        ReadOnlySpan<byte> list = octets[at..];
        int width = list switch
        {
            [EmptyList, ..] => 0,
            [SmallList, ..] => sizeof(byte),
            [LargeList, ..] => sizeof(uint),
            _ => -1,
        };
        if (width < 0)
        {
            return new Problem(list.IsEmpty ? "the list of fields is cut off" : $"0x{list[0]:X2} is no constructor of a list", at);
        }

        if (width == 0)
        {
            end = ++at;
            return null;
        }

        if (list.Length < 1 + (2 * width))
        {
            return new Problem("the list of fields is cut off", at);
        }

        uint size = width == 1 ? list[1] : BinaryPrimitives.ReadUInt32BigEndian(list[1..]);
        uint announced = width == 1 ? list[2] : BinaryPrimitives.ReadUInt32BigEndian(list[5..]);
        int start = at + 1 + width;
        if (size > (uint)(octets.Length - start) || size < width || announced > size - width)
        {
            return new Problem($"a list of {size} octets and {announced} fields does not fit", at);
        }

        count = (int)announced;
        end = start + (int)size;
        at = start + width;
        return null;
    }

    private (ShapeDescription? Shape, string Name) Find(EncodedValueView descriptor)
    {
        if (descriptor.TryGetUInt64(out ulong code))
        {
            ShapeDescription? shape = _shapes.FindDescribed(code);
            return (shape, shape?.Name ?? $"0x{code:x}");
        }

        if (descriptor.TryGetSymbol(out ReadOnlySpan<byte> symbol))
        {
            string text = System.Text.Encoding.ASCII.GetString(symbol);
            ShapeDescription? shape = _shapes.FindDescribed(text);
            return (shape, shape?.Name ?? text);
        }

        return (null, "?");
    }

    private DecodedValue Value(EncodedValueView value, FieldDescription? field)
    {
        if (!_limit.Take())
        {
            return DecodedValue.Elided.Instance;
        }

        switch (value.Type)
        {
            case AmqpType.Described:
                return DescribedValue(value);
            case AmqpType.List when value.TryGetList(out EncodedListView list):
                return List(list);
            case AmqpType.Map when value.TryGetMap(out EncodedMapView map):
                return Map(map);
            case AmqpType.Array when value.TryGetArray(out EncodedArrayView array):
                return Array(array);
            default:
                DecodedValue scalar = Scalar(value);
                return Spelling(scalar) is { } spelling && field?.Choices?.NameOf(spelling) is { } name ? new DecodedValue.Choice(name, scalar) : scalar;
        }
    }

    private static string? Spelling(DecodedValue value) => value switch
    {
        DecodedValue.Boolean boolean => boolean.Value ? "true" : "false",
        DecodedValue.Integer integer => integer.Value.ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => null,
    };

    private static DecodedValue Scalar(EncodedValueView value)
    {
        switch (value.Type)
        {
            case AmqpType.Boolean when value.TryGetBoolean(out bool boolean):
                return new DecodedValue.Boolean(boolean);
            case AmqpType.Float when value.TryGetFloat(out float number):
                return new DecodedValue.Float(number, IsSingle: true);
            case AmqpType.Double when value.TryGetDouble(out double number):
                return new DecodedValue.Float(number);
            case AmqpType.Char when value.TryGetChar(out System.Text.Rune rune):
                return new DecodedValue.Text(rune.ToString());
            case AmqpType.Timestamp when value.TryGetTimestamp(out long milliseconds):
                return new DecodedValue.Instant(milliseconds, IsMilliseconds: true);
            case AmqpType.Uuid when value.TryGetUuid(out Guid uuid):
                return new DecodedValue.Name(uuid.ToString());
            case AmqpType.Binary when value.TryGetBinary(out ReadOnlySpan<byte> binary):
                return new DecodedValue.Octets(binary.ToArray(), binary.Length);
            case AmqpType.String when value.TryGetString(out ReadOnlySpan<byte> text):
                return OctetText.Value(text);
            case AmqpType.Symbol when value.TryGetSymbol(out ReadOnlySpan<byte> symbol):
                return new DecodedValue.Name(System.Text.Encoding.ASCII.GetString(symbol));
            case AmqpType.Decimal32 when value.TryGetDecimal32(out uint bits):
                return new DecodedValue.Name($"decimal32:{bits:x8}");
            case AmqpType.Decimal64 when value.TryGetDecimal64(out ulong bits):
                return new DecodedValue.Name($"decimal64:{bits:x16}");
            case AmqpType.Decimal128 when value.TryGetDecimal128(out UInt128 bits):
                return new DecodedValue.Name($"decimal128:{bits:x32}");
            default:
                return value.TryGetUInt64(out ulong unsigned) ? new DecodedValue.Integer(unsigned)
                    : value.TryGetInt64(out long signed) ? new DecodedValue.Integer(signed)
                    : DecodedValue.Null.Instance;
        }
    }

    private DecodedValue DescribedValue(EncodedValueView value)
    {
        value.TryGetDescribed(out EncodedValueView descriptor, out EncodedValueView inner);
        (ShapeDescription? shape, string name) = Find(descriptor);
        if (shape is not { Kind: ShapeKind.Composite } || !inner.TryGetList(out EncodedListView list))
        {
            return new DecodedValue.Described(shape is null ? Value(descriptor, null) : new DecodedValue.Name(name), Value(inner, null));
        }

        List<DecodedField> fields = [];
        int index = 0;
        foreach (EncodedValueView item in list)
        {
            FieldDescription? field = index < shape.Fields.Count ? shape.Fields[index] : null;
            index++;
            if (!item.IsNull)
            {
                fields.Add(new DecodedField(field?.Name ?? $"field-{index - 1}", Value(item, field)));
            }
        }

        return new DecodedValue.Struct(name, fields);
    }

    private DecodedValue.List List(EncodedListView list)
    {
        List<DecodedValue> items = [];
        foreach (EncodedValueView item in list)
        {
            items.Add(Value(item, null));
            if (items[^1] is DecodedValue.Elided)
            {
                break;
            }
        }

        return new DecodedValue.List(items);
    }

    private DecodedValue.List Array(EncodedArrayView array)
    {
        List<DecodedValue> items = [];
        foreach (EncodedValueView item in array)
        {
            items.Add(Value(item, null));
            if (items[^1] is DecodedValue.Elided)
            {
                break;
            }
        }

        return new DecodedValue.List(items);
    }

    private DecodedValue.Map Map(EncodedMapView map)
    {
        List<KeyValuePair<DecodedValue, DecodedValue>> entries = [];
        foreach (EncodedMapEntryView entry in map)
        {
            entries.Add(new(Value(entry.Key, null), Value(entry.Value, null)));
            if (entries[^1].Value is DecodedValue.Elided)
            {
                break;
            }
        }

        return new DecodedValue.Map(entries);
    }
}
