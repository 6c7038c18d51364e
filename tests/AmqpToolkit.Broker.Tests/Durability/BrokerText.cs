using System.Text;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker.Tests.Durability;

/// <summary>What a broker has that is durable, as lines in order: two brokers that show the same have the same.</summary>
internal static class BrokerText
{
    public static string Describe(AmqpBroker broker)
    {
        var lines = new List<string>();
        foreach (string name in broker.Users.Names)
        {
            var user = broker.Users.Find(name)!;
            lines.Add($"user {name}: {user.PasswordHash} {user.HashingAlgorithm} [{string.Join(' ', user.Tags)}] {user.LoopbackOnly} {user.MaxConnections} {user.MaxChannels}");
            lines.AddRange(user.Permissions!.Select(one => $"user {name}: {one}"));
            lines.AddRange(broker.Users.TopicPermissionsOf(name).Select(one => $"user {name}: {one}"));
        }

        foreach (string name in broker.VirtualHosts.Names)
        {
            Describe(broker.VirtualHosts.Find(name)!, lines);
        }

        return string.Join('\n', lines.Order(StringComparer.Ordinal));
    }

    private static void Describe(BrokerVirtualHost virtualHost, List<string> lines)
    {
        string name = virtualHost.Name;
        var topology = virtualHost.Topology;
        lines.Add($"vhost {name}: {virtualHost.MaxConnections} {virtualHost.MaxQueues} {virtualHost.Durability} {virtualHost.DefaultQueueType} {virtualHost.Description} [{string.Join(' ', virtualHost.Tags)}]");
        lines.AddRange(virtualHost.Policies.All.Select(policy => $"vhost {name}: policy {Show(policy)}"));
        lines.AddRange(virtualHost.OperatorPolicies.All.Select(policy => $"vhost {name}: operator policy {Show(policy)}"));
        foreach (var exchange in topology.Exchanges.Where(one => one.Durable))
        {
            lines.Add($"vhost {name}: exchange {exchange.NameText} {exchange.Type} {exchange.AutoDelete} {exchange.Internal} {Show(exchange.Arguments.Span)} {Show(exchange.Policy)}");
            lock (topology.TopologyLock)
            {
                lines.AddRange(exchange.Bindings.Where(binding => IsDurable(binding.Destination)).Select(binding =>
                    $"vhost {name}: binding {exchange.NameText} -> {binding.Destination.GetType().Name} {binding.Destination.NameText} {Encoding.UTF8.GetString(binding.RoutingKey)} {Show(binding.Arguments)}"));
            }
        }

        foreach (var queue in topology.Queues.Where(IsDurable))
        {
            lines.Add($"vhost {name}: queue {queue.NameText} {queue.Definition.AutoDelete} {Show(queue.Definition.Arguments.Span)} {queue.Durability} {queue.Settings} {Show(queue.Policy)}");
        }
    }

    private static bool IsDurable(BindingDestination destination) =>
        destination is MessageQueue queue ? queue.Definition is { Durable: true, Exclusive: false } : ((Exchange)destination).Durable;

    private static string Show(ReadOnlySpan<byte> octets) => Convert.ToHexString(octets);

    private static string Show(EffectivePolicy? policy) => policy is null ? "-" : $"{policy.Name}/{policy.OperatorName}/{Show(policy.Definition.Span)}";

    private static string Show(Policy policy) =>
        $"{policy.Name} {policy.Pattern} {policy.ApplyTo} {policy.Priority} {string.Join(' ', policy.Definition.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => $"{one.Key}={one.Value}:{one.Value?.GetType().Name}"))}";
}
