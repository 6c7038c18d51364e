using AmqpToolkit.Broker.Channels;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Broker.Connections;

/// <summary>
/// What the editions of the classic family say in other octets than each other; all else is the connection's, which speaks 0-9-1. This is 0-9-1's.
/// One an edition, without a state, shared by all connections.
/// </summary>
internal class EditionWords
{
    private static readonly EditionWords s_own = new();
    private static readonly V0_9.Words s_words0_9 = new();
    private static readonly V0_8.Words s_words0_8 = new();

    /// <summary>The words of an edition.</summary>
    public static EditionWords Of(ClassicEdition edition) => edition switch
    {
        ClassicEdition.V0_8 => s_words0_8,
        ClassicEdition.V0_9 => s_words0_9,
        _ => s_own,
    };

    /// <summary>How the edition calls a method that 0-9-1 has this key for, as "queue.declare".</summary>
    public virtual string NameOf(uint key) => Methods.NameOf(key);

    /// <summary>Sends channel.open-ok.</summary>
    public virtual void SendOpenOk(BrokerConnection connection, ushort number) => connection.Send(number, default(ChannelOpenOk));

    /// <summary>Sends connection.close-ok.</summary>
    public virtual void SendCloseOk(BrokerConnection connection) => connection.Send(0, default(ConnectionCloseOk));

    /// <summary>Appends connection.close. Under the output's gate.</summary>
    /// <param name="connection">Whose.</param>
    /// <param name="error">Why.</param>
    /// <param name="channels">Those whose confirms may be on their way, before it.</param>
    public virtual void AppendClose(BrokerConnection connection, ProtocolError error, List<BrokerChannel> channels)
    {
        var close = new ConnectionClose
        {
            ReplyCode = error.ReplyCode,
            ReplyText = error.ReplyText,
            ClassId = (ushort)(error.MethodKey >> 16),
            MethodId = (ushort)error.MethodKey,
        };
        connection.AppendClose(in close, channels);
    }

    /// <summary>Tells a client that has not asked for basic.cancel that a consumer's queue is gone. Under the output's gate; any thread.</summary>
    public virtual void AppendConsumerLost(BrokerChannel channel, ChannelConsumer consumer, Turn turn)
    {
        // As with RabbitMQ it hears nothing.
    }
}
