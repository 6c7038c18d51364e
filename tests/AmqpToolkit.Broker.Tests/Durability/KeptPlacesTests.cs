using System.Text;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Durability;

/// <summary>Places are never used again, and what was handed out is remembered with them.</summary>
public sealed class KeptPlacesTests
{
    private static readonly BasicProperties Persistent = new() { DeliveryMode = 2 };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Places_WithAClockThatStandsStill_RiseOverRestarts(bool isCrash)
    {
        await using var broker = await KeptBroker.StartAsync(new ManualTimeProvider());
        ulong last = 0;
        for (int life = 0; life < 4; life++)
        {
            using (var client = new KeptClient(broker))
            {
                client.Declare("q");
                client.Publish("q", "a", "b");
                Assert.InRange(await TakeAsync(broker), last + 1, QueuedMessage.PlaceMask);
                last = await TakeAsync(broker);
            }

            await (isCrash ? broker.CrashAsync() : broker.RestartAsync());
            await TakeAsync(broker);
            await TakeAsync(broker);
        }
    }

    [Fact]
    public async Task Places_OfAPriorityThatWasPurged_GoOn()
    {
        await using var broker = await KeptBroker.StartAsync(new ManualTimeProvider());
        using var client = new KeptClient(broker);
        client.Declare("q", ("x-max-priority", 5));
        client.Publish("", "q", Persistent with { Priority = 5 }, "a", "b");
        ulong first = await TakeAsync(broker);
        client.Raw.Send(1, new QueuePurge { Queue = "q" });
        client.Raw.Expect(QueuePurgeOkView.MethodKey);
        client.Publish("", "q", Persistent with { Priority = 5 }, "c");
        Assert.InRange(await TakeAsync(broker), first + 2, ulong.MaxValue);
    }

    [Fact]
    public async Task WhatACrashMayHaveHandedOut_IsRedelivered_AlsoAfterAStopInOrder()
    {
        await using var broker = await KeptBroker.StartAsync();
        using (var client = new KeptClient(broker))
        {
            client.Declare("q");
            client.Publish("q", "before", "before too");
            await broker.CrashAsync();
        }

        using (var client = new KeptClient(broker))
        {
            client.Publish("q", "after");
        }

        await broker.RestartAsync();
        await broker.RestartAsync();
        using var last = new KeptClient(broker);
        Assert.Equal(("before", true), Show(last.Get("q")));
        Assert.Equal(("before too", true), Show(last.Get("q")));
        Assert.Equal(("after", false), Show(last.Get("q")));
    }

    [Fact]
    public async Task DisuseOfAQueue_DoesNotEndIt_WhileTheJournalIsRead()
    {
        var time = new ManualTimeProvider();
        ManualDisk? disk = null;
        bool isLate = false;
        await using var broker = await KeptBroker.StartAsync(time, folder => disk = new ManualDisk(folder) { OnRead = Wait });
        using (var client = new KeptClient(broker))
        {
            client.Declare("q", ("x-expires", 60_000));
            client.Publish("q", "a");
        }

        await broker.StopAsync();
        isLate = true;
        await broker.OpenAsync();
        isLate = false;
        Assert.NotNull(broker.Broker.FindVirtualHost("/")!.FindQueue("q"u8));
        time.Advance(TimeSpan.FromSeconds(59));
        using (var client = new KeptClient(broker))
        {
            Assert.Equal("a", client.Get("q", noAck: false)!.Value.Body);
        }

        time.Advance(TimeSpan.FromSeconds(61));
        Assert.Null(broker.Broker.FindVirtualHost("/")!.FindQueue("q"u8));
        await broker.RestartAsync();
        Assert.Null(broker.Broker.FindVirtualHost("/")!.FindQueue("q"u8));

        void Wait()
        {
            if (isLate)
            {
                time.Advance(TimeSpan.FromMinutes(10));
            }
        }
    }

    /// <summary>Takes the oldest message for good.</summary>
    /// <returns>Its place.</returns>
    private static async Task<ulong> TakeAsync(KeptBroker broker)
    {
        var queue = broker.Broker.FindVirtualHost("/")!.FindQueue("q"u8)!;
        var turn = new Turn();
        QueuedMessage message;
        while (!queue.TryGet(out message, out _, turn))
        {
            if (queue.ReadyCount == 0)
            {
                return 0;
            }

            // What was there before the broker was has to be read first.
            await queue.WaitForHeadAsync().WaitAsync(TimeSpan.FromSeconds(60));
        }

        queue.Settle([new Unsettled(queue, null, message)], Outcome.Accept, turn);
        return message.Position;
    }

    private static (string Body, bool IsRedelivered)? Show((string Body, bool IsRedelivered, ulong Tag)? message) =>
        message is { } there ? (there.Body, there.IsRedelivered) : null;
}
