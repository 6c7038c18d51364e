namespace AmqpToolkit.Storage.Journaling;

/// <summary>What a look at a journal found.</summary>
/// <param name="Segments">Its files.</param>
/// <param name="Octets">Octets in them up to the last record.</param>
/// <param name="Definitions">Definitions that stand.</param>
/// <param name="Messages">Messages by queue.</param>
/// <param name="Damages">What is damaged, in the order of the log.</param>
/// <param name="WasClosed">Whether it was closed in order.</param>
internal sealed record JournalReport(
    int Segments,
    long Octets,
    int Definitions,
    IReadOnlyDictionary<uint, long> Messages,
    IReadOnlyList<JournalDamage> Damages,
    bool WasClosed)
{
    /// <summary>Queues that were deleted, as far as the log still says so.</summary>
    public IReadOnlySet<uint> Removed { get; init; } = new HashSet<uint>();
}
