using System.Text;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>
/// Hands each method that a server sends to the connection or to its channel. What class may come on which channel is settled before. The
/// reader's.
/// </summary>
internal struct ClientMethodRouter : IClientMethodHandler
{
    private readonly AmqpConnection _connection;
    private readonly AmqpChannel? _channel;
    private readonly IMethodSink? _sink;

    /// <summary>For channel 0.</summary>
    public ClientMethodRouter(AmqpConnection connection, IMethodSink sink)
    {
        _connection = connection;
        _sink = sink;
    }

    /// <summary>For any other channel.</summary>
    public ClientMethodRouter(AmqpChannel channel)
    {
        _connection = channel.Connection;
        _channel = channel;
    }

    /// <summary>The mistake that was found.</summary>
    public ProtocolError? Error { get; private set; }

    /// <summary>Whether nothing more is to be received.</summary>
    public bool IsOver { get; private set; }

    private readonly AmqpChannel Channel => _channel!;

    public void HandleConnectionStart(ushort channel, in ConnectionStartView method) => Error = _connection.Handshake.HandleStart(in method, _sink!);

    public void HandleConnectionSecure(ushort channel, in ConnectionSecureView method) => Error = _connection.Handshake.HandleSecure(in method, _sink!);

    public void HandleConnectionTune(ushort channel, in ConnectionTuneView method) => Error = _connection.Handshake.HandleTune(in method, _sink!);

    public void HandleConnectionOpenOk(ushort channel, in ConnectionOpenOkView method)
    {
        Error = _connection.Handshake.HandleOpenOk();
        if (Error is null)
        {
            _connection.HandleOpened();
        }
    }

    public void HandleConnectionClose(ushort channel, in ConnectionCloseView method) => _connection.HandleClose(in method);

    public void HandleConnectionCloseOk(ushort channel, in ConnectionCloseOkView method)
    {
        IsOver = _connection.HandleCloseOk();
        Error = IsOver ? null : OutOfTurn(ConnectionCloseOkView.MethodKey);
    }

    public void HandleConnectionBlocked(ushort channel, in ConnectionBlockedView method) => CheckOpen(ConnectionBlockedView.MethodKey, Encoding.UTF8.GetString(method.Reason));

    public void HandleConnectionUnblocked(ushort channel, in ConnectionUnblockedView method) => CheckOpen(ConnectionUnblockedView.MethodKey, null);

    public void HandleConnectionUpdateSecretOk(ushort channel, in ConnectionUpdateSecretOkView method) =>
        Error = _connection.HandleUpdateSecretOk() ? null : OutOfTurn(ConnectionUpdateSecretOkView.MethodKey);

    public void HandleChannelOpenOk(ushort channel, in ChannelOpenOkView method) => Error = Channel.HandleOpenOk();

    public readonly void HandleChannelFlow(ushort channel, in ChannelFlowView method) => Channel.HandleFlow(method.Active);

    public void HandleChannelFlowOk(ushort channel, in ChannelFlowOkView method) => Error = OutOfTurn(ChannelFlowOkView.MethodKey);

    public readonly void HandleChannelClose(ushort channel, in ChannelCloseView method) => Channel.HandleClose(in method);

    public void HandleChannelCloseOk(ushort channel, in ChannelCloseOkView method) => Error = Channel.HandleCloseOk();

    public void HandleAccessRequestOk(ushort channel, in AccessRequestOkView method) => Error = OutOfTurn(AccessRequestOkView.MethodKey);

    public void HandleExchangeDeclareOk(ushort channel, in ExchangeDeclareOkView method) => Error = Channel.HandleDone(ExchangeDeclareOkView.MethodKey);

    public void HandleExchangeDeleteOk(ushort channel, in ExchangeDeleteOkView method) => Error = Channel.HandleDone(ExchangeDeleteOkView.MethodKey);

    public void HandleExchangeBindOk(ushort channel, in ExchangeBindOkView method) => Error = Channel.HandleDone(ExchangeBindOkView.MethodKey);

    public void HandleExchangeUnbindOk(ushort channel, in ExchangeUnbindOkView method) => Error = Channel.HandleDone(ExchangeUnbindOkView.MethodKey);

    public void HandleQueueDeclareOk(ushort channel, in QueueDeclareOkView method) => Error = Channel.HandleReply(QueueDeclareOkView.MethodKey, method.ToOwned());

    public void HandleQueueBindOk(ushort channel, in QueueBindOkView method) => Error = Channel.HandleDone(QueueBindOkView.MethodKey);

    public void HandleQueuePurgeOk(ushort channel, in QueuePurgeOkView method) => Error = Channel.HandleReply(QueuePurgeOkView.MethodKey, method.MessageCount);

    public void HandleQueueDeleteOk(ushort channel, in QueueDeleteOkView method) => Error = Channel.HandleReply(QueueDeleteOkView.MethodKey, method.MessageCount);

    public void HandleQueueUnbindOk(ushort channel, in QueueUnbindOkView method) => Error = Channel.HandleDone(QueueUnbindOkView.MethodKey);

    public void HandleBasicQosOk(ushort channel, in BasicQosOkView method) => Error = Channel.HandleDone(BasicQosOkView.MethodKey);

    public void HandleBasicConsumeOk(ushort channel, in BasicConsumeOkView method) => Error = Channel.HandleConsumeOk(method.ConsumerTag);

    public readonly void HandleBasicCancel(ushort channel, in BasicCancelView method) => Channel.HandleCancel(method.ConsumerTag, method.NoWait);

    public void HandleBasicCancelOk(ushort channel, in BasicCancelOkView method) => Error = Channel.HandleCancelOk();

    public readonly void HandleBasicReturn(ushort channel, in BasicReturnView method) => Channel.HandleReturn(in method);

    public void HandleBasicDeliver(ushort channel, in BasicDeliverView method) => Error = Channel.HandleDeliver(in method);

    public void HandleBasicGetOk(ushort channel, in BasicGetOkView method) => Error = Channel.HandleGetOk(in method);

    public void HandleBasicGetEmpty(ushort channel, in BasicGetEmptyView method) => Error = Channel.HandleReply<RetainedDelivery?>(BasicGetEmptyView.MethodKey, null);

    public readonly void HandleBasicAck(ushort channel, in BasicAckView method) => Channel.HandleConfirm(method.DeliveryTag, method.Multiple, isAck: true);

    public void HandleBasicRecoverOk(ushort channel, in BasicRecoverOkView method) => Error = Channel.HandleRecoverOk();

    public readonly void HandleBasicNack(ushort channel, in BasicNackView method) => Channel.HandleConfirm(method.DeliveryTag, method.Multiple, isAck: false);

    public void HandleConfirmSelectOk(ushort channel, in ConfirmSelectOkView method) => Error = Channel.HandleDone(ConfirmSelectOkView.MethodKey);

    public void HandleTxSelectOk(ushort channel, in TxSelectOkView method) => Error = Channel.HandleDone(TxSelectOkView.MethodKey);

    public void HandleTxCommitOk(ushort channel, in TxCommitOkView method) => Error = Channel.HandleDone(TxCommitOkView.MethodKey);

    public void HandleTxRollbackOk(ushort channel, in TxRollbackOkView method) => Error = Channel.HandleDone(TxRollbackOkView.MethodKey);

    /// <summary>The mistake of a method that nothing asked for.</summary>
    public static ProtocolError OutOfTurn(uint key) => ProtocolError.CommandInvalid($"unexpected {Methods.NameOf(key)}").At(key);

    private void CheckOpen(uint key, string? blockedReason)
    {
        if (_connection.Handshake.Phase != HandshakePhase.Done)
        {
            Error = OutOfTurn(key);
        }
        else if (blockedReason is not null)
        {
            _connection.HandleBlocked(blockedReason);
        }
        else
        {
            _connection.HandleUnblocked();
        }
    }
}
