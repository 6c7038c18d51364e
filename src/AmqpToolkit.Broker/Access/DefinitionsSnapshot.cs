using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker.Access;

/// <summary>What a broker has of definitions, so that nothing in it points to what is not in it: of each virtual host as it is at one moment. Immutable.</summary>
internal sealed class DefinitionsSnapshot
{
    private DefinitionsSnapshot(IReadOnlyList<VirtualHostPart> hosts, IReadOnlyList<UserPart> users)
    {
        Hosts = hosts;
        Users = users;
    }

    /// <summary>The virtual hosts, in the order of their names.</summary>
    public IReadOnlyList<VirtualHostPart> Hosts { get; }

    /// <summary>The users, in the order of their names.</summary>
    public IReadOnlyList<UserPart> Users { get; }

    /// <summary>Looks at all that there is.</summary>
    public static DefinitionsSnapshot Of(AmqpBroker broker)
    {
        VirtualHostPart[] hosts = [.. broker.VirtualHosts.Names.Select(broker.VirtualHosts.Find).OfType<BrokerVirtualHost>().Select(PartOf)];
        var names = hosts.Select(part => part.Host.Name).ToHashSet(StringComparer.Ordinal);
        var users = new List<UserPart>();
        foreach (string name in broker.Users.Names)
        {
            if (broker.Users.Find(name) is { } user)
            {
                users.Add(new UserPart(
                    user,
                    [.. (user.Permissions ?? []).Where(one => names.Contains(one.VirtualHost))],
                    [.. broker.Users.TopicPermissionsOf(name).Where(one => names.Contains(one.VirtualHost)).OrderBy(one => one.VirtualHost, StringComparer.Ordinal).ThenBy(one => one.Exchange, StringComparer.Ordinal)],
                    broker.Users.StateOf(name)?.Scram is { IsKept: true }));
            }
        }

        return new DefinitionsSnapshot(hosts, users);
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
        bindings.Sort(Compare);
        exchanges.RemoveAll(exchange => exchange.NameText.StartsWith("amq.", StringComparison.Ordinal));
        return new VirtualHostPart(
            host,
            [.. queues.OrderBy(queue => queue.NameText, StringComparer.Ordinal)],
            [.. exchanges.OrderBy(exchange => exchange.NameText, StringComparer.Ordinal)],
            bindings);
    }

    private static int Compare(Binding one, Binding other) =>
        Compare(one.Source.Name, other.Source.Name) is var bySource and not 0 ? bySource
        : Compare(one.Destination.Name, other.Destination.Name) is var byDestination and not 0 ? byDestination
        : Compare(one.RoutingKey, other.RoutingKey) is var byKey and not 0 ? byKey
        : Compare(one.Arguments, other.Arguments);

    private static int Compare(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other) => one.SequenceCompareTo(other);

    /// <summary>A virtual host with what is in it.</summary>
    internal sealed record VirtualHostPart(BrokerVirtualHost Host, IReadOnlyList<MessageQueue> Queues, IReadOnlyList<Exchange> Exchanges, IReadOnlyList<Binding> Bindings);

    /// <summary>A user with what it may do in those.</summary>
    internal sealed record UserPart(BrokerUser User, IReadOnlyList<UserPermission> Permissions, IReadOnlyList<UserTopicPermission> TopicPermissions, bool HasScram);
}
