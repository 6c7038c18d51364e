namespace AmqpToolkit.Protocol.Classic;

/// <summary>Where a handshake stands (0-9-1 section 4.2.2 and class connection).</summary>
public enum HandshakePhase : byte
{
    /// <summary>The protocol header is to come (server), or start (client).</summary>
    ProtocolHeader,

    /// <summary>connection.start-ok is to come.</summary>
    StartOk,

    /// <summary>connection.secure-ok is to come, since the mechanism has asked something (server), or secure (client).</summary>
    SecureOk,

    /// <summary>connection.tune-ok is to come (server), or tune (client).</summary>
    Tune,

    /// <summary>connection.open is to come (server), or open-ok (client).</summary>
    Open,

    /// <summary>The connection is open.</summary>
    Done,

    /// <summary>The handshake ended without a connection.</summary>
    Failed,
}
