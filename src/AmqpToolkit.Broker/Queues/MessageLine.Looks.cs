using AmqpToolkit.Broker.Messages;

namespace AmqpToolkit.Broker.Queues;

/// <content>Messages that are looked at and stay as they are.</content>
internal sealed partial class MessageLine
{
    /// <summary>Adds what waits, the oldest first, until there are enough.</summary>
    public void LookAt(List<QueuedMessage> found, int max, byte priority)
    {
        int before = found.Count;
        foreach (var message in _returned?.All.OrderBy(static message => message.Position).Take(max - found.Count) ?? [])
        {
            found.Add(message);
        }

        var cursor = default(ReadyList.Cursor);
        int holes = int.MaxValue;
        while (found.Count < max && _ready.TrySeek(ref cursor, ref holes, out var message))
        {
            Tell(in cursor, out bool isRedelivered, out ushort deliveryCount, out long deadline);
            found.Add(new QueuedMessage(message, PositionOf(in cursor), deadline, deliveryCount, priority, isRedelivered));
            cursor.Number++;
        }

        // Who takes messages before their turn may leave an older one behind.
        found.Sort(before, found.Count - before, Comparer<QueuedMessage>.Create(static (one, other) => one.Position.CompareTo(other.Position)));
    }
}
