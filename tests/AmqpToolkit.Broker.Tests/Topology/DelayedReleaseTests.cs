using System.Text;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Timers;
using AmqpToolkit.Codec.V0_9_1;
using Microsoft.Extensions.Logging.Abstractions;

namespace AmqpToolkit.Broker.Tests.Topology;

/// <summary>What a delayed exchange routes when the time has come, where a queue's consumer is no help.</summary>
public sealed class DelayedReleaseTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public void Release_ThatMeetsADefect_LeavesTheOthersTheirTimes()
    {
        var time = new ManualTimeProvider();
        using var timers = new TimerWheel(time, NullLogger.Instance);
        var topology = new TestTopology(timers: timers);
        MessageQueue queue = Declare(topology);
        var consumer = new CallingConsumer(queue, () => throw new InvalidOperationException("a defect"));
        Assert.True(queue.TryAddConsumer(consumer, new Turn(), _ => { }));
        Publish(topology, 10);
        Publish(topology, 20);

        time.Advance(TimeSpan.FromMilliseconds(10));
        uint before = queue.ReadyCount;
        queue.RemoveConsumer(consumer, new Turn());
        time.Advance(TimeSpan.FromMilliseconds(10));

        Assert.Equal(before + 1, queue.ReadyCount);
        Assert.Equal(0, timers.Count);
    }

    [Fact]
    public void Release_IsDoneBesideTheTimersThread()
    {
        using var timers = new TimerWheel(TimeProvider.System, NullLogger.Instance);
        var topology = new TestTopology(timers: timers);
        MessageQueue queue = Declare(topology);
        using var taking = new ManualResetEventSlim();
        using var mayGoOn = new ManualResetEventSlim();
        using var rang = new ManualResetEventSlim();
        var consumer = new CallingConsumer(queue, () =>
        {
            taking.Set();
            Assert.True(mayGoOn.Wait(Patience));
        });
        Assert.True(queue.TryAddConsumer(consumer, new Turn(), _ => { }));

        Publish(topology, 1);
        Assert.True(taking.Wait(Patience));
        timers.Schedule(new Bell(rang), timers.Now + 1);

        Assert.True(rang.Wait(Patience), "the timer waits for a consumer");
        mayGoOn.Set();
    }

    private static MessageQueue Declare(TestTopology topology)
    {
        MessageQueue queue = topology.DeclareQueue("q");
        topology.DeclareExchange("x", "x-delayed-message", arguments: TestTopology.Arguments(("x-delayed-type", "fanout")));
        topology.BindQueue("q", "x");
        return queue;
    }

    private static void Publish(TestTopology topology, int delay)
    {
        var properties = new BasicProperties { Headers = TestTopology.Arguments(("x-delay", delay)) };
        byte[] octets = new byte[properties.MaxOctets];
        octets = octets[..properties.Write(octets)];
        MessageRef message = topology.VirtualHost.Arena.Store(
            new MessageContent { Exchange = "x"u8, RoutingKey = "k"u8, Properties = octets, Body = Encoding.UTF8.GetBytes($"{delay}") });
        topology.VirtualHost.PublishTo(topology.Exchange("x"), [message]);
    }

    private sealed class Bell(ManualResetEventSlim rang) : IDeadline
    {
        public long HandleDeadline(long now)
        {
            rang.Set();
            return -1;
        }
    }

    private sealed class CallingConsumer(MessageQueue queue, Action onTaking) : Consumer(queue)
    {
        public override bool IsExclusive => false;

        public override bool Take(ref DeliveryRun run, Turn turn)
        {
            while (run.HasMessage)
            {
                onTaking();
                run.TakeAccepted();
            }

            return true;
        }

        public override void HandleQueueDeleted(Turn turn)
        {
        }
    }
}
