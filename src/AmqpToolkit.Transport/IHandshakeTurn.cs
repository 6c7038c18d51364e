namespace AmqpToolkit.Transport;

/// <summary>A server's leave for one peer that shakes hands to have what it has sent reckoned with. Between two waits for the peer alone: nobody holds it by being slow. One a peer, used by one thread at a time.</summary>
internal interface IHandshakeTurn
{
    /// <summary>As many octets the peer may say until hands are shaken.</summary>
    int MaxOctets { get; }

    /// <summary>Completes when it is this peer's turn.</summary>
    /// <exception cref="IOException">The peer was given up (as the task's outcome).</exception>
    ValueTask TakeAsync();

    /// <summary>Gives the turn back, if it was taken.</summary>
    void GiveBack();
}
