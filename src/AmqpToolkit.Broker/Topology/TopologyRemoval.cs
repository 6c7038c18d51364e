namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// The end of exchanges and queues. They are out of sight at once; their bindings, which may be a million, are taken apart in slices, between which
/// the topology lock is free, so that others wait for a slice and no longer. Used by the thread that deletes.
/// </summary>
internal sealed class TopologyRemoval(VirtualHost virtualHost)
{
    /// <summary>Bindings that are removed under one taking of the lock: some 0.1 ms.</summary>
    private const int SliceBindings = 512;

    /// <summary>Destinations that are gone, with bindings that lead to them.</summary>
    private readonly Stack<BindingDestination> _destinations = new();

    /// <summary>Bindings of exchanges that are gone.</summary>
    private readonly Stack<Binding?[]> _bindings = new();

    /// <summary>Exchanges that are gone and have not given back yet what they keep.</summary>
    private readonly Stack<KeepingExchange> _keeping = new();

    /// <summary>How many of the topmost <see cref="_bindings"/> are left.</summary>
    private int _left;

    /// <summary>Adds a queue that is out of sight. Under the topology lock.</summary>
    public void Add(BindingDestination destination) => _destinations.Push(destination);

    /// <summary>Adds an exchange that is out of sight. Under the topology lock.</summary>
    public void Add(Exchange exchange)
    {
        _destinations.Push(exchange);
        if (exchange is KeepingExchange keeping)
        {
            _keeping.Push(keeping);
        }

        Binding?[] bindings = exchange.TakeBindings();
        if (bindings.Length > 0)
        {
            if (_bindings.Count > 0)
            {
                // What is left of the one below stands in it still; what is not is skipped.
                Array.Clear(_bindings.Peek(), _left, _bindings.Peek().Length - _left);
            }

            _bindings.Push(bindings);
            _left = bindings.Length;
        }
    }

    /// <summary>Removes the first slice, which is all in most cases. Under the topology lock.</summary>
    /// <returns>Whether something is left.</returns>
    public bool Continue()
    {
        int budget = SliceBindings;
        while (budget > 0 && (TakeApartBindings(ref budget) || TakeApartDestination(ref budget)))
        {
        }

        return _bindings.Count > 0 || _destinations.Count > 0;
    }

    /// <summary>Removes what is left. Without a lock.</summary>
    public void Finish()
    {
        bool isDone = _bindings.Count == 0 && _destinations.Count == 0;
        while (!isDone)
        {
            Thread.Yield();
            lock (virtualHost.TopologyLock)
            {
                isDone = !Continue();
                virtualHost.AdvanceRoutingVersion();
            }
        }

        while (_keeping.TryPop(out KeepingExchange? keeping))
        {
            keeping.DropKept();
        }
    }

    private bool TakeApartBindings(ref int budget)
    {
        if (!_bindings.TryPeek(out Binding?[]? bindings))
        {
            return false;
        }

        while (_left > 0 && budget > 0)
        {
            budget--;
            if (bindings[--_left] is { IsLinked: true } binding)
            {
                binding.Destination.Unlink(binding);
                virtualHost.Store?.RemoveBinding(binding);
            }
        }

        if (_left == 0)
        {
            _bindings.Pop();
            _left = _bindings.TryPeek(out Binding?[]? below) ? below.Length : 0;
        }

        return true;
    }

    private bool TakeApartDestination(ref int budget)
    {
        if (!_destinations.TryPeek(out BindingDestination? destination))
        {
            return false;
        }

        while (budget > 0 && destination.FirstBinding is { } binding)
        {
            budget--;
            Exchange source = binding.Source;
            source.Unbind(binding);
            virtualHost.Store?.RemoveBinding(binding);
            if (source.AutoDelete && source.BindingCount == 0 && !source.IsDeleted)
            {
                // It goes with its last binding; the destination is looked at again afterwards.
                virtualHost.Hide(source, this);
                return true;
            }
        }

        if (destination.FirstBinding is null)
        {
            _destinations.Pop();
        }

        return true;
    }
}
