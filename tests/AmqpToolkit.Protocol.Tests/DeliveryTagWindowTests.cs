using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Protocol.Tests;

public sealed class DeliveryTagWindowTests
{
    [Theory]
    [InlineData(1, 20)]
    [InlineData(2, 1000)]
    [InlineData(3, 5000)]
    [InlineData(4, 200)]
    public void Window_InARandomRun_AgreesWithASortedDictionary(int seed, int target)
    {
        var random = new Random(seed);
        var window = new DeliveryTagWindow<Entry>();
        var model = new SortedDictionary<ulong, Entry>();
        ulong next = 1;
        for (int step = 0; step < 40_000; step++)
        {
            switch (random.Next(model.Count < target ? 12 : 20))
            {
                case < 6:
                    for (int count = random.Next(1, 60); count > 0; count--)
                    {
                        var entry = new Entry(next * 3, $"e{next}");
                        Assert.Equal(next, window.Add(in entry));
                        model.Add(next++, entry);
                    }

                    break;

                case 6:
                    for (int count = random.Next(1, random.Next(4) == 0 ? 2000 : 4); count > 0; count--)
                    {
                        Assert.Equal(next++, window.Skip());
                    }

                    break;

                case 7 or 8:
                    RemoveOne(RandomTag());
                    break;

                case 9:
                    RemoveUpTo(RandomTag());
                    break;

                case 10 when random.Next(30) == 0:
                    var all = new List<Entry>();
                    window.RemoveAll(all);
                    Assert.Equal(model.Values, all);
                    model.Clear();
                    break;

                case 10 or 11:
                    var tags = new List<ulong>();
                    ulong upTo = random.Next(3) == 0 ? ulong.MaxValue : RandomTag();
                    window.CollectTags(upTo, tags);
                    Assert.Equal(model.Keys.Where(tag => tag <= upTo), tags);
                    break;

                default:
                    // In the order of the tags, as consumers mostly settle.
                    for (int count = random.Next(1, 100); count > 0 && model.Count > 0; count--)
                    {
                        RemoveOne(model.Keys.First());
                    }

                    break;
            }

            Assert.True(model.Count == window.Count, $"seed {seed}, step {step}: {window.Count} entries, not {model.Count}");
            Assert.Equal(next, window.NextTag);
            Assert.True(model.Count == 0 || window.LowestTag <= model.Keys.First(), $"seed {seed}, step {step}");
        }

        ulong RandomTag() => random.Next(8) switch
        {
            0 => 0,
            1 => next,
            2 => next + (ulong)random.Next(1, 1000),
            3 => ulong.MaxValue,
            4 when model.Count > 0 => model.Keys.First(),
            5 when model.Count > 0 => model.Keys.Last(),
            _ => (ulong)random.NextInt64((long)next),
        };

        void RemoveOne(ulong tag)
        {
            bool expected = model.Remove(tag, out var entry);
            Assert.Equal(expected, window.Contains(tag));
            Assert.True(window.TryRemove(tag, out var removed) == expected, $"seed {seed}: tag {tag}");
            Assert.Equal(entry, removed);
            Assert.False(window.Contains(tag));
        }

        void RemoveUpTo(ulong tag)
        {
            ulong[] keys = tag >= next ? [] : [.. model.Keys.TakeWhile(key => key <= tag)];
            var taken = new List<Entry>();
            Assert.True(window.TryRemoveUpTo(tag, taken) == keys.Length > 0, $"seed {seed}: up to {tag}");
            Assert.Equal(keys.Select(key => model[key]), taken);
            foreach (ulong key in keys)
            {
                model.Remove(key);
            }
        }
    }

    [Fact]
    public void TryRemove_OfTheSameTagTwice_FailsTheSecondTime()
    {
        var window = new DeliveryTagWindow<int>();
        window.Add(5);

        Assert.True(window.TryRemove(1, out int value));
        Assert.Equal(5, value);
        Assert.False(window.TryRemove(1, out _));
        Assert.False(window.TryRemove(0, out _));
        Assert.False(window.TryRemove(2, out _));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void TryPeekFrom_FindsEachEntryOnce_InOrder(int seed)
    {
        var random = new Random(seed);
        var window = new DeliveryTagWindow<int>();
        var left = new List<ulong>();
        for (int number = 0; number < 2000; number++)
        {
            ulong tag = window.Add(number);
            left.Add(tag);
            if (random.Next(50) == 0)
            {
                // A long row of tags of which nothing stays.
                for (int skipped = random.Next(1000); skipped > 0; skipped--)
                {
                    window.Skip();
                }
            }
        }

        left.RemoveAll(tag => random.Next(3) > 0 && window.TryRemove(tag, out _));

        var found = new List<ulong>();
        for (ulong from = 0; window.TryPeekFrom(from, out ulong tag, out int value); from = tag + 1)
        {
            Assert.True(window.TryPeek(tag, out int same) && same == value, $"seed {seed}: tag {tag}");
            found.Add(tag);
        }

        Assert.Equal(left, found);
    }

    [Fact]
    public void TryRemoveUpTo_ATagThatWasNotGivenOut_TakesNothing()
    {
        var window = new DeliveryTagWindow<int>();
        window.Add(5);
        var taken = new List<int>();

        Assert.False(window.TryRemoveUpTo(2, taken));
        Assert.False(window.TryRemoveUpTo(ulong.MaxValue, taken));

        Assert.Empty(taken);
        Assert.Equal(1, window.Count);
    }

    [Fact]
    public void Window_WithAFirstTagThatStays_TakesNoMoreMemoryForTenMillionBehindIt()
    {
        var window = new DeliveryTagWindow<Entry>();
        window.Add(new Entry(1, "stays"));
        Drive(window, 10_000);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Drive(window, 10_000_000);

        // Chunks are used again and again; what is left is what tells which chunks there are.
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 64 * 1024, $"{allocated} octets");
        Assert.True(window.TryRemove(1, out var first));
        Assert.Equal("stays", first.Text);

        static void Drive(DeliveryTagWindow<Entry> window, int count)
        {
            ulong first = window.NextTag;
            for (int number = 0; number < count; number++)
            {
                ulong tag = window.Add(new Entry(1, null));
                if (tag >= first + 300)
                {
                    window.TryRemove(tag - 300, out _);
                }
            }

            var taken = new List<Entry>(300);
            for (ulong tag = window.NextTag - 300; tag < window.NextTag; tag++)
            {
                Assert.True(window.TryRemove(tag, out _));
            }
        }
    }

    [Fact]
    public void Window_InSteadyState_AllocatesNothing()
    {
        var window = new DeliveryTagWindow<Entry>();
        for (int number = 0; number < 1000; number++)
        {
            window.Add(new Entry(1, null));
        }

        Drive();
        long before = GC.GetAllocatedBytesForCurrentThread();

        Drive();

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Drive()
        {
            for (int number = 0; number < 100_000; number++)
            {
                ulong tag = window.Add(new Entry(1, null));
                window.TryRemove(tag - 1000, out _);
            }
        }
    }

    private readonly record struct Entry(ulong Number, string? Text);
}
