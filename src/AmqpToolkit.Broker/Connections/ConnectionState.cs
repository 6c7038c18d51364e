namespace AmqpToolkit.Broker.Connections;

/// <summary>How far a connection has come, of whatever version.</summary>
/// <remarks>
/// <code>
///   Handshake --open--> Running --our close--> Closing --answered--> Draining --end, bound, or time--> Ended
///       \                   \--their close, answered------------------/                              /
///        \--refused: nothing is answered, the stream is dropped after 3 s---------------------------/
/// </code>
/// </remarks>
internal enum ConnectionState : byte
{
    Handshake,

    /// <summary>Nothing is answered any more, and the stream is cut after a while.</summary>
    Refused,
    Running,

    /// <summary>close is on its way to the peer, and its answer is awaited.</summary>
    Closing,

    /// <summary>Both sides have said that it ends, and ours has ended the stream: what still comes is dropped.</summary>
    Draining,
    Ended,
}
