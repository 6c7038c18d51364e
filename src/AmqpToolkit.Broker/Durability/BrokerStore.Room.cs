using AmqpToolkit.Broker.Paging;

namespace AmqpToolkit.Broker.Durability;

/// <content>When publishers wait for the disk.</content>
internal sealed partial class BrokerStore
{
    private JournalRoom? _room;
    private DiskWatermark? _disk;
    private MessagePaging? _paging;

    /// <summary>Whether the journal has more to write than it may. One that has failed keeps nobody waiting: they hear it from their confirms.</summary>
    public bool HasNoRoom => _journal is { IsSaturated: true, Failure: null };

    /// <summary>Whether what died in queues is to wait there: what moves is written anew.</summary>
    public bool HasNoRoomForMoves => HasNoRoom || _paging is { IsSaturated: true };

    /// <summary>Whether publishers are to wait: for the journal, for the scratch files, or because the disk has less left than it should.</summary>
    public bool HoldsPublishers => HasNoRoom || _disk is { IsLow: true } || _paging is { IsSaturated: true };

    /// <summary>Whether the disk has no room, or less than it should.</summary>
    public bool IsFull => _journal is { IsFull: true } || _disk is { IsLow: true } || _paging is { IsFull: true };

    /// <summary>Completes when what waits for the journal now is written, or never will be.</summary>
    public Task WaitForRoomAsync()
    {
        if (_room is null)
        {
            Interlocked.CompareExchange(ref _room, new JournalRoom(Journal), null);
        }

        return _room.WaitAsync();
    }

    /// <summary>Completes when what moves wait for is over.</summary>
    public Task WaitForMovesAsync() => _paging is { IsSaturated: true } paging ? paging.WaitForRoomAsync() : WaitForRoomAsync();

    /// <summary>Completes when that which publishers wait for first is over.</summary>
    public Task WaitForPublishersAsync() =>
        _disk is { IsLow: true } disk ? disk.WaitForRoomAsync()
        : _paging is { IsSaturated: true } paging ? paging.WaitForRoomAsync()
        : WaitForRoomAsync();

    /// <summary>Looks after the room on the disk, from now on.</summary>
    private void WatchRoom(AmqpBroker broker)
    {
        _paging = broker.Arena.Paging;
        if (broker.Options.DiskFreeLimitOctets > 0)
        {
            _disk = new DiskWatermark(broker, this, broker.Options.DiskFreeLimitOctets);
            _disk.Begin();
        }
    }
}
