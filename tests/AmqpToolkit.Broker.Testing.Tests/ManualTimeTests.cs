using AmqpToolkit.Client.V0_9_1;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Testing.Tests;

/// <summary>Time that a test moves, and what the broker does while it passes.</summary>
public sealed class ManualTimeTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Advance_OverSeveralDeadlines_RingsEachAtItsTime()
    {
        var rung = new List<(string Name, TimeSpan At)>();
        using var late = _time.CreateTimer(_ => rung.Add(("late", _time.Elapsed)), null, TimeSpan.FromMinutes(50), Timeout.InfiniteTimeSpan);
        using var early = _time.CreateTimer(_ => rung.Add(("early", _time.Elapsed)), null, TimeSpan.FromMinutes(20), Timeout.InfiniteTimeSpan);
        using var regular = _time.CreateTimer(_ => rung.Add(("regular", _time.Elapsed)), null, TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(30));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(
            [("early", TimeSpan.FromMinutes(20)), ("regular", TimeSpan.FromMinutes(30)), ("late", TimeSpan.FromMinutes(50)), ("regular", TimeSpan.FromMinutes(60))], rung);
        Assert.Equal(TimeSpan.FromMinutes(30), _time.NextDeadline);
    }

    [Fact]
    public void Advance_WhileATimerIsSetAnewOrDisposed_HoldsWhatWasSaidLast()
    {
        int rings = 0;
        var timer = _time.CreateTimer(_ => rings++, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        timer.Change(TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(0, rings);
        Assert.True(_time.AdvanceToNextDeadline());
        Assert.Equal((1, TimeSpan.FromSeconds(5)), (rings, _time.Elapsed));
        timer.Change(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        timer.Dispose();
        Assert.False(timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
        Assert.False(_time.AdvanceToNextDeadline());
        Assert.Equal(1, rings);
    }

    [Fact]
    public void Advance_TimerThatSetsAnotherOnTheWay_RingsItToo()
    {
        var at = new List<TimeSpan>();
        using var second = _time.CreateTimer(_ => at.Add(_time.Elapsed), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        using var first = _time.CreateTimer(_ => second.Change(TimeSpan.FromMinutes(5), Timeout.InfiniteTimeSpan), null, TimeSpan.FromMinutes(10), Timeout.InfiniteTimeSpan);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal([TimeSpan.FromMinutes(15)], at);
    }

    [Fact]
    public void Advance_WithinACallback_DoesNotGoBack()
    {
        using var timer = _time.CreateTimer(_ => _time.Advance(TimeSpan.FromHours(2)), null, TimeSpan.FromMinutes(1), Timeout.InfiniteTimeSpan);
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(TimeSpan.FromHours(2) + TimeSpan.FromMinutes(1), _time.Elapsed);
    }

    [Fact]
    public async Task Hour_ThatIsAdvanced_EndsMessagesAndQueuesInTheirOrder()
    {
        await using var broker = await Brokers.InMemoryAsync(_time).WithPatience();
        await using var connection = await broker.ConnectAsync().WithPatience();
        await using var channel = await connection.OpenChannelAsync().WithPatience();
        await channel.DeclareAsync("second");
        await channel.QueueDeclareAsync(new QueueDeclare
        {
            Queue = "first",
            Arguments = new TableBuilder().Add("x-message-ttl", 20 * 60_000).Add("x-dead-letter-exchange", "").Add("x-dead-letter-routing-key", "second").ToTable(),
        }).WithPatience();
        await channel.DeclareAsync("forgotten", ("x-expires", 50 * 60_000));
        await channel.SendAsync("first", "a");
        _time.Advance(TimeSpan.FromMinutes(10));
        await channel.SendAsync("first", "b");
        Assert.Equal(TimeSpan.FromMinutes(10), broker.Queues["first"].Messages[0].TimeLeft);

        // What a moment causes has happened when the clock has passed it: nothing is waited for.
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(["b"], Texts("first"));
        Assert.Equal(["a"], Texts("second"));
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal((0, 2), (broker.Queues["first"].MessageCount, broker.Queues["second"].MessageCount));
        Assert.True(broker.Queues["forgotten"].Exists);
        _time.Advance(TimeSpan.FromMinutes(30));
        Assert.False(broker.Queues["forgotten"].Exists);
        Assert.Equal(TimeSpan.FromHours(1), _time.Elapsed);
        Assert.Null(connection.BlockedReason);

        string[] Texts(string name) => [.. broker.Queues[name].Messages.Select(message => message.Text)];
    }

    [Fact]
    public async Task DelayedMessage_WhenItsHourHasPassed_IsInTheQueue()
    {
        await using var broker = await Brokers.InMemoryAsync(_time).WithPatience();
        await using var connection = await broker.ConnectAsync().WithPatience();
        await using var channel = await connection.OpenChannelAsync().WithPatience();
        await channel.ExchangeDeclareAsync(new ExchangeDeclare { Exchange = "later", Type = "x-delayed-message", Arguments = new TableBuilder().Add("x-delayed-type", "fanout").ToTable() }).WithPatience();
        await channel.DeclareAsync("q");
        await channel.QueueBindAsync("q", "later", "").WithPatience();
        var properties = new BasicProperties { Headers = new TableBuilder().Add("x-delay", 3_600_000).ToTable() };
        await channel.PublishAsync(new BasicPublish { Exchange = "later" }, properties, "hello"u8.ToArray()).WithPatience();

        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(0, broker.Queues["q"].MessageCount);
        _time.Advance(TimeSpan.FromMinutes(1));
        await broker.Queues["q"].HoldsAsync(queue => queue.MessageCount == 1);
        Assert.Equal("hello", Assert.Single(broker.Queues["q"].Messages).Text);
    }

    [Fact]
    public async Task ConsumerThatNeverAcknowledges_WhenItsTimeHasPassed_LosesItsChannel()
    {
        await using var broker = await Brokers.InMemoryAsync(_time, consumerTimeout: TimeSpan.FromMinutes(30)).WithPatience();
        await using var connection = await broker.ConnectAsync().WithPatience();
        await using var channel = await connection.OpenChannelAsync().WithPatience();
        await channel.DeclareAsync("q");
        await channel.SendAsync("q", "hello");
        await using var idle = await connection.OpenChannelAsync().WithPatience();
        await idle.ConsumeAsync("q").WithPatience();
        await broker.Queues["q"].HoldsAsync(queue => queue is { ReadyCount: 0, UnackedCount: 1 });

        _time.Advance(TimeSpan.FromHours(1));
        await broker.Queues["q"].HoldsAsync(queue => queue is { ReadyCount: 1, UnackedCount: 0, ConsumerCount: 0 });
        Assert.True(Assert.Single(broker.Queues["q"].Messages).Redelivered);
        var reason = await idle.Closed.WithPatience();
        Assert.Equal(406, reason.ReplyCode);
    }
}
