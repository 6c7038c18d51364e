namespace AmqpToolkit.Interop.Tests;

/// <summary>A fact about something that RabbitMQ has by a plugin: skipped when AMQP_URL names another broker.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PluginFactAttribute : FactAttribute
{
    internal const string Reason = "RabbitMQ has it by a plugin, and AMQP_URL names another broker";

    /// <summary>Skips when AMQP_URL is set.</summary>
    public PluginFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("AMQP_URL") is { Length: > 0 })
        {
            Skip = Reason;
        }
    }
}
