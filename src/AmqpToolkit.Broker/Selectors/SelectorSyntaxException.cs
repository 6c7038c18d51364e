namespace AmqpToolkit.Broker.Selectors;

/// <summary>The text of a selector is none. Thrown and caught while it is parsed, which a client asks for once a link.</summary>
internal sealed class SelectorSyntaxException(int position, string problem) : Exception($"{problem} at character {position}");
