using System.Globalization;
using System.Text;

namespace AmqpToolkit.Protocol.Classic;

/// <summary>
/// Shows octets in a reply text the way that RabbitMQ shows them, since people and tests read these texts:
/// <c>&lt;&lt;"abc"&gt;&gt;</c> where all are printable, <c>&lt;&lt;0,60,10&gt;&gt;</c> otherwise.
/// </summary>
public static class OctetText
{
    private const int ShownOctets = 16;
    private const string Escaped = "\n\r\t\v\b\f\e\"\\";
    private const string EscapeLetters = "nrtvbfe\"\\";

    /// <summary>Latin-1 without its control characters, and the control characters that have an escape.</summary>
    private static readonly System.Buffers.SearchValues<byte> Printable = System.Buffers.SearchValues.Create(
        [.. Enumerable.Range(8, 6).Append(27).Concat(Enumerable.Range(32, 95)).Concat(Enumerable.Range(160, 96)).Select(octet => (byte)octet)]);

    /// <summary>The octets with a word on how many there are: all of them, or the first 16.</summary>
    public static string Describe(ReadOnlySpan<byte> octets) =>
        octets.Length <= ShownOctets ? $"all octets = {Show(octets)}" : $"first {ShownOctets} octets = {Show(octets[..ShownOctets])}";

    /// <summary>The octets between double angle brackets, as text where all are printable in Latin-1; no more of them than a reply text can hold.</summary>
    public static string Show(ReadOnlySpan<byte> octets)
    {
        if (octets.IsEmpty || octets.ContainsAnyExcept(Printable))
        {
            return ShowNumbers(octets);
        }

        var text = new StringBuilder("<<\"");
        foreach (byte octet in Shown(octets))
        {
            int escape = Escaped.IndexOf((char)octet);
            text.Append(escape < 0 ? $"{(char)octet}" : $"\\{EscapeLetters[escape]}");
        }

        return text.Append("\">>").ToString();
    }

    /// <summary>The octets as decimal numbers between double angle brackets.</summary>
    public static string ShowNumbers(ReadOnlySpan<byte> octets)
    {
        var text = new StringBuilder("<<");
        octets = Shown(octets);
        for (int index = 0; index < octets.Length; index++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{(index == 0 ? "" : ",")}{octets[index]}");
        }

        return text.Append(">>").ToString();
    }

    /// <summary>No more than a reply text can hold.</summary>
    private static ReadOnlySpan<byte> Shown(ReadOnlySpan<byte> octets) => octets[..Math.Min(octets.Length, ProtocolError.MaxReplyTextOctets)];
}
