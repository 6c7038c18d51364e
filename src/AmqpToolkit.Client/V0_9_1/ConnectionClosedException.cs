namespace AmqpToolkit.Client.V0_9_1;

/// <summary>The connection ended.</summary>
public sealed class ConnectionClosedException : AmqpException
{
    internal ConnectionClosedException(CloseReason reason)
        : base("The connection has ended", reason)
    {
    }
}
