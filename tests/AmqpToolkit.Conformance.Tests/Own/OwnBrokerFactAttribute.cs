namespace AmqpToolkit.Conformance.Tests.Own;

/// <summary>A fact that looks inside our broker: there is nothing to see in the one behind AMQP_URL.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OwnBrokerFactAttribute : FactAttribute
{
    /// <summary>Skips when AMQP_URL is set.</summary>
    public OwnBrokerFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("AMQP_URL") is { Length: > 0 })
        {
            Skip = "looks inside the own broker; AMQP_URL names another";
        }
    }
}
