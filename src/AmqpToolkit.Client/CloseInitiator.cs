namespace AmqpToolkit.Client;

/// <summary>Who ended a connection, or something on it; in any version.</summary>
public enum CloseInitiator : byte
{
    /// <summary>This side: a call, or a mistake of the peer that was found here.</summary>
    Local,

    /// <summary>The peer said so.</summary>
    Peer,

    /// <summary>Nobody said anything: the stream ended, broke or fell silent.</summary>
    Transport,
}
