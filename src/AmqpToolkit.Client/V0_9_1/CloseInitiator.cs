namespace AmqpToolkit.Client.V0_9_1;

/// <summary>Who ended a connection, a channel or a consumer.</summary>
public enum CloseInitiator : byte
{
    /// <summary>This side: a call, or a mistake of the server that was found here.</summary>
    Local,

    /// <summary>The server said so.</summary>
    Peer,

    /// <summary>Nobody said anything: the stream ended, broke or fell silent.</summary>
    Transport,
}
