using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker;

/// <summary>The policies of one virtual host, or those with which operators limit them. Any thread; a change holds at once for all that is there.</summary>
public sealed class BrokerPolicies
{
    private readonly VirtualHost _topology;
    private readonly bool _isOperator;

    internal BrokerPolicies(VirtualHost topology, bool isOperator)
    {
        _topology = topology;
        _isOperator = isOperator;
    }

    /// <summary>All of them, the strongest first.</summary>
    public IReadOnlyList<Policy> All => [.. _topology.Policies(_isOperator).Select(rule => rule.Policy)];

    /// <summary>Adds a policy, or replaces the one of its name.</summary>
    /// <exception cref="ArgumentException">The pattern is no regular expression, or the definition has a key or a value that policies do not have; nothing has changed.</exception>
    public void Set(Policy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        _topology.SetPolicy(new PolicyRule(policy, _isOperator), _isOperator);
    }

    /// <summary>Removes a policy.</summary>
    /// <returns>False when there was none of that name.</returns>
    public bool Delete(string name) => _topology.DeletePolicy(name, _isOperator);
}
