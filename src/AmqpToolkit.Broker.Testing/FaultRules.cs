namespace AmqpToolkit.Broker.Testing;

/// <summary>
/// What is to go wrong, and when. Each connection is counted for itself; of several rules that meet, the first that was given counts. The same seed gives the same faults at the same numbers. Any thread.
/// </summary>
/// <param name="seed">What chance begins with.</param>
public sealed class FaultRules(int seed = 1)
{
    /// <summary>Faults that are remembered.</summary>
    private const int MaxApplied = 100_000;

    private readonly Lock _gate = new();
    private readonly List<Rule> _rules = [];
    private readonly List<AppliedFault> _applied = [];

    /// <summary>What chance begins with: a test that uses it prints it.</summary>
    public int Seed => seed;

    /// <summary>What went wrong so far, in its order; the first hundred thousand.</summary>
    public IReadOnlyList<AppliedFault> Applied
    {
        get
        {
            lock (_gate)
            {
                return [.. _applied];
            }
        }
    }

    /// <summary>A fault at one publish, delivery, ack or confirm of each connection.</summary>
    /// <param name="point">Of what.</param>
    /// <param name="number">The how-manieth, from 1.</param>
    /// <param name="fault">What goes wrong.</param>
    /// <param name="connection">The one connection that is meant, from 1 in the order in which they came; null for each.</param>
    /// <exception cref="ArgumentException">The fault means nothing there.</exception>
    public FaultRules At(TrafficPoint point, int number, Fault fault, int? connection = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        return Add(point, fault, connection, (at, _) => at == number);
    }

    /// <summary>A fault at every so-manieth.</summary>
    /// <inheritdoc cref="At"/>
    public FaultRules Every(TrafficPoint point, int number, Fault fault, int? connection = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        return Add(point, fault, connection, (at, _) => at % number == 0);
    }

    /// <summary>A fault now and then.</summary>
    /// <param name="point">Of what.</param>
    /// <param name="chance">How likely at each: 0 for never to 1 for always.</param>
    /// <param name="fault">What goes wrong.</param>
    /// <param name="connection">The one connection that is meant, from 1 in the order in which they came; null for each.</param>
    /// <exception cref="ArgumentException">The fault means nothing there.</exception>
    public FaultRules Sometimes(TrafficPoint point, double chance, Fault fault, int? connection = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(chance, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(chance, 1);
        return Add(point, fault, connection, (_, random) => random.NextDouble() < chance);
    }

    /// <summary>Nothing more goes wrong.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _rules.Clear();
        }
    }

    /// <summary>What goes wrong here; null for nothing.</summary>
    internal Fault? Find(int connection, TrafficPoint point, int number, bool isClassic = true)
    {
        lock (_gate)
        {
            Fault? found = null;
            foreach (var rule in _rules)
            {
                // Each is asked, so that chance does not depend on what other rules say.
                if (rule.Point == point && (rule.Connection ?? connection) == connection && rule.Holds(number, rule.ChanceOf(connection, seed)))
                {
                    found ??= rule.Fault;
                }
            }

            if (!isClassic && found?.Kind == FaultKind.Block)
            {
                // 1.0 has no word for it, and so nothing goes wrong.
                return null;
            }

            if (found is not null && _applied.Count < MaxApplied)
            {
                _applied.Add(new AppliedFault(connection, point, number, found));
            }

            return found;
        }
    }

    private FaultRules Add(TrafficPoint point, Fault fault, int? connection, Func<int, Random, bool> holds)
    {
        ArgumentNullException.ThrowIfNull(fault);
        fault.CheckAt(point);
        lock (_gate)
        {
            _rules.Add(new Rule(_rules.Count, point, fault, connection, holds));
        }

        return this;
    }

    private sealed record Rule(int Index, TrafficPoint Point, Fault Fault, int? Connection, Func<int, Random, bool> Holds)
    {
        private readonly Dictionary<int, Random> _chances = [];

        /// <summary>Each connection has chances of its own: the others do not use them up.</summary>
        public Random ChanceOf(int connection, int seed)
        {
            if (!_chances.TryGetValue(connection, out var random))
            {
#pragma warning disable CA5394 // It is to be foretold.
                _chances[connection] = random = new Random(unchecked((((seed * 397) + connection) * 397) + Index));
#pragma warning restore CA5394
            }

            return random;
        }
    }
}
