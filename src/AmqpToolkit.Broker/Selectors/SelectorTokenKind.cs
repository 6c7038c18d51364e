namespace AmqpToolkit.Broker.Selectors;

/// <summary>What a piece of a selector's text is.</summary>
internal enum SelectorTokenKind : byte
{
    End = 0,
    Identifier,

    /// <summary>The name of an application-property in quotes, whatever its letters.</summary>
    QuotedIdentifier,
    Text,
    Number,
    Symbol,
    Keyword,
}
