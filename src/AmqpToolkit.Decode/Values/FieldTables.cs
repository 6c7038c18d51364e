using System.Globalization;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Decode.Values;

/// <summary>Field tables of the classic editions as values.</summary>
internal static class FieldTables
{
    /// <summary>The entries up to the first that is malformed.</summary>
    public static DecodedValue Value(TableView table, ValueLimit limit, int depth = 1)
    {
        List<KeyValuePair<DecodedValue, DecodedValue>> entries = [];
        foreach (TableEntryView entry in table)
        {
            if (!limit.Take())
            {
                entries.Add(new(DecodedValue.Elided.Instance, DecodedValue.Elided.Instance));
                break;
            }

            entries.Add(new(OctetText.Value(entry.Key), Value(entry.Value, limit, depth)));
        }

        return new DecodedValue.Map(entries);
    }

    /// <summary>Finds the entry that makes a table or an array malformed.</summary>
    /// <returns>Where it begins; the length of the octets when all is well.</returns>
    public static int FindError(ReadOnlySpan<byte> wire, bool isArray, int depth = 1)
    {
        int at = 0;
        if (isArray)
        {
            foreach (FieldValueView value in new ArrayView(wire))
            {
                if (NestedError(value, depth) is { } nested)
                {
                    return at + nested;
                }

                at += Octets(value);
            }

            return at;
        }

        foreach (TableEntryView entry in new TableView(wire))
        {
            at += 1 + entry.Key.Length;
            if (NestedError(entry.Value, depth) is { } nested)
            {
                return at + nested;
            }

            at += Octets(entry.Value);
        }

        return at;
    }

    private static DecodedValue Value(FieldValueView value, ValueLimit limit, int depth)
    {
        switch (value.Type)
        {
            case FieldType.Table when depth < TableView.MaxDepth && value.TryGetTable(out TableView table):
                return Value(table, limit, depth + 1);
            case FieldType.Array when depth < TableView.MaxDepth && value.TryGetArray(out ArrayView array):
                return Items(array, limit, depth + 1);
            case FieldType.Boolean when value.TryGetBoolean(out bool boolean):
                return new DecodedValue.Boolean(boolean);
            case FieldType.Single or FieldType.Double when value.TryGetDouble(out double number):
                return new DecodedValue.Float(number, value.Type == FieldType.Single);
            case FieldType.Decimal when value.TryGetDecimal(out decimal number):
                return new DecodedValue.Number(number.ToString(CultureInfo.InvariantCulture));
            case FieldType.LongString:
                return OctetText.Value(value.Payload);
            case FieldType.Timestamp when value.TryGetTimestamp(out AmqpTimestamp timestamp):
                return new DecodedValue.Instant((long)timestamp.Seconds, IsMilliseconds: false);
            case FieldType.Void:
                return DecodedValue.Null.Instance;
            default:
                return value.TryGetInt64(out long integer)
                    ? new DecodedValue.Integer(integer)
                    : new DecodedValue.Octets(value.Payload.ToArray(), value.Payload.Length);
        }
    }

    private static DecodedValue.List Items(ArrayView array, ValueLimit limit, int depth)
    {
        List<DecodedValue> items = [];
        foreach (FieldValueView item in array)
        {
            if (!limit.Take())
            {
                items.Add(DecodedValue.Elided.Instance);
                break;
            }

            items.Add(Value(item, limit, depth));
        }

        return new DecodedValue.List(items);
    }

    private static int? NestedError(FieldValueView value, int depth)
    {
        if (value.Type is not (FieldType.Table or FieldType.Array))
        {
            return null;
        }

        int prefix = Octets(value) - value.Payload.Length;
        if (depth == TableView.MaxDepth)
        {
            return 0;
        }

        int at = FindError(value.Payload, value.Type == FieldType.Array, depth + 1);
        return at == value.Payload.Length ? null : prefix + at;
    }

    private static int Octets(FieldValueView value) =>
        1 + value.Payload.Length + (value.Type is FieldType.LongString or FieldType.Binary or FieldType.Table or FieldType.Array ? sizeof(uint) : 0);
}
