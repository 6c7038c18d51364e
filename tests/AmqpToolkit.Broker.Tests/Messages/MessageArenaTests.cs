using AmqpToolkit.Broker.Messages;

namespace AmqpToolkit.Broker.Tests.Messages;

public sealed class MessageArenaTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(24)]
    [InlineData(41)]
    [InlineData(1000)]
    [InlineData(65_535)]
    [InlineData(300_000)]
    public void Store_OfAnySize_ReadsBackTheSame(int bodyOctets)
    {
        var arena = new MessageArena();
        byte[] body = new byte[bodyOctets];
        new Random(bodyOctets).NextBytes(body);

        var message = arena.Store(new MessageContent { Exchange = "ex"u8, RoutingKey = "key"u8, Properties = [0, 0], Body = body, Flags = MessageFlags.Persistent });
        var content = arena.Read(message);

        Assert.Equal("ex"u8.ToArray(), content.Exchange.ToArray());
        Assert.Equal("key"u8.ToArray(), content.RoutingKey.ToArray());
        Assert.Equal([0, 0], content.Properties.ToArray());
        Assert.Equal(body, content.Body.ToArray());
        Assert.Equal(MessageFlags.Persistent, content.Flags);
        arena.Release(message);
    }

    [Fact]
    public void SlotSizes_ForEveryLength_HoldIt()
    {
        for (int octets = 1; octets <= SlotSizes.MaxOctets; octets += octets < 2000 ? 1 : 97)
        {
            byte sizeClass = SlotSizes.ClassOf(octets);
            Assert.True(SlotSizes.OctetsOf(sizeClass) >= octets, $"{octets} octets do not fit class {sizeClass}");
            Assert.True(sizeClass == 0 || SlotSizes.OctetsOf(sizeClass - 1) < octets, $"{octets} octets fit the class below {sizeClass}");
        }

        Assert.Equal(SlotSizes.OwnSlab, SlotSizes.ClassOf(SlotSizes.MaxOctets + 1));
    }

    [Fact]
    public void Release_OfEverything_MakesTheSlotsFreeAgain()
    {
        var arena = new MessageArena();
        StoreAndRelease(arena, 100_000);
        long reserved = arena.ReservedOctets;

        StoreAndRelease(arena, 100_000);

        Assert.Equal(reserved, arena.ReservedOctets);
    }

    [Fact]
    public void Trim_AfterABacklog_GivesTheSlabsBack()
    {
        var arena = new MessageArena();
        StoreAndRelease(arena, 200_000);
        long before = arena.ReservedOctets;

        arena.Trim();

        Assert.True(before > 8_000_000, $"{before} octets");
        Assert.True(arena.ReservedOctets <= 2_000_000, $"{arena.ReservedOctets} octets of {before} are still reserved");
        StoreAndRelease(arena, 1000);
    }

    [Fact]
    public void Retain_KeepsTheMessageUntilTheLastRelease()
    {
        var arena = new MessageArena();
        var message = Store(arena, 7);
        arena.Retain(message, 2);
        arena.Release(message);
        arena.Release(message);

        Assert.Equal(7, arena.Read(message).Body[0]);
        arena.Release(message);
    }

    [Fact]
    public void InUseOctets_AfterManyThreads_CountWhatIsHeld()
    {
        var arena = new MessageArena();
        var held = new MessageRef[8][];
        Parallel.For(0, held.Length, index =>
        {
            held[index] = [.. Enumerable.Range(0, 20_000).Select(number => Store(arena, (byte)number))];
        });
        long full = arena.InUseOctets;
        Parallel.For(0, held.Length, index =>
        {
            foreach (var message in held[index])
            {
                arena.Release(message);
            }
        });

        // A thread keeps up to 64 KiB of its count to itself.
        const int Untold = 64 * 1024;
        Assert.InRange(full, (8 * 20_000 * 48) - (8 * Untold), (8 * 20_000 * 48) + (8 * Untold));
        Assert.InRange(arena.InUseOctets, -16 * Untold, 16 * Untold);
    }

    private static void StoreAndRelease(MessageArena arena, int count)
    {
        var messages = new MessageRef[count];
        for (int index = 0; index < count; index++)
        {
            messages[index] = Store(arena, (byte)index);
        }

        for (int index = 0; index < count; index++)
        {
            Assert.Equal((byte)index, arena.Read(messages[index]).Body[0]);
            arena.Release(messages[index]);
        }
    }

    private static MessageRef Store(MessageArena arena, byte octet) =>
        arena.Store(new MessageContent { Exchange = [], RoutingKey = "q"u8, Properties = [0, 0], Body = [octet, 1, 2, 3] });
}
