namespace AmqpToolkit.Broker;

/// <summary>Whose behaviour the broker shows where releases of RabbitMQ differ.</summary>
public enum BrokerProfile
{
    /// <summary>RabbitMQ 3.13: frame_max from 4,096 octets; an unknown exchange type closes the connection with 503; an x-death that a client sends counts.</summary>
    V3_13,

    /// <summary>RabbitMQ 4.2: frame_max from 8,192 octets; an unknown exchange type closes the channel with 406; quorum queues give up after 20 failed deliveries.</summary>
    V4_2,

    /// <summary>RabbitMQ 4.3: as 4.2, and what was deprecated there is refused: transient queues that are not exclusive, a prefetch that consumers share.</summary>
    V4_3,
}
