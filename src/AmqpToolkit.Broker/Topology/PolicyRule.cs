using AmqpToolkit.Broker.Access;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Broker.Topology;

/// <summary>A policy that was checked: ready to be matched.</summary>
internal sealed class PolicyRule
{
    private const QueueTypes Everywhere = QueueTypes.Classic | QueueTypes.Quorum | QueueTypes.Stream;

    private readonly NamePattern _pattern;
    private readonly QueueTypes _types;

    /// <summary>Checks a policy.</summary>
    /// <exception cref="ArgumentException">Its pattern or its definition cannot be used.</exception>
    public PolicyRule(Policy policy, bool isOperator)
    {
        ArgumentException.ThrowIfNullOrEmpty(policy.Name);
        Policy = policy;
        try
        {
            PolicyDefinition.Validate(policy.Definition, isOperator);
            _pattern = NamePattern.Parse(policy.Pattern);
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentException($"The policy '{policy.Name}' cannot be used: {exception.Message}", exception);
        }

        QueueTypes meant = policy.ApplyTo switch
        {
            PolicyTarget.All or PolicyTarget.Queues => Everywhere,
            PolicyTarget.ClassicQueues => QueueTypes.Classic,
            PolicyTarget.QuorumQueues => QueueTypes.Quorum,
            PolicyTarget.Streams => QueueTypes.Stream,
            _ => default,
        };
        foreach (var type in new[] { QueueTypes.Classic, QueueTypes.Quorum, QueueTypes.Stream })
        {
            _types |= PolicyDefinition.IsFor(policy.Definition, type) ? meant & type : default;
        }
    }

    public Policy Policy { get; }

    /// <summary>Hears of the first name that takes the pattern too long; null for nobody.</summary>
    public ILogger? Logger { get; set; }

    /// <summary>Whether the policy is for a queue of this name and type, or for an exchange when there is no type.</summary>
    public bool IsMatch(ReadOnlySpan<byte> name, QueueTypes queueType) =>
        (queueType != default ? (_types & queueType) != default : Policy.ApplyTo is PolicyTarget.All or PolicyTarget.Exchanges) && _pattern.IsMatch(name, Logger);
}
