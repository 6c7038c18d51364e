namespace AmqpToolkit.Interop.Tests;

/// <summary>A fact that needs users and policies that only a broker of ours is started with.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OwnBrokerFactAttribute : FactAttribute
{
    /// <summary>Skips when AMQP_URL is set.</summary>
    public OwnBrokerFactAttribute() => Skip = Peers.WhyNoOwnBroker();
}
