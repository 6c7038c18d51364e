using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Tests.Topology;
using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker.Tests.Queues;

public sealed class MessageQueueTests
{
    private readonly TestTopology _topology = new();
    private readonly MessageQueue _queue;
    private readonly MessageArena _arena;
    private readonly NumberPublisher _publisher;

    public MessageQueueTests()
    {
        _queue = _topology.DeclareQueue("q");
        _arena = _topology.VirtualHost.Arena;
        _publisher = new NumberPublisher(_arena);
    }

    private Turn Turn => _publisher.Turn;

    [Fact]
    public void Publish_WithoutAConsumer_KeepsTheOrder()
    {
        _publisher.Publish(_queue, 1, 2);
        _publisher.Publish(_queue, 3);
        Assert.Equal(3u, _queue.ReadyCount);

        var consumer = Add(new ScriptedConsumer(_queue, noAck: true));
        _publisher.Publish(_queue, 4, 5);

        Assert.Equal([1, 2, 3, 4, 5], consumer.Taken);
        Assert.Empty(consumer.Redelivered);
        Assert.Equal(0u, _queue.ReadyCount);
        Assert.Equal(0, NumberPublisher.InUse(_arena));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void Publish_WithSeveralConsumers_GoesRound(int perBatch)
    {
        ScriptedConsumer[] consumers = [Add(new(_queue)), Add(new(_queue)), Add(new(_queue))];
        int[] numbers = [.. Enumerable.Range(0, 21)];
        foreach (int[] batch in numbers.Chunk(perBatch))
        {
            _publisher.Publish(_queue, batch);
        }

        for (int index = 0; index < 3; index++)
        {
            Assert.Equal(numbers.Where(number => number % 3 == index), consumers[index].Taken);
        }
    }

    [Fact]
    public void Backlog_WithSeveralConsumers_GoesRound()
    {
        ScriptedConsumer[] consumers = [Add(new(_queue) { IsFull = true }), Add(new(_queue) { IsFull = true })];
        _publisher.Publish(_queue, 1, 2, 3, 4, 5, 6);
        Array.ForEach(consumers, consumer => consumer.IsFull = false);

        // The first one back gets all: nobody else has asked yet.
        _queue.Resume(consumers[1], Turn);
        _queue.Resume(consumers[0], Turn);
        _publisher.Publish(_queue, 7, 8);

        Assert.Equal(7, consumers[1].Taken.Count);
        Assert.Equal([8], consumers[0].Taken);
    }

    [Fact]
    public void Publish_ToAFullConsumerAndAnother_GoesToTheOther()
    {
        var full = Add(new ScriptedConsumer(_queue) { IsFull = true });
        var other = Add(new ScriptedConsumer(_queue));

        _publisher.Publish(_queue, 1, 2, 3);

        Assert.Empty(full.Taken);
        Assert.Equal([1, 2, 3], other.Taken);
    }

    [Fact]
    public void Prefetch_HoldsDeliveriesBack_UntilSomeAreSettled()
    {
        var consumer = Add(new ScriptedConsumer(_queue, prefetch: 2));
        _publisher.Publish(_queue, 1, 2, 3, 4, 5);
        Assert.Equal([1, 2], consumer.Taken);
        Assert.Equal(3u, _queue.ReadyCount);

        consumer.Settle(2, Outcome.Accept, Turn);
        Assert.Equal([1, 2, 3], consumer.Taken);
        consumer.SettleAll(Outcome.Accept, Turn);

        Assert.Equal([1, 2, 3, 4, 5], consumer.Taken);
        Assert.Equal(2, consumer.UnsettledCount);
    }

    [Theory]
    [InlineData((int)Outcome.Release, 0)]
    [InlineData((int)Outcome.Fail, 1)]
    [InlineData((int)Outcome.UndeliverableHere, 1)]
    public void Settle_ThatGivesBack_PutsTheMessageInItsPlace(int outcome, int deliveryCount)
    {
        var consumer = Add(new ScriptedConsumer(_queue, prefetch: 5));
        _publisher.Publish(_queue, 1, 2, 3, 4, 5, 6, 7);
        _queue.RemoveConsumer(consumer, Turn);

        consumer.Settle(4, (Outcome)outcome, Turn);
        consumer.Settle(2, (Outcome)outcome, Turn);
        consumer.Settle(5, Outcome.Accept, Turn);

        var got = new List<int>();
        while (_queue.TryGet(out var message, out _))
        {
            int number = BitConverter.ToInt32(_arena.Read(message.Message).Body);
            got.Add(number);
            Assert.Equal(number < 6, message.Redelivered);
            Assert.Equal(number < 6 ? deliveryCount : 0, message.DeliveryCount);
            _arena.Release(message.Message);
        }

        Assert.Equal([2, 4, 6, 7], got);
    }

    [Theory]
    [InlineData((int)Outcome.Accept)]
    [InlineData((int)Outcome.Reject)]
    public void Settle_ThatEndsAMessage_GivesItsMemoryBack(int outcome)
    {
        var consumer = Add(new ScriptedConsumer(_queue));
        _publisher.Publish(_queue, 1, 2, 3);
        Assert.True(NumberPublisher.InUse(_arena) > 0);

        consumer.SettleAll((Outcome)outcome, Turn);

        Assert.Equal(0, NumberPublisher.InUse(_arena));
        Assert.Equal(0u, _queue.ReadyCount);
    }

    [Fact]
    public void Settle_ByAConsumerThatIsGone_GivesBackToTheOthers()
    {
        var gone = Add(new ScriptedConsumer(_queue));
        _publisher.Publish(_queue, 1, 2, 3);
        _queue.RemoveConsumer(gone, Turn);
        var next = Add(new ScriptedConsumer(_queue));
        _publisher.Publish(_queue, 4);

        gone.SettleAll(Outcome.Release, Turn);

        Assert.Equal([4, 1, 2, 3], next.Taken);
        Assert.Equal([1, 2, 3], next.Redelivered);
        Assert.Equal([1, 2, 3], gone.Taken);
    }

    [Fact]
    public void TryGet_TakesTheOldest_AndTellsWhatIsLeft()
    {
        Assert.False(_queue.TryGet(out _, out uint left));
        Assert.Equal(0u, left);
        _publisher.Publish(_queue, 1, 2, 3);

        Assert.True(_queue.TryGet(out var message, out left));

        Assert.Equal(2u, left);
        Assert.Equal(1, BitConverter.ToInt32(_arena.Read(message.Message).Body));
        _queue.Settle([new Unsettled(_queue, null, message)], Outcome.Release, Turn);
        Assert.Equal(3u, _queue.ReadyCount);
        Assert.True(_queue.TryGet(out message, out _));
        Assert.True(message.Redelivered);
        _arena.Release(message.Message);
    }

    [Fact]
    public void Purge_DropsWhatWaits_AndLeavesWhatIsOut()
    {
        var consumer = Add(new ScriptedConsumer(_queue, prefetch: 3));
        _publisher.Publish(_queue, 1, 2, 3, 4, 5);
        consumer.IsFull = true;
        consumer.Settle(2, Outcome.Release, Turn);

        Assert.Equal(3u, _queue.Purge());
        Assert.Equal(0u, _queue.Purge());

        consumer.IsFull = false;
        consumer.Settle(1, Outcome.Release, Turn);
        Assert.Equal([1, 2, 3, 1], consumer.Taken);
        consumer.SettleAll(Outcome.Accept, Turn);
        Assert.Equal(0, NumberPublisher.InUse(_arena));
    }

    [Fact]
    public void TryAddConsumer_Exclusive_StandsAloneOrNotAtAll()
    {
        var first = Add(new ScriptedConsumer(_queue));
        Assert.False(TryAdd(new ScriptedConsumer(_queue, isExclusive: true)));
        _queue.RemoveConsumer(first, Turn);
        var exclusive = new ScriptedConsumer(_queue, isExclusive: true);
        Assert.True(TryAdd(exclusive));

        Assert.False(TryAdd(new ScriptedConsumer(_queue)));
        Assert.False(TryAdd(new ScriptedConsumer(_queue, isExclusive: true)));
        _queue.RemoveConsumer(exclusive, Turn);

        Assert.True(TryAdd(new ScriptedConsumer(_queue)));
        Assert.Equal(1u, _queue.ConsumerCount);
    }

    [Fact]
    public void TryAddConsumer_ToABacklog_TellsTheClientBeforeTheFirstDelivery()
    {
        _publisher.Publish(_queue, 1);
        var consumer = new ScriptedConsumer(_queue);
        int takenWhenTold = -1;

        Assert.True(_queue.TryAddConsumer(consumer, Turn, _ => takenWhenTold = consumer.Taken.Count));

        Assert.Equal(0, takenWhenTold);
        Assert.Equal([1], consumer.Taken);
    }

    [Fact]
    public void RemoveConsumer_StopsDeliveries_Once()
    {
        var consumer = Add(new ScriptedConsumer(_queue));
        _publisher.Publish(_queue, 1);
        Assert.False(_queue.RemoveConsumer(consumer, Turn));
        Assert.False(_queue.RemoveConsumer(consumer, Turn));

        _publisher.Publish(_queue, 2);
        _queue.Resume(consumer, Turn);
        consumer.Settle(1, Outcome.Accept, Turn);

        Assert.Equal([1], consumer.Taken);
        Assert.Equal(0u, _queue.ConsumerCount);
        Assert.Equal(1u, _queue.ReadyCount);
    }

    [Fact]
    public void RemoveConsumer_OfTheLastOnAnAutoDeleteQueue_SaysSo()
    {
        Assert.Null(_topology.TryDeclareQueue("auto", autoDelete: true));
        var queue = _topology.VirtualHost.FindQueue("auto"u8)!;
        Assert.False(queue.IsAbandoned);
        var first = new ScriptedConsumer(queue);
        var second = new ScriptedConsumer(queue);
        Assert.True(queue.TryAddConsumer(first, Turn, _ => { }));
        Assert.True(queue.TryAddConsumer(second, Turn, _ => { }));

        Assert.False(queue.RemoveConsumer(first, Turn));
        Assert.False(queue.IsAbandoned);
        Assert.True(queue.RemoveConsumer(second, Turn));
        Assert.True(queue.IsAbandoned);
        Assert.True(_topology.VirtualHost.DeleteQueueIfUnused(queue));
        Assert.False(_topology.VirtualHost.DeleteQueueIfUnused(queue));
    }

    [Fact]
    public void TryClose_WithAConditionAgainstIt_ChangesNothing()
    {
        _publisher.Publish(_queue, 1);
        Assert.Equal(QueueCloseOutcome.NotEmpty, _queue.TryClose(ifUnused: false, ifEmpty: true, out uint count));
        Assert.Equal(1u, count);
        var consumer = Add(new ScriptedConsumer(_queue));
        Assert.Equal(QueueCloseOutcome.InUse, _queue.TryClose(ifUnused: true, ifEmpty: true, out _));

        _publisher.Publish(_queue, 2);

        Assert.Equal([1, 2], consumer.Taken);
        Assert.False(_queue.IsDeleted);
    }

    [Theory]
    [InlineData((int)Outcome.Accept)]
    [InlineData((int)Outcome.Release)]
    [InlineData((int)Outcome.Fail)]
    [InlineData((int)Outcome.Reject)]
    [InlineData((int)Outcome.UndeliverableHere)]
    public void TryClose_WithConsumersAndUnsettledDeliveries_GivesEverythingBack(int outcome)
    {
        ScriptedConsumer[] consumers = [Add(new(_queue, prefetch: 2)), Add(new(_queue, prefetch: 3))];
        _publisher.Publish(_queue, 1, 2, 3, 4, 5, 6, 7, 8);
        _publisher.PublishLarge([_queue], 500_000);
        consumers[0].Settle(consumers[0].Taken[0], Outcome.Release, Turn);
        bool isFree = false;
        consumers[0].OnQueueDeleted = () => isFree = Task.Run(() => _queue.ReadyCount).Wait(TimeSpan.FromSeconds(60));

        Assert.Equal(QueueCloseOutcome.Closed, _queue.TryClose(ifUnused: false, ifEmpty: false, out uint count));
        _queue.FinishClose(Turn);
        _queue.FinishClose(Turn);

        Assert.Equal(4u, count);
        Assert.True(isFree, "the queue's lock was held");
        Assert.All(consumers, consumer => Assert.Equal(1, consumer.Deletions));
        int[] taken = [.. consumers.Select(consumer => consumer.Taken.Count)];
        Array.ForEach(consumers, consumer => consumer.SettleAll((Outcome)outcome, Turn));
        _publisher.Publish(_queue, 10);
        Array.ForEach(consumers, consumer => _queue.Resume(consumer, Turn));
        Assert.Equal(taken, consumers.Select(consumer => consumer.Taken.Count));
        Assert.False(_queue.TryGet(out _, out _));
        Assert.False(TryAdd(new ScriptedConsumer(_queue)));
        Assert.Equal(0u, _queue.ReadyCount);
        Assert.Equal(0, NumberPublisher.InUse(_arena));
    }

    [Fact]
    public void Publish_ToSeveralQueues_StoresTheMessageOnce()
    {
        MessageQueue[] queues = [_queue, _topology.DeclareQueue("r"), _topology.DeclareQueue("s")];
        _publisher.Publish([_queue], [1, 2, 3]);
        long forOne = NumberPublisher.InUse(_arena);
        _queue.Purge();
        Assert.Equal(0, NumberPublisher.InUse(_arena));

        _publisher.Publish(queues, [1, 2, 3]);

        Assert.Equal(forOne, NumberPublisher.InUse(_arena));
        queues[0].Purge();
        queues[2].Purge();
        Assert.Equal(forOne, NumberPublisher.InUse(_arena));
        Assert.Equal(3u, queues[1].Purge());
        Assert.Equal(0, NumberPublisher.InUse(_arena));
    }

    [Theory]
    [InlineData(64 * 1024)]
    [InlineData(1_000_000)]
    public void Publish_OfALargeBody_GivesItsChunksBackWithTheLastReference(int octets)
    {
        MessageQueue[] queues = [_queue, _topology.DeclareQueue("r")];
        _publisher.PublishLarge(queues, octets);
        Assert.True(NumberPublisher.InUse(_arena) > octets);
        Assert.Equal(1u, queues[0].Purge());
        Assert.True(NumberPublisher.InUse(_arena) > octets);

        Assert.Equal(1u, queues[1].Purge());

        Assert.Equal(0, NumberPublisher.InUse(_arena));
    }

    [Theory]
    [InlineData(11, 1)]
    [InlineData(12, 3)]
    [InlineData(13, 6)]
    [InlineData(14, 12)]
    public void Queue_InARandomRun_AgreesWithANaiveList(int seed, int batchLength)
    {
        var random = new Random(seed);
        var waiting = new SortedSet<int>();
        var handedOut = new HashSet<int>();
        var consumers = new List<ScriptedConsumer>();
        var former = new List<ScriptedConsumer>();
        var got = new List<(int Number, Unsettled Delivery)>();
        int next = 0;
        int ended = 0;
        for (int step = 0; step < 20_000; step++)
        {
            switch (random.Next(14))
            {
                case < 4:
                    int[] numbers = [.. Enumerable.Range(next, random.Next(1, batchLength + 1))];
                    next += numbers.Length;
                    waiting.UnionWith(numbers);
                    _publisher.Publish(_queue, numbers);
                    break;

                case < 9 when Holders().ToArray() is { Length: > 0 } holders:
                    SettleSome(holders[random.Next(holders.Length)]);
                    break;

                case 9 when consumers.Count < 4:
                    bool noAck = random.Next(6) == 0;
                    var added = new ScriptedConsumer(_queue, random.Next(6), noAck);
                    added.OnTake = (number, isRedelivered) =>
                    {
                        Assert.True(waiting.Min == number, $"seed {seed}, step {step}: {number} was delivered before {waiting.Min}");
                        Assert.Equal(handedOut.Contains(number), isRedelivered);
                        waiting.Remove(number);
                        handedOut.Add(number);
                        ended += noAck ? 1 : 0;
                    };
                    consumers.Add(Add(added));
                    break;

                case 10 when consumers.Count > 0:
                    var removed = consumers[random.Next(consumers.Count)];
                    consumers.Remove(removed);
                    former.Add(removed);
                    Assert.False(_queue.RemoveConsumer(removed, Turn));
                    break;

                case 11 when consumers.Count > 0:
                    var turned = consumers[random.Next(consumers.Count)];
                    turned.IsFull = !turned.IsFull;
                    if (!turned.IsFull)
                    {
                        _queue.Resume(turned, Turn);
                    }

                    break;

                case 12 when _queue.TryGet(out var message, out uint left):
                    int oldest = BitConverter.ToInt32(_arena.Read(message.Message).Body);
                    Assert.Equal(waiting.Min, oldest);
                    Assert.Equal(!handedOut.Add(oldest), message.Redelivered);
                    waiting.Remove(oldest);
                    Assert.Equal((uint)waiting.Count, left);
                    got.Add((oldest, new Unsettled(_queue, null, message)));
                    break;

                case 13 when random.Next(40) == 0:
                    ended += waiting.Count;
                    Assert.Equal((uint)waiting.Count, _queue.Purge());
                    waiting.Clear();
                    break;

                case 13 when got.Count > 0:
                    var (number2, delivery) = got[random.Next(got.Count)];
                    got.Remove((number2, delivery));
                    var outcome = RandomOutcome();
                    Return(number2, outcome);
                    _queue.Settle([delivery], outcome, Turn);
                    break;
            }

            former.RemoveAll(consumer => consumer.Unsettled.Count == 0);
            Assert.True(_queue.ReadyCount == waiting.Count, $"seed {seed}, step {step}: {_queue.ReadyCount} wait, not {waiting.Count}");
            Assert.Equal((uint)consumers.Count, _queue.ConsumerCount);
            Assert.True(waiting.Count == 0 || !consumers.Any(consumer => consumer.CanTake), $"seed {seed}, step {step}: somebody who can take waits");
        }

        foreach (var consumer in consumers)
        {
            _queue.RemoveConsumer(consumer, Turn);
        }

        foreach (var holder in Holders().ToArray())
        {
            ended += holder.Unsettled.Count;
            holder.SettleAll(Outcome.Accept, Turn);
        }

        ended += got.Count;
        _queue.Settle([.. got.Select(one => one.Delivery)], Outcome.Accept, Turn);
        ended += (int)_queue.Purge();
        Assert.Equal(next, ended);
        Assert.Equal(0, NumberPublisher.InUse(_arena));

        IEnumerable<ScriptedConsumer> Holders() => consumers.Concat(former).Where(consumer => consumer.Unsettled.Count > 0);

        Outcome RandomOutcome() => random.Next(10) switch
        {
            < 4 => Outcome.Accept,
            4 => Outcome.Reject,
            5 => Outcome.Fail,
            6 => Outcome.UndeliverableHere,
            _ => Outcome.Release,
        };

        void Return(int number, Outcome outcome)
        {
            if (outcome is Outcome.Accept or Outcome.Reject)
            {
                ended++;
            }
            else
            {
                waiting.Add(number);
            }
        }

        void SettleSome(ScriptedConsumer consumer)
        {
            var outcome = RandomOutcome();
            int count = random.Next(1, consumer.Unsettled.Count + 1);
            int from = random.Next(consumer.Unsettled.Count - count + 1);
            var some = consumer.Unsettled.GetRange(from, count);
            consumer.Unsettled.RemoveRange(from, count);
            foreach (var (number, _) in some)
            {
                Return(number, outcome);
            }

            _queue.Settle([.. some.Select(one => one.Delivery)], outcome, Turn);
        }
    }

    private ScriptedConsumer Add(ScriptedConsumer consumer)
    {
        Assert.True(TryAdd(consumer));
        return consumer;
    }

    private bool TryAdd(ScriptedConsumer consumer) => consumer.Queue.TryAddConsumer(consumer, Turn, _ => { });
}
