using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Tests.Durability;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Streams;

/// <summary>Readers come and go while others publish, segments are dropped and a stream is deleted: nothing is left behind, and nobody meets a defect.</summary>
public sealed class StreamChurnTests
{
    private const int Publishers = 3;
    private const int Messages = 2_000;

    private static readonly (string, object)[] Limits = [("x-stream-max-segment-size-bytes", 20_000), ("x-max-length-bytes", 200_000)];

    [Fact]
    public async Task ReadersAndPublishers_ComeAndGo_EachReadsInOrder()
    {
        await using var broker = await KeptBroker.StartAsync();
        using (var first = new StreamClient(broker.Broker))
        {
            first.Declare("s", Limits);
            first.Publish("s", "first");
        }

        var publishing = Enumerable.Range(0, Publishers).Select(_ => Run(() => Publish(broker.Broker))).ToArray();
        var over = Task.WhenAll(publishing);
        var reading = Enumerable.Range(0, 4).Select(number => Run(() => Read(broker.Broker, number, over))).ToArray();
        await Task.WhenAll([over, .. reading]).WaitAsync(TimeSpan.FromSeconds(120));

        var log = ((StreamQueue)broker.Broker.FindVirtualHost("/")!.FindQueue("s"u8)!).Log;
        Assert.Equal(1 + (Publishers * Messages), log.EndOffset);
        Assert.True(SpinWait.SpinUntil(() => log.CursorCount == 0, TimeSpan.FromSeconds(60)), $"{log.CursorCount} readers are left");
        Assert.True(SpinWait.SpinUntil(() => log.Octets <= 200_000 + 40_000, TimeSpan.FromSeconds(60)), $"{log.Octets} octets are left");
        using var last = new StreamClient(broker.Broker);
        last.Consume("s", 100, "c", ("x-stream-offset", "first"));
        last.Next();
        last.Raw.Send(1, new QueueDelete { Queue = "s" });
        last.Cancel("c");
    }

    private static Task Run(Action action) => Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static void Publish(AmqpBroker broker)
    {
        using var client = new StreamClient(broker);
        for (int sent = 0; sent < Messages; sent += 50)
        {
            client.Publish("s", Enumerable.Range(sent, 50).Select(number => $"{number}".PadRight(number % 400)));
        }
    }

    /// <summary>Begins anywhere, reads a while, and leaves with something unsettled; again and again.</summary>
    private static void Read(AmqpBroker broker, int seed, Task over)
    {
        var random = new Random(seed);
        while (!over.IsCompleted)
        {
            using var client = new StreamClient(broker);
            bool isAhead = random.Next(4) == 0;
            client.Consume("s", (ushort)random.Next(2, 40), "c", ("x-stream-offset", isAhead ? Publishers * Messages : random.Next(2) == 0 ? "first" : "1h"));
            long before = -1;
            for (int left = isAhead ? 0 : random.Next(1, 20); left > 0; left--)
            {
                var delivery = client.Next();
                Assert.True(delivery.Offset > before, $"{delivery.Offset} after {before}");
                before = delivery.Offset;
                if (left > 1)
                {
                    client.Ack(delivery.Tag);
                }
            }

            if (random.Next(2) == 0)
            {
                client.Cancel("c");
            }
        }

        using var whole = new StreamClient(broker);
        whole.Consume("s", (ushort)random.Next(2, 40), "c", ("x-stream-offset", "first"));
        for (long last = -1; last < Publishers * Messages;)
        {
            var delivery = whole.Next();
            Assert.True(delivery.Offset > last, $"{delivery.Offset} after {last}");
            last = delivery.Offset;
            whole.Ack(delivery.Tag);
        }
    }
}
