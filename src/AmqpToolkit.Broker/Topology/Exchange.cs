using System.Collections.Concurrent;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// An exchange: bindings that lead from it, and a way to find those that a message matches. Publishers route without a lock;
/// everything else happens under the virtual host's topology lock.
/// </summary>
internal abstract class Exchange : BindingDestination
{
    /// <summary>Bindings by identity. Under the topology lock.</summary>
    private BindingTable _bindings;

    /// <summary>The exchanges that bindings lead to, and how many do to each; null while there is none. Changed under the topology lock, read without.</summary>
    private volatile ConcurrentDictionary<Exchange, int>? _exchanges;

    /// <summary>Routing version, whether the answer is known (bit 1), the answer of <see cref="DependsOnKeyAlone"/> (bit 0).</summary>
    private long _keyAlone;

    /// <summary>True while a message can reach another exchange from here; false saves the walk.</summary>
    private volatile bool _leadsToExchanges;

    /// <summary>The alternate exchange that the arguments name; it goes before the policy's.</summary>
    private readonly byte[]? _ownAlternate;

    private volatile byte[]? _alternate;

    protected Exchange(VirtualHost virtualHost, byte[] name, in ExchangeProperties properties)
        : base(name)
    {
        VirtualHost = virtualHost;
        Durable = properties.Durable;
        AutoDelete = properties.AutoDelete;
        Internal = properties.Internal;
        Arguments = properties.Arguments;
        _ownAlternate = TextOf(properties.Arguments, ExchangeArguments.AlternateExchange);
        Alternate = _ownAlternate;
        _leadsToExchanges = Alternate is not null;
    }

    public VirtualHost VirtualHost { get; }

    public abstract ExchangeType Type { get; }

    public bool Durable { get; }

    public bool AutoDelete { get; }

    public bool Internal { get; }

    public Table Arguments { get; }

    /// <summary>Name of the exchange that gets what matches no binding here; null when there is none.</summary>
    public byte[]? Alternate
    {
        get => _alternate;
        private set => _alternate = value;
    }

    /// <summary>Whether the matching bindings follow from the routing key alone; the headers, chance and what is kept do not count then.</summary>
    public virtual bool RoutesByKeyAlone => true;

    /// <summary>Whether each of the keys of a message with CC or BCC is matched; else its first key stands for all.</summary>
    public virtual bool MatchesEachKey => false;

    public bool IsDefault => Name.Length == 0;

    /// <summary>True once the exchange has left its virtual host.</summary>
    public bool IsDeleted { get; private set; }

    /// <summary>The bindings of which this exchange is the source.</summary>
    public int BindingCount => _bindings.Count;

    /// <summary>The bindings of which this exchange is the source. Under the topology lock.</summary>
    public IEnumerable<Binding> Bindings => _bindings.Bindings();

    /// <summary>
    /// True when the queues of a message follow from exchange and key alone: no exchange that can be reached from here looks at
    /// headers. The answer of a routing may then be remembered while <see cref="VirtualHost.RoutingVersion"/> stands.
    /// </summary>
    public bool DependsOnKeyAlone
    {
        get
        {
            if (!_leadsToExchanges)
            {
                return RoutesByKeyAlone;
            }

            long known = Volatile.Read(ref _keyAlone);
            return known >> 2 == VirtualHost.RoutingVersion && (known & 2) != 0 ? (known & 1) != 0 : FindOutKeyAlone();
        }
    }

    /// <summary>Adds the destination of each binding that the message matches with the key, which is its own or one of its copies'.</summary>
    public abstract void Match(ReadOnlySpan<byte> routingKey, scoped in RoutedMessage message, RouteCollector collector);

    /// <summary>Refuses a binding that the type cannot serve; null when it can.</summary>
    public virtual Protocol.ProtocolError? Validate(ReadOnlySpan<byte> routingKey, TableView arguments) => null;

    /// <summary>Refuses a destination that the type cannot serve; null when it can.</summary>
    public virtual Protocol.ProtocolError? ValidateDestination(BindingDestination destination) => null;

    /// <summary>Refuses arguments of exchange.declare that the type cannot serve; null when it can.</summary>
    public virtual Protocol.ProtocolError? ValidateArguments() => null;

    /// <summary>A binding was added, and the topology lock is free again.</summary>
    /// <param name="binding">The binding.</param>
    /// <param name="turn">Who moves and sends what comes of it; null for at once.</param>
    public virtual void HandleBound(Binding binding, Turn? turn)
    {
    }

    /// <inheritdoc/>
    public override void ApplyPolicy(EffectivePolicy? policy)
    {
        base.ApplyPolicy(policy);
        Alternate = _ownAlternate ?? (policy is null ? null : TextOf(policy.Definition, ExchangeArguments.AlternateExchange));
        _leadsToExchanges = Alternate is not null || _exchanges is not null;
    }

    /// <summary>Adds a binding; null when it is there. Under the topology lock.</summary>
    internal Binding? Bind(BindingDestination destination, ReadOnlySpan<byte> routingKey, TableView arguments)
    {
        Binding binding = CreateBinding(this, destination, routingKey.ToArray(), BindingArguments.Canonical(arguments));
        if (_bindings.Find(binding) is not null)
        {
            return null;
        }

        _bindings.Add(binding);
        destination.Link(binding);
        if (destination is Exchange exchange)
        {
            var exchanges = _exchanges ?? new ConcurrentDictionary<Exchange, int>(concurrencyLevel: 1, capacity: 1);
            exchanges[exchange] = exchanges.GetValueOrDefault(exchange) + 1;
            _exchanges = exchanges;
            _leadsToExchanges = true;
        }

        Attach(binding);
        return binding;
    }

    /// <summary>The binding with this identity; null when there is none.</summary>
    internal Binding? FindBinding(BindingDestination destination, ReadOnlySpan<byte> routingKey, TableView arguments) =>
        _bindings.Find(new Binding(this, destination, routingKey.ToArray(), BindingArguments.Canonical(arguments)));

    /// <summary>Removes a binding of this exchange.</summary>
    internal void Unbind(Binding binding)
    {
        binding.Destination.Unlink(binding);
        if (IsDeleted)
        {
            // It is among those that were handed out.
            return;
        }

        _bindings.Remove(binding);
        if (binding.Destination is Exchange exchange)
        {
            ForgetOne(exchange);
        }

        Detach(binding);
    }

    /// <summary>The exchange is deleted and routes nowhere any more: hands out its bindings, whose destinations know them still; some are null.</summary>
    internal Binding?[] TakeBindings()
    {
        IsDeleted = true;
        _exchanges = null;
        return _bindings.TakeAll();
    }

    /// <summary>Puts a binding where <see cref="Match"/> finds it. Under the topology lock.</summary>
    internal abstract void Attach(Binding binding);

    /// <summary>Undoes <see cref="Attach"/>. Under the topology lock.</summary>
    internal abstract void Detach(Binding binding);

    /// <summary>Makes a binding with what the type needs to match it.</summary>
    internal virtual Binding CreateBinding(Exchange source, BindingDestination destination, byte[] routingKey, byte[] arguments) =>
        new(source, destination, routingKey, arguments);

    /// <summary>A text among the arguments; null when there is none.</summary>
    protected static byte[]? TextOf(Table table, ReadOnlySpan<byte> key) =>
        table.View.TryGetValue(key, out FieldValueView value) && value.TryGetString(out ReadOnlySpan<byte> name) ? name.ToArray() : null;

    private void ForgetOne(Exchange exchange)
    {
        var exchanges = _exchanges!;
        if (--exchanges[exchange] > 0)
        {
            return;
        }

        exchanges.TryRemove(exchange, out _);
        if (exchanges.IsEmpty)
        {
            _exchanges = null;
            _leadsToExchanges = Alternate is not null;
        }
    }

    /// <summary>
    /// Takes no lock: who routes waits for nobody. The answer is for the version that stood before the walk; what changes meanwhile advances the version
    /// when it is done, so that the answer is not asked for after that.
    /// </summary>
    private bool FindOutKeyAlone()
    {
        int version = VirtualHost.RoutingVersion;
        var reached = new HashSet<Exchange> { this };
        var open = new Stack<Exchange>(reached);
        bool keyAlone = true;
        while (keyAlone && open.TryPop(out Exchange? exchange))
        {
            keyAlone = exchange.RoutesByKeyAlone;
            foreach (Exchange next in exchange.NextExchanges())
            {
                if (reached.Add(next))
                {
                    open.Push(next);
                }
            }
        }

        Volatile.Write(ref _keyAlone, ((long)version << 2) | 2 | (keyAlone ? 1L : 0L));
        return keyAlone;
    }

    private IEnumerable<Exchange> NextExchanges()
    {
        IEnumerable<Exchange> bound = _exchanges?.Select(static one => one.Key) ?? [];
        return Alternate is { } name && VirtualHost.FindAlternate(name) is { } alternate ? bound.Append(alternate) : bound;
    }
}
