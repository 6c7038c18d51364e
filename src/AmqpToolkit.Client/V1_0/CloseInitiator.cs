namespace AmqpToolkit.Client.V1_0;

/// <summary>Who ended a connection, a session or a link.</summary>
public enum CloseInitiator
{
    /// <summary>This side: a call, or a mistake of the peer that was found here.</summary>
    Local,

    /// <summary>The peer said so.</summary>
    Peer,

    /// <summary>Nobody said anything: the stream ended, broke or fell silent.</summary>
    Transport,
}
