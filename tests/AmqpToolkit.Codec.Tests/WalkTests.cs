namespace AmqpToolkit.Codec.Tests;

/// <summary>Whatever the octets are: a walk ends, does not throw and stays inside.</summary>
public class WalkTests
{
    [Fact]
    public void Table_WithAnyOctetChanged_IsWalkedWithoutException()
    {
        foreach (byte[] vector in new[] { TableVectors.EveryType, TableVectors.Nested })
        {
            for (int at = 0; at < vector.Length; at++)
            {
                for (int octet = 0; octet <= byte.MaxValue; octet++)
                {
                    byte[] wire = [.. vector];
                    wire[at] = (byte)octet;
                    DecodeError error = TableView.Validate(wire);
                    Assert.True(error is DecodeError.None or DecodeError.MalformedTable or DecodeError.UnknownFieldType or DecodeError.NestingTooDeep);
                    Walk(new TableView(wire));
                }
            }
        }
    }

    [Fact]
    public void Table_CutAnywhere_IsWalkedWithoutException()
    {
        for (int length = 0; length < TableVectors.EveryType.Length; length++)
        {
            Walk(new TableView(TableVectors.EveryType.AsSpan(0, length)));
        }
    }

    /// <summary>Touches all that a table view offers.</summary>
    /// <returns>The number of values seen.</returns>
    internal static int Walk(TableView table)
    {
        int values = 0;
        foreach (TableEntryView entry in table)
        {
            Assert.True(table.ContainsKey(entry.Key));
            values += Walk(entry.Value, depth: 1);
        }

        _ = table.ToDictionary();
        return values;
    }

    private static int Walk(FieldValueView value, int depth)
    {
        _ = value.TryGetBoolean(out _);
        _ = value.TryGetInt64(out _);
        _ = value.TryGetDouble(out _);
        _ = value.TryGetDecimal(out _);
        _ = value.TryGetString(out _);
        _ = value.TryGetBinary(out _);
        _ = value.TryGetTimestamp(out _);
        int values = 1;
        if (depth >= TableView.MaxDepth)
        {
            return values;
        }

        if (value.TryGetTable(out TableView table))
        {
            foreach (TableEntryView entry in table)
            {
                values += Walk(entry.Value, depth + 1);
            }
        }

        if (value.TryGetArray(out ArrayView array))
        {
            foreach (FieldValueView element in array)
            {
                values += Walk(element, depth + 1);
            }
        }

        return values;
    }
}
