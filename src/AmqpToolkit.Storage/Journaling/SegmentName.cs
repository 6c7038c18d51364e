using System.Globalization;

namespace AmqpToolkit.Storage.Journaling;

/// <summary>The names of a journal's files.</summary>
internal static class SegmentName
{
    private const string Prefix = "segment-";
    private const string Suffix = ".journal";
    private const string SparePrefix = "spare-";

    /// <summary>The file of a segment: its number in ten digits, so that names sort as numbers do.</summary>
    public static string Of(uint number) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number:D10}{Suffix}");

    /// <summary>A file of the right size that holds nothing any more.</summary>
    public static string OfSpare(uint number) => string.Create(CultureInfo.InvariantCulture, $"{SparePrefix}{number:D10}{Suffix}");

    public static bool TryParse(string name, out uint number) => TryParse(name, Prefix, out number);

    public static bool TryParseSpare(string name, out uint number) => TryParse(name, SparePrefix, out number);

    private static bool TryParse(string name, string prefix, out uint number)
    {
        number = 0;
        return name.StartsWith(prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal)
            && name.Length > prefix.Length + Suffix.Length
            && uint.TryParse(name.AsSpan(prefix.Length..^Suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out number)
            && number > 0;
    }
}
