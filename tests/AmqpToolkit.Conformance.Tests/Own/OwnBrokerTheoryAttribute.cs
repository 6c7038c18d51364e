namespace AmqpToolkit.Conformance.Tests.Own;

/// <summary>A theory about what our broker alone does: there is nothing to ask of the one behind AMQP_URL.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OwnBrokerTheoryAttribute : TheoryAttribute
{
    /// <summary>Skips when AMQP_URL is set.</summary>
    public OwnBrokerTheoryAttribute() => Skip = new OwnBrokerFactAttribute().Skip;
}
