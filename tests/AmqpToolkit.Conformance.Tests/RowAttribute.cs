namespace AmqpToolkit.Conformance.Tests;

/// <summary>The rows of the table of mistakes that a conversation shows; those of one method each stand in <see cref="Mistakes"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RowAttribute(params string[] rows) : Attribute
{
    /// <summary>Their numbers.</summary>
    public IReadOnlyList<string> Rows => rows;
}
