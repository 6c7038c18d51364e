using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Durability;

/// <summary>A virtual host as a journal declares it, with what is in it.</summary>
internal sealed record StoredVirtualHost(uint Number, string Name, VirtualHostSettings Settings)
{
    /// <summary>Whether its definition is lost, and it is known by what is in it alone.</summary>
    public bool IsMadeAgain { get; init; }

    /// <summary>What is lost of one that is made again.</summary>
    public JournalDamage Loss() => new("definitions", 0, 0, $"the virtual host that is '{Name}' from now on: its name and its settings are lost") { HasPlace = false };

    /// <summary>The policies that operators set, or the others.</summary>
    public List<PolicyRule> Policies(bool isOperator) => isOperator ? OperatorPolicies : UserPolicies;

    public List<PolicyRule> UserPolicies { get; } = [];

    public List<PolicyRule> OperatorPolicies { get; } = [];

    public List<StoredExchange> Exchanges { get; } = [];

    public List<StoredQueue> Queues { get; } = [];

    public List<StoredBinding> Bindings { get; } = [];
}

/// <summary>An exchange as a journal declares it.</summary>
internal sealed record StoredExchange(uint Number, byte[] Name, ExchangeType Type, ExchangeProperties Properties);

/// <summary>A queue as a journal declares it.</summary>
internal sealed record StoredQueue(uint Number, QueueDefinition Definition);

/// <summary>A binding as a journal declares it, between what has these numbers in its virtual host.</summary>
internal sealed record StoredBinding(uint Source, uint Destination, byte[] RoutingKey, Table Arguments);
