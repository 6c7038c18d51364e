namespace AmqpToolkit.Conformance.Tests.Peer;

/// <summary>What a peer speaks; public, because theories name it.</summary>
public enum Edition
{
    /// <summary>0-9-1 with RabbitMQ's extensions, by the header <c>AMQP 0 0 9 1</c>.</summary>
    V0_9_1,

    /// <summary>The same and what 0-9 has besides, by <c>AMQP 1 1 0 9</c>.</summary>
    V0_9,

    /// <summary>0-8, by <c>AMQP 1 1 8 0</c>.</summary>
    V0_8,

    /// <summary>0-8, by <c>AMQP 1 1 9 1</c>, as its text has it.</summary>
    V0_8Alternative,
}
