using System.Text;

namespace AmqpToolkit.Codec.Tests;

/// <summary>Octets from hex digits; white space is ignored, and so is all from <c>#</c> to the end of its line.</summary>
internal static class Hex
{
    internal static byte[] Parse(string text)
    {
        var digits = new StringBuilder();
        foreach (string line in text.Split('\n'))
        {
            int comment = line.IndexOf('#', StringComparison.Ordinal);
            foreach (char digit in comment < 0 ? line : line[..comment])
            {
                if (!char.IsWhiteSpace(digit))
                {
                    digits.Append(digit);
                }
            }
        }

        return Convert.FromHexString(digits.ToString());
    }

    internal static string Of(ReadOnlySpan<byte> octets) => Convert.ToHexString(octets);
}
