namespace AmqpToolkit.Conformance.Tests;

/// <summary>A fact for which users are made: it needs a broker of ours, or AMQP_CTL beside AMQP_URL.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AccessFactAttribute : FactAttribute
{
    /// <summary>Skips where users cannot be made.</summary>
    public AccessFactAttribute()
    {
        if (!BrokerUnderTest.HasAccessControl)
        {
            Skip = "needs users; AMQP_CTL does not name the rabbitmqctl of the broker behind AMQP_URL";
        }
    }
}
