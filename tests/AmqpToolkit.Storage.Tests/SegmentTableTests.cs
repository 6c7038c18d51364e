using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Tests;

public sealed class SegmentTableTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Table_AfterAnyChanges_HasWhatASortedDictionaryHas(int seed)
    {
        var random = new Random(seed);
        var expected = new SortedDictionary<uint, string>();
        var table = new SegmentTable<string>();
        for (int step = 0; step < 2000; step++)
        {
            uint number = (uint)random.Next(60);
            string value = $"{seed}.{step}";
            switch (random.Next(4))
            {
                case 0:
                    Assert.Equal(expected.Remove(number), table.Remove(number));
                    break;
                case 1:
                    expected[number] = table[number] = value;
                    break;
                case 2 when expected.TryAdd(number, value):
                    table.Add(number, value);
                    break;
                case 2:
                    Assert.Throws<ArgumentException>(() => table.Add(number, value));
                    break;
                default:
                    Assert.Equal(expected.TryGetValue(number, out string? known), table.TryGetValue(number, out string found));
                    Assert.Equal(known, found);
                    Assert.Equal(known is not null, table.ContainsKey(number));
                    break;
            }

            Assert.Equal(expected.Keys, table.Numbers.ToArray());
            Assert.Equal(expected.Values, table.Values.ToArray());
            Assert.Equal(expected.Count, table.Count);
        }
    }

    [Fact]
    public void Table_ThatIsCleared_HasNothing()
    {
        var table = new SegmentTable<int>();
        table.Add(7, 1);
        table.Clear();

        Assert.Equal(0, table.Count);
        Assert.True(table.Numbers.IsEmpty && table.Values.IsEmpty);
        Assert.Throws<KeyNotFoundException>(() => table[7]);
        table.Add(7, 2);
        Assert.Equal(2, table[7]);
    }
}
