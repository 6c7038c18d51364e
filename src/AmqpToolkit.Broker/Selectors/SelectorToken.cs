namespace AmqpToolkit.Broker.Selectors;

/// <summary>A piece of a selector's text.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Value">Its text: of keywords in capitals, of literals and quoted identifiers without quotes.</param>
/// <param name="Position">Where it begins, the first character being 1.</param>
internal readonly record struct SelectorToken(SelectorTokenKind Kind, string Value, int Position)
{
    private const int ShownCharacters = 32;

    /// <summary>How an error names it.</summary>
    public string Shown => Kind == SelectorTokenKind.End ? "the end" : $"'{(Value.Length > ShownCharacters ? Value[..ShownCharacters] + "..." : Value)}'";

    /// <summary>Whether it is this symbol or keyword.</summary>
    public bool Is(string word) => Kind is SelectorTokenKind.Symbol or SelectorTokenKind.Keyword && Value == word;
}
