namespace AmqpToolkit.Broker.Testing.Strict;

/// <summary>Gathers departures of all connections. Any thread.</summary>
internal sealed class DepartureReport
{
    /// <summary>Departures that are kept: a client that errs errs often.</summary>
    private const int MaxDepartures = 10_000;

    private readonly Lock _gate = new();
    private readonly List<Departure> _departures = [];

    public IReadOnlyList<Departure> Departures
    {
        get
        {
            lock (_gate)
            {
                return [.. _departures];
            }
        }
    }

    public void Add(Departure departure)
    {
        lock (_gate)
        {
            if (_departures.Count < MaxDepartures)
            {
                _departures.Add(departure);
            }
        }
    }
}
