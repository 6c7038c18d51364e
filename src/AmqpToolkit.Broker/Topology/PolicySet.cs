using System.Collections.Concurrent;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// The policies of a virtual host at one moment, the strongest first. Immutable: a change makes another. Any thread, and never under the topology
/// lock: a pattern may take its time.
/// </summary>
internal sealed class PolicySet
{
    /// <summary>No policies.</summary>
    public static readonly PolicySet None = new([], [], []);

    private readonly PolicyRule[] _policies;
    private readonly PolicyRule[] _operatorPolicies;

    /// <summary>What pairs of policies come to, so that a hundred thousand queues share one answer.</summary>
    private readonly ConcurrentDictionary<(PolicyRule? Policy, PolicyRule? Operator), EffectivePolicy> _effective;

    private PolicySet(
        PolicyRule[] policies, PolicyRule[] operatorPolicies, IEnumerable<KeyValuePair<(PolicyRule? Policy, PolicyRule? Operator), EffectivePolicy>> effective)
    {
        _policies = policies;
        _operatorPolicies = operatorPolicies;
        _effective = new(effective);
    }

    /// <summary>The policies, or those of operators.</summary>
    public IReadOnlyList<PolicyRule> Of(bool isOperator) => isOperator ? _operatorPolicies : _policies;

    /// <summary>What the policies say of a queue of this name and type, or of an exchange when there is no type; null when none matches.</summary>
    public EffectivePolicy? Find(ReadOnlySpan<byte> name, QueueTypes queueType)
    {
        PolicyRule? policy = Find(_policies, name, queueType);
        PolicyRule? operatorPolicy = Find(_operatorPolicies, name, queueType);
        return policy is null && operatorPolicy is null
            ? null
            : _effective.GetOrAdd((policy, operatorPolicy), static pair => new EffectivePolicy(
                pair.Policy?.Policy.Name,
                pair.Operator?.Policy.Name,
                PolicyDefinition.Merge(pair.Policy?.Policy.Definition, pair.Operator?.Policy.Definition)));
    }

    /// <summary>The same for a queue or an exchange that is there.</summary>
    public EffectivePolicy? Find(BindingDestination resource) =>
        Find(resource.Name, resource is MessageQueue queue ? QueueArguments.TypeOf(queue.Definition.Arguments.View) : default);

    /// <summary>The set with one more policy, in the place of the one of its name.</summary>
    public PolicySet With(PolicyRule rule, bool isOperator) => Without(rule.Policy.Name, isOperator).Replace(
        [
            .. Of(isOperator).Where(one => one.Policy.Name != rule.Policy.Name).Append(rule)
                .OrderByDescending(one => one.Policy.Priority).ThenBy(one => one.Policy.Name, StringComparer.Ordinal),
        ],
        isOperator);

    /// <summary>The set without the policy of this name; itself when there is none.</summary>
    public PolicySet Without(string name, bool isOperator)
    {
        PolicyRule[] left = [.. Of(isOperator).Where(one => one.Policy.Name != name)];
        return left.Length == Of(isOperator).Count ? this : Replace(left, isOperator);
    }

    private static PolicyRule? Find(PolicyRule[] rules, ReadOnlySpan<byte> name, QueueTypes queueType)
    {
        foreach (PolicyRule rule in rules)
        {
            if (rule.IsMatch(name, queueType))
            {
                return rule;
            }
        }

        return null;
    }

    /// <summary>What rules that stay came to stays, too: who has it already needs no change.</summary>
    private PolicySet Replace(PolicyRule[] rules, bool isOperator)
    {
        PolicyRule[] policies = isOperator ? _policies : rules;
        PolicyRule[] operatorPolicies = isOperator ? rules : _operatorPolicies;
        return new(policies, operatorPolicies, _effective.Where(one =>
            (one.Key.Policy is null || policies.Contains(one.Key.Policy)) && (one.Key.Operator is null || operatorPolicies.Contains(one.Key.Operator))));
    }
}
