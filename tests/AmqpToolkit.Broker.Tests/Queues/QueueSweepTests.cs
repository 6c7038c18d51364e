using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Tests.Topology;
using AmqpToolkit.Broker.Timers;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec.V0_9_1;
using Microsoft.Extensions.Logging.Abstractions;

namespace AmqpToolkit.Broker.Tests.Queues;

/// <summary>Nobody holds a queue's lock, or the timer's thread, for as long as a queue is deep: what is left is done slice by slice, elsewhere.</summary>
public sealed class QueueSweepTests : IDisposable
{
    /// <summary>More than one operation drops.</summary>
    private const int Many = 20_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ExtendedQueue _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void Settle_BeforeVeryManyThatHaveExpired_DropsSomeOfThem_AndDeliversInTheEnd()
    {
        var queue = _host.Declare("q");
        _host.Publish(queue, "first");
        PublishMany(queue, new BasicProperties { Expiration = "100" });
        _host.Publish(queue, "last");
        _host.Advance(5000);
        Assert.Equal(Many + 2u, queue.ReadyCount);
        using var taken = new ManualResetEventSlim();
        var consumer = new WatchingConsumer(queue, body =>
        {
            if (body == "last")
            {
                taken.Set();
            }
        });

        Assert.True(queue.TryAddConsumer(consumer, _host.Turn, _ => { }));

        // Under one taking of the lock the consumer has seen how many were left when it was told that there is no more.
        Assert.InRange(consumer.LeftWhenNoMore, 1u, (uint)Many);
        Assert.True(taken.Wait(Patience));
        Assert.Equal(["first", "last"], consumer.Bodies);
        Assert.Equal(0u, queue.ReadyCount);
    }

    [Fact]
    public void Get_BehindVeryManyThatHaveExpired_FindsTheOneThatHasNot()
    {
        var queue = _host.Declare("q");
        _host.Publish(queue, "first");
        PublishMany(queue, new BasicProperties { Expiration = "100" });
        _host.Publish(queue, "last");
        _host.Advance(5000);

        Assert.Equal("first", _host.Get(queue)?.Body);
        Assert.Equal("last", _host.Get(queue)?.Body);
        Assert.Null(_host.Get(queue));
    }

    [Fact]
    public void Policy_WithASmallLength_LeavesADeepQueueToTheSweep()
    {
        var queue = _host.Declare("q");
        PublishMany(queue, new BasicProperties());
        var policy = new EffectivePolicy("p", null, TestTopology.Arguments(("max-length", 10)));

        uint left = UnderTheLock(queue, () => queue.ApplyPolicy(policy));

        Assert.InRange(left, Many / 2u, (uint)Many);
        Assert.True(SpinWait.SpinUntil(() => queue.ReadyCount == 10, Patience), $"{queue.ReadyCount} left");
        Assert.Equal(Enumerable.Range(Many - 10, 10).Select(number => $"{number}"), _host.Drain(queue));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(6000)]
    public void Policy_WithAFewOctets_CountsADeepQueueInTheSweep(int returned)
    {
        var queue = _host.Declare("q");
        PublishMany(queue, new BasicProperties());
        var open = Enumerable.Range(0, returned + 100).Select(_ => queue.TryGet(out var message, out uint _) ? new Unsettled(queue, null, message) : default).ToArray();
        queue.Settle(open.AsSpan(100), Outcome.Release, _host.Turn);
        var policy = new EffectivePolicy("p", null, TestTopology.Arguments(("max-length-bytes", 1000)));

        // What comes and goes while nobody has counted yet, and between the slices.
        uint left = UnderTheLock(queue, () =>
        {
            queue.ApplyPolicy(policy);
            queue.Settle(open.AsSpan(0, 50), Outcome.Release, _host.Turn);
            _host.Publish(queue, "12345");
            Assert.NotNull(_host.Get(queue));
        });
        queue.Settle(open.AsSpan(50, 50), Outcome.Release, _host.Turn);
        _host.Publish(queue, "12345");

        Assert.InRange(left, Many / 2u, Many + 10u);
        Assert.True(SpinWait.SpinUntil(() => queue.ReadyCount < 300, Patience), $"{queue.ReadyCount} left");
        _host.Publish(queue, "12345");
        Assert.Equal(200u, queue.ReadyCount);
        Assert.Equal(
            [.. Enumerable.Range(Many - 197, 197).Select(number => $"{number}"), "12345", "12345", "12345"], _host.Drain(queue));
        Assert.True(SpinWait.SpinUntil(() => NumberPublisher.InUse(_host.Arena) == 0, Patience));
    }

    [Fact]
    public void Policy_WithAFewOctets_HoldsForAQueueThatIsPurgedBeforeTheSweepHasCounted()
    {
        var queue = _host.Declare("q");
        PublishMany(queue, new BasicProperties());
        var policy = new EffectivePolicy("p", null, TestTopology.Arguments(("max-length-bytes", 3)));

        uint left = UnderTheLock(queue, () =>
        {
            queue.ApplyPolicy(policy);
            queue.Purge();
        });
        _host.Publish(queue, "aa", "bb", "cc", "dd");

        Assert.Equal(0u, left);
        Assert.Equal(["dd"], _host.Drain(queue));
    }

    [Fact]
    public void DeadLetters_OfATimer_AreMovedBesideTheTimersThread()
    {
        using var timers = new TimerWheel(TimeProvider.System, NullLogger.Instance);
        var virtualHost = new VirtualHost("/", BrokerProfile.V4_2, new MessageArena(), timers);
        var dead = Declare(virtualHost, "dead"u8, []);
        var queue = Declare(virtualHost, "q"u8, [("x-message-ttl", 1), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead")]);
        using var taking = new ManualResetEventSlim();
        using var mayGoOn = new ManualResetEventSlim();
        using var rang = new ManualResetEventSlim();
        var consumer = new WatchingConsumer(dead, _ =>
        {
            taking.Set();
            Assert.True(mayGoOn.Wait(Patience));
        });
        Assert.True(dead.TryAddConsumer(consumer, new Turn(), _ => { }));

        new NumberPublisher(virtualHost.Arena).Publish(queue, 1);
        Assert.True(taking.Wait(Patience));
        timers.Schedule(new Bell(rang), timers.Now + 1);

        Assert.True(rang.Wait(Patience), "the timer waits for a consumer of dead letters");
        mayGoOn.Set();
    }

    [Fact]
    public void Time_ThatCameToADefect_ComesAgain()
    {
        var dead = _host.Declare("dead");
        var queue = _host.Declare("q", ("x-message-ttl", 100), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"));
        bool isDefect = true;
        var consumer = new WatchingConsumer(dead, _ =>
        {
            if (isDefect)
            {
                throw new InvalidOperationException("a defect");
            }
        });
        Assert.True(dead.TryAddConsumer(consumer, _host.Turn, _ => { }));
        _host.Publish(queue, "a");
        _host.Advance(50);
        _host.Publish(queue, "b");
        _host.Advance(50);
        Assert.Equal(1u, queue.ReadyCount);
        dead.RemoveConsumer(consumer, _host.Turn);
        isDefect = false;

        _host.Advance(50);
        Assert.Equal(0u, queue.ReadyCount);
        _host.Publish(queue, "c");
        _host.Advance(100);

        Assert.Equal(0u, queue.ReadyCount);
        Assert.Equal(["b", "c"], _host.Drain(dead).Where(body => body != "a"));
    }

    [Fact]
    public void Queue_WhoseOneMessageWithATimeIsGone_IsPlainAgain()
    {
        var queue = _host.Declare("q");
        _host.Publish(queue, "a");
        Assert.True(queue.IsPlain);
        _host.Publish(queue, new BasicProperties { Expiration = "100" }, "b");
        _host.Publish(queue, "c");
        Assert.False(queue.IsPlain);
        Assert.True(queue.TryGet(out _, out _));
        Assert.True(queue.TryGet(out var timed, out _));

        Assert.True(queue.IsPlain);
        queue.Settle([new Unsettled(queue, null, timed)], Outcome.Release, _host.Turn);

        // It came back, and its time with it.
        Assert.False(queue.IsPlain);
        _host.Advance(100);
        Assert.True(queue.IsPlain);
        Assert.Equal(["c"], _host.Drain(queue));
        _host.Publish(queue, new BasicProperties { Expiration = "50" }, "d");
        _host.Advance(50);
        Assert.Equal(0u, queue.ReadyCount);
        Assert.True(queue.IsPlain);
    }

    [Fact]
    public void Queue_WhosePolicyIsTakenBack_IsPlainAgain()
    {
        var queue = _host.Declare("q");
        queue.ApplyPolicy(new EffectivePolicy("p", null, TestTopology.Arguments(("max-length", 2))));
        _host.Publish(queue, "a", "b", "c");
        Assert.False(queue.IsPlain);

        queue.ApplyPolicy(null);

        Assert.True(queue.IsPlain);
        Assert.Equal(["b", "c"], _host.Drain(queue));
    }

    /// <summary>Does something, and says how many messages are left before anybody else can have the queue's lock.</summary>
    private uint UnderTheLock(MessageQueue queue, Action action)
    {
        uint left = 0;
        var consumer = new TextConsumer(queue, prefetch: -1);
        Assert.True(queue.TryAddConsumer(consumer, _host.Turn, _ =>
        {
            action();
            left = queue.ReadyCount;
        }));
        queue.RemoveConsumer(consumer, _host.Turn);
        return left;
    }

    private void PublishMany(MessageQueue queue, BasicProperties properties)
    {
        foreach (int[] some in Enumerable.Range(0, Many).Chunk(4000))
        {
            _host.Publish(queue, properties, [.. some.Select(number => $"{number}")]);
        }
    }

    private MessageQueue Declare(VirtualHost virtualHost, ReadOnlySpan<byte> name, (string, object?)[] arguments)
    {
        Assert.Null(virtualHost.DeclareQueue(name, false, false, false, false, TestTopology.Arguments(arguments).View, this, out var queue));
        return queue!;
    }

    private sealed class Bell(ManualResetEventSlim rang) : IDeadline
    {
        public long HandleDeadline(long now)
        {
            rang.Set();
            return -1;
        }
    }

    /// <summary>Takes everything, and notes what was left when it was told that there is no more for the first time.</summary>
    private sealed class WatchingConsumer(MessageQueue queue, Action<string> onTaken) : Consumer(queue)
    {
        public uint LeftWhenNoMore { get; private set; } = uint.MaxValue;

        public List<string> Bodies { get; } = [];

        public override bool IsExclusive => false;

        public override bool Take(ref DeliveryRun run, Turn turn)
        {
            while (run.HasMessage)
            {
                string body = System.Text.Encoding.UTF8.GetString(run.Peek(out _).Body);
                Bodies.Add(body);
                run.TakeAccepted();
                onTaken(body);
            }

            if (LeftWhenNoMore == uint.MaxValue && Bodies.Count > 0)
            {
                LeftWhenNoMore = Queue.ReadyCount;
            }

            return true;
        }

        public override void HandleQueueDeleted(Turn turn)
        {
        }
    }
}
