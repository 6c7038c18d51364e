using AmqpToolkit.Broker.Access;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Connections;

/// <summary>What of a connection's end is the matter of its version: the words.</summary>
internal interface IEndingConnection
{
    /// <summary>Who has logged in; null before that. Any thread.</summary>
    UserAccount? Account { get; }

    /// <summary>Says close to a peer that has opened, and nothing after it. Under the output's gate; any thread.</summary>
    void AppendClose(ProtocolError error);

    /// <summary>Says it now, if a close that was said waits for something that may never be. Under the output's gate; any thread.</summary>
    /// <returns>False when none waits.</returns>
    bool TryAppendCloseThatWaits(ProtocolError error);

    /// <summary>Looks after a connection that runs, and sends a sign of life where nothing else was sent. By the wheel's thread.</summary>
    /// <returns>When to look next; -1 for never.</returns>
    long CheckPeer(long now);
}
