using System.Globalization;
using System.Text.Unicode;
using AmqpToolkit.Broker.Durability;
using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker.Access;

/// <summary>
/// Takes of definitions what RabbitMQ 3.10 takes, and names the rest: what it would refuse, which costs the whole file, what it would lose without a word, and what it would take for another thing. Used once.
/// </summary>
internal sealed class ExportSelection
{
    private const string NoJson = "what RabbitMQ's JSON cannot have (void, octets, text that is no UTF-8, a time)";

    private readonly List<string> _leftOut = [];
    private readonly List<string> _needsPlugins = [];

    private ExportSelection(DefinitionsSnapshot all) => Taken = new DefinitionsSnapshot([.. Select(all)], all.Users);

    /// <summary>What goes along.</summary>
    public DefinitionsSnapshot Taken { get; }

    /// <summary>What does not, and why, a line each.</summary>
    public IReadOnlyList<string> LeftOut => _leftOut;

    /// <summary>What goes along to a broker with a plugin alone, and with which, a line each.</summary>
    public IReadOnlyList<string> NeedsPlugins => _needsPlugins;

    /// <summary>Selects.</summary>
    public static ExportSelection Of(DefinitionsSnapshot all) => new(all);

    /// <summary>Section by section over all virtual hosts, so that what is told stands in the order of the file.</summary>
    private DefinitionsSnapshot.VirtualHostPart[] Select(DefinitionsSnapshot all)
    {
        foreach (var user in all.Users)
        {
            NameRest(user);
        }

        DefinitionsSnapshot.VirtualHostPart[] hosts = [.. all.Hosts];
        foreach (var host in hosts)
        {
            NameRest(host);
        }

        Each(host => host with { OperatorPolicies = [.. host.OperatorPolicies.Select(policy => Reduce(host, policy, isOperator: true)).OfType<Policy>()] });
        Each(host => host with { Policies = [.. host.Policies.Select(policy => Reduce(host, policy, isOperator: false)).OfType<Policy>()] });
        Each(host => host with { Queues = [.. host.Queues.Where(queue => Takes(host, "queue", queue)).Select(queue => Reduce(host, queue))] });
        Each(host => host with { Exchanges = [.. host.Exchanges.Where(exchange => Takes(host, "exchange", exchange)).Select(exchange => Reduce(host, exchange))] });
        Each(host => host with { Bindings = [.. host.Bindings.Where(binding => Takes(host, binding))] });
        return hosts;

        void Each(Func<DefinitionsSnapshot.VirtualHostPart, DefinitionsSnapshot.VirtualHostPart> select)
        {
            for (int index = 0; index < hosts.Length; index++)
            {
                hosts[index] = select(hosts[index]);
            }
        }
    }

    private void NameRest(DefinitionsSnapshot.UserPart user)
    {
        if (user.State.LoopbackOnly != (user.Name == "guest"))
        {
            _leftOut.Add($"user '{user.Name}' comes from {(user.State.LoopbackOnly ? "the broker's own machine alone" : "other machines, too")}: RabbitMQ has that in its settings (loopback_users)");
        }

        if (user.State.Scram is { IsKept: true })
        {
            _leftOut.Add($"user '{user.Name}' can log in with SCRAM: of an imported hash nobody can{(user.State.Password is null ? ", and another password the user has not" : string.Empty)}");
        }
    }

    private void NameRest(DefinitionsSnapshot.VirtualHostPart host)
    {
        if (host.Settings.Durability is { } durability)
        {
            // It is in the file: RabbitMQ passes over what it does not know of a virtual host; a policy with such a key it refuses.
            _leftOut.Add($"virtual host '{host.Name}': durability {durability}, which this broker alone reads in it");
        }
    }

    /// <summary>What RabbitMQ takes of a policy; null when it takes none of it.</summary>
    private Policy? Reduce(DefinitionsSnapshot.VirtualHostPart host, Policy policy, bool isOperator)
    {
        string owner = BrokerStore.NameOf(isOperator ? "operator policy" : "policy", policy.Name, host.Name);
        var taken = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (key, value) in policy.Definition)
        {
            if (!ExportRules.TakesInPolicy(key, value, policy.Definition, isOperator))
            {
                _leftOut.Add($"{owner}: {key} '{Show(value)}'");
            }
            else if (IsJson(owner, key, value))
            {
                taken.Add(key, value);
            }
        }

        if (taken.Count == 0)
        {
            _leftOut.Add($"{owner}: all of it, since nothing else is in it; of those that match there the next by priority counts");
            return null;
        }

        if (!ExportRules.IsSaidByKeys(policy.ApplyTo, taken))
        {
            // As one of all queues it would drop messages of others.
            _leftOut.Add($"{owner}: all of it, since it is of {policy.ApplyTo} alone and RabbitMQ has no such policies; of those that match there the next by priority counts");
            return null;
        }

        return new Policy { Name = policy.Name, Pattern = policy.Pattern, ApplyTo = policy.ApplyTo, Priority = policy.Priority, Definition = taken };
    }

    private DefinitionsSnapshot.QueuePart Reduce(DefinitionsSnapshot.VirtualHostPart host, DefinitionsSnapshot.QueuePart queue)
    {
        string owner = BrokerStore.NameOf("queue", queue.NameText, host.Name);
        var taken = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (key, value) in queue.Arguments)
        {
            if (!ExportRules.TakesInQueue(key, queue.Arguments))
            {
                _leftOut.Add($"{owner}: {key} '{Show(value)}'");
            }
            else if (IsJson(owner, key, value))
            {
                taken.Add(key, value);
            }
        }

        return queue with { Arguments = taken };
    }

    private DefinitionsSnapshot.ExchangePart Reduce(DefinitionsSnapshot.VirtualHostPart host, DefinitionsSnapshot.ExchangePart exchange)
    {
        string owner = BrokerStore.NameOf("exchange", exchange.NameText, host.Name);
        if (ExportRules.PluginOf(exchange.Type) is { } plugin)
        {
            _needsPlugins.Add($"{owner}: type {VirtualHost.TextOf(exchange.Type)}, of the plugin {plugin}");
        }

        return exchange with { Arguments = exchange.Arguments.Where(one => IsJson(owner, one.Key, one.Value)).ToDictionary() };
    }

    private bool Takes(DefinitionsSnapshot.VirtualHostPart host, string kind, DefinitionsSnapshot.DestinationPart destination)
    {
        if (WhyNot(destination) is { } why)
        {
            _leftOut.Add($"{BrokerStore.NameOf(kind, destination.NameText, host.Name)}, and its bindings: {why}");
            return false;
        }

        return true;
    }

    /// <summary>Why a queue or an exchange cannot go along; null when it can.</summary>
    private static string? WhyNot(DefinitionsSnapshot.DestinationPart destination) =>
        !Utf8.IsValid(destination.Name) ? $"its name, 0x{Convert.ToHexString(destination.Name)}, is no UTF-8"
        : destination is DefinitionsSnapshot.ExchangePart { Type: ExchangeType.LocalRandom } exchange ? $"no RabbitMQ before 4.0 has the type {VirtualHost.TextOf(exchange.Type)}"
        : destination is DefinitionsSnapshot.QueuePart && destination.Name.AsSpan().StartsWith("amq."u8) ? "a broker has given it its name, and none imports such"
        : null;

    private bool Takes(DefinitionsSnapshot.VirtualHostPart host, DefinitionsSnapshot.BindingPart binding)
    {
        if (WhyNot(binding.Source) is not null || WhyNot(binding.Destination) is not null)
        {
            return false;
        }

        // With another key, or without one of its arguments, it would be another binding.
        string? why = !Utf8.IsValid(binding.RoutingKey) ? $"its key, 0x{Convert.ToHexString(binding.RoutingKey)}, is no UTF-8"
            : !DefinitionsJson.CanWrite(binding.Arguments) ? $"an argument has {NoJson}"
            : null;
        if (why is not null)
        {
            _leftOut.Add($"a binding of '{binding.Destination.NameText}' to {BrokerStore.NameOf("exchange", binding.Source.NameText, host.Name)}: {why}");
        }

        return why is null;
    }

    private bool IsJson(string owner, string key, object? value)
    {
        bool isJson = DefinitionsJson.CanWrite(key) && DefinitionsJson.CanWrite(value);
        if (!isJson)
        {
            _leftOut.Add($"{owner}: {key}, {NoJson}");
        }

        return isJson;
    }

    private static string Show(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty;
}
