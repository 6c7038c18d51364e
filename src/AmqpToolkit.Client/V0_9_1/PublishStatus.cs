namespace AmqpToolkit.Client.V0_9_1;

/// <summary>How a confirmed publish ended.</summary>
public enum PublishStatus : byte
{
    /// <summary>The broker has taken the message (basic.ack).</summary>
    Confirmed,

    /// <summary>The broker has refused the message (basic.nack).</summary>
    Nacked,

    /// <summary>No queue took a mandatory message; the broker sent it back (basic.return).</summary>
    Returned,

    /// <summary>The message was sent, and the channel ended before the broker said anything: it may have arrived or not.</summary>
    InDoubt,
}
