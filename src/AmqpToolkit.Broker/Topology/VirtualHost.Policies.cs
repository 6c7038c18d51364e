using AmqpToolkit.Broker.Queues;

namespace AmqpToolkit.Broker.Topology;

/// <content>
/// Policies: which there are, and what they make of each queue and exchange. Names are matched without the topology lock, because a pattern may
/// take its time; what came of it is applied in slices, between which others change the topology.
/// </content>
internal sealed partial class VirtualHost
{
    /// <summary>Queues and exchanges that get a policy under one taking of the topology lock.</summary>
    private const int SliceResources = 64;

    /// <summary>Held by whoever changes policies, one at a time. Taken before the topology lock.</summary>
    private readonly Lock _policyGate = new();

    private volatile PolicySet _policies = PolicySet.None;

    /// <summary>The policies, or those of operators, the strongest first.</summary>
    public IReadOnlyList<PolicyRule> Policies(bool isOperator) => _policies.Of(isOperator);

    /// <summary>Adds a policy, or replaces the one of its name, and applies it to what is there.</summary>
    public void SetPolicy(PolicyRule rule, bool isOperator)
    {
        rule.Logger = Timers.Logger;
        lock (_policyGate)
        {
            Store?.DefinePolicy(this, rule.Policy, isOperator);
            Apply(_policies.With(rule, isOperator));
        }
    }

    /// <summary>Removes a policy; false when there is none of that name.</summary>
    public bool DeletePolicy(string name, bool isOperator)
    {
        lock (_policyGate)
        {
            PolicySet left = _policies.Without(name, isOperator);
            if (ReferenceEquals(left, _policies))
            {
                return false;
            }

            Store?.RemovePolicy(this, name, isOperator);
            Apply(left);
            return true;
        }
    }

    /// <summary>Looks at every queue and exchange again: rare, and no more than one match a policy and a name.</summary>
    private void Apply(PolicySet policies)
    {
        lock (TopologyLock)
        {
            // What is declared from here on is judged by the new ones; what is there already is looked at below.
            _policies = policies;
        }

        var changed = new List<(BindingDestination Resource, EffectivePolicy? Policy)>();
        foreach (BindingDestination resource in Queues.Concat<BindingDestination>(Exchanges))
        {
            // The default exchange is nobody's: it leads to queues by their names, and policies change nothing of that.
            if (resource is not Exchange { IsDefault: true } && policies.Find(resource) is var policy && !ReferenceEquals(policy, resource.Policy))
            {
                changed.Add((resource, policy));
                if (changed.Count == SliceResources)
                {
                    ApplySlice(changed);
                }
            }
        }

        ApplySlice(changed);
    }

    private void ApplySlice(List<(BindingDestination Resource, EffectivePolicy? Policy)> changed)
    {
        lock (TopologyLock)
        {
            foreach (var (resource, policy) in changed)
            {
                if (resource is MessageQueue queue ? ReferenceEquals(FindQueue(queue.Name), queue) : resource is Exchange { IsDeleted: false })
                {
                    resource.ApplyPolicy(policy);
                }
            }

            AdvanceRoutingVersion();
        }

        changed.Clear();
    }
}
