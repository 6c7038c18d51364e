using AmqpToolkit.Broker.Queues;

namespace AmqpToolkit.Broker.Tests.Queues;

/// <summary>A consumer that does what a test says, without a channel and without an output. Its messages hold a number as their body.</summary>
internal sealed class ScriptedConsumer(MessageQueue queue, int prefetch = 0, bool noAck = false, bool isExclusive = false) : Consumer(queue)
{
    /// <summary>Numbers in the order in which they came.</summary>
    public List<int> Taken { get; } = [];

    /// <summary>Those of them that were marked as handed out before.</summary>
    public List<int> Redelivered { get; } = [];

    /// <summary>What is to be settled.</summary>
    public List<(int Number, Unsettled Delivery)> Unsettled { get; } = [];

    /// <summary>Whether it has no room. Changed under the queue's lock, or while nobody else uses the queue.</summary>
    public bool IsFull { get; set; }

    public bool CanTake => !IsFull && (noAck || prefetch == 0 || UnsettledCount < prefetch);

    /// <summary>Called for each message, under the queue's lock.</summary>
    public Action<int, bool>? OnTake { get; set; }

    public int Deletions { get; private set; }

    public Action? OnQueueDeleted { get; set; }

    public override bool IsExclusive => isExclusive;

    public override bool Take(ref DeliveryRun run, Turn turn)
    {
        while (true)
        {
            if (!CanTake)
            {
                return false;
            }

            if (!run.HasMessage)
            {
                return true;
            }

            int number = BitConverter.ToInt32(run.Peek(out bool isRedelivered).Body);
            Taken.Add(number);
            if (isRedelivered)
            {
                Redelivered.Add(number);
            }

            OnTake?.Invoke(number, isRedelivered);
            if (noAck)
            {
                run.TakeAccepted();
            }
            else
            {
                Unsettled.Add((number, run.TakeUnsettled(this)));
            }
        }
    }

    /// <summary>Settles the delivery of a number.</summary>
    public void Settle(int number, Outcome outcome, Turn turn)
    {
        int at = Unsettled.FindIndex(one => one.Number == number);
        Assert.True(at >= 0, $"{number} is not outstanding");
        var delivery = Unsettled[at].Delivery;
        Unsettled.RemoveAt(at);
        Queue.Settle([delivery], outcome, turn);
    }

    /// <summary>Settles everything.</summary>
    public void SettleAll(Outcome outcome, Turn turn)
    {
        Unsettled[] deliveries = [.. Unsettled.Select(one => one.Delivery)];
        Unsettled.Clear();
        Queue.Settle(deliveries, outcome, turn);
    }

    public override void HandleQueueDeleted(Turn turn)
    {
        Deletions++;
        OnQueueDeleted?.Invoke();
    }
}
