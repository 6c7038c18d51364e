namespace AmqpToolkit.Conformance.Tests;

/// <summary>The releases of RabbitMQ whose behaviour a row describes.</summary>
[Flags]
public enum Profile
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>RabbitMQ 3.13; the broker behind AMQP_URL counts as one.</summary>
    V3_13 = 1,

    /// <summary>RabbitMQ 4.2, the default.</summary>
    V4_2 = 2,

    /// <summary>RabbitMQ 4.3.</summary>
    V4_3 = 4,

    /// <summary>What 4.3 has changed.</summary>
    Before4_3 = V3_13 | V4_2,

    /// <summary>What all that is not special is asked of.</summary>
    All = V3_13 | V4_2 | V4_3,
}
