using System.Collections.Concurrent;

namespace AmqpToolkit.Broker.Durability;

/// <content>What belongs together in the journal: what is written with a group holds from its end on, or not at all. Any thread.</content>
internal sealed partial class BrokerStore
{
    /// <summary>What of groups that have no end yet goes to streams.</summary>
    private readonly ConcurrentDictionary<uint, StreamTransfer> _transfers = new();
    private int _transferCount;

    /// <summary>Begins a group, which is to be ended, or given up, in any case.</summary>
    public uint BeginGroup()
    {
        using var append = Journal.Append();
        return append.BeginGroup();
    }

    /// <summary>Ends a group.</summary>
    public void EndGroup(uint group)
    {
        using var append = Journal.Append();
        append.EndGroup(group);
        TakeTransfer(group)?.Begin(in append);
    }

    /// <summary>Gives a group up that is not whole: nothing of it outlives the broker.</summary>
    public void AbandonGroup(uint group)
    {
        using var append = Journal.Append();
        append.AbandonGroup(group);
        TakeTransfer(group)?.Drop(in append);
    }

    /// <summary>Where what goes to streams with a group is noted. By the thread whose group it is.</summary>
    public StreamTransfer TransferOf(uint group)
    {
        if (!_transfers.TryGetValue(group, out var transfer))
        {
            _transfers[group] = transfer = new StreamTransfer(this);
            Interlocked.Increment(ref _transferCount);
        }

        return transfer;
    }

    private StreamTransfer? TakeTransfer(uint group)
    {
        // Most groups have nothing to do with streams, and should not pay for those that have.
        if (Volatile.Read(ref _transferCount) == 0 || !_transfers.TryRemove(group, out var transfer))
        {
            return null;
        }

        Interlocked.Decrement(ref _transferCount);
        return transfer;
    }
}
