using AmqpToolkit.Broker.Tests.Durability;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Paging;

/// <summary>Messages that are in memory already leave it when it becomes short.</summary>
public sealed class PagingSweepTests
{
    private static readonly BasicProperties Persistent = new() { DeliveryMode = 2 };
    private static readonly BasicProperties Transient = new() { DeliveryMode = 1 };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task PageOut_OfAQueueInMemory_LeavesOrderAndContent(bool isPersistent)
    {
        await using var broker = await KeptBroker.StartAsync();
        string[] bodies = [.. Enumerable.Range(0, 4000).Select(number => $"{number}".PadRight(number % 300, '.'))];
        using var client = new KeptClient(broker);
        client.Declare("q", ("x-max-priority", 1));
        client.Publish("", "q", isPersistent ? Persistent : Transient, bodies);
        var queue = broker.Broker.FindVirtualHost("/")!.FindQueue("q"u8)!;
        Assert.Equal(0, queue.PagedOutCount);
        Assert.Equal(bodies[..10], Enumerable.Range(0, 10).Select(_ => client.Get("q")!.Value.Body));

        Assert.Equal(1000, queue.PageOut(1000));
        Assert.Equal(1000, queue.PagedOutCount);
        Assert.Equal(bodies[10..20], Enumerable.Range(0, 10).Select(_ => client.Get("q")!.Value.Body));
        while (queue.PageOut(700) > 0)
        {
            Assert.InRange(queue.PagedOutCount, 0, 3980);
        }

        Assert.Equal(3980, queue.PagedOutCount);
        Assert.Equal(bodies[20..], client.Drain("q"));
        Assert.True(
            SpinWait.SpinUntil(() => broker.CountStored() == 0 && broker.Broker.Arena.Paging!.ScratchSize is null or { Messages: 0 }, TimeSpan.FromSeconds(60)),
            "something is left on the disk");
    }

    [Fact]
    public async Task ManyQueues_WithALittleEach_DoNotHoldPublishersBack()
    {
        const int Queues = 30;
        const int PerQueue = 60;
        const int BodyOctets = 15_000;
        await using var broker = await KeptBroker.StartAsync(pagingOctets: 4 * 1024 * 1024, memoryOctets: 8 * 1024 * 1024);
        using var publisher = new KeptClient(broker);
        using var consumer = new KeptClient(broker, isConfirming: false);
        consumer.Raw.Send(1, new BasicQos { PrefetchCount = 1 });
        consumer.Raw.Expect(BasicQosOkView.MethodKey);
        string[] names = [.. Enumerable.Range(0, Queues).Select(number => $"q{number}")];
        foreach (string name in names)
        {
            publisher.Declare(name);
            consumer.Raw.Send(1, new BasicConsume { Queue = name, ConsumerTag = name });
            consumer.Raw.Expect(BasicConsumeOkView.MethodKey);
        }

        // 27 MB, and each queue has a consumer that takes one message and no more.
        foreach (string name in names)
        {
            publisher.Publish("", name, Transient, [.. Enumerable.Range(0, PerQueue).Select(number => $"{name} {number}".PadRight(BodyOctets, '.'))]);
        }

        consumer.Dispose();
        foreach (string name in names)
        {
            var queue = broker.Broker.FindVirtualHost("/")!.FindQueue(System.Text.Encoding.UTF8.GetBytes(name))!;
            Assert.True(SpinWait.SpinUntil(() => queue.ReadyCount == PerQueue, TimeSpan.FromSeconds(60)), "what was delivered is not back");
            Assert.Equal(Enumerable.Range(0, PerQueue).Select(number => $"{name} {number}"), publisher.Drain(name).Select(body => body.TrimEnd('.')));
        }
    }
}
