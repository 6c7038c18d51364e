using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Tests.Queues;

/// <summary>So many headers that it takes long to see that one is not there.</summary>
internal static class DearHeaders
{
    /// <summary>A selector that picks nothing and looks for 64 names: 18 steps a header.</summary>
    public static string PicksNothing => Picks + " AND x0 IS NOT NULL";

    /// <summary>The same, and it picks messages that have none of them.</summary>
    public static string Picks => string.Join(" AND ", Enumerable.Range(0, 64).Select(number => $"x{number} IS NULL"));

    /// <summary>The same, and it picks messages that have the first of them.</summary>
    public static string PicksX0 => string.Join(" AND ", Enumerable.Range(1, 63).Select(number => $"x{number} IS NULL")) + " AND x0 IS NOT NULL";

    /// <summary>Headers of seven octets each.</summary>
    public static Table Create(int count)
    {
        byte[] table = new byte[count * 7];
        for (int number = 0; number < count; number++)
        {
            // A short name of four octets, and true.
            System.Text.Encoding.ASCII.GetBytes($"{number:D5}".AsSpan(0, 4), table.AsSpan((number * 7) + 1));
            (table[number * 7], table[(number * 7) + 5], table[(number * 7) + 6]) = (4, (byte)'t', 1);
        }

        return new TableView(table).ToOwned();
    }
}
