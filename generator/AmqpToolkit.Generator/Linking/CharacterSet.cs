namespace AmqpToolkit.Generator.Linking;

/// <summary>ASCII characters, as two masks of 64 bits.</summary>
/// <param name="Low">Characters 0 to 63.</param>
/// <param name="High">Characters 64 to 127.</param>
/// <param name="AllowsEmpty">Whether a text without characters passes.</param>
internal sealed record CharacterSet(ulong Low, ulong High, bool AllowsEmpty)
{
    /// <summary>
    /// Reads the one form of pattern that definitions use, <c>^[set]*$</c> or <c>^[set]+$</c>. A hyphen after a complete range, or at either end, stands
    /// for itself: <c>[0-9-_]</c> has a hyphen, <c>[9/-_]</c> has the range from <c>/</c> to <c>_</c>. Null for any other pattern.
    /// </summary>
    public static CharacterSet? TryParse(string pattern)
    {
        bool any = pattern.EndsWith("]*$", StringComparison.Ordinal);
        if (!pattern.StartsWith("^[", StringComparison.Ordinal) || (!any && !pattern.EndsWith("]+$", StringComparison.Ordinal)))
        {
            return null;
        }

        string set = pattern.Substring(2, pattern.Length - 5);
        if (set.Length == 0 || set[0] == '^' || set.IndexOfAny(['\\', '[', ']']) >= 0 || set.Any(c => c > 0x7F))
        {
            return null;
        }

        ulong low = 0;
        ulong high = 0;
        for (int i = 0; i < set.Length;)
        {
            char first = set[i];
            char last = i + 2 < set.Length && set[i + 1] == '-' ? set[i + 2] : first;
            if (last < first)
            {
                return null;
            }

            for (int c = first; c <= last; c++)
            {
                if (c < 64)
                {
                    low |= 1UL << c;
                }
                else
                {
                    high |= 1UL << (c - 64);
                }
            }

            i += last == first && !(i + 2 < set.Length && set[i + 1] == '-') ? 1 : 3;
        }

        return new CharacterSet(low, high, any);
    }
}
