using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker.Tests.Topology;

public class BindingTableTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Table_RandomChanges_HoldsWhatASetHolds(int seed)
    {
        var random = new Random(seed);
        var topology = new TestTopology();
        Exchange source = topology.Exchange("amq.direct");
        BindingDestination[] destinations = [topology.DeclareQueue("q"), topology.DeclareQueue("r")];
        BindingTable table = default;
        var expected = new Dictionary<(int Destination, int Key), Binding>();
        for (int round = 0; round < 30_000; round++)
        {
            int range = 1 + (round / 50 % 500);
            (int Destination, int Key) identity = (random.Next(2), random.Next(range));
            var like = new Binding(source, destinations[identity.Destination], BitConverter.GetBytes(identity.Key), []);
            Assert.True(ReferenceEquals(expected.GetValueOrDefault(identity), table.Find(like)), $"seed {seed}, round {round}");
            if (expected.Remove(identity, out Binding? known))
            {
                table.Remove(known);
            }
            else
            {
                expected.Add(identity, like);
                table.Add(like);
            }

            Assert.Equal(expected.Count, table.Count);
        }

        Assert.Equal(expected.Values.ToHashSet(), table.Bindings().ToHashSet());
        table.TakeAll();
        Assert.Equal(0, table.Count);
        Assert.Empty(table.Bindings());
    }
}
