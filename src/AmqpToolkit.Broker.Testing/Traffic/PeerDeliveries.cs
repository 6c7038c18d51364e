namespace AmqpToolkit.Broker.Testing.Traffic;

/// <summary>
/// What one end of a connection of 1.0 sends: deliveries that have begun, those that are kept to change places with the next of their session, and numbers that have been exchanged: a receiver's word on one is the sender's on the
/// other. Any thread, but for what is kept, which goes one way.
/// </summary>
internal sealed class PeerDeliveries
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(ushort Channel, uint Handle), PeerDelivery> _current = [];
    private readonly Dictionary<ushort, PeerDelivery> _kept = [];
    private readonly Dictionary<ushort, TrafficUnit> _keptWords = [];
    private readonly Dictionary<(ushort Channel, uint Id), uint> _swapped = [];

    /// <summary>The delivery whose frames come on a link.</summary>
    public PeerDelivery? Current(ushort channel, uint handle) => _current.GetValueOrDefault((channel, handle));

    public void Begin(ushort channel, uint handle, PeerDelivery delivery) => _current[(channel, handle)] = delivery;

    public void End(ushort channel, uint handle) => _current.Remove((channel, handle));

    /// <summary>Keeps a delivery, all of it, until the next of its session.</summary>
    public void Keep(ushort channel, PeerDelivery delivery) => _kept[channel] = delivery;

    public PeerDelivery? TakeKept(ushort channel) => _kept.Remove(channel, out var delivery) ? delivery : null;

    /// <summary>Keeps a word until the next of its session.</summary>
    /// <returns>False when one is kept already.</returns>
    public bool TryKeep(TrafficUnit word) => _keptWords.TryAdd(word.Channel, word);

    public TrafficUnit? TakeKeptWord(ushort channel) => _keptWords.Remove(channel, out var word) ? word : null;

    /// <summary>Sessions that something is kept of.</summary>
    public ushort[] KeptChannels() => [.. _kept.Keys.Union(_keptWords.Keys)];

    /// <summary>A session has ended: another may have its number.</summary>
    public void Forget(ushort channel)
    {
        foreach (var key in _current.Keys.Where(key => key.Channel == channel).ToArray())
        {
            _current.Remove(key);
        }

        lock (_gate)
        {
            foreach (var key in _swapped.Keys.Where(key => key.Channel == channel).ToArray())
            {
                _swapped.Remove(key);
            }
        }
    }

    /// <summary>Two deliveries have each other's number.</summary>
    public void Swap(ushort channel, uint one, uint other)
    {
        lock (_gate)
        {
            _swapped[(channel, one)] = other;
            _swapped[(channel, other)] = one;
        }
    }

    /// <summary>The deliveries that a word means, as ranges in the numbers of the other end.</summary>
    public List<(uint First, uint Last)> Translate(ushort channel, uint first, uint last)
    {
        lock (_gate)
        {
            // Both of a pair are the same two, whatever they are called. Numbers may go round (1.0 section 2.8.10), so that they are counted from the first.
            uint[] alone =
            [
                .. _swapped.Where(pair => pair.Key.Channel == channel && IsMeant(pair.Key.Id) && !IsMeant(pair.Value)).Select(pair => pair.Key.Id).OrderBy(id => unchecked(id - first)),
            ];
            var ranges = new List<(uint First, uint Last)>();
            uint at = first;
            foreach (uint id in alone)
            {
                if (at != id)
                {
                    ranges.Add((at, unchecked(id - 1)));
                }

                ranges.Add((_swapped[(channel, id)], _swapped[(channel, id)]));
                at = unchecked(id + 1);
            }

            if (at != unchecked(last + 1))
            {
                ranges.Add((at, last));
            }

            return ranges;
        }

        bool IsMeant(uint id) => unchecked(id - first) <= unchecked(last - first);
    }
}
