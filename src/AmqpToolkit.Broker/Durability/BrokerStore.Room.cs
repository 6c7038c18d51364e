namespace AmqpToolkit.Broker.Durability;

/// <content>When publishers wait for the disk.</content>
internal sealed partial class BrokerStore
{
    private JournalRoom? _room;

    /// <summary>Whether publishers are to wait. A journal that has failed keeps nobody waiting: they hear it from their confirms.</summary>
    public bool HasNoRoom => _journal is { IsSaturated: true, Failure: null };

    /// <summary>Whether the disk has no room.</summary>
    public bool IsFull => _journal is { IsFull: true };

    /// <summary>Completes when what waits now is written, or never will be.</summary>
    public Task WaitForRoomAsync()
    {
        if (_room is null)
        {
            Interlocked.CompareExchange(ref _room, new JournalRoom(Journal), null);
        }

        return _room.WaitAsync();
    }
}
