using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Channels;

/// <summary>Hands the methods of an open channel to the handlers of their classes. Lives for one method.</summary>
internal struct ChannelMethodRouter(BrokerChannel channel) : IServerMethodHandler
{
    public ProtocolError? Error { get; private set; }

    /// <summary>Whether the channel is closed and its number free.</summary>
    public bool IsClosed { get; private set; }

    public void HandleChannelFlow(ushort number, in ChannelFlowView method)
    {
        if (method.Active)
        {
            channel.Send(new ChannelFlowOk { Active = true });
        }
        else
        {
            Error = ProtocolError.NotImplemented("active=false");
        }
    }

    public void HandleChannelClose(ushort number, in ChannelCloseView method)
    {
        channel.SendConfirm();
        channel.Release();
        // Also when the timer has closed it meanwhile: the two closes cross, and each is answered.
        channel.Connection.Send(number, default(ChannelCloseOk));
        IsClosed = true;
    }

    public void HandleAccessRequest(ushort number, in AccessRequestView method) => channel.Send(new AccessRequestOk { Ticket = 1 });

    public void HandleExchangeDeclare(ushort number, in ExchangeDeclareView method) => Error = ExchangeMethods.HandleDeclare(channel, in method);

    public void HandleExchangeDelete(ushort number, in ExchangeDeleteView method) => Error = ExchangeMethods.HandleDelete(channel, in method);

    public void HandleExchangeBind(ushort number, in ExchangeBindView method) => Error = ExchangeMethods.HandleBind(channel, in method);

    public void HandleExchangeUnbind(ushort number, in ExchangeUnbindView method) => Error = ExchangeMethods.HandleUnbind(channel, in method);

    public void HandleQueueDeclare(ushort number, in QueueDeclareView method) => Error = QueueMethods.HandleDeclare(channel, in method);

    public void HandleQueueBind(ushort number, in QueueBindView method) => Error = QueueMethods.HandleBind(channel, in method);

    public void HandleQueuePurge(ushort number, in QueuePurgeView method) => Error = QueueMethods.HandlePurge(channel, in method);

    public void HandleQueueDelete(ushort number, in QueueDeleteView method) => Error = QueueMethods.HandleDelete(channel, in method);

    public void HandleQueueUnbind(ushort number, in QueueUnbindView method) => Error = QueueMethods.HandleUnbind(channel, in method);

    public void HandleBasicQos(ushort number, in BasicQosView method) => Error = BasicMethods.HandleQos(channel, in method);

    public void HandleBasicConsume(ushort number, in BasicConsumeView method) => Error = BasicMethods.HandleConsume(channel, in method);

    public void HandleBasicCancel(ushort number, in BasicCancelView method) => BasicMethods.HandleCancel(channel, in method);

    public void HandleBasicCancelOk(ushort number, in BasicCancelOkView method)
    {
        // The answer to our basic.cancel, which asked for none.
    }

    public void HandleBasicPublish(ushort number, in BasicPublishView method) => Error = channel.HandlePublish(in method);

    public void HandleBasicGet(ushort number, in BasicGetView method) => Error = BasicMethods.HandleGet(channel, in method);

    public void HandleBasicAck(ushort number, in BasicAckView method) =>
        Error = channel.HandleSettle(method.DeliveryTag, method.Multiple, Outcome.Accept);

    public void HandleBasicReject(ushort number, in BasicRejectView method) =>
        Error = channel.HandleSettle(method.DeliveryTag, multiple: false, method.Requeue ? Outcome.Fail : Outcome.Reject);

    public void HandleBasicNack(ushort number, in BasicNackView method) =>
        Error = channel.HandleSettle(method.DeliveryTag, method.Multiple, method.Requeue ? Outcome.Release : Outcome.Reject);

    public void HandleBasicRecoverAsync(ushort number, in BasicRecoverAsyncView method) =>
        Error = BasicMethods.HandleRecover(channel, method.Requeue, isAsync: true);

    public void HandleBasicRecover(ushort number, in BasicRecoverView method) =>
        Error = BasicMethods.HandleRecover(channel, method.Requeue, isAsync: false);

    public void HandleConfirmSelect(ushort number, in ConfirmSelectView method)
    {
        if (channel.IsTransactional)
        {
            Error = ProtocolError.PreconditionFailed("cannot switch from tx to confirm mode");
            return;
        }

        channel.SelectConfirm();
        if (!method.Nowait)
        {
            channel.Send(default(ConfirmSelectOk));
        }
    }

    public void HandleTxSelect(ushort number, in TxSelectView method)
    {
        if (channel.IsConfirming)
        {
            Error = ProtocolError.PreconditionFailed("cannot switch from confirm to tx mode");
            return;
        }

        channel.SelectTransaction();
        channel.Send(default(TxSelectOk));
    }

    public void HandleTxCommit(ushort number, in TxCommitView method)
    {
        if (!channel.IsTransactional)
        {
            Error = NotTransactional();
            return;
        }

        Error = channel.Commit(out var written);
        if (Error is not null)
        {
            return;
        }

        if (written is { } level)
        {
            channel.Hold(default(TxCommitOk), level);
        }
        else
        {
            channel.Send(default(TxCommitOk));
        }
    }

    public void HandleTxRollback(ushort number, in TxRollbackView method)
    {
        if (!channel.IsTransactional)
        {
            Error = NotTransactional();
            return;
        }

        channel.Rollback();
        channel.Send(default(TxRollbackOk));
    }

    public void HandleChannelOpen(ushort number, in ChannelOpenView method) => Refuse();

    public void HandleChannelFlowOk(ushort number, in ChannelFlowOkView method) => Refuse();

    public void HandleChannelCloseOk(ushort number, in ChannelCloseOkView method) => Refuse();

    public void HandleConnectionStartOk(ushort number, in ConnectionStartOkView method) => Refuse();

    public void HandleConnectionSecureOk(ushort number, in ConnectionSecureOkView method) => Refuse();

    public void HandleConnectionTuneOk(ushort number, in ConnectionTuneOkView method) => Refuse();

    public void HandleConnectionOpen(ushort number, in ConnectionOpenView method) => Refuse();

    public void HandleConnectionClose(ushort number, in ConnectionCloseView method) => Refuse();

    public void HandleConnectionCloseOk(ushort number, in ConnectionCloseOkView method) => Refuse();

    public void HandleConnectionUpdateSecret(ushort number, in ConnectionUpdateSecretView method) => Refuse();

    private void Refuse() => Error = ProtocolError.CommandInvalid("unimplemented method");

    private static ProtocolError NotTransactional() => ProtocolError.PreconditionFailed("channel is not transactional");
}
