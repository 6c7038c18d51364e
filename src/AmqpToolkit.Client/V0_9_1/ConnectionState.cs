namespace AmqpToolkit.Client.V0_9_1;

/// <summary>Where a connection stands.</summary>
public enum ConnectionState : byte
{
    /// <summary>The handshake is under way.</summary>
    Opening,

    /// <summary>Everything can be done.</summary>
    Open,

    /// <summary>Open, but the server takes no publishes for now: they wait (connection.blocked).</summary>
    Blocked,

    /// <summary>connection.close was sent.</summary>
    Closing,

    /// <summary>It has ended and will not come back.</summary>
    Closed,
}
