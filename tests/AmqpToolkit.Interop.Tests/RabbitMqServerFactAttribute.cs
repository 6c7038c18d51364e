namespace AmqpToolkit.Interop.Tests;

/// <summary>A fact that needs Debian's RabbitMQ.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RabbitMqServerFactAttribute() : PeerFactAttribute(RabbitMqServer.WhyNot);
