using System.Globalization;
using System.Text;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>What a value is, as text that does not depend on its encoding. The peers of other hands print the same.</summary>
internal static class CanonicalText
{
    internal static string Of(ReadOnlySpan<byte> octets)
    {
        Assert.Equal(DecodeError.None, EncodedValueView.TryParse(octets, out EncodedValueView view, out int length));
        Assert.Equal(octets.Length, length);
        return Of(view);
    }

    internal static string Of(EncodedValueView value)
    {
        switch (value.Type)
        {
            case AmqpType.Null:
                return "null";
            case AmqpType.Boolean:
                value.TryGetBoolean(out bool flag);
                return flag ? "boolean:true" : "boolean:false";
            case AmqpType.UByte or AmqpType.UShort or AmqpType.UInt or AmqpType.ULong:
                Assert.True(value.TryGetUInt64(out ulong unsigned));
                return $"{Name(value.Type)}:{unsigned.ToString(CultureInfo.InvariantCulture)}";
            case AmqpType.Byte or AmqpType.Short or AmqpType.Int or AmqpType.Long:
                Assert.True(value.TryGetInt64(out long signed));
                return $"{Name(value.Type)}:{signed.ToString(CultureInfo.InvariantCulture)}";
            case AmqpType.Timestamp:
                value.TryGetTimestamp(out long time);
                return $"timestamp:{time.ToString(CultureInfo.InvariantCulture)}";
            case AmqpType.Float:
                value.TryGetFloat(out float single);
                return $"float:{BitConverter.SingleToUInt32Bits(single):x8}";
            case AmqpType.Double:
                value.TryGetDouble(out double twice);
                return $"double:{BitConverter.DoubleToUInt64Bits(twice):x16}";
            case AmqpType.Decimal32:
                value.TryGetDecimal32(out uint decimal32);
                return $"decimal32:{decimal32.ToString(CultureInfo.InvariantCulture)}";
            case AmqpType.Decimal64:
                value.TryGetDecimal64(out ulong decimal64);
                return $"decimal64:{decimal64.ToString(CultureInfo.InvariantCulture)}";
            case AmqpType.Decimal128:
                value.TryGetDecimal128(out UInt128 decimal128);
                return $"decimal128:{decimal128:x32}";
            case AmqpType.Char:
                value.TryGetChar(out Rune rune);
                return $"char:{rune.Value.ToString(CultureInfo.InvariantCulture)}";
            case AmqpType.Uuid:
                value.TryGetUuid(out Guid uuid);
                return $"uuid:{uuid:N}";
            case AmqpType.Binary or AmqpType.String or AmqpType.Symbol:
                _ = value.TryGetBinary(out ReadOnlySpan<byte> octets) || value.TryGetString(out octets) || value.TryGetSymbol(out octets);
                return $"{Name(value.Type)}:{Convert.ToHexStringLower(octets)}";
            default:
                return Compound(value);
        }
    }

    private static string Compound(EncodedValueView value)
    {
        var items = new List<string>();
        if (value.TryGetList(out EncodedListView list))
        {
            foreach (EncodedValueView item in list)
            {
                items.Add(Of(item));
            }

            return $"[{string.Join(',', items)}]";
        }

        if (value.TryGetMap(out EncodedMapView map))
        {
            foreach (EncodedMapEntryView entry in map)
            {
                items.Add(Of(entry.Key));
                items.Add(Of(entry.Value));
            }

            return $"{{{string.Join(',', items)}}}";
        }

        if (value.TryGetArray(out EncodedArrayView array))
        {
            return Array(array);
        }

        Assert.True(value.TryGetDescribed(out EncodedValueView descriptor, out EncodedValueView described));
        return $"({Of(descriptor)} {Of(described)})";
    }

    private static string Array(EncodedArrayView array)
    {
        var items = new List<string>();
        string descriptor = "";
        AmqpType type = array.ElementType;
        foreach (EncodedValueView element in array)
        {
            if (element.TryGetDescribed(out EncodedValueView shared, out EncodedValueView inner))
            {
                descriptor = Of(shared) + " ";
                type = inner.Type;
                items.Add(Of(inner));
            }
            else
            {
                items.Add(Of(element));
            }
        }

        return $"<{descriptor}{string.Join(',', items.Prepend(Name(type)))}>";
    }

    private static string Name(AmqpType type) => type.ToString().ToLowerInvariant();
}
