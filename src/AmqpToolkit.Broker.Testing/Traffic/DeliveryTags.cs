using System.Buffers.Binary;
using System.Text;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Testing.Traffic;

/// <summary>
/// The numbers of a channel's deliveries (0-9-1 delivery-tag), which rise for the client whatever order messages come in: where two have changed places, so have their numbers, and the client's word on one is the broker's on
/// the other. Any thread.
/// </summary>
internal sealed class DeliveryTags
{
    private readonly Lock _gate = new();
    private readonly SortedSet<ulong> _unsettled = [];
    private readonly Dictionary<ulong, ulong> _swapped = [];
    private readonly Queue<bool> _consuming = new();
    private readonly Queue<bool> _getting = new();
    private readonly HashSet<string> _withoutAck = new(StringComparer.Ordinal);
    private bool _hasLost;

    /// <summary>The client consumes: whether it will acknowledge, and whether it waits for the answer, which has the tag.</summary>
    public void Ask(bool noAck, bool noWait, ReadOnlySpan<byte> consumerTag)
    {
        lock (_gate)
        {
            if (noWait)
            {
                Remember(noAck, consumerTag);
            }
            else
            {
                _consuming.Enqueue(noAck);
            }
        }
    }

    /// <summary>The client asks for one message.</summary>
    public void AskOnce(bool noAck)
    {
        lock (_gate)
        {
            _getting.Enqueue(noAck);
        }
    }

    /// <summary>The broker answers: answers come in the order of what they answer.</summary>
    public void Answer(ReadOnlySpan<byte> consumerTag)
    {
        lock (_gate)
        {
            if (_consuming.TryDequeue(out bool noAck))
            {
                Remember(noAck, consumerTag);
            }
        }
    }

    /// <summary>The queue that was asked had nothing.</summary>
    public void AnswerEmpty()
    {
        lock (_gate)
        {
            _getting.TryDequeue(out _);
        }
    }

    /// <summary>A delivery goes to the client. One that nobody will acknowledge is settled.</summary>
    public void Add(TrafficUnit delivery)
    {
        lock (_gate)
        {
            bool noAck = delivery.Key == BasicGetOk.MethodKey
                ? _getting.TryDequeue(out bool once) && once
                : _withoutAck.Count > 0 && _withoutAck.Contains(Encoding.UTF8.GetString(delivery.Arguments.Slice(1, delivery.Arguments[0])));
            if (!noAck)
            {
                _unsettled.Add(TagOf(delivery));
            }
        }
    }

    private void Remember(bool noAck, ReadOnlySpan<byte> consumerTag)
    {
        string tag = Encoding.UTF8.GetString(consumerTag);
        _ = noAck ? _withoutAck.Add(tag) : _withoutAck.Remove(tag);
    }

    /// <summary>A delivery does not come to the client: no word of the client's means it.</summary>
    public void Lose(TrafficUnit delivery)
    {
        lock (_gate)
        {
            _hasLost = true;
            if (delivery.Key == BasicGetOk.MethodKey)
            {
                _getting.TryDequeue(out _);
            }
        }
    }

    /// <summary>Gives two deliveries each other's number.</summary>
    public (TrafficUnit First, TrafficUnit Second) Swap(TrafficUnit first, TrafficUnit second)
    {
        ulong one = TagOf(first);
        ulong other = TagOf(second);
        lock (_gate)
        {
            _swapped[one] = other;
            _swapped[other] = one;
        }

        return (With(first, other), With(second, one));
    }

    /// <summary>The client's word on deliveries in the broker's numbers.</summary>
    public IEnumerable<TrafficUnit> Translate(TrafficUnit word)
    {
        ulong tag = TagOf(word);
        bool isMultiple = word.Key != BasicReject.MethodKey && (word.Arguments[sizeof(ulong)] & 1) != 0;
        lock (_gate)
        {
            ulong[] meant = isMultiple ? [.. _unsettled.TakeWhile(other => other <= tag || tag == 0)] : [tag];
            _unsettled.ExceptWith(meant);
            if (_swapped.Count == 0 && !_hasLost)
            {
                return [word];
            }

            // One that has changed places, or is lost, ends what means all before it: each is named then.
            return [.. meant.Select(clients => With(word, _swapped.Remove(clients, out ulong brokers) ? brokers : clients, isAlone: true))];
        }
    }

    private static ulong TagOf(TrafficUnit unit) => BinaryPrimitives.ReadUInt64BigEndian(unit.Arguments[PlaceOf(unit)..]);

    /// <summary>The number stands first, but for the consumer's tag of a delivery.</summary>
    private static int PlaceOf(TrafficUnit unit) => unit.Key == BasicDeliver.MethodKey ? 1 + unit.Arguments[0] : 0;

    private static TrafficUnit With(TrafficUnit unit, ulong tag, bool isAlone = false)
    {
        byte[] octets = [.. unit.Octets];
        int at = FrameReader.HeaderOctets + sizeof(uint) + PlaceOf(unit);
        BinaryPrimitives.WriteUInt64BigEndian(octets.AsSpan(at), tag);
        if (isAlone && unit.Key != BasicReject.MethodKey)
        {
            octets[at + sizeof(ulong)] &= 0xFE;
        }

        return new TrafficUnit(octets, unit.Channel, unit.Key, isClassic: true);
    }
}
