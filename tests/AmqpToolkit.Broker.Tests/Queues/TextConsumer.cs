using System.Text;
using AmqpToolkit.Broker.Queues;

namespace AmqpToolkit.Broker.Tests.Queues;

/// <summary>A consumer of text with a priority, which takes as much as its prefetch allows.</summary>
internal sealed class TextConsumer(MessageQueue queue, long priority = 0, int prefetch = 0, bool isExclusive = false) : Consumer(queue)
{
    public List<string> Taken { get; } = [];

    public List<Unsettled> Unsettled { get; } = [];

    /// <summary>Messages that it takes still, as a link's credit has it: without any it is not looked for one.</summary>
    public int Credit { get; set; } = int.MaxValue;

    /// <summary>Called for each message, under the queue's lock.</summary>
    public Action? OnTake { get; set; }

    /// <summary>How often it has heard that nothing is left.</summary>
    public int Drains { get; private set; }

    public override bool MayWant => Credit > 0;

    public override long Priority => priority;

    public override bool IsExclusive => isExclusive;

    public override bool Take(ref DeliveryRun run, Turn turn)
    {
        while (Credit > 0 && (prefetch == 0 || UnsettledCount < prefetch))
        {
            if (!run.HasMessage)
            {
                return true;
            }

            Taken.Add(Encoding.UTF8.GetString(run.Peek(out _).Body));
            Unsettled.Add(run.TakeUnsettled(this));
            Credit--;
            OnTake?.Invoke();
        }

        return false;
    }

    public void SettleAll(Outcome outcome, Turn turn)
    {
        Unsettled[] deliveries = [.. Unsettled];
        Unsettled.Clear();
        Queue.Settle(deliveries, outcome, turn);
    }

    public override void HandleDrained(Turn turn) => Drains++;

    public override void HandleQueueDeleted(Turn turn)
    {
    }
}
