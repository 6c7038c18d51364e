using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Storage.Tests;

namespace AmqpToolkit.Broker.Tests.Durability;

/// <summary>Brokers of one process share its threads: what one leaves on a thread when its journal closes is nothing to the others.</summary>
public sealed class ClosedJournalTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Queue_OfAnotherBroker_GoesOn()
    {
        await using var first = await StoredBroker.StartAsync(new SimulatedDisk());
        await using var second = await StoredBroker.StartAsync(new SimulatedDisk());
        Exception? ofFirst = null;
        Exception? ofSecond = null;

        // A thread of its own: what it has at hand is the matter.
        var thread = new Thread(() =>
        {
            var left = Declare(first);
            var other = Declare(second);
            Publish(first, left);
            Publish(second, other);
            first.Store!.Dispose();
            ofFirst = Record.Exception(() => left.TryGet(out _, out _, new Turn(), isAccepted: true));
            ofSecond = Record.Exception(() =>
            {
                Assert.True(other.TryGet(out _, out _, new Turn(), isAccepted: true));
                Publish(second, other);
            });
        });
        thread.Start();
        Assert.True(thread.Join(Patience));

        Assert.IsType<ObjectDisposedException>(ofFirst);
        Assert.Null(ofSecond);
        await second.Store!.FlushAsync();
        Assert.Equal(1, second.Store.Journal.Size.Messages);
    }

    private static MessageQueue Declare(AmqpBroker broker)
    {
        Assert.Null(broker.FindVirtualHost("/")!.DeclareQueue("q"u8, false, true, false, false, default, broker, out var queue));
        return queue!;
    }

    private static void Publish(AmqpBroker broker, MessageQueue queue)
    {
        var batch = new IncomingBatch(broker.Arena);
        batch.Begin([0, 0, 1]);
        batch.SetRoute([], 0, queue.Name, queue.Name.Length);
        batch.Add(0, 2, 2, 1, MessageFlags.Persistent);
        queue.Publish(batch, isLastQueue: true, new Turn());
        batch.Clear();
        batch.End();
    }
}
