namespace AmqpToolkit.Interop.Tests;

/// <summary>A fact that needs users and policies that only a broker of ours is started with.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OwnBrokerFactAttribute : FactAttribute
{
    /// <summary>Skips when AMQP_URL is set.</summary>
    public OwnBrokerFactAttribute() => Skip = WhyNot();

    internal static string? WhyNot() =>
        Environment.GetEnvironmentVariable("AMQP_URL") is { Length: > 0 } ? "needs users and policies that the broker behind AMQP_URL has not" : null;
}
