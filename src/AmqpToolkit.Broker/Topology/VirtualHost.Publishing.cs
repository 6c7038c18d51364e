using AmqpToolkit.Broker.Conversion;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Topology;

/// <content>Messages that exchanges kept and now publish themselves, on whatever thread it is, without a lock held.</content>
internal sealed partial class VirtualHost
{
    private long _lostDeadLetters;

    /// <summary>Octets of properties that a message may have: what a frame of the broker's frame_max carries beside its own 20.</summary>
    public int MaxPropertyOctets { get; init; } = 131072 - 20;

    /// <summary>Dead letters that could not go on.</summary>
    public long LostDeadLetters => Volatile.Read(ref _lostDeadLetters);

    /// <summary>A dead letter has grown too long, and is dropped. Logged at the first, and each time that their number has doubled.</summary>
    public void CountLostDeadLetter(MessageQueue queue, int octets)
    {
        long count = Interlocked.Increment(ref _lostDeadLetters);
        if (System.Numerics.BitOperations.IsPow2(count))
        {
            Diagnostics.Log.DeadLetterLost(Timers.Logger, queue.NameText, Name, octets, count);
        }
    }

    /// <summary>Publishes stored messages to a queue, or through an exchange, as if they had come to it. Takes the caller's references over.</summary>
    /// <param name="destination">The queue or exchange.</param>
    /// <param name="messages">The messages.</param>
    public void PublishTo(BindingDestination destination, ReadOnlySpan<MessageRef> messages)
    {
        var turn = new Turn();
        try
        {
            PublishTo(destination, messages, turn, group: 0);
        }
        finally
        {
            turn.End();
        }
    }

    /// <summary>The same within what a thread does already.</summary>
    /// <param name="destination">The queue or exchange.</param>
    /// <param name="messages">The messages.</param>
    /// <param name="turn">Whose thread it is. It moves what dies of this now, or when it has done what it is about.</param>
    /// <param name="group">The group of the journal that this belongs to, or 0.</param>
    public void PublishTo(BindingDestination destination, ReadOnlySpan<MessageRef> messages, Turn turn, uint group)
    {
        var collector = new RouteCollector();
        var editor = new PropertiesEditor();
        var batch = new IncomingBatch(Arena);
        batch.Begin([]);
        batch.Group = group;
        foreach (MessageRef message in messages)
        {
            collector.Clear();
            bool isBlind = RouteStored(destination, message, collector);
            collector.HandToKeepers(Arena, message, turn, group);

            batch.Add(isBlind ? Arena.ReplaceProperties(message, editor.RemoveHeader(Arena.Read(message).Properties, "BCC"u8)) : message);
            batch.IsShared = collector.Count > 1;
            for (int index = 0; index < collector.Count; index++)
            {
                collector[index].Publish(batch, isLastQueue: index == collector.Count - 1, turn);
            }

            batch.Clear();
        }

        batch.End();
    }

    /// <summary>Finds the way of a stored message.</summary>
    /// <returns>Whether it has keys that nobody is to see.</returns>
    private bool RouteStored(BindingDestination destination, MessageRef message, RouteCollector collector)
    {
        MessageContent content = Arena.Read(message);
        ReadOnlySpan<byte> properties = ShownProperties.Of(in content);
        TableView headers = ShownProperties.HeadersOf(properties);
        bool isBlind = headers.TryGetValue("BCC"u8, out FieldValueView value) && (content.Flags & MessageFlags.Sections) == 0;
        value.TryGetArray(out ArrayView blindCopies);
        ArrayView copies = default;
        if ((content.Flags & MessageFlags.CopiesSpent) == 0 && headers.TryGetValue("CC"u8, out value))
        {
            value.TryGetArray(out copies);
        }

        if (destination is Exchange exchange)
        {
            Route(
                exchange,
                new RoutedMessage { RoutingKey = content.RoutingKey, Headers = headers, Properties = properties, Copies = copies, BlindCopies = blindCopies },
                collector);
        }
        else
        {
            collector.Add(destination);
        }

        return isBlind;
    }
}
