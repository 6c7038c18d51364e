using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Durability;

/// <summary>A broker that starts serves while it has still to read what large queues hold.</summary>
public sealed class LargeQueueStartTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Broker_WhileALargeQueueIsRead_ServesEverybodyElse_AndThenGivesItInOrder()
    {
        const int Count = 200_000;
        ManualDisk? disk = null;
        await using var broker = await KeptBroker.StartAsync(files: folder => disk = new ManualDisk(folder), segmentOctets: 16 * 1024 * 1024);
        Fill(broker, "large", Count);
        Fill(broker, "small", 3);
        await broker.RestartAsync();

        using var client = new KeptClient(broker);
        Assert.Equal("0", client.Get("small")?.Body);
        var reading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var mayRead = new ManualResetEventSlim(initialState: false);
        disk!.OnRead = () =>
        {
            reading.TrySetResult();
            Assert.True(mayRead.Wait(Patience), "nobody let the reader go");
        };
        using var consumer = Consume(broker, "large");
        await reading.Task.WaitAsync(Patience);

        using (var other = new KeptClient(broker))
        {
            other.Declare("new");
            other.Publish("new", "a", "b");
            Assert.Equal(["a", "b"], other.Drain("new"));
            Assert.Equal(["1", "2"], other.Drain("small"));
            other.Publish("large", Body(Count, 1));
            Assert.Equal(Count + 1u, broker.Broker.FindVirtualHost("/")!.FindQueue("large"u8)!.ReadyCount);
        }

        mayRead.Set();
        disk.OnRead = null;
        Expect(consumer, 0, Count + 1, false);
    }

    [Fact]
    public async Task Broker_ThatIsKilledWhileALargeQueueIsRead_HasTheRestOfItAfterwards()
    {
        const int Count = 20_000;
        const int Taken = 5_000;

        // Long enough that no reader has all of them at hand.
        const int Digits = 300;
        ManualDisk? disk = null;
        await using var broker = await KeptBroker.StartAsync(files: folder => disk = new ManualDisk(folder));
        Fill(broker, "large", Count, Digits);
        await broker.StopAsync();
        long octets = Directory.GetFiles(broker.Folder, "segment-*").Sum(static file => new FileInfo(file).Length);
        await broker.OpenAsync();

        // The log is passed once, but for its last segment, of a MiB, and without looking at contents again.
        Assert.InRange(disk!.ReadOctets, Count * Digits, octets + (3 * 1024 * 1024));

        var reading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var mayRead = new ManualResetEventSlim(initialState: true);
        using (var consumer = Consume(broker, "large", prefetch: Taken))
        {
            ulong last = Expect(consumer, 0, Taken, false, Digits);
            mayRead.Reset();
            disk.OnRead = () =>
            {
                reading.TrySetResult();
                Assert.True(mayRead.Wait(Patience), "nobody let the reader go");
            };
            Settle(consumer, last);
            await reading.Task.WaitAsync(Patience);
            await broker.FlushAsync();
            await broker.TakeSnapshotAsync();
            mayRead.Set();
        }

        await broker.StopAsync();
        await broker.OpenAsync();
        using var again = Consume(broker, "large");
        Expect(again, Taken, Count, true, Digits);
    }

    private static void Fill(KeptBroker broker, string queue, int count, int digits = 1)
    {
        using var client = new KeptClient(broker);
        client.Declare(queue);
        foreach (int[] some in Enumerable.Range(0, count).Chunk(2000))
        {
            client.Publish(queue, [.. some.Select(number => Body(number, digits))]);
        }
    }

    private static string Body(int number, int digits) => number.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');

    private static KeptClient Consume(KeptBroker broker, string queue, int prefetch = 0)
    {
        var consumer = new KeptClient(broker, isConfirming: false);
        consumer.Raw.Send(1, new BasicQos { PrefetchCount = (ushort)prefetch });
        consumer.Raw.Expect(BasicQosOkView.MethodKey);
        consumer.Raw.Send(1, new BasicConsume { Queue = queue, ConsumerTag = "c" });
        consumer.Raw.Expect(BasicConsumeOkView.MethodKey);
        return consumer;
    }

    /// <summary>The next messages are those that were published with these numbers.</summary>
    private static ulong Expect(KeptClient consumer, int first, int end, bool isRedelivered, int digits = 1)
    {
        ulong tag = 0;
        for (int number = first; number < end; number++)
        {
            Assert.Equal(DecodeError.None, BasicDeliverView.TryParse(consumer.Raw.Expect(BasicDeliverView.MethodKey), out var delivery));
            (tag, bool was) = (delivery.DeliveryTag, delivery.Redelivered);
            Assert.Equal(Body(number, digits), Encoding.UTF8.GetString(consumer.Raw.ExpectContent()));
            Assert.Equal(isRedelivered, was);
        }

        return tag;
    }

    /// <summary>Comes back when the broker has taken the acknowledgement; what it delivers then is passed over.</summary>
    private static void Settle(KeptClient consumer, ulong tag)
    {
        consumer.Raw.Send(1, new BasicAck { DeliveryTag = tag, Multiple = true });
        consumer.Raw.Send(1, new ConfirmSelect());
        while (consumer.Raw.ReadFrame() is not ((byte)Constants.FrameMethod, _, { Length: >= 4 } payload) || BinaryPrimitives.ReadUInt32BigEndian(payload) != ConfirmSelectOkView.MethodKey)
        {
            // A delivery.
        }
    }
}
