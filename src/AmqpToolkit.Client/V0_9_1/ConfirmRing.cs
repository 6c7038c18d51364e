using System.Numerics;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>
/// The publishes of one channel in confirm mode that the broker has not answered. Tags are consecutive from 1, so the ring is indexed by
/// them: no table, and an answer with <c>multiple</c> moves the low mark. Under the output's gate.
/// </summary>
/// <remarks>
/// <code>
///   answered | low: waits | answered out of turn | waits | next
///            ^----------- at most MaxUnconfirmed -------^
/// </code>
/// </remarks>
internal sealed class ConfirmRing
{
    private const int FirstSlots = 64;

    private readonly int _maxUnconfirmed;
    private PublishSource?[] _slots;
    private ulong _low = 1;
    private ulong _next = 1;
    private ConfirmSummary _posted;

    public ConfirmRing(int maxUnconfirmed)
    {
        _maxUnconfirmed = maxUnconfirmed;
        _slots = new PublishSource?[Math.Min(FirstSlots, (int)BitOperations.RoundUpToPowerOf2((uint)maxUnconfirmed))];
    }

    /// <summary>The tag of the next publish.</summary>
    public ulong NextTag => _next;

    /// <summary>The lowest tag that is not answered; <see cref="NextTag"/> when all are.</summary>
    public ulong LowestTag => _low;

    /// <summary>Whether one more may be sent.</summary>
    public bool HasRoom => _next - _low < (ulong)_maxUnconfirmed;

    /// <summary>Whether every publish is answered.</summary>
    public bool IsEmpty => _next == _low;

    private ref PublishSource? Slot(ulong tag) => ref _slots[tag & (ulong)(_slots.Length - 1)];

    /// <summary>Puts a publish under the next tag.</summary>
    public ulong Add(PublishSource source)
    {
        if (_next - _low == (ulong)_slots.Length)
        {
            Grow();
        }

        Slot(_next) = source;
        return _next++;
    }

    /// <summary>What stands under a tag; null when it was never given out, or is answered.</summary>
    public PublishSource? Find(ulong tag) => tag >= _low && tag < _next ? Slot(tag) : null;

    /// <summary>Puts something else under a tag that waits.</summary>
    public void Replace(ulong tag, PublishSource source) => Slot(tag) = source;

    /// <summary>Takes an answer of the broker.</summary>
    /// <param name="tag">The tag that it names; 0 with <paramref name="multiple"/> is all.</param>
    /// <param name="multiple">Whether all below are answered as well.</param>
    /// <param name="isAck">Ack or nack.</param>
    /// <param name="ended">Gets the publishes that have ended; their callers are to be told.</param>
    /// <returns>False when nothing waits under that tag.</returns>
    public bool Answer(ulong tag, bool multiple, bool isAck, List<PublishSource> ended)
    {
        if (tag == 0 && multiple)
        {
            tag = _next - 1;
        }

        if (tag < _low || tag >= _next)
        {
            return false;
        }

        if (!multiple)
        {
            if (Slot(tag) is not { } source)
            {
                return false;
            }

            End(source, isAck, ended);
            Slot(tag) = null;
        }
        else
        {
            for (; _low <= tag; _low++)
            {
                ref var slot = ref Slot(_low);
                if (slot is { } source)
                {
                    End(source, isAck, ended);
                    slot = null;
                }
            }
        }

        while (_low < _next && Slot(_low) is null)
        {
            _low++;
        }

        return true;
    }

    /// <summary>Ends everything that waits as in doubt.</summary>
    public void EndAll(CloseReason cause, List<PublishSource> ended)
    {
        var outcome = PublishOutcome.InDoubt(cause);
        for (; _low < _next; _low++)
        {
            ref var slot = ref Slot(_low);
            if (slot is null)
            {
                continue;
            }

            if (slot == PublishSource.Posted || slot == PublishSource.PostedReturned)
            {
                _posted = slot == PublishSource.Posted
                    ? _posted with { InDoubt = _posted.InDoubt + 1 }
                    : _posted with { Returned = _posted.Returned + 1 };
            }
            else if (slot != PublishSource.Left)
            {
                slot.End(slot.Return is { } reason ? PublishOutcome.Returned(reason) : outcome);
                ended.Add(slot);
            }

            slot = null;
        }
    }

    /// <summary>What became of the posted publishes since the last call.</summary>
    public ConfirmSummary TakeSummary()
    {
        var summary = _posted;
        _posted = default;
        return summary;
    }

    /// <summary>Undoes a <see cref="TakeSummary"/> that nobody got to see.</summary>
    public void PutBack(ConfirmSummary summary) => _posted = new ConfirmSummary(
        _posted.Confirmed + summary.Confirmed, _posted.Nacked + summary.Nacked, _posted.Returned + summary.Returned, _posted.InDoubt + summary.InDoubt);

    private void End(PublishSource source, bool isAck, List<PublishSource> ended)
    {
        if (source == PublishSource.Posted)
        {
            _posted = isAck ? _posted with { Confirmed = _posted.Confirmed + 1 } : _posted with { Nacked = _posted.Nacked + 1 };
        }
        else if (source == PublishSource.PostedReturned)
        {
            _posted = _posted with { Returned = _posted.Returned + 1 };
        }
        else if (source != PublishSource.Left)
        {
            source.End(source.Return is { } reason ? PublishOutcome.Returned(reason) : isAck ? PublishOutcome.Confirmed : PublishOutcome.Nacked);
            ended.Add(source);
        }
    }

    private void Grow()
    {
        var larger = new PublishSource?[_slots.Length * 2];
        for (ulong tag = _low; tag < _next; tag++)
        {
            larger[tag & (ulong)(larger.Length - 1)] = Slot(tag);
        }

        _slots = larger;
    }
}
