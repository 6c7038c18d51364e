using AmqpToolkit.Transport;

namespace AmqpToolkit.Broker.Tls;

/// <summary>
/// How many handshakes are reckoned with at a time, so that those who only shake hands leave processors to those who send messages. Addresses have their turns one after the other, however many clients of each wait. One a
/// door; any thread.
/// </summary>
/// <param name="most">Handshakes at a time.</param>
/// <param name="maxOctets">Octets that a client may say in its own.</param>
internal sealed class HandshakeTurns(int most, int maxOctets = int.MaxValue)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, LinkedList<Turn>> _waiting = [];

    /// <summary>The addresses that have somebody waiting, in the order of their turns; one that has nobody any more is passed over.</summary>
    private readonly Queue<UInt128> _addresses = new();

    /// <summary>The same, to look them up: none is in the line twice.</summary>
    private readonly HashSet<UInt128> _inLine = [];
    private int _taken;

    /// <summary>How many were taken at a time at most, for tests.</summary>
    public int MostTaken { get; private set; }

    private int Most { get; } = most;

    private int MaxOctets { get; } = maxOctets;

    /// <summary>How many wait.</summary>
    public int WaitingCount
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Values.Sum(list => list.Count);
            }
        }
    }

    /// <summary>For one client.</summary>
    public Turn Of(UInt128 address) => new(this, address);

    /// <summary>Under the gate.</summary>
    private void Count(int taken)
    {
        _taken += taken;
        MostTaken = Math.Max(MostTaken, _taken);
    }

    /// <summary>The turn goes to the next who waits. Under the gate.</summary>
    /// <returns>Who has it now; null for nobody.</returns>
    private Turn? PassOn()
    {
        while (_addresses.TryDequeue(out var address))
        {
            _inLine.Remove(address);
            if (!_waiting.TryGetValue(address, out var list))
            {
                continue;
            }

            var next = list.First!.Value;
            Forget(next, list);
            if (list.Count > 0)
            {
                StandInLine(address);
            }

            return next;
        }

        Count(-1);
        return null;
    }

    private void StandInLine(UInt128 address)
    {
        if (_inLine.Add(address))
        {
            _addresses.Enqueue(address);
        }
    }

    private void Forget(Turn turn, LinkedList<Turn> list)
    {
        list.Remove(turn.Node);
        if (list.Count == 0)
        {
            _waiting.Remove(turn.Address);
        }
    }

    /// <summary>The turns of one client.</summary>
    internal sealed class Turn(HandshakeTurns all, UInt128 address) : IHandshakeTurn
    {
        private TaskCompletionSource? _wait;
        private bool _isTaken;
        private bool _hasHadOne;
        private bool _isOver;

        public UInt128 Address { get; } = address;

        /// <inheritdoc/>
        public int MaxOctets => all.MaxOctets;

        public LinkedListNode<Turn> Node => field ??= new LinkedListNode<Turn>(this);

        /// <inheritdoc/>
        public ValueTask TakeAsync()
        {
            lock (all._gate)
            {
                if (_isOver)
                {
                    return ValueTask.FromException(GivenUp());
                }

                if (all._taken < all.Most)
                {
                    _isTaken = true;
                    all.Count(1);
                    return ValueTask.CompletedTask;
                }

                if (!all._waiting.TryGetValue(Address, out var list))
                {
                    all._waiting.Add(Address, list = new LinkedList<Turn>());
                    all.StandInLine(Address);
                }

                if (_hasHadOne)
                {
                    // The dear part is done, and what is left is little: behind the others its time would be over, and all that was reckoned in vain.
                    list.AddFirst(Node);
                }
                else
                {
                    list.AddLast(Node);
                }

                _wait = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                return new ValueTask(_wait.Task);
            }
        }

        /// <inheritdoc/>
        public void GiveBack()
        {
            TaskCompletionSource? next = null;
            lock (all._gate)
            {
                if (_isTaken)
                {
                    _hasHadOne = true;
                    _isTaken = false;
                    next = all.PassOn()?.Begin();
                }
            }

            next?.SetResult();
        }

        /// <summary>The client is given up: it waits no longer. What it has it gives back itself.</summary>
        public void End()
        {
            TaskCompletionSource? wait;
            lock (all._gate)
            {
                _isOver = true;
                wait = _wait;
                _wait = null;
                if (wait is not null)
                {
                    all.Forget(this, all._waiting[Address]);
                }
            }

            wait?.SetException(GivenUp());
        }

        private static IOException GivenUp() => new("the client was given up");

        /// <summary>Under the gate.</summary>
        private TaskCompletionSource Begin()
        {
            var wait = _wait!;
            _wait = null;
            _isTaken = true;
            return wait;
        }
    }
}
