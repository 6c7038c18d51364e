namespace AmqpToolkit.Broker;

/// <summary>Whose behaviour the broker shows where releases of RabbitMQ differ.</summary>
public enum BrokerProfile
{
    /// <summary>RabbitMQ 3.13: frame_max from 4,096 octets; an unknown exchange type closes the connection with 503.</summary>
    V3_13,

    /// <summary>RabbitMQ 4.2: frame_max from 8,192 octets; an unknown exchange type closes the channel with 406.</summary>
    V4_2,
}
