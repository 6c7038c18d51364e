using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;

namespace AmqpToolkit.Broker.Tests.Queues;

/// <summary>Publishes messages whose bodies are numbers, a batch at a time, as a connection does: from one buffer.</summary>
internal sealed class NumberPublisher(MessageArena arena)
{
    private readonly IncomingBatch _batch = new(arena);

    public Turn Turn { get; } = new();

    /// <summary>The messages before the batch is handed on: between them other things may be done with the batch.</summary>
    public IncomingBatch Fill(ReadOnlySpan<int> numbers)
    {
        byte[] buffer = new byte[2 + (4 * numbers.Length)];
        _batch.Begin(buffer);
        _batch.SetRoute([], 0, "q"u8.ToArray(), 1);
        for (int index = 0; index < numbers.Length; index++)
        {
            BitConverter.TryWriteBytes(buffer.AsSpan(2 + (4 * index)), numbers[index]);
            _batch.Add(0, 2, 2 + (4 * index), 4, MessageFlags.None);
        }

        return _batch;
    }

    public void Publish(MessageQueue queue, params ReadOnlySpan<int> numbers) => Publish([queue], numbers);

    public void Publish(MessageQueue[] queues, ReadOnlySpan<int> numbers)
    {
        Hand(Fill(numbers), queues);
    }

    /// <summary>Publishes messages with a body that lies in chunks.</summary>
    public void PublishLarge(MessageQueue[] queues, int octets)
    {
        var large = new LargeBody(arena);
        byte[] part = new byte[30_000];
        for (int left = octets; left > 0; left -= part.Length)
        {
            large.Append(part.AsSpan(0, Math.Min(left, part.Length)));
        }

        _batch.Begin([]);
        _batch.Add(arena.Store(new MessageContent { Exchange = [], RoutingKey = "q"u8, Properties = [0, 0], Body = [], Large = large }));
        Hand(_batch, queues);
    }

    private void Hand(IncomingBatch batch, MessageQueue[] queues)
    {
        for (int index = 0; index < queues.Length; index++)
        {
            queues[index].Publish(batch, index == queues.Length - 1, Turn);
        }

        batch.Clear();
        batch.End();
        Turn.End();
    }

    /// <summary>What messages take, to the octet: a thread gives its free slots back when it turns to another arena.</summary>
    public static long InUse(MessageArena arena)
    {
        ForgetFreeSlots();
        return arena.InUseOctets;
    }

    /// <summary>Lets this thread give back the free slots that it keeps.</summary>
    public static void ForgetFreeSlots()
    {
        var other = new MessageArena();
        other.Release(other.Store(new MessageContent { Exchange = [], RoutingKey = [], Properties = [], Body = [] }));
    }
}
