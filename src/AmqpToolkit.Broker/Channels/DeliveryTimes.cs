namespace AmqpToolkit.Broker.Channels;

/// <summary>
/// When deliveries were given out, told from looks now and then at which tag is the next: a delivery costs nothing. Used under the gate of the
/// connection's output.
/// </summary>
internal sealed class DeliveryTimes
{
    /// <summary>Looks that are remembered. Of more every second one of the older half goes: old deliveries are told apart less finely.</summary>
    private const int MaxLooks = 256;

    private readonly List<(ulong NextTag, long Time)> _looks = [];

    /// <summary>Looks that are remembered.</summary>
    public int Count => _looks.Count;

    /// <summary>Notes which tag is the next. Looks that tell nothing of outstanding tags are forgotten.</summary>
    public void Look(ulong lowestTag, ulong nextTag, long now)
    {
        if (_looks.Count > 0 && _looks[^1].NextTag == nextTag)
        {
            return;
        }

        _looks.RemoveRange(0, IndexOf(lowestTag));
        if (_looks.Count == MaxLooks)
        {
            int kept = 0;
            for (int index = 0; index < MaxLooks; index++)
            {
                if (index >= MaxLooks / 2 || index % 2 == 1)
                {
                    _looks[kept++] = _looks[index];
                }
            }

            _looks.RemoveRange(kept, MaxLooks - kept);
        }

        _looks.Add((nextTag, now));
    }

    /// <summary>The time of the first look at which the tag had been given out: it was given out then or before.</summary>
    public long TimeOf(ulong tag) => _looks[IndexOf(tag)].Time;

    /// <summary>The first look with a next tag above the given one.</summary>
    private int IndexOf(ulong tag)
    {
        int low = 0;
        int high = _looks.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_looks[middle].NextTag > tag)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }
}
