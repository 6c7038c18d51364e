using System.Text;
using AmqpToolkit.Broker.Channels;
using AmqpToolkit.Broker.Connections;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_8;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.V0_8;

/// <summary>
/// 0-8 as RabbitMQ 3.10 speaks it: connection.close is 10,60, channel.open-ok has no fields, basic.consume no arguments; queue.unbind and the synchronous
/// basic.recover are taken although 0-8 lacks them; confirms, nacks and bindings between exchanges are unknown.
/// </summary>
internal sealed class Words : OlderWords
{
    /// <summary>Where the low octet of the method id stands.</summary>
    private const int MethodIdAt = 3;

    /// <summary>One octet more than connection.close can have, so that what is longer cannot be decoded either way, and no more of it is copied.</summary>
    private const int MaxCloseOctets = sizeof(uint) + sizeof(ushort) + 256 + (2 * sizeof(ushort)) + 1;

    private static ReadOnlySpan<byte> EmptyTable => [0, 0, 0, 0];

    /// <inheritdoc/>
    public override OlderMethod Judge(uint key) => key switch
    {
        BasicPublishView.MethodKey or BasicAckView.MethodKey => OlderMethod.Same,
        ConnectionCloseView.MethodKey or ConnectionCloseOkView.MethodKey or ConnectionRedirectView.MethodKey or BasicConsumeView.MethodKey => OlderMethod.Translated,
        Codec.V0_9_1.QueueUnbindView.MethodKey or Codec.V0_9_1.BasicRecoverView.MethodKey => OlderMethod.Same,
        _ when !Methods.TryGetInfo(key, out _) => OlderMethod.Unknown,
        _ => Codec.V0_9_1.Methods.TryGetInfo(key, out _) ? OlderMethod.Same : OlderMethod.Own,
    };

    /// <inheritdoc/>
    public override byte[]? Translate(uint key, ReadOnlySpan<byte> payload)
    {
        if (key == BasicConsumeView.MethodKey)
        {
            return BasicConsumeView.TryParse(payload[sizeof(uint)..], out _) == DecodeError.None ? [.. payload, .. EmptyTable] : null;
        }

        byte[] translated = payload[..Math.Min(payload.Length, MaxCloseOctets)].ToArray();
        translated[MethodIdAt] = (byte)Exchange(key);
        return translated;
    }

    /// <inheritdoc/>
    public override ProtocolError? HandleOwn(BrokerChannel channel, uint key, ReadOnlySpan<byte> arguments)
    {
        if (key == BasicConsumeView.MethodKey)
        {
            return BrokerConnection.Undecodable(BasicConsumeView.TryParse(arguments, out _), key, arguments);
        }

        Methods.TryGetInfo(key, out var info);
        return Unimplemented(in info);
    }

    /// <inheritdoc/>
    public override string NameOf(uint key) => Methods.TryGetInfo(Exchange(key), out var info) ? info.Name : base.NameOf(key);

    /// <inheritdoc/>
    public override void SendOpenOk(BrokerConnection connection, ushort number) => connection.Send(number, default(ChannelOpenOk));

    /// <inheritdoc/>
    public override void SendCloseOk(BrokerConnection connection) => connection.Send(0, default(ConnectionCloseOk));

    /// <inheritdoc/>
    public override void AppendClose(BrokerConnection connection, ProtocolError error, List<BrokerChannel> channels)
    {
        var close = new ConnectionClose
        {
            ReplyCode = error.ReplyCode,
            ReplyText = error.ReplyText,
            ClassId = (ushort)(error.MethodKey >> 16),
            MethodId = (ushort)Exchange(error.MethodKey),
        };
        connection.AppendClose(in close, channels);
    }

    /// <summary>
    /// channel.alert is made for this: nothing is closed, and the client hears why nothing comes any more. Only who says that it takes it gets one: RabbitMQ sends
    /// none, and there are clients that take whatever they do not know for the answer to what they asked last.
    /// </summary>
    public override void AppendConsumerLost(BrokerChannel channel, ChannelConsumer consumer, Turn turn)
    {
        if (!channel.Connection.ClientTakesAlert)
        {
            return;
        }

        var queue = consumer.Queue;
        var error = queue.IsDeleted
            ? ProtocolError.NotFound($"no queue '{queue.NameText}' in vhost '{channel.VirtualHost.Name}'")
            : ProtocolError.PreconditionFailed($"a consumer of queue '{queue.NameText}' in vhost '{channel.VirtualHost.Name}' took too long");
        var alert = new ChannelAlert
        {
            ReplyCode = error.ReplyCode,
            ReplyText = error.ReplyText,
            Details = Table.Create(details => details.Add("consumer-tag", Encoding.UTF8.GetString(consumer.ConsumerTag))),
        };
        channel.AppendUnasked(in alert, turn);
    }

    /// <summary>
    /// 10,60 and 10,61, which close, are 10,50 and 10,51 in 0-9-1, and the other way round: what is 10,50 here, redirect, becomes connection.blocked there, which no
    /// server takes either.
    /// </summary>
    private static uint Exchange(uint key) => key switch
    {
        ConnectionCloseView.MethodKey => Codec.V0_9_1.ConnectionCloseView.MethodKey,
        ConnectionCloseOkView.MethodKey => Codec.V0_9_1.ConnectionCloseOkView.MethodKey,
        Codec.V0_9_1.ConnectionCloseView.MethodKey => ConnectionCloseView.MethodKey,
        Codec.V0_9_1.ConnectionCloseOkView.MethodKey => ConnectionCloseOkView.MethodKey,
        _ => key,
    };
}
