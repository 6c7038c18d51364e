namespace AmqpToolkit.Broker.Topology;

/// <summary>The marks that all tables share.</summary>
internal static class Utf8TableSlots
{
    /// <summary>The slots of an empty table. Nothing is ever written to it.</summary>
    public static readonly Utf8Entry?[] None = new Utf8Entry?[1];

    /// <summary>Stands where an entry was removed: probes go on past it.</summary>
    public static readonly Utf8Entry Removed = new RemovedEntry();

    private sealed class RemovedEntry() : Utf8Entry([], 0);
}
