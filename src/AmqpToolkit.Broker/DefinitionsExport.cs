using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Durability;

namespace AmqpToolkit.Broker;

/// <summary>The definitions of a broker (<see cref="AmqpBroker.ExportDefinitions"/>) or of a data folder, as RabbitMQ 3.10 imports them.</summary>
/// <param name="Utf8Json">The definitions, in RabbitMQ's form: hashes of passwords are in it.</param>
/// <param name="LeftOut">What does not go along to RabbitMQ 3.10, and why, a line each.</param>
public sealed record DefinitionsExport(ReadOnlyMemory<byte> Utf8Json, IReadOnlyList<string> LeftOut)
{
    /// <summary>What is among the definitions although RabbitMQ has it by a plugin, and by which, a line each: without the plugin it takes nothing of them.</summary>
    public IReadOnlyList<string> NeedsPlugins { get; init; } = [];

    /// <summary>What was damaged of the folder that they were read from, a line each: definitions may be missing. None of a broker that runs.</summary>
    public IReadOnlyList<string> Damages { get; init; } = [];

    /// <summary>Reads the definitions of a data folder that no broker has at the moment: what is durable. The folder is only read: nothing in it is created, changed or dropped, whatever has been due there.</summary>
    /// <param name="dataDirectory">What <see cref="AmqpBrokerOptions.DataDirectory"/> named.</param>
    /// <exception cref="BrokerStoreException">It cannot be read, it is in use, or it is no data folder.</exception>
    public static DefinitionsExport OfFolder(string dataDirectory)
    {
        ArgumentException.ThrowIfNullOrEmpty(dataDirectory);
        var (definitions, damages) = DefinitionsReading.Run(Path.GetFullPath(dataDirectory));
        return DefinitionsWriter.Run(DefinitionsSnapshot.Of(definitions)) with { Damages = damages };
    }

    internal static DefinitionsExport Of(AmqpBroker broker) => DefinitionsWriter.Run(DefinitionsSnapshot.Of(broker));

    /// <summary>The number of octets: hashes of passwords stand in no text.</summary>
    public override string ToString() => $"definitions of {Utf8Json.Length} octets";
}
