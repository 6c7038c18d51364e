using System.Text;
using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker.Tests.Topology;

public class Utf8TableTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Table_RandomChanges_HoldsWhatADictionaryHolds(int seed)
    {
        var random = new Random(seed);
        var table = new Utf8Table<Entry>();
        var expected = new Dictionary<string, Entry>();
        for (int round = 0; round < 50_000; round++)
        {
            int range = 1 + (round / 50 % 1_000);
            string key = new('k', random.Next(3));
            key += random.Next(range);
            if (expected.Remove(key, out Entry? known))
            {
                Assert.True(table.Remove(known), $"seed {seed}, round {round}");
                Assert.False(table.Remove(known));
            }
            else
            {
                expected.Add(key, known = new Entry(key));
                table.Add(known);
            }

            Assert.Equal(expected.Count, table.Count);
            string asked = random.Next(range).ToString();
            Assert.Same(expected.GetValueOrDefault(asked), table.Find(Encoding.UTF8.GetBytes(asked)));
        }

        Assert.Equal(expected.Values.ToHashSet(), table.Entries().ToHashSet());
    }

    [Fact]
    public void Table_KeyOfNoOctets_IsAKey()
    {
        var table = new Utf8Table<Entry>();
        Assert.Null(table.Find([]));
        var empty = new Entry("");
        table.Add(empty);
        Assert.Same(empty, table.Find([]));
        table.Add(new Entry("a"));
        Assert.True(table.Remove(empty));
        Assert.Null(table.Find([]));
    }

    [Fact]
    public void Hash_NamesThatDifferInLittle_SpreadOverTheTable()
    {
        const int names = 1 << 16;
        foreach (string form in (string[])["{0}", "queue-{0:D8}", "{0:D5}.device.temperature.reading", "sensors.{0:X4}.x"])
        {
            var low = new HashSet<int>();
            var all = new HashSet<int>();
            for (int number = 0; number < names; number++)
            {
                int hash = Utf8Hash.Of(Encoding.UTF8.GetBytes(string.Format(form, number)));
                low.Add(hash & (names - 1));
                all.Add(hash);
            }

            // Thrown at random, 63 % of the places are hit, and next to no two hashes are the same.
            Assert.InRange(low.Count, names * 0.61, names * 0.66);
            Assert.InRange(all.Count, names - 8, names);
        }
    }

    [Fact]
    public void Hash_EachLength_CountsEachOctet()
    {
        for (int length = 1; length <= 40; length++)
        {
            byte[] key = new byte[length];
            var seen = new HashSet<int> { Utf8Hash.Of(key) };
            for (int index = 0; index < length; index++)
            {
                key[index] = 1;
                Assert.True(seen.Add(Utf8Hash.Of(key)), $"octet {index} of {length}");
                key[index] = 0;
            }
        }
    }

    private sealed class Entry(string key) : Utf8Entry(Encoding.UTF8.GetBytes(key));
}
