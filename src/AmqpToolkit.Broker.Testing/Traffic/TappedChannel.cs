using System.Collections.Concurrent;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Testing.Traffic;

/// <summary>
/// A channel whose publishes may not all come to the broker, or in another order: the numbers of the client's publishes and those of the broker's confirms are not the same then (RabbitMQ's confirms). Under the connection's gate, but for what is kept, of which each kind goes one way.
/// </summary>
internal sealed class TappedChannel
{
    /// <summary>What the broker has not confirmed: its number, and the client's.</summary>
    private readonly SortedDictionary<ulong, ulong> _unconfirmed = [];
    private readonly ConcurrentDictionary<TrafficPoint, TrafficUnit> _held = new();
    private readonly Dictionary<TrafficUnit, ulong> _tags = [];
    private ulong _published;
    private ulong _forwarded;
    private bool _isShifted;

    /// <summary>The numbers of deliveries.</summary>
    public DeliveryTags Deliveries { get; } = new();

    /// <summary>Whether the channel confirms.</summary>
    public bool IsConfirming { get; set; }

    /// <summary>The client publishes: its number.</summary>
    public ulong CountPublish(TrafficUnit unit)
    {
        if (!IsConfirming)
        {
            return 0;
        }

        _tags[unit] = ++_published;
        return _published;
    }

    /// <summary>A publish goes to the broker.</summary>
    public void Forward(TrafficUnit unit)
    {
        if (_tags.Remove(unit, out ulong tag))
        {
            _unconfirmed[++_forwarded] = tag;
            _isShifted |= tag != _forwarded;
        }
    }

    /// <summary>A publish does not go to the broker.</summary>
    public void Withhold(TrafficUnit unit)
    {
        _tags.Remove(unit);
        _isShifted = true;
    }

    /// <summary>Keeps a unit until the next of its kind; where one is kept already it is let go instead.</summary>
    /// <returns>False when it is not kept.</returns>
    public bool TryHold(TrafficPoint point, TrafficUnit unit) => _held.TryAdd(point, unit);

    /// <summary>The unit that was kept.</summary>
    public TrafficUnit? TakeHeld(TrafficPoint point) => _held.TryRemove(point, out var unit) ? unit : null;

    /// <summary>All units that were kept on their way to the broker.</summary>
    public IEnumerable<TrafficUnit> TakeAllHeld()
    {
        foreach (var point in new[] { TrafficPoint.Publish, TrafficPoint.Ack })
        {
            if (TakeHeld(point) is { } unit)
            {
                yield return unit;
            }
        }
    }

    /// <summary>What the client is to hear of a confirm of the broker, in the client's numbers.</summary>
    /// <param name="tag">The broker's number.</param>
    /// <param name="multiple">Whether it means all before, too.</param>
    /// <param name="isRefused">Whether it is a nack.</param>
    /// <param name="isLost">Whether the client is to hear nothing.</param>
    /// <returns>The methods' octets; null when the broker's own can go as they are.</returns>
    public List<byte[]>? Translate(ushort channel, ulong tag, bool multiple, bool isRefused, bool isLost)
    {
        var tags = new List<ulong>();
        foreach (ulong own in _unconfirmed.Keys.TakeWhile(own => own <= tag || (tag == 0 && multiple)).Where(own => multiple || own == tag).ToArray())
        {
            _unconfirmed.Remove(own, out ulong clients);
            tags.Add(clients);
        }

        if (isLost)
        {
            // What comes later must not speak for these.
            _isShifted = true;
            return [];
        }

        if (!_isShifted)
        {
            return null;
        }

        return [.. tags.Order().Select(clients => isRefused
            ? ClassicOctets.Of(channel, new BasicNack { DeliveryTag = clients })
            : ClassicOctets.Of(channel, new BasicAck { DeliveryTag = clients }))];
    }
}
