using System.Net;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests;

/// <summary>What hostile input makes the broker log: one line, however often it comes.</summary>
public sealed class LoggedOnceTests
{
    private const int MemoryHigh = 7;
    private const int ConnectionFailed = 4;
    private const int ConsumerStalled = 21;
    private const int PatternTimedOut = 22;

    /// <summary>Look-around keeps it from the engine that does not backtrack.</summary>
    private const string Bomb = "^(?!x)(a|aa)+$";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly WarningLog _log = new();

    [Fact]
    public async Task PolicyThatTakesTooLong_IsToldOnce()
    {
        await using var broker = await StartAsync();
        var topology = broker.FindVirtualHost("/")!;
        topology.SetPolicy(new PolicyRule(new Policy { Name = "p", Pattern = Bomb, Definition = new Dictionary<string, object?> { ["max-length"] = 1L } }, isOperator: false), isOperator: false);

        for (int number = 0; number < 3; number++)
        {
            Assert.Null(topology.DeclareQueue(HardName(number), false, false, false, false, default, this, out _));
        }

        Assert.Contains(Bomb, Assert.Single(_log.Of(PatternTimedOut)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PermissionThatTakesTooLong_IsToldOnce()
    {
        await using var broker = await StartAsync();
        broker.Users.SetPermission("guest", new UserPermission("/", Bomb, ".*", ".*"));
        using var client = RawClient.Open(broker);
        for (ushort channel = 1; channel <= 3; channel++)
        {
            client.OpenChannel(channel);
            client.Send(channel, new QueueDeclare { Queue = HardName(channel), Exclusive = true });
            client.Expect(ChannelCloseView.MethodKey);
        }

        Assert.Single(_log.Of(PatternTimedOut));
    }

    [Fact]
    public async Task ConsumerThatReadsNothing_IsToldOnce()
    {
        const int Messages = 2000;
        await using var broker = await StartAsync();
        using var slow = RawClient.Open(broker);
        slow.Socket.ReceiveBufferSize = 16 * 1024;
        slow.OpenChannel(1);
        slow.DeclareQueue(1, "q");
        slow.Send(1, new BasicConsume { Queue = "q", ConsumerTag = "slow", NoAck = true });
        slow.Expect(BasicConsumeOkView.MethodKey);
        using var publisher = RawClient.Open(broker);
        publisher.OpenChannel(1);
        publisher.Send(1, default(ConfirmSelect));
        publisher.Expect(ConfirmSelectOkView.MethodKey);
        for (int number = 0; number < Messages; number++)
        {
            publisher.Publish(1, "", "q", new byte[4096]);
        }

        ulong confirmed = 0;
        while (confirmed < Messages)
        {
            Assert.Equal(Codec.DecodeError.None, BasicAckView.TryParse(publisher.Expect(BasicAckView.MethodKey), out var ack));
            confirmed = ack.DeliveryTag;
        }

        // It stalls again and again while it reads.
        for (int number = 0; number < Messages; number++)
        {
            slow.Expect(BasicDeliverView.MethodKey);
            slow.ExpectContent();
        }

        Assert.Contains("'slow'", Assert.Single(_log.Of(ConsumerStalled)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PublisherThatIsFasterThanAnyConsumer_IsToldOnce()
    {
        await using var broker = await StartAsync(memoryLimitOctets: 2 * 1024 * 1024);
        using var publisher = RawClient.Open(broker, takesBlocked: true);
        publisher.OpenChannel(1);
        publisher.DeclareQueue(1, "q");
        var publishing = Task.Run(() =>
        {
            for (int number = 0; number < 1000; number++)
            {
                publisher.Publish(1, "", "q", new byte[32 * 1024]);
            }
        });

        publisher.Expect(ConnectionBlockedView.MethodKey);

        Assert.Single(_log.Of(MemoryHigh));
        publisher.Dispose();
        await publishing.ContinueWith(static task => _ = task.Exception, TaskScheduler.Default).WaitAsync(Patience); // cut, or all was in the sockets
    }

    [Fact]
    public async Task HandshakeThatDoesNotEnd_AndTableThatIsABomb_AreToldOnceForAConnection()
    {
        var time = new ManualTimeProvider();
        await using var broker = await StartAsync(time: time);
        using var slow = new RawClient(broker.Endpoints[0]);
        slow.Send("AMQP"u8);
        Assert.True(SpinWait.SpinUntil(() => broker.Timers.Count == 2, Patience));
        using var bomb = RawClient.Open(broker);
        bomb.OpenChannel(1);

        // A table in a table, 100 times over.
        byte[] table = [];
        for (int depth = 0; depth < 100; depth++)
        {
            table = [1, (byte)'a', (byte)'F', 0, 0, (byte)(table.Length >> 8), (byte)table.Length, .. table];
        }

        byte[] method = [0, 50, 0, 10, 0, 0, 1, (byte)'q', 0, 0, 0, (byte)(table.Length >> 8), (byte)table.Length, .. table];
        bomb.Send([1, 0, 1, 0, 0, (byte)(method.Length >> 8), (byte)method.Length, .. method, 0xCE]);
        Assert.Contains(bomb.ExpectAny(), new[] { ConnectionCloseView.MethodKey, QueueDeclareOkView.MethodKey });
        Assert.InRange(_log.Of(ConnectionFailed).Count(), 0, 1);
        int before = _log.Of(ConnectionFailed).Count();
        Assert.True(SpinWait.SpinUntil(() => broker.ConnectionCount == 2, Patience));

        time.Advance(TimeSpan.FromSeconds(11));

        Assert.True(slow.IsEnded());
        Assert.True(SpinWait.SpinUntil(() => broker.ConnectionCount == 1, Patience));
        Assert.InRange(_log.Of(ConnectionFailed).Count() - before, 0, 1);
    }

    private static string HardName(ushort number) => new string('a', 40 + number) + "!";

    private static byte[] HardName(int number) => System.Text.Encoding.UTF8.GetBytes(HardName((ushort)number));

    private Task<AmqpBroker> StartAsync(long? memoryLimitOctets = null, TimeProvider? time = null) => AmqpBroker.StartAsync(new AmqpBrokerOptions
    {
        Endpoints = [new(IPAddress.Loopback, 0)],
        LoggerFactory = _log,
        OutputBoundOctets = 64 * 1024,
        MemoryLimitOctets = memoryLimitOctets,
        TimeProvider = time ?? TimeProvider.System,
    });
}
