using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker;

/// <summary>A virtual host: what is said of it, its limits and policies. All of it is kept with the broker's definitions. Any thread.</summary>
public sealed class BrokerVirtualHost
{
    internal BrokerVirtualHost(VirtualHost topology)
    {
        Topology = topology;
        Queues = new BrokerQueues(topology);
        Policies = new BrokerPolicies(topology, isOperator: false);
        OperatorPolicies = new BrokerPolicies(topology, isOperator: true);
    }

    /// <summary>The name.</summary>
    public string Name => Topology.Name;

    /// <summary>Connections that may be open at a time; null for any number. Those that are open stay.</summary>
    public int? MaxConnections
    {
        get => Topology.Settings.MaxConnections is >= 0 and var max ? max : null;
        set => Topology.ChangeSettings(settings => settings with { MaxConnections = value ?? -1 });
    }

    /// <summary>Queues that may be there at a time; null for any number. Those that are there stay.</summary>
    public int? MaxQueues
    {
        get => Topology.Settings.MaxQueues is >= 0 and var max ? max : null;
        set => Topology.ChangeSettings(settings => settings with { MaxQueues = value ?? -1 });
    }

    /// <summary>
    /// What it means here that something is kept, for queues that say nothing of it themselves; null for what the broker says. It holds for messages that come from now on.
    /// </summary>
    public DurabilityLevel? Durability
    {
        get => Topology.Settings.Durability;
        set => Topology.ChangeSettings(settings => settings with { Durability = value });
    }

    /// <summary>
    /// The type of queues that are declared without x-queue-type: <c>classic</c>, <c>quorum</c> or <c>stream</c>; null for classic. A queue that is not durable, or exclusive, or
    /// deletes itself, is classic all the same.
    /// </summary>
    /// <exception cref="ArgumentException">There is no such type.</exception>
    public string? DefaultQueueType
    {
        get => Topology.Settings.DefaultQueueType;
        set
        {
            string? type = value is null ? null : CheckQueueType(value);
            Topology.ChangeSettings(settings => settings with { DefaultQueueType = type });
        }
    }

    /// <summary>What people say of it; empty unless it was set.</summary>
    public string Description
    {
        get => Topology.Settings.Description;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            Topology.ChangeSettings(settings => settings with { Description = value });
        }
    }

    /// <summary>What tools sort it by; they mean nothing to the broker.</summary>
    public IReadOnlyList<string> Tags
    {
        get => Topology.Settings.Tags;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            string[] tags = [.. value];
            Topology.ChangeSettings(settings => settings.Tags.SequenceEqual(tags) ? settings : settings with { Tags = Array.AsReadOnly(tags) });
        }
    }

    /// <summary>Connections that are open now.</summary>
    public int ConnectionCount => Topology.ConnectionCount;

    /// <summary>Queues that are there now.</summary>
    public int QueueCount => Topology.QueueCount;

    /// <summary>The policies.</summary>
    public BrokerPolicies Policies { get; }

    /// <summary>The policies with which operators limit what users ask for: where both say something, the smaller number counts.</summary>
    public BrokerPolicies OperatorPolicies { get; }

    /// <summary>The queues, to look at.</summary>
    public BrokerQueues Queues { get; }

    internal VirtualHost Topology { get; }

    /// <summary>The type that a name means; null for classic.</summary>
    /// <exception cref="ArgumentException">There is no such type.</exception>
    internal static string? CheckQueueType(string value) => value switch
    {
        "undefined" or "classic" or "rabbit_classic_queue" => null,
        "quorum" or "rabbit_quorum_queue" => "quorum",
        "stream" or "rabbit_stream_queue" => "stream",
        _ => throw new ArgumentException($"There is no queue type '{value}'.", nameof(value)),
    };
}
