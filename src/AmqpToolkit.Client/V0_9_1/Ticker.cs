using System.Runtime.CompilerServices;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>
/// One timer for all connections of one <see cref="TimeProvider"/>: heartbeats and timeouts are looked at by it, each as often as it asks for. Off
/// while there is no connection.
/// </summary>
internal sealed class Ticker
{
    private static readonly ConditionalWeakTable<TimeProvider, Ticker> Tickers = [];

    private readonly Lock _gate = new();
    private readonly List<AmqpConnection> _connections = [];
    private readonly ITimer _timer;
    private long _period = long.MaxValue;

    private Ticker(TimeProvider time)
    {
        // The timer outlives whoever happens to be the first.
        using var none = ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow();
        _timer = time.CreateTimer(static state => ((Ticker)state!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The one of a clock.</summary>
    public static Ticker Of(TimeProvider time) => Tickers.GetValue(time, static time => new Ticker(time));

    /// <summary>Looks at a connection from now on.</summary>
    public void Add(AmqpConnection connection)
    {
        lock (_gate)
        {
            _connections.Add(connection);
            SetPeriod();
        }
    }

    /// <summary>A connection wants to be looked at more often, or less.</summary>
    public void Refresh()
    {
        lock (_gate)
        {
            SetPeriod();
        }
    }

    /// <summary>Looks at a connection no more.</summary>
    public void Remove(AmqpConnection connection)
    {
        lock (_gate)
        {
            _connections.Remove(connection);
            SetPeriod();
        }
    }

    private void SetPeriod()
    {
        long period = long.MaxValue;
        foreach (var connection in _connections)
        {
            period = Math.Min(period, connection.CheckEveryMilliseconds);
        }

        if (period == _period)
        {
            return;
        }

        _period = period;
        var span = period == long.MaxValue ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(period);
        _timer.Change(span, span);
    }

    private void Tick()
    {
        AmqpConnection[] round;
        lock (_gate)
        {
            round = [.. _connections];
        }

        foreach (var connection in round)
        {
            connection.Check();
        }
    }
}
