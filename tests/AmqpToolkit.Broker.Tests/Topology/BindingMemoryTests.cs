using AmqpToolkit.Broker.Queues;

namespace AmqpToolkit.Broker.Tests.Topology;

/// <summary>What a binding costs. Nothing runs beside: the whole process is measured.</summary>
[Collection(nameof(BindingMemoryTests))]
[CollectionDefinition(nameof(BindingMemoryTests), DisableParallelization = true)]
public sealed class BindingMemoryTests
{
    private const int Count = 50_000;

    /// <summary>With a million the tables are as full as with these; what a process takes beyond its objects is some tenth.</summary>
    [Theory]
    [InlineData("amq.direct", "region.{0}.order", 230)]
    [InlineData("amq.topic", "region.{0}.order.*", 260)]
    [InlineData("amq.topic", "region.{0}.#", 260)]
    public void Binding_OfAKeyOfItsOwn_TakesLittle(string exchange, string key, long most)
    {
        var topology = new TestTopology();
        MessageQueue queue = topology.DeclareQueue("q");
        long before = GC.GetTotalMemory(forceFullCollection: true);

        for (int number = 0; number < Count; number++)
        {
            Assert.Null(topology.BindQueue("q", exchange, string.Format(System.Globalization.CultureInfo.InvariantCulture, key, 1_000_000 + number)));
        }

        long octets = (GC.GetTotalMemory(forceFullCollection: true) - before) / Count;
        GC.KeepAlive(topology);
        GC.KeepAlive(queue);
        Assert.True(octets <= most, $"{octets} octets a binding");
    }
}
