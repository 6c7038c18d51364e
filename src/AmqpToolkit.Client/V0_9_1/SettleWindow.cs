namespace AmqpToolkit.Client.V0_9_1;

/// <summary>
/// Which deliveries of one channel are settled, so that acks can be merged and none is sent twice. Under the output's gate.
/// </summary>
/// <remarks>
/// <code>
///   all settled | low+1: open | settled (bit) | open | ...
///   acked since the last write:  below low -> one ack with multiple;  above it -> one ack each
/// </code>
/// A delivery that stays open for ever costs a bit for each later one; past <see cref="MaxSpan"/> of them, or when the server's tags are not
/// consecutive, the window gives up: every ack then goes out by itself.
/// </remarks>
internal sealed class SettleWindow
{
    /// <summary>The most tags that lie above the lowest open one.</summary>
    public const int MaxSpan = 1 << 20;

    private readonly List<ulong> _above = [];
    private ulong[] _bits = new ulong[4];
    private ulong _low;
    private int _bitCount;
    private ulong _mergedTag;
    private int _mergedCount;

    /// <summary>Whether acks are merged and checked here.</summary>
    public bool IsTracking { get; private set; } = true;

    /// <summary>Whether acks wait to be written.</summary>
    public bool HasPending => _mergedCount > 0 || _above.Count > 0;

    private ulong Capacity => (ulong)_bits.Length * 64;

    /// <summary>Stops merging and checking; what waits can still be written.</summary>
    public void StopTracking() => IsTracking = false;

    /// <summary>Whether a tag is settled.</summary>
    public bool IsSettled(ulong tag) => tag <= _low || (tag - _low <= Capacity && IsSet(tag));

    /// <summary>Settles one tag that is open; <paramref name="isAck"/> keeps its ack for the next write.</summary>
    /// <returns>False when the window had to give up and nothing was kept.</returns>
    public bool Settle(ulong tag, bool isAck)
    {
        if (tag == _low + 1)
        {
            _low = tag;
            if (isAck)
            {
                _mergedTag = tag;
                _mergedCount++;
            }

            Advance();
            return true;
        }

        if (tag - _low > MaxSpan)
        {
            StopTracking();
            return false;
        }

        while (tag - _low > Capacity)
        {
            Grow();
        }

        Set(tag);
        if (isAck)
        {
            _above.Add(tag);
        }

        return true;
    }

    /// <summary>Settles every tag up to and with <paramref name="tag"/>. What waits must be written before.</summary>
    public void SettleUpTo(ulong tag)
    {
        while (_low < tag)
        {
            if (_bitCount == 0)
            {
                _low = tag;
                break;
            }

            _low++;
            Clear(_low);
        }

        Advance();
    }

    /// <summary>The next ack to be written.</summary>
    /// <returns>False when none waits.</returns>
    public bool TryTakePending(out ulong tag, out bool multiple)
    {
        if (_above.Count > 0)
        {
            FoldAbove();
        }

        if (_mergedCount > 0)
        {
            (tag, multiple) = (_mergedTag, _mergedCount > 1);
            _mergedCount = 0;
            return true;
        }

        if (_above.Count > 0)
        {
            tag = _above[^1];
            _above.RemoveAt(_above.Count - 1);
            multiple = false;
            return true;
        }

        (tag, multiple) = (0, false);
        return false;
    }

    /// <summary>Tags that were acked out of turn and that the low mark has passed since join the merged ones.</summary>
    private void FoldAbove()
    {
        int kept = 0;
        for (int index = 0; index < _above.Count; index++)
        {
            ulong tag = _above[index];
            if (tag <= _low)
            {
                _mergedTag = _mergedCount == 0 ? tag : Math.Max(_mergedTag, tag);
                _mergedCount++;
            }
            else
            {
                _above[kept++] = tag;
            }
        }

        _above.RemoveRange(kept, _above.Count - kept);
    }

    private void Advance()
    {
        while (_bitCount > 0 && IsSet(_low + 1))
        {
            _low++;
            Clear(_low);
        }
    }

    private bool IsSet(ulong tag) => (_bits[(tag & (Capacity - 1)) >> 6] >> (int)(tag & 63) & 1) != 0;

    private void Set(ulong tag)
    {
        _bits[(tag & (Capacity - 1)) >> 6] |= 1UL << (int)(tag & 63);
        _bitCount++;
    }

    private void Clear(ulong tag)
    {
        ref ulong word = ref _bits[(tag & (Capacity - 1)) >> 6];
        ulong bit = 1UL << (int)(tag & 63);
        if ((word & bit) != 0)
        {
            word &= ~bit;
            _bitCount--;
        }
    }

    private void Grow()
    {
        var old = _bits;
        ulong oldCapacity = Capacity;
        _bits = new ulong[old.Length * 2];
        int left = _bitCount;
        _bitCount = 0;
        for (ulong tag = _low + 1; left > 0 && tag <= _low + oldCapacity; tag++)
        {
            if ((old[(tag & (oldCapacity - 1)) >> 6] >> (int)(tag & 63) & 1) != 0)
            {
                Set(tag);
                left--;
            }
        }
    }
}
