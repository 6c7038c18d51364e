namespace AmqpToolkit.Codec.Descriptions;

/// <summary>The named values of a type. Immutable.</summary>
/// <param name="name">Name of the type in the definition.</param>
/// <param name="items">Names and values, as the definition spells them.</param>
public sealed class ChoicesDescription(string name, (string Name, string Value)[] items)
{
    /// <summary>Name of the type in the definition.</summary>
    public string Name { get; } = name;

    /// <summary>Names and values, as the definition spells them.</summary>
    public IReadOnlyList<(string Name, string Value)> Items { get; } = items;

    /// <summary>The name of a value, or null.</summary>
    /// <param name="value">As the definition spells it: <c>404</c>, <c>true</c>.</param>
    public string? NameOf(string value)
    {
        foreach ((string name, string known) in Items)
        {
            if (known == value)
            {
                return name;
            }
        }

        return null;
    }
}
