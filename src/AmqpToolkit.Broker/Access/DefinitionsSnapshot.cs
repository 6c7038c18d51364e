using System.Collections.Immutable;
using System.Text;
using AmqpToolkit.Broker.Durability;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Access;

/// <summary>What there is of definitions, in the order in which it is written: nothing in it points to what is not in it, and nothing of it lives. Immutable.</summary>
internal sealed record DefinitionsSnapshot(IReadOnlyList<DefinitionsSnapshot.VirtualHostPart> Hosts, IReadOnlyList<DefinitionsSnapshot.UserPart> Users)
{
    /// <summary>Looks at all that a broker has: at each virtual host as it is at one moment.</summary>
    public static DefinitionsSnapshot Of(AmqpBroker broker) => Create(
        broker.VirtualHosts.Names.Select(broker.VirtualHosts.Find).OfType<BrokerVirtualHost>().Select(PartOf),
        broker.Users.Names.Select(name => (name, broker.Users.StateOf(name))));

    /// <summary>Looks at what a store has kept.</summary>
    public static DefinitionsSnapshot Of(StoredDefinitions stored) => Create(
        stored.VirtualHosts.Select(PartOf),
        stored.Users.Select(user => (user.Key, (UserState?)user.Value)));

    /// <summary>In order, users without what they may do in virtual hosts that are not there.</summary>
    private static DefinitionsSnapshot Create(IEnumerable<VirtualHostPart> parts, IEnumerable<(string Name, UserState? State)> users)
    {
        VirtualHostPart[] hosts = [.. parts.OrderBy(part => part.Name, StringComparer.Ordinal)];
        var names = hosts.Select(part => part.Name).ToHashSet(StringComparer.Ordinal);
        return new DefinitionsSnapshot(
            hosts,
            [
                .. users.Where(user => user.State is not null).OrderBy(user => user.Name, StringComparer.Ordinal).Select(user => new UserPart(user.Name, user.State! with
                {
                    Permissions = user.State.Permissions.Where(one => names.Contains(one.Key)).ToImmutableDictionary(StringComparer.Ordinal),
                    TopicPermissions = user.State.TopicPermissions?.Where(one => names.Contains(one.Key.VirtualHost)).ToImmutableDictionary(),
                })),
            ]);
    }

    private static VirtualHostPart PartOf(BrokerVirtualHost host)
    {
        List<MessageQueue> queues;
        List<Exchange> exchanges;
        List<Binding> bindings;

        // Copied under the lock, put in order without it: declarations wait meanwhile.
        lock (host.Topology.TopologyLock)
        {
            queues = [.. host.Topology.Queues.Where(queue => !queue.Definition.Exclusive)];
            exchanges = [.. host.Topology.Exchanges.Where(exchange => !exchange.IsDefault)];
            bindings = [.. exchanges.SelectMany(exchange => exchange.Bindings)];
        }

        bindings.RemoveAll(binding => binding.Destination is MessageQueue { Definition.Exclusive: true });
        var parts = exchanges.ToDictionary(exchange => exchange, PartOf);
        return CreatePart(
            host.Name, host.Topology.Settings, host.Policies.All, host.OperatorPolicies.All,
            queues.Select(queue => PartOf(queue.Definition)),
            parts.Values,
            bindings.Select(binding => (
                parts[binding.Source],
                binding.Destination is Exchange exchange ? (DestinationPart)parts[exchange] : new QueuePart(binding.Destination.Name),
                binding.RoutingKey, binding.Arguments)));
    }

    private static VirtualHostPart PartOf(StoredVirtualHost host)
    {
        var destinations = new Dictionary<uint, DestinationPart>();
        foreach (var (number, name, type) in VirtualHost.PredeclaredExchanges)
        {
            destinations.Add(number, new ExchangePart(Encoding.UTF8.GetBytes(name), type, default));
        }

        foreach (var exchange in host.Exchanges)
        {
            destinations.Add(exchange.Number, new ExchangePart(exchange.Name, exchange.Type, exchange.Properties));
        }

        foreach (var queue in host.Queues)
        {
            destinations.Add(queue.Number, PartOf(queue.Definition));
        }

        return CreatePart(
            host.Name, host.Settings, host.UserPolicies.Select(rule => rule.Policy), host.OperatorPolicies.Select(rule => rule.Policy),
            destinations.Values.OfType<QueuePart>(),
            destinations.Values.OfType<ExchangePart>(),
            host.Bindings.Select(binding => ((ExchangePart)destinations[binding.Source], destinations[binding.Destination], binding.RoutingKey, binding.Arguments.Span.ToArray())));
    }

    private static VirtualHostPart CreatePart(
        string name, VirtualHostSettings settings, IEnumerable<Policy> policies, IEnumerable<Policy> operatorPolicies, IEnumerable<QueuePart> queues, IEnumerable<ExchangePart> exchanges,
        IEnumerable<(ExchangePart Source, DestinationPart Destination, byte[] RoutingKey, byte[] Arguments)> bindings) => new(
        name, settings,
        [.. policies.OrderBy(policy => policy.Name, StringComparer.Ordinal)],
        [.. operatorPolicies.OrderBy(policy => policy.Name, StringComparer.Ordinal)],
        [.. queues.OrderBy(queue => queue.NameText, StringComparer.Ordinal)],

        // What every virtual host has nobody has to declare.
        [.. exchanges.Where(exchange => !exchange.NameText.StartsWith("amq.", StringComparison.Ordinal)).OrderBy(exchange => exchange.NameText, StringComparer.Ordinal)],
        [
            .. bindings.OrderBy(one => one.Source.Name, OctetComparer.Instance).ThenBy(one => one.Destination.Name, OctetComparer.Instance).ThenBy(one => one.RoutingKey, OctetComparer.Instance)
                .ThenBy(one => one.Arguments, OctetComparer.Instance)
                .Select(one => new BindingPart(one.Source, one.Destination, one.RoutingKey, new TableView(one.Arguments).ToDictionary())),
        ]);

    private static QueuePart PartOf(QueueDefinition definition) => new(definition.Name)
    {
        Type = QueueArguments.TypeOf(definition.Arguments.View),
        Durable = definition.Durable,
        AutoDelete = definition.AutoDelete,
        Arguments = definition.Arguments.ToDictionary(),
    };

    private static ExchangePart PartOf(Exchange exchange) => new(exchange.Name, exchange.Type, new ExchangeProperties(exchange.Durable, exchange.AutoDelete, exchange.Internal, exchange.Arguments));

    /// <summary>A virtual host with what is in it.</summary>
    internal sealed record VirtualHostPart(
        string Name, VirtualHostSettings Settings, IReadOnlyList<Policy> Policies, IReadOnlyList<Policy> OperatorPolicies,
        IReadOnlyList<QueuePart> Queues, IReadOnlyList<ExchangePart> Exchanges, IReadOnlyList<BindingPart> Bindings);

    /// <summary>A user with what it may do in those.</summary>
    internal sealed record UserPart(string Name, UserState State);

    /// <summary>What a binding can lead to.</summary>
    internal abstract record DestinationPart(byte[] Name)
    {
        public string NameText => Encoding.UTF8.GetString(Name);
    }

    /// <summary>A queue.</summary>
    internal sealed record QueuePart(byte[] Name) : DestinationPart(Name)
    {
        public QueueTypes Type { get; init; }

        public bool Durable { get; init; }

        public bool AutoDelete { get; init; }

        public IReadOnlyDictionary<string, object?> Arguments { get; init; } = ImmutableDictionary<string, object?>.Empty;
    }

    /// <summary>An exchange.</summary>
    internal sealed record ExchangePart(byte[] Name, ExchangeType Type, bool Durable, bool AutoDelete, bool Internal, IReadOnlyDictionary<string, object?> Arguments) : DestinationPart(Name)
    {
        public ExchangePart(byte[] name, ExchangeType type, in ExchangeProperties properties)
            : this(name, type, properties.Durable, properties.AutoDelete, properties.Internal, properties.Arguments.ToDictionary())
        {
        }
    }

    /// <summary>A binding.</summary>
    internal sealed record BindingPart(ExchangePart Source, DestinationPart Destination, byte[] RoutingKey, IReadOnlyDictionary<string, object?> Arguments);

    private sealed class OctetComparer : IComparer<byte[]>
    {
        public static readonly OctetComparer Instance = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
