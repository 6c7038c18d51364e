using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Protocol;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Broker.Connections;

/// <summary>A connection of one version of AMQP, from its protocol header on. What it does is its reader's but for what says otherwise.</summary>
internal interface IVersionConnection : IInputHandler
{
    /// <summary>Who has logged in; null before that. Any thread.</summary>
    UserAccount? Account { get; }

    /// <summary>The virtual host in use; null before there is one. Any thread.</summary>
    VirtualHost? OpenedVirtualHost { get; }

    /// <summary>Tells the client that the broker closes the connection, without waiting for it. Any thread.</summary>
    void RequestClose(ProtocolError error);

    /// <summary>Cuts the stream. Any thread.</summary>
    void Abort();

    /// <summary>Completes when what was to be sent is sent; called once nothing is received any more.</summary>
    Task WaitUntilSentAsync();

    /// <summary>Gives back all that the connection holds. Once.</summary>
    void End();
}
