using AmqpToolkit.Broker.Tests.Durability;
using AmqpToolkit.Broker.Tests.Queues;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Paging;

/// <summary>What a message costs beside the slot with its body. Nothing runs beside: the whole process is measured.</summary>
[Collection(nameof(QueueMemoryTests))]
public sealed class MessageMemoryTests
{
    private const int Count = 400_000;

    [Theory]
    [InlineData(true, false, 32)]
    [InlineData(true, true, 32)]
    [InlineData(false, false, 10)]
    [InlineData(false, true, 32)]
    public async Task Message_ThatWaits_TakesAtMostThirtyTwoOctetsBesideItsSlot(bool isPersistent, bool isPagedOut, int most)
    {
        await using var broker = await KeptBroker.StartAsync(segmentOctets: 16 * 1024 * 1024, pagingOctets: isPagedOut ? 1 : 512 * 1024 * 1024);
        using var client = new KeptClient(broker);
        client.Declare("q");
        client.Declare("other");
        string[] bodies = [.. Enumerable.Repeat("0123456789abcdef", 2000)];

        // What the first messages bring about, buffers and files, is none of the others' cost.
        Publish("other", 40_000);
        long before = Measure();
        Publish("q", Count);

        // What the disk has not yet taken, and the chunks of a batch that was long, are no cost of a message that waits: they go with the next batches.
        long octets = long.MaxValue;
        for (int look = 0; look < 300 && octets > (long)Count * most; look++)
        {
            await broker.FlushAsync();
            octets = Math.Min(octets, Measure() - before);
            client.Publish("", "other", new BasicProperties { DeliveryMode = 2 }, bodies[..10]);
        }

        Assert.True(octets <= (long)Count * most, $"{(double)octets / Count:F1} octets a message");
        Assert.Equal((uint)Count, broker.Broker.FindVirtualHost("/")!.FindQueue("q"u8)!.ReadyCount);
        Assert.Equal(isPagedOut, broker.Broker.FindVirtualHost("/")!.FindQueue("q"u8)!.PagedOutCount > Count / 2);

        void Publish(string queue, int count)
        {
            for (int sent = 0; sent < count; sent += bodies.Length)
            {
                client.Publish("", queue, new BasicProperties { DeliveryMode = (byte)(isPersistent ? 2 : 1) }, bodies);
            }
        }

        long Measure() => GC.GetTotalMemory(forceFullCollection: true) - broker.Broker.Arena.ReservedOctets;
    }
}
