namespace AmqpToolkit.Broker.Timers;

/// <summary>A clock whose timers never ring: of a broker that is looked at and does not run.</summary>
internal sealed class StandingClock : TimeProvider
{
    private readonly long _timestamp = System.GetTimestamp();

    public override long TimestampFrequency => System.TimestampFrequency;

    public override long GetTimestamp() => _timestamp;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new SilentTimer();

    private sealed class SilentTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
            // There is nothing behind it.
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
