using AmqpToolkit.Broker.Channels;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Connections;

/// <summary>Class connection on channel 0. Methods of other classes never reach it: they are refused before.</summary>
internal struct ConnectionMethodRouter(BrokerConnection connection) : IServerMethodHandler
{
    public ProtocolError? Error { get; private set; }

    public void HandleConnectionStartOk(ushort channel, in ConnectionStartOkView method) => Error = connection.HandleStartOk(in method);

    public void HandleConnectionSecureOk(ushort channel, in ConnectionSecureOkView method) => Error = connection.HandleSecureOk(in method);

    public void HandleConnectionTuneOk(ushort channel, in ConnectionTuneOkView method) => Error = connection.HandleTuneOk(in method);

    public void HandleConnectionOpen(ushort channel, in ConnectionOpenView method) => Error = connection.HandleOpen(in method);

    public void HandleConnectionClose(ushort channel, in ConnectionCloseView method) => Error = connection.HandleClose();

    public void HandleConnectionCloseOk(ushort channel, in ConnectionCloseOkView method) => Error = BrokerConnection.OutOfTurn(ConnectionCloseOkView.MethodKey);

    public void HandleConnectionUpdateSecret(ushort channel, in ConnectionUpdateSecretView method) => Error = connection.HandleUpdateSecret();

    public void HandleChannelOpen(ushort channel, in ChannelOpenView method) => Refuse(ChannelOpenView.MethodKey);

    public void HandleChannelFlow(ushort channel, in ChannelFlowView method) => Refuse(ChannelFlowView.MethodKey);

    public void HandleChannelFlowOk(ushort channel, in ChannelFlowOkView method) => Refuse(ChannelFlowOkView.MethodKey);

    public void HandleChannelClose(ushort channel, in ChannelCloseView method) => Refuse(ChannelCloseView.MethodKey);

    public void HandleChannelCloseOk(ushort channel, in ChannelCloseOkView method) => Refuse(ChannelCloseOkView.MethodKey);

    public void HandleAccessRequest(ushort channel, in AccessRequestView method) => Refuse(AccessRequestView.MethodKey);

    public void HandleExchangeDeclare(ushort channel, in ExchangeDeclareView method) => Refuse(ExchangeDeclareView.MethodKey);

    public void HandleExchangeDelete(ushort channel, in ExchangeDeleteView method) => Refuse(ExchangeDeleteView.MethodKey);

    public void HandleExchangeBind(ushort channel, in ExchangeBindView method) => Refuse(ExchangeBindView.MethodKey);

    public void HandleExchangeUnbind(ushort channel, in ExchangeUnbindView method) => Refuse(ExchangeUnbindView.MethodKey);

    public void HandleQueueDeclare(ushort channel, in QueueDeclareView method) => Refuse(QueueDeclareView.MethodKey);

    public void HandleQueueBind(ushort channel, in QueueBindView method) => Refuse(QueueBindView.MethodKey);

    public void HandleQueuePurge(ushort channel, in QueuePurgeView method) => Refuse(QueuePurgeView.MethodKey);

    public void HandleQueueDelete(ushort channel, in QueueDeleteView method) => Refuse(QueueDeleteView.MethodKey);

    public void HandleQueueUnbind(ushort channel, in QueueUnbindView method) => Refuse(QueueUnbindView.MethodKey);

    public void HandleBasicQos(ushort channel, in BasicQosView method) => Refuse(BasicQosView.MethodKey);

    public void HandleBasicConsume(ushort channel, in BasicConsumeView method) => Refuse(BasicConsumeView.MethodKey);

    public void HandleBasicCancel(ushort channel, in BasicCancelView method) => Refuse(BasicCancelView.MethodKey);

    public void HandleBasicCancelOk(ushort channel, in BasicCancelOkView method) => Refuse(BasicCancelOkView.MethodKey);

    public void HandleBasicPublish(ushort channel, in BasicPublishView method) => Refuse(BasicPublishView.MethodKey);

    public void HandleBasicGet(ushort channel, in BasicGetView method) => Refuse(BasicGetView.MethodKey);

    public void HandleBasicAck(ushort channel, in BasicAckView method) => Refuse(BasicAckView.MethodKey);

    public void HandleBasicReject(ushort channel, in BasicRejectView method) => Refuse(BasicRejectView.MethodKey);

    public void HandleBasicRecoverAsync(ushort channel, in BasicRecoverAsyncView method) => Refuse(BasicRecoverAsyncView.MethodKey);

    public void HandleBasicRecover(ushort channel, in BasicRecoverView method) => Refuse(BasicRecoverView.MethodKey);

    public void HandleBasicNack(ushort channel, in BasicNackView method) => Refuse(BasicNackView.MethodKey);

    public void HandleConfirmSelect(ushort channel, in ConfirmSelectView method) => Refuse(ConfirmSelectView.MethodKey);

    public void HandleTxSelect(ushort channel, in TxSelectView method) => Refuse(TxSelectView.MethodKey);

    public void HandleTxCommit(ushort channel, in TxCommitView method) => Refuse(TxCommitView.MethodKey);

    public void HandleTxRollback(ushort channel, in TxRollbackView method) => Refuse(TxRollbackView.MethodKey);

    private void Refuse(uint key) => Error = BrokerConnection.OutOfTurn(key);
}
