using AmqpToolkit.Codec.V0_10;

namespace AmqpToolkit.Codec.Tests.V0_10;

/// <summary>Looks at everything that is in a value, whatever its octets are.</summary>
internal static class PackedWalk
{
    private const int Deepest = 40;

    internal static int Map(PackedMapView map, int depth = 0)
    {
        int sum = 0;
        foreach (PackedEntryView entry in map)
        {
            sum += entry.Key.Length + Value(entry.Value, depth + 1);
        }

        return sum;
    }

    internal static int List(PackedListView list, int depth = 0)
    {
        int sum = 0;
        foreach (PackedValueView value in list)
        {
            sum += Value(value, depth + 1);
        }

        return sum;
    }

    internal static int Array(PackedArrayView array, int depth = 0)
    {
        int sum = 0;
        foreach (PackedValueView value in array)
        {
            sum += Value(value, depth + 1);
        }

        return sum;
    }

    internal static int Value(PackedValueView value, int depth)
    {
        if (depth > Deepest)
        {
            return 0;
        }

        int sum = value.TryGetBoolean(out _) || value.TryGetInt64(out _) || value.TryGetUInt64(out _) || value.TryGetDouble(out _) || value.TryGetDatetime(out _)
            || value.TryGetUuid(out _) || value.TryGetString(out _) || value.TryGetBinary(out _) ? value.Contents.Length : 1;
        sum += value.TryGetMap(out PackedMapView map) ? Map(map, depth) : 0;
        sum += value.TryGetList(out PackedListView list) ? List(list, depth) : 0;
        sum += value.TryGetArray(out PackedArrayView array) ? Array(array, depth) : 0;
        sum += value.TryGetStruct(out PackedStructView item) ? item.Code + item.Fields.Length : 0;
        return sum;
    }
}
