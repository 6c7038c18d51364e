using System.Text;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Tests.Topology;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Queues;

/// <summary>What a queue and a waiting message cost. Nothing runs beside: the whole process is measured.</summary>
[Collection(nameof(QueueMemoryTests))]
[CollectionDefinition(nameof(QueueMemoryTests), DisableParallelization = true)]
public sealed class QueueMemoryTests
{
    private const int Count = 20_000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Queue_ThatIsEmpty_TakesLessThanTwoKibibytes(bool doesMore)
    {
        using var host = new ExtendedQueue();
        var arguments = doesMore
            ? TestTopology.Arguments(("x-message-ttl", 60_000), ("x-dead-letter-exchange", "dlx"), ("x-max-length", 10), ("x-expires", 3_600_000), ("x-max-priority", 10))
            : default;
        byte[][] names = [.. Enumerable.Range(0, Count).Select(number => Encoding.UTF8.GetBytes($"queue-{number}"))];
        long before = GC.GetTotalMemory(forceFullCollection: true);

        foreach (byte[] name in names)
        {
            Assert.Null(host.VirtualHost.DeclareQueue(name, false, false, false, false, arguments.View, host, out _));
        }

        long octets = (GC.GetTotalMemory(forceFullCollection: true) - before) / Count;
        GC.KeepAlive(host);
        GC.KeepAlive(names);
        Assert.True(octets <= 2048, $"{octets} octets a queue");
    }

    [Fact]
    public void Message_WithATime_TakesNoMoreThanOneWithout()
    {
        using var host = new ExtendedQueue();
        string[] bodies = [.. Enumerable.Repeat("body", 4000)];
        long plain = ListOctetsOf(host, host.Declare("plain"), bodies);

        long timed = ListOctetsOf(host, host.Declare("timed", ("x-message-ttl", 60_000)), bodies);

        Assert.Equal(plain, timed);
        Assert.True(plain <= bodies.Length * 10, $"{plain} octets for {bodies.Length} messages");
    }

    private static long ListOctetsOf(ExtendedQueue host, MessageQueue queue, string[] bodies)
    {
        long before = host.Arena.ListOctets;
        host.Publish(queue, default(BasicProperties), bodies);
        return host.Arena.ListOctets - before;
    }
}
