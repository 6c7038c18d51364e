using System.Text;

namespace AmqpToolkit.Broker.Selectors;

/// <summary>
/// The pattern of a LIKE: <c>_</c> stands for one character, <c>%</c> for any number of them, everything else for itself. The percent signs cut it into pieces: the first must stand at the
/// beginning, the last at the end, those between each at the first place after the one before, so that nothing is tried twice. Immutable, for any number of threads.
/// </summary>
internal sealed class LikePattern
{
    /// <summary>Octets that a search looks at in one step.</summary>
    private const int SearchedAtOnce = 16;

    private readonly Piece[] _pieces;

    private LikePattern(Piece[] pieces) => _pieces = pieces;

    /// <summary>Reads a pattern.</summary>
    /// <param name="text">Its UTF-8.</param>
    /// <param name="escape">The character after which <c>_</c>, <c>%</c> and itself stand for themselves.</param>
    /// <param name="pattern">The pattern.</param>
    /// <returns>False when it ends with the escape character.</returns>
    public static bool TryParse(ReadOnlySpan<byte> text, Rune? escape, out LikePattern? pattern)
    {
        var pieces = new List<Piece>();
        var parts = new List<byte[]>();
        var literal = new List<byte>();
        pattern = null;
        while (!text.IsEmpty)
        {
            Rune.DecodeFromUtf8(text, out var letter, out int octets);
            bool isEscaped = letter == escape;
            if (isEscaped)
            {
                text = text[octets..];
                if (text.IsEmpty)
                {
                    return false;
                }

                Rune.DecodeFromUtf8(text, out letter, out octets);
            }

            if (!isEscaped && letter.Value is '%' or '_')
            {
                EndLiteral(parts, literal);
                if (letter.Value == '_')
                {
                    parts.Add([]);
                }
                else
                {
                    pieces.Add(new Piece([.. parts]));
                    parts.Clear();
                }
            }
            else
            {
                literal.AddRange(text[..octets]);
            }

            text = text[octets..];
        }

        EndLiteral(parts, literal);
        pieces.Add(new Piece([.. parts]));
        pattern = new LikePattern([.. pieces]);
        return true;
    }

    /// <summary>Whether text fits.</summary>
    /// <param name="text">UTF-8; octets that are none count as a character each.</param>
    /// <param name="steps">Steps that are left; once there are none the answer is unknown.</param>
    public Truth Test(ReadOnlySpan<byte> text, ref int steps)
    {
        bool fits = Fits(text, ref steps);
        return steps < 0 ? Truth.Unknown : fits ? Truth.True : Truth.False;
    }

    private static void EndLiteral(List<byte[]> parts, List<byte> literal)
    {
        if (literal.Count > 0)
        {
            parts.Add([.. literal]);
            literal.Clear();
        }
    }

    private bool Fits(ReadOnlySpan<byte> text, ref int steps)
    {
        if (!_pieces[0].TryBegin(text, out int at, ref steps))
        {
            return false;
        }

        text = text[at..];
        if (_pieces.Length == 1)
        {
            return text.IsEmpty;
        }

        if (!_pieces[^1].TryEnd(text, out at, ref steps))
        {
            return false;
        }

        text = text[..at];
        for (int index = 1; index < _pieces.Length - 1; index++)
        {
            if (!_pieces[index].TryFind(text, out at, ref steps))
            {
                return false;
            }

            text = text[at..];
        }

        return true;
    }

    /// <summary>What stands between percent signs: literal text, and empty parts for one character each.</summary>
    private readonly struct Piece(byte[][] parts)
    {
        /// <summary>Whether text begins with it.</summary>
        /// <param name="text">The text.</param>
        /// <param name="end">Where it ends.</param>
        /// <param name="steps">Steps that are left.</param>
        public bool TryBegin(ReadOnlySpan<byte> text, out int end, ref int steps)
        {
            end = 0;
            foreach (byte[] part in parts)
            {
                var rest = text[end..];
                steps -= 1 + (part.Length / SearchedAtOnce);
                if (rest.IsEmpty || steps < 0 || !rest.StartsWith(part))
                {
                    return false;
                }

                if (part.Length == 0)
                {
                    Rune.DecodeFromUtf8(rest, out _, out int octets);
                    end += octets;
                }
                else
                {
                    end += part.Length;
                }
            }

            return true;
        }

        /// <summary>Whether text ends with it.</summary>
        /// <param name="text">The text.</param>
        /// <param name="start">Where it begins.</param>
        /// <param name="steps">Steps that are left.</param>
        public bool TryEnd(ReadOnlySpan<byte> text, out int start, ref int steps)
        {
            start = text.Length;
            for (int index = parts.Length - 1; index >= 0; index--)
            {
                var rest = text[..start];
                byte[] part = parts[index];
                steps -= 1 + (part.Length / SearchedAtOnce);
                if (rest.IsEmpty || steps < 0 || !rest.EndsWith(part))
                {
                    return false;
                }

                if (part.Length == 0)
                {
                    Rune.DecodeLastFromUtf8(rest, out _, out int octets);
                    start -= octets;
                }
                else
                {
                    start -= part.Length;
                }
            }

            return true;
        }

        /// <summary>Finds its first place in text.</summary>
        /// <param name="text">The text.</param>
        /// <param name="end">Where it ends.</param>
        /// <param name="steps">Steps that are left.</param>
        public bool TryFind(ReadOnlySpan<byte> text, out int end, ref int steps)
        {
            end = 0;
            if (parts.Length == 0)
            {
                return true;
            }

            if (parts is [{ Length: > 0 } only])
            {
                return TryFind(text, only, out end, ref steps);
            }

            for (int start = 0; start < text.Length;)
            {
                if (TryBegin(text[start..], out int octets, ref steps))
                {
                    end = start + octets;
                    return true;
                }

                if (steps < 0)
                {
                    return false;
                }

                Rune.DecodeFromUtf8(text[start..], out _, out octets);
                start += octets;
            }

            return false;
        }

        /// <summary>A search for octets may compare all of them at every place; that is what is counted.</summary>
        private static bool TryFind(ReadOnlySpan<byte> text, byte[] literal, out int end, ref int steps)
        {
            end = 0;
            long most = 1 + (((long)text.Length * (literal.Length + SearchedAtOnce)) / (SearchedAtOnce * SearchedAtOnce));
            if (most > steps)
            {
                steps = -1;
                return false;
            }

            int start = text.IndexOf(literal);
            steps -= start < 0 ? (int)most : 1 + (int)(((long)start * (literal.Length + SearchedAtOnce)) / (SearchedAtOnce * SearchedAtOnce));
            end = start + literal.Length;
            return start >= 0;
        }
    }
}
