namespace AmqpToolkit.Interop.Tests;

/// <summary>A theory about something that RabbitMQ has by a plugin: skipped when AMQP_URL names another broker.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PluginTheoryAttribute : TheoryAttribute
{
    /// <summary>Skips when AMQP_URL is set.</summary>
    public PluginTheoryAttribute()
    {
        if (Environment.GetEnvironmentVariable("AMQP_URL") is { Length: > 0 })
        {
            Skip = PluginFactAttribute.Reason;
        }
    }
}
