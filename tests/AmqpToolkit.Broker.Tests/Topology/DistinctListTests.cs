using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker.Tests.Topology;

public class DistinctListTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void List_RandomItems_KeepsEachOnceInOrder(int seed)
    {
        var random = new Random(seed);
        object[] items = [.. Enumerable.Range(0, 2_000).Select(static _ => new object())];
        DistinctList<object> list = default;
        for (int round = 0; round < 200; round++)
        {
            var expected = new List<object>();
            int most = 1 + random.Next(round % 7 == 0 ? items.Length : 40);
            for (int added = 0; added < most * 2; added++)
            {
                object item = items[random.Next(most)];
                bool isNew = !expected.Contains(item);
                Assert.Equal(isNew, list.Add(item));
                if (isNew)
                {
                    expected.Add(item);
                }
            }

            Assert.True(expected.SequenceEqual(list.Items.ToArray()), $"seed {seed}, round {round}");
            list.Clear();
            Assert.Equal(0, list.Count);
        }
    }
}
