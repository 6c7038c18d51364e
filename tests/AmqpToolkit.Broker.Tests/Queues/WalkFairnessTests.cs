using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Selectors;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Queues;

/// <summary>Consumers who pick share the looks that a queue has for them.</summary>
public sealed class WalkFairnessTests
{
    /// <summary>Each message costs the first more than all looks of one taking of the lock.</summary>
    [Fact]
    public void DearSelectorOfAHigherPriority_LeavesLooksToTheOthers()
    {
        using var host = new ExtendedQueue();
        var queue = host.Declare("q");
        var dear = Add(host, queue, DearHeaders.PicksNothing, priority: 10);
        var cheap = Add(host, queue, "colour = 'blue'");
        ulong passed = ulong.MaxValue;
        cheap.OnTake = () => passed = dear.Walk!.CursorOf(0).Number;
        var headers = new BasicProperties { Headers = DearHeaders.Create(11_000) };
        for (int number = 0; number < 40; number++)
        {
            host.Publish(queue, headers, "red");
            if (number == 20)
            {
                Publish(host, queue, "blue", "wanted");
            }
        }

        // All of them begin with this one.
        (dear.Credit, cheap.Credit) = (1, 1);
        Publish(host, queue, "red", "last");
        Assert.True(SpinWait.SpinUntil(() => queue.ReadyCount == 41, TimeSpan.FromSeconds(60)), $"{queue.ReadyCount} wait");
        Assert.InRange(passed, 0UL, 30UL);
    }

    /// <summary>There are looks for half of them at a time: the other half goes on with the next.</summary>
    [Fact]
    public void ManyWhoAreBehind_GoOnTogether()
    {
        const int Before = 400;
        using var host = new ExtendedQueue();
        var queue = host.Declare("q");
        queue.StepsInOneGo = 20 * 1024;
        List<TextConsumer> all = [];
        ulong last = ulong.MaxValue;
        for (int number = 0; number < 40; number++)
        {
            var consumer = Add(host, queue, "colour = 'blue'");
            consumer.OnTake = () => last = all.Min(other => other.Walk!.CursorOf(0).Number);
            all.Add(consumer);
        }

        Publish(host, queue, "red", [.. Enumerable.Range(0, Before).Select(number => $"{number}")]);
        ulong first = all.Max(consumer => consumer.Walk!.CursorOf(0).Number);
        all.ForEach(consumer => consumer.Credit = 1);
        Publish(host, queue, "blue", "wanted");
        Assert.True(SpinWait.SpinUntil(() => queue.ReadyCount == Before, TimeSpan.FromSeconds(60)), $"{queue.ReadyCount} wait");
        Assert.InRange(last - first, Before / 2UL, (ulong)Before);
    }

    private static TextConsumer Add(ExtendedQueue host, MessageQueue queue, string text, long priority = 0)
    {
        var consumer = new TextConsumer(queue, priority) { Credit = 0 };
        Assert.True(Selector.TryParse(text, out var selector, out _));
        consumer.Walk = new QueueWalk(queue, consumer, selector!);
        Assert.True(queue.TryAddConsumer(consumer, host.Turn, _ => { }));
        return consumer;
    }

    private static void Publish(ExtendedQueue host, MessageQueue queue, string colour, params string[] bodies) =>
        host.Publish(queue, new BasicProperties { Headers = Table.Create(table => table.Add("colour", colour)) }, bodies);
}
