using System.Text;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Topology;

/// <summary>An argument of queue.declare that the broker knows.</summary>
internal sealed class QueueArgument(string name, QueueTypes types, QueueArgument.Mistake mistakeOf)
{
    /// <summary>Says what is wrong with a value, as it stands in the reply text; null when nothing is.</summary>
    public delegate string? Mistake(FieldValueView value);

    public string Name { get; } = name;

    public byte[] Key { get; } = Encoding.UTF8.GetBytes(name);

    /// <summary>The queue types that know it; the others refuse it.</summary>
    public QueueTypes Types { get; } = types;

    public Mistake MistakeOf { get; } = mistakeOf;

    /// <summary>Which releases know it; to the others it is any text, which no queue looks at.</summary>
    public Func<ProfileRules, bool> IsKnown { get; init; } = static _ => true;
}
