namespace AmqpToolkit.Decode.Values;

/// <summary>Numbers with their nouns.</summary>
internal static class Words
{
    public static string Octets(long count) => count == 1 ? "1 octet" : $"{count} octets";
}
