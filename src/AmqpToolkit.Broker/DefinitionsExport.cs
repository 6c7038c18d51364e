namespace AmqpToolkit.Broker;

/// <summary>What a broker has exported of its definitions.</summary>
/// <param name="Utf8Json">The definitions, in RabbitMQ's form: hashes of passwords are in it.</param>
/// <param name="LeftOut">What RabbitMQ 3.10 has no words for, or not without a plugin, a line each: it is not in the export, or an import without the plugin fails.</param>
public sealed record DefinitionsExport(ReadOnlyMemory<byte> Utf8Json, IReadOnlyList<string> LeftOut)
{
    /// <summary>What was damaged of the folder that they were read from, a line each: definitions may be missing. None of a broker that runs.</summary>
    public IReadOnlyList<string> Damages { get; init; } = [];

    /// <summary>The number of octets: hashes of passwords stand in no text.</summary>
    public override string ToString() => $"definitions of {Utf8Json.Length} octets";
}
