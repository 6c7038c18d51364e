namespace AmqpToolkit.Generator.Reading;

/// <summary>What of the emitted code a project asks for: item metadata and property <c>AmqpEmit</c>.</summary>
[Flags]
internal enum EmittedParts
{
    None = 0,

    /// <summary>What reads: views, and the unions of 1.0.</summary>
    Views = 1,

    /// <summary>What writes: owned forms.</summary>
    Owned = 2,

    /// <summary>Content properties of the classic grammar, in both forms.</summary>
    Properties = 4,

    /// <summary>Handlers and the switch of each role; it hands out views.</summary>
    Dispatch = 8,

    /// <summary>Numbers and names: constants, method infos, codes, descriptors, tags of table values.</summary>
    Constants = 16,

    All = Views | Owned | Properties | Dispatch | Constants,

    /// <summary>Everything that has fields as data, for code that decodes what it was not compiled for. Only when it is asked for.</summary>
    Describe = 32,
}

/// <summary>How an edition is emitted.</summary>
/// <param name="IsInternal">Its types are internal, not public.</param>
/// <param name="Parts">The parts that are emitted.</param>
internal sealed record EmissionOptions(bool IsInternal, EmittedParts Parts)
{
    public static EmissionOptions Default { get; } = new(IsInternal: false, EmittedParts.All);

    public bool Has(EmittedParts any) => (Parts & any) != 0;

    /// <summary>Reads <c>public</c> or <c>internal</c>.</summary>
    public static bool TryParseVisibility(string text, out bool isInternal)
    {
        string word = text.Trim();
        isInternal = word.Equals("internal", StringComparison.OrdinalIgnoreCase);
        return isInternal || word.Equals("public", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Reads names of parts with commas between them.</summary>
    /// <param name="text">The names.</param>
    /// <param name="parts">What they stand for, with what these need.</param>
    /// <param name="unknown">The name that is none, if any.</param>
    public static bool TryParseParts(string text, out EmittedParts parts, out string unknown)
    {
        parts = EmittedParts.None;
        unknown = text;
        foreach (string word in text.Split([',', ';', ' '], StringSplitOptions.RemoveEmptyEntries))
        {
            // A number would be taken for a set of flags.
            if (!char.IsLetter(word[0]) || !Enum.TryParse(word, ignoreCase: true, out EmittedParts part) || part == EmittedParts.None)
            {
                unknown = word;
                return false;
            }

            parts |= part;
        }

        parts |= (parts & EmittedParts.Dispatch) != 0 ? EmittedParts.Views : EmittedParts.None;
        return parts != EmittedParts.None;
    }
}
