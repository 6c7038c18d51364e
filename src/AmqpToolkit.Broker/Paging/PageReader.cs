using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Paging;

/// <summary>What one thread needs to read messages back: readers of the journal and of the scratch files, and a run to fill.</summary>
internal sealed class PageReader(Journal journal)
{
    private readonly JournalReader _kept = journal.OpenReader();
    private JournalReader? _scratch;

    /// <summary>What is being read.</summary>
    public PagedRun Run { get; } = new();

    /// <summary>Reads a message that the journal has.</summary>
    public bool TryReadKept(StoredMessage message, out ReadOnlySpan<byte> content) => _kept.TryRead(message, out content);

    /// <summary>Reads a message that the scratch files have.</summary>
    public bool TryReadScratch(Journal scratch, uint name, out ReadOnlySpan<byte> content) =>
        (_scratch ??= scratch.OpenReader()).TryRead(new StoredMessage(name), out content);
}
