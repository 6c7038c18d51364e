namespace AmqpToolkit.Client.V0_9_1;

/// <summary>No connection came about: nobody answered, or the server refused the login, the virtual host or the limits.</summary>
public sealed class ConnectFailedException : AmqpException
{
    internal ConnectFailedException(string where, CloseReason reason)
        : base($"No connection to {where}", reason)
    {
    }
}
