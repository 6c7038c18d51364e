using System.Buffers.Binary;
using System.Text;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Durability;

/// <summary>A disk that has less room than it should: publishers wait and hear why, consumers go on.</summary>
public sealed class DiskWatermarkTests
{
    private static readonly BasicProperties Persistent = new() { DeliveryMode = 2 };

    [Fact]
    public async Task LowDisk_HoldsPublishersBack_ConsumersGoOn_AndNothingIsLost()
    {
        ManualDisk disk = null!;
        var time = new ManualTimeProvider();
        await using var broker = await KeptBroker.StartAsync(time, folder => disk = new ManualDisk(folder));
        using var publisher = new KeptClient(broker, takesBlocked: true);
        using var consumer = new KeptClient(broker);
        publisher.Declare("q");
        publisher.Publish("q", "a", "b");
        disk.Free = 49_999_999;
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(broker.Broker.Store!.HoldsPublishers);

        // What is read already counts, and is confirmed, before or after the word; the next is not read.
        publisher.Send("", "q", Persistent, "c");
        var (_, _, first) = publisher.Raw.ReadFrame();
        var (_, _, second) = publisher.Raw.ReadFrame();
        bool isBlockedFirst = BinaryPrimitives.ReadUInt32BigEndian(first) == ConnectionBlockedView.MethodKey;
        Assert.Equal(BasicAckView.MethodKey, BinaryPrimitives.ReadUInt32BigEndian(isBlockedFirst ? second : first));
        Assert.Equal(Codec.DecodeError.None, ConnectionBlockedView.TryParse((isBlockedFirst ? first : second).AsSpan(4), out var blocked));
        Assert.Equal("low on disk", Encoding.UTF8.GetString(blocked.Reason));
        publisher.Send("", "q", Persistent, "d");
        Assert.Equal(["a", "b", "c"], consumer.Drain("q"));
        Assert.Null(consumer.Get("q"));

        disk.Free = 52_500_000;
        time.Advance(TimeSpan.FromSeconds(1));
        publisher.Raw.Expect(ConnectionUnblockedView.MethodKey);
        publisher.Raw.Expect(BasicAckView.MethodKey);
        Assert.Equal(["d"], consumer.Drain("q"));
    }

    [Fact]
    public async Task LowDisk_AtTheStart_IsNoticedAtOnce()
    {
        await using var broker = await KeptBroker.StartAsync(files: folder => new ManualDisk(folder) { Free = 1 });
        Assert.True(broker.Broker.Store!.HoldsPublishers);
    }
}
