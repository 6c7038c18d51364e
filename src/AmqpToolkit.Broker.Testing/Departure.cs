namespace AmqpToolkit.Broker.Testing;

/// <summary>Where a client departed from the specification.</summary>
/// <param name="Connection">Which connection, in the order in which they came, from 1.</param>
/// <param name="Channel">The channel.</param>
/// <param name="Method">The method, or what else was wrong: a frame, a content header.</param>
/// <param name="Field">The field; empty where it is the whole.</param>
/// <param name="Section">The section of the specification of 0-9-1; of what RabbitMQ has added, that it is so.</param>
/// <param name="Text">What was expected, and what came.</param>
public sealed record Departure(int Connection, ushort Channel, string Method, string Field, string Section, string Text)
{
    /// <summary>All of it in a line.</summary>
    public override string ToString() => $"#{Connection} [{Channel}] {Method}{(Field.Length == 0 ? "" : $" {Field}")}: {Text} ({(char.IsAsciiDigit(Section[0]) ? "0-9-1 section " : "")}{Section})";
}
