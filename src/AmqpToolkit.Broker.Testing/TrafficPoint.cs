namespace AmqpToolkit.Broker.Testing;

/// <summary>What is counted on each connection, from 1 on, and where a rule may stand.</summary>
public enum TrafficPoint
{
    /// <summary>A message that the client publishes: basic.publish with its content; a delivery of 1.0, in however many transfers.</summary>
    Publish,

    /// <summary>A message that the client gets: basic.deliver or basic.get-ok with its content; a delivery of 1.0, in however many transfers.</summary>
    Delivery,

    /// <summary>The client's word on deliveries: basic.ack, basic.nack or basic.reject; a receiver's disposition of 1.0. One word may speak for many.</summary>
    Ack,

    /// <summary>The broker's word on publishes: basic.ack or basic.nack; a receiver's disposition of 1.0. One word may speak for many.</summary>
    Confirm,
}
