using AmqpToolkit.Broker.Timers;
using Microsoft.Extensions.Logging.Abstractions;

namespace AmqpToolkit.Broker.Tests.Timers;

public sealed class TimerWheelTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly TimerWheel _wheel;

    public TimerWheelTests() => _wheel = new TimerWheel(_time, NullLogger.Instance);

    public void Dispose() => _wheel.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(4096)]
    [InlineData(262_144)]
    [InlineData(1_800_000)]
    [InlineData(3_000_000_000)]
    [InlineData(315_360_000_000)]
    public void Schedule_RingsAtItsMillisecond_AndNotBefore(long due)
    {
        var deadline = new Recorder();
        _time.Advance(TimeSpan.FromMilliseconds(777));
        _wheel.Schedule(deadline, 777 + due);

        if (due > 0)
        {
            _time.Advance(TimeSpan.FromMilliseconds(due - 1));
            Assert.Empty(deadline.Calls);
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }
        else
        {
            _time.Advance(TimeSpan.Zero);
        }

        Assert.Equal([777 + due], deadline.Calls);
        Assert.Equal(0, _wheel.Count);
    }

    [Fact]
    public void Advance_OverManyDeadlines_StepsFromOneToTheNext()
    {
        const int Seed = 4711;
        var random = new Random(Seed);
        var expected = new List<long>();
        var called = new Recorder();
        for (int index = 0; index < 5000; index++)
        {
            long due = (long)Math.Pow(10, random.NextDouble() * 8);
            expected.Add(due);
            _wheel.Schedule(called, due);
        }

        _time.Advance(TimeSpan.FromMilliseconds(100_000_001));

        expected.Sort();
        Assert.True(expected.SequenceEqual(called.Calls), $"seed {Seed}");
    }

    [Fact]
    public void RandomOperations_AgreeWithASortedList()
    {
        const int Seed = 815;
        var random = new Random(Seed);
        var deadlines = Enumerable.Range(0, 200).Select(_ => new Recorder()).ToArray();
        var entries = new TimerWheel.Entry?[200];
        var due = new long?[200];
        var expected = Enumerable.Range(0, 200).Select(_ => new List<long>()).ToArray();
        for (int step = 0; step < 20_000; step++)
        {
            int one = random.Next(200);
            switch (random.Next(4))
            {
                case 0 or 1:
                    due[one] = _wheel.Now + (long)Math.Pow(10, random.NextDouble() * 6) - 1;
                    entries[one] = _wheel.Schedule(deadlines[one], due[one]!.Value, entries[one]);
                    break;
                case 2:
                    entries[one]?.Cancel();
                    due[one] = null;
                    break;
                default:
                    _time.Advance(TimeSpan.FromMilliseconds(random.Next(2000)));
                    for (int index = 0; index < 200; index++)
                    {
                        if (due[index] <= _wheel.Now)
                        {
                            expected[index].Add(due[index]!.Value);
                            due[index] = null;
                        }
                    }

                    break;
            }

            Assert.True(_wheel.Count >= due.Count(one => one > _wheel.Now), $"seed {Seed}, step {step}");
        }

        for (int index = 0; index < 200; index++)
        {
            Assert.True(expected[index].SequenceEqual(deadlines[index].Calls), $"seed {Seed}, entry {index}");
        }
    }

    [Fact]
    public void Schedule_WithAnEntry_MovesIt()
    {
        var deadline = new Recorder();
        var entry = _wheel.Schedule(deadline, 10);

        Assert.Same(entry, _wheel.Schedule(deadline, 5000, entry));
        Assert.Equal(1, _wheel.Count);
        _time.Advance(TimeSpan.FromMilliseconds(4999));
        Assert.Empty(deadline.Calls);
        Assert.Same(entry, _wheel.Schedule(deadline, 5010, entry));
        _time.Advance(TimeSpan.FromMilliseconds(11));

        Assert.Equal([5010], deadline.Calls);
    }

    [Fact]
    public void Cancel_LeavesNothing()
    {
        var deadline = new Recorder();
        var entries = Enumerable.Range(0, 10_000).Select(due => _wheel.Schedule(deadline, due + 1)).ToList();
        Assert.Equal(10_000, _wheel.Count);

        entries.ForEach(entry => entry.Cancel());
        entries[0].Cancel();

        Assert.Equal(0, _wheel.Count);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Empty(deadline.Calls);
    }

    [Fact]
    public void HandleDeadline_ThatNamesANextTime_IsCalledThen()
    {
        var deadline = new Recorder { Next = now => now < 300 ? now + 100 : -1 };
        _wheel.Schedule(deadline, 100);

        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal([100, 200, 300], deadline.Calls);
        Assert.Equal(0, _wheel.Count);
    }

    [Fact]
    public void HandleDeadline_ThatIsCancelledMeanwhile_IsNotRenewed()
    {
        TimerWheel.Entry? entry = null;
        var deadline = new Recorder
        {
            Next = now =>
            {
                entry!.Cancel();
                return now + 1;
            },
        };
        entry = _wheel.Schedule(deadline, 100);

        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal([100], deadline.Calls);
    }

    [Fact]
    public void HandleDeadline_ThatThrows_LeavesTheOthersTheirTimes()
    {
        var other = new Recorder();
        _wheel.Schedule(new Recorder { Next = _ => throw new InvalidOperationException() }, 10);
        _wheel.Schedule(other, 10);
        _wheel.Schedule(other, 20);

        _time.Advance(TimeSpan.FromMilliseconds(20));

        Assert.Equal([10, 20], other.Calls);
    }

    [Fact]
    public void Schedule_InTheOrderOfAsking_CallsInThatOrder()
    {
        var order = new List<int>();
        for (int index = 0; index < 5; index++)
        {
            int number = index;
            _wheel.Schedule(new Recorder { Next = _ => { order.Add(number); return -1; } }, 1000);
        }

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal([0, 1, 2, 3, 4], order);
    }

    private sealed class Recorder : IDeadline
    {
        public List<long> Calls { get; } = [];

        public Func<long, long> Next { get; init; } = _ => -1;

        public long HandleDeadline(long now)
        {
            Calls.Add(now);
            return Next(now);
        }
    }
}
