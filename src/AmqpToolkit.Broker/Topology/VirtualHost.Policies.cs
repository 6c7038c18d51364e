using AmqpToolkit.Broker.Queues;

namespace AmqpToolkit.Broker.Topology;

/// <content>Policies: which there are, and what they make of each queue and exchange.</content>
internal sealed partial class VirtualHost
{
    /// <summary>What pairs of policies come to, so that a hundred thousand queues share one answer. Under the topology lock.</summary>
    private readonly Dictionary<(PolicyRule? Policy, PolicyRule? Operator), EffectivePolicy> _effective = [];

    private PolicyRule[] _policies = [];
    private PolicyRule[] _operatorPolicies = [];

    /// <summary>The policies, or those of operators, the strongest first.</summary>
    public IReadOnlyList<PolicyRule> Policies(bool isOperator) => Volatile.Read(ref isOperator ? ref _operatorPolicies : ref _policies);

    /// <summary>Adds a policy, or replaces the one of its name, and applies it to what is there.</summary>
    public void SetPolicy(PolicyRule rule, bool isOperator)
    {
        lock (TopologyLock)
        {
            ref var rules = ref isOperator ? ref _operatorPolicies : ref _policies;
            rules =
            [
                .. rules.Where(one => one.Policy.Name != rule.Policy.Name).Append(rule)
                    .OrderByDescending(one => one.Policy.Priority).ThenBy(one => one.Policy.Name, StringComparer.Ordinal),
            ];
            ApplyPolicies();
        }
    }

    /// <summary>Removes a policy; false when there is none of that name.</summary>
    public bool DeletePolicy(string name, bool isOperator)
    {
        lock (TopologyLock)
        {
            ref var rules = ref isOperator ? ref _operatorPolicies : ref _policies;
            var left = rules.Where(one => one.Policy.Name != name).ToArray();
            if (left.Length == rules.Length)
            {
                return false;
            }

            rules = left;
            ApplyPolicies();
            return true;
        }
    }

    /// <summary>Gives a new queue or exchange what policies say of it. Under the topology lock.</summary>
    private void ApplyPolicyToNew(BindingDestination resource)
    {
        if ((_policies.Length > 0 || _operatorPolicies.Length > 0) && FindPolicy(resource) is { } policy)
        {
            resource.ApplyPolicy(policy);
        }
    }

    /// <summary>Looks at every queue and exchange again: rare, and no more than one match a policy and a name. Under the topology lock.</summary>
    private void ApplyPolicies()
    {
        _effective.Clear();
        foreach (MessageQueue queue in Queues)
        {
            Apply(queue);
        }

        foreach (Exchange exchange in Exchanges)
        {
            // The default exchange is nobody's: it leads to queues by their names, and policies change nothing of that.
            if (!exchange.IsDefault)
            {
                Apply(exchange);
            }
        }

        AdvanceRoutingVersion();

        void Apply(BindingDestination resource)
        {
            EffectivePolicy? policy = FindPolicy(resource);
            if (policy is not null || resource.Policy is not null)
            {
                resource.ApplyPolicy(policy);
            }
        }
    }

    private EffectivePolicy? FindPolicy(BindingDestination resource)
    {
        PolicyRule? policy = Array.Find(_policies, rule => rule.IsMatch(resource));
        PolicyRule? operatorPolicy = Array.Find(_operatorPolicies, rule => rule.IsMatch(resource));
        if (policy is null && operatorPolicy is null)
        {
            return null;
        }

        if (!_effective.TryGetValue((policy, operatorPolicy), out EffectivePolicy? effective))
        {
            effective = new EffectivePolicy(
                policy?.Policy.Name, operatorPolicy?.Policy.Name, PolicyDefinition.Merge(policy?.Policy.Definition, operatorPolicy?.Policy.Definition));
            _effective.Add((policy, operatorPolicy), effective);
        }

        return effective;
    }
}
