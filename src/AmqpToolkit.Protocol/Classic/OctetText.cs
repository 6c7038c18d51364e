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

    /// <summary>The octets with a word on how many there are: all of them, or the first 16.</summary>
    public static string Describe(ReadOnlySpan<byte> octets) =>
        octets.Length <= ShownOctets ? $"all octets = {Show(octets)}" : $"first {ShownOctets} octets = {Show(octets[..ShownOctets])}";

    /// <summary>The octets between double angle brackets; no more of them than a reply text can hold.</summary>
    public static string Show(ReadOnlySpan<byte> octets)
    {
        octets = octets[..Math.Min(octets.Length, ProtocolError.MaxReplyTextOctets)];
        var text = new StringBuilder("<<");
        if (!octets.IsEmpty && !octets.ContainsAnyExcept(Printable))
        {
            text.Append('"').Append(Encoding.ASCII.GetString(octets)).Append('"');
        }
        else
        {
            for (int index = 0; index < octets.Length; index++)
            {
                text.Append(CultureInfo.InvariantCulture, $"{(index == 0 ? "" : ",")}{octets[index]}");
            }
        }

        return text.Append(">>").ToString();
    }

    private static readonly System.Buffers.SearchValues<byte> Printable =
        System.Buffers.SearchValues.Create([.. Enumerable.Range(0x20, 0x5F).Select(octet => (byte)octet)]);
}
