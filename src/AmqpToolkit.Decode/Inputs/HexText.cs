namespace AmqpToolkit.Decode.Inputs;

/// <summary>
/// Octets as text: two hexadecimal digits each, with or without blanks, commas, colons or dashes between them, <c>0x</c> or <c>\x</c> before them, and
/// comments from <c>#</c> to the end of a line. Of a dump with offsets (<c>00000010: 41 4d 51 50  AMQP</c>, as xxd writes it) the middle is taken.
/// </summary>
internal static class HexText
{
    /// <summary>Whether text looks like octets in hexadecimal: digits and what may stand between them only.</summary>
    public static bool IsHex(ReadOnlySpan<char> text)
    {
        bool hasDigits = false;
        foreach (ReadOnlySpan<char> line in text.EnumerateLines())
        {
            ReadOnlySpan<char> octets = OctetsOf(line);
            hasDigits |= octets.IndexOfAnyInRange('0', 'f') >= 0;
            foreach (char c in octets)
            {
                if (!char.IsAsciiHexDigit(c) && !IsBetween(c) && c is not ('x' or 'X' or '\\'))
                {
                    return false;
                }
            }
        }

        return hasDigits;
    }

    /// <summary>Reads all octets.</summary>
    /// <exception cref="InputException">There is something else in the text, or half an octet.</exception>
    public static byte[] Read(ReadOnlySpan<char> text)
    {
        List<byte> octets = [];
        int number = 0;
        foreach (ReadOnlySpan<char> line in text.EnumerateLines())
        {
            number++;
            Read(OctetsOf(line), number, octets);
        }

        return [.. octets];
    }

    private static void Read(ReadOnlySpan<char> line, int number, List<byte> octets)
    {
        for (int i = 0; i < line.Length;)
        {
            if (IsBetween(line[i]))
            {
                i++;
            }
            else if (line[i..] is ['0' or '\\', 'x' or 'X', ..])
            {
                i += 2;
            }
            else if (i + 1 < line.Length && char.IsAsciiHexDigit(line[i]) && char.IsAsciiHexDigit(line[i + 1]))
            {
                octets.Add(Convert.FromHexString(line.Slice(i, 2))[0]);
                i += 2;
            }
            else
            {
                throw new InputException($"hex: line {number}, column {i + 1}: '{line[i]}' is not the beginning of an octet of two digits");
            }
        }
    }

    private static bool IsBetween(char c) => char.IsWhiteSpace(c) || c is ',' or ':' or '-' or ';';

    private static bool IsAllHex(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (!char.IsAsciiHexDigit(c))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The part of a line with octets: without comment, offset and the text that dumps repeat.</summary>
    private static ReadOnlySpan<char> OctetsOf(ReadOnlySpan<char> line)
    {
        int comment = line.IndexOf('#');
        if (comment >= 0)
        {
            line = line[..comment];
        }

        int colon = line.IndexOf(": ", StringComparison.Ordinal);
        if (colon < 4 || !IsAllHex(line[..colon]))
        {
            return line;
        }

        ReadOnlySpan<char> rest = line[(colon + 1)..].TrimStart();
        int text = rest.IndexOf("  ", StringComparison.Ordinal);
        return text >= 0 ? rest[..text] : rest;
    }
}
