using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec;
using static AmqpToolkit.Broker.Tests.Topology.ExchangeDeclarationTests;

namespace AmqpToolkit.Broker.Tests.Topology;

/// <summary>Deleting queues that have messages or consumers.</summary>
public class QueueDeletionTests
{
    private readonly TestTopology _topology = new();
    private readonly Turn _turn = new();

    [Fact]
    public void DeleteQueue_IfUnusedWithConsumer_IsRefused()
    {
        MessageQueue queue = _topology.DeclareQueue("q");
        Consume(queue);

        AssertError(
            _topology.VirtualHost.DeleteQueue("q"u8, true, true, _topology.Connection, out _, out MessageQueue? deleted),
            ErrorScope.Channel,
            "PRECONDITION_FAILED - queue 'q' in vhost '/' in use");
        Assert.Null(deleted);
        Assert.False(queue.IsDeleted);
        Assert.True(_topology.HasQueue("q"));
    }

    [Fact]
    public void DeleteQueue_IfEmptyWithMessage_IsRefused()
    {
        MessageQueue queue = _topology.DeclareQueue("q");
        Publish(queue);

        AssertError(
            _topology.VirtualHost.DeleteQueue("q"u8, true, true, _topology.Connection, out _, out _),
            ErrorScope.Channel,
            "PRECONDITION_FAILED - queue 'q' in vhost '/' not empty");
        Assert.True(_topology.HasQueue("q"));
    }

    [Fact]
    public void DeleteQueue_WithMessagesAndConsumer_CountsTheMessages()
    {
        MessageQueue queue = _topology.DeclareQueue("q");
        Publish(queue);
        Publish(queue);
        Consume(queue);

        Assert.Null(_topology.VirtualHost.DeleteQueue("q"u8, false, false, _topology.Connection, out uint count, out MessageQueue? deleted));

        Assert.Equal(2u, count);
        Assert.Same(queue, deleted);
    }

    [Fact]
    public void DeleteQueueIfUnused_AnotherConsumerCame_LeavesIt()
    {
        MessageQueue queue = _topology.DeclareQueue("q");
        ScriptedConsumer consumer = Consume(queue);

        Assert.False(_topology.VirtualHost.DeleteQueueIfUnused(queue));
        queue.RemoveConsumer(consumer, new Turn());
        Assert.True(_topology.VirtualHost.DeleteQueueIfUnused(queue));
        Assert.False(_topology.HasQueue("q"));
    }

    [Fact]
    public async Task DeleteQueueIfUnused_BesideConsumersThatComeAndGo_NeverTakesAQueueInUse()
    {
        for (int round = 0; round < 5_000; round++)
        {
            MessageQueue queue = _topology.DeclareQueue("q");
            Task<bool> deletion = Task.Run(() => _topology.VirtualHost.DeleteQueueIfUnused(queue));
            bool isAdded = queue.TryAddConsumer(new ScriptedConsumer(queue), _turn, static _ => { });

            Assert.NotEqual(isAdded, await deletion);
            Assert.Equal(isAdded, _topology.HasQueue("q"));
            _topology.DeleteQueue("q");
        }
    }

    private ScriptedConsumer Consume(MessageQueue queue)
    {
        var consumer = new ScriptedConsumer(queue);
        Assert.True(queue.TryAddConsumer(consumer, _turn, static _ => { }));
        return consumer;
    }

    private void Publish(MessageQueue queue)
    {
        var batch = new IncomingBatch(_topology.VirtualHost.Arena);
        batch.Begin(new byte[2]);
        batch.Add(0, 2, 2, 0, MessageFlags.None);
        queue.Publish(batch, isLastQueue: true, _turn);
        batch.Clear();
    }

    /// <summary>A consumer without credit.</summary>
    private sealed class ScriptedConsumer(MessageQueue queue) : Consumer(queue)
    {
        public override bool IsExclusive => false;

        public override bool Take(ref DeliveryRun run, Turn turn) => false;

        public override void HandleQueueDeleted(Turn turn) => throw new InvalidOperationException("nobody finishes a deletion here");
    }
}
