using System.Collections.Concurrent;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Tests.Topology;
using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker.Tests.Queues;

public sealed class QueueConcurrencyTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(21, 1)]
    [InlineData(22, 20)]
    [InlineData(23, 0)]
    public void Queue_UsedByManyThreads_LosesNothingAndEndsNothingTwice(int seed, int prefetch)
    {
        const int Publishers = 3;
        const int Each = 15_000;
        const int Consumers = 3;
        var topology = new TestTopology();
        var queue = topology.DeclareQueue("q");
        var arena = topology.VirtualHost.Arena;
        int[] ended = new int[Publishers * Each];
        int left = ended.Length;
        var failures = new ConcurrentQueue<Exception>();
        var threads = new List<Thread>();
        for (int publisher = 0; publisher < Publishers; publisher++)
        {
            int first = publisher * Each;
            threads.Add(Start(() =>
            {
                var random = new Random(seed + first);
                var publishing = new NumberPublisher(arena);
                for (int at = 0; at < Each;)
                {
                    int count = Math.Min(Each - at, random.Next(1, 60));
                    int[] numbers = [.. Enumerable.Range(first + at, count)];
                    publishing.Publish(queue, numbers);
                    at += count;
                }
            }));
        }

        for (int consumer = 0; consumer < Consumers; consumer++)
        {
            int number = consumer;
            threads.Add(Start(() => Consume(new Random(seed - number))));
        }

        threads.Add(Start(() =>
        {
            // One that asks, and gives every second one back.
            var turn = new Turn();
            for (int round = 0; Volatile.Read(ref left) > 0; round++)
            {
                if (queue.TryGet(out var message, out _))
                {
                    int number = BitConverter.ToInt32(arena.Read(message.Message).Body);
                    bool goesBack = round % 2 == 0;
                    if (!goesBack)
                    {
                        End(number);
                    }

                    queue.Settle([new Unsettled(queue, null, message)], goesBack ? Outcome.Release : Outcome.Accept, turn);
                }
                else
                {
                    Thread.Yield();
                }
            }
        }));

        Assert.All(threads, thread => Assert.True(thread.Join(Patience), $"seed {seed}: {left} messages are left, {queue.ReadyCount} of them wait"));
        Assert.Empty(failures);
        Assert.All(ended, count => Assert.Equal(1, count));
        Assert.Equal(0u, queue.ReadyCount);
        Assert.Equal(0, NumberPublisher.InUse(arena));

        Thread Start(Action action)
        {
            var thread = new Thread(() =>
            {
                try
                {
                    action();
                }
                catch (Exception exception)
                {
                    failures.Enqueue(exception);
                }

                NumberPublisher.ForgetFreeSlots();
            });
            thread.Start();
            return thread;
        }

        void End(int number)
        {
            Interlocked.Increment(ref ended[number]);
            Interlocked.Decrement(ref left);
        }

        void Consume(Random random)
        {
            var turn = new Turn();
            var consumer = new QueueingConsumer(queue, prefetch);
            Assert.True(queue.TryAddConsumer(consumer, turn, _ => { }));
            var some = new List<Unsettled>();
            while (Volatile.Read(ref left) > 0)
            {
                for (int count = random.Next(1, 30); count > 0 && consumer.Deliveries.TryDequeue(out var delivery); count--)
                {
                    some.Add(delivery);
                }

                if (random.Next(20) == 0)
                {
                    // Turned away, and back.
                    consumer.IsFull = true;
                    Thread.SpinWait(200);
                    consumer.IsFull = false;
                    queue.Resume(consumer, turn);
                }

                if (random.Next(200) == 0)
                {
                    queue.RemoveConsumer(consumer, new Turn());
                    while (consumer.Deliveries.TryDequeue(out var delivery))
                    {
                        some.Add(delivery);
                    }

                    queue.Settle([.. some], Outcome.Release, turn);
                    some.Clear();
                    consumer = new QueueingConsumer(queue, prefetch);
                    Assert.True(queue.TryAddConsumer(consumer, turn, _ => { }));
                }

                if (some.Count == 0)
                {
                    Thread.Yield();
                    continue;
                }

                var outcome = random.Next(5) switch { 0 => Outcome.Release, 1 => Outcome.Fail, 2 => Outcome.Reject, _ => Outcome.Accept };
                if (outcome is Outcome.Accept or Outcome.Reject)
                {
                    foreach (var delivery in some)
                    {
                        End(BitConverter.ToInt32(arena.Read(delivery.Message.Message).Body));
                    }
                }

                queue.Settle([.. some], outcome, turn);
                some.Clear();
            }

            queue.RemoveConsumer(consumer, new Turn());
        }
    }

    [Fact]
    public void Delete_WhileOthersPublishAndSettle_GivesEverythingBack()
    {
        for (int round = 0; round < 60; round++)
        {
            var topology = new TestTopology();
            var queue = topology.DeclareQueue("q");
            var other = topology.DeclareQueue("r");
            var arena = topology.VirtualHost.Arena;
            var failures = new ConcurrentQueue<Exception>();
            Thread[] threads =
            [
                Start(() =>
                {
                    var publisher = new NumberPublisher(arena);
                    for (int batch = 0; batch < 200; batch++)
                    {
                        publisher.Publish(batch % 2 == 0 ? [queue] : [queue, other], [1, 2, 3]);
                    }
                }),
                Start(() =>
                {
                    var turn = new Turn();
                    var consumer = new QueueingConsumer(queue, prefetch: 10);
                    if (!queue.TryAddConsumer(consumer, turn, _ => { }))
                    {
                        return;
                    }

                    for (int step = 0; step < 1000 || !consumer.IsLost; step++)
                    {
                        if (consumer.Deliveries.TryDequeue(out var delivery))
                        {
                            queue.Settle([delivery], step % 3 == 0 ? Outcome.Release : Outcome.Accept, turn);
                        }
                    }

                    while (consumer.Deliveries.TryDequeue(out var delivery))
                    {
                        queue.Settle([delivery], Outcome.Release, turn);
                    }
                }),
                Start(() =>
                {
                    Thread.SpinWait(round * 3000);
                    Assert.Null(topology.VirtualHost.DeleteQueue("q"u8, false, false, topology.Connection, out _, out var deleted));
                    deleted!.FinishClose(new Turn());
                }),
            ];

            Assert.All(threads, thread => Assert.True(thread.Join(Patience), $"round {round}"));
            Assert.Empty(failures);
            other.Purge();
            Assert.Equal(0u, queue.ReadyCount);
            Assert.Equal(0, NumberPublisher.InUse(arena));

            Thread Start(Action action)
            {
                var thread = new Thread(() =>
                {
                    try
                    {
                        action();
                    }
                    catch (Exception exception)
                    {
                        failures.Enqueue(exception);
                    }

                    NumberPublisher.ForgetFreeSlots();
                });
                thread.Start();
                return thread;
            }
        }
    }

    /// <summary>A consumer whose deliveries another thread takes.</summary>
    private sealed class QueueingConsumer(MessageQueue queue, int prefetch) : Consumer(queue)
    {
        private volatile bool _isFull;
        private volatile bool _isLost;

        public ConcurrentQueue<Unsettled> Deliveries { get; } = new();

        public bool IsFull
        {
            get => _isFull;
            set => _isFull = value;
        }

        public bool IsLost => _isLost;

        public override bool IsExclusive => false;

        public override bool Take(ref DeliveryRun run, Turn turn)
        {
            while (true)
            {
                if (_isFull || (prefetch != 0 && UnsettledCount >= prefetch))
                {
                    return false;
                }

                if (!run.HasMessage)
                {
                    return true;
                }

                Deliveries.Enqueue(run.TakeUnsettled(this));
            }
        }

        public override void HandleQueueDeleted(Turn turn) => _isLost = true;
    }
}
