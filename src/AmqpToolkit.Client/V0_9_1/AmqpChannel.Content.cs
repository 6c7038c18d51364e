using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Client.V0_9_1;

/// <content>Contents that come: deliveries, answers of basic.get, returns. The reader's.</content>
public sealed partial class AmqpChannel
{
    private DeliveryBlock? _block;
    private AmqpConsumer? _target;
    private PendingCall<RetainedDelivery?>? _get;
    private ReturnReason? _return;
    private string? _unknownConsumer;
    private ulong _lastTag;
    private ulong _receivedFrom;
    private ulong _receivedTo;

    internal ProtocolError? HandleDeliver(in BasicDeliverView method)
    {
        if (CountTag(method.DeliveryTag, BasicDeliverView.MethodKey) is { } error)
        {
            return error;
        }

        _target = FindConsumer(method.ConsumerTag);
        if (_target is { } consumer)
        {
            _block = consumer.Buffer.Rent();
            _block.Begin(method.DeliveryTag, method.Redelivered, method.Exchange, method.RoutingKey);
        }
        else
        {
            _unknownConsumer = Text(method.ConsumerTag);
        }

        _content.Begin(BasicDeliverView.MethodKey);
        return null;
    }

    internal ProtocolError? HandleGetOk(in BasicGetOkView method)
    {
        // The call stays in its queue until the content is whole: it ends with the channel as all others do.
        if (PeekCall(BasicGetOkView.MethodKey) is not PendingGet call)
        {
            return OutOfTurn(BasicGetOkView.MethodKey);
        }

        _get = call;
        _block = _getPool.Rent(call.NoAck);
        _block.Begin(method.DeliveryTag, method.Redelivered, method.Exchange, method.RoutingKey);
        _block.MessageCount = method.MessageCount;
        _content.Begin(BasicGetOkView.MethodKey);
        return CountTag(method.DeliveryTag, BasicGetOkView.MethodKey);
    }

    internal void HandleReturn(in BasicReturnView method)
    {
        _return = new ReturnReason(method.ReplyCode, Text(method.ReplyText));
        _block = _getPool.Rent(noAck: true);
        _block.Begin(0, redelivered: false, method.Exchange, method.RoutingKey);
        _content.Begin(BasicReturnView.MethodKey);
    }

    /// <summary>Deliveries that count as settled are noted once a batch.</summary>
    internal void SettleReceived()
    {
        lock (Gate)
        {
            for (ulong tag = _receivedFrom; tag <= _receivedTo && _settles.IsTracking; tag++)
            {
                if (!_settles.IsSettled(tag))
                {
                    _settles.Settle(tag, isAck: false);
                }
            }
        }

        _receivedFrom = _receivedTo = 0;
    }

    private void BeginContent(ReadOnlySpan<byte> properties, int bodyOctets)
    {
        if (_return is not null && TakeReturn(properties))
        {
            _return = null;
            DropBlock();
        }
        else
        {
            _block?.AddHeader(properties, bodyOctets);
        }
    }

    private void EndContent()
    {
        var block = _block;
        _block = null;
        if (_return is { } reason)
        {
            _return = null;
            KeepReturn(block!, reason);
        }
        else if (_get is { } get)
        {
            _get = null;
            TakeCall(BasicGetOkView.MethodKey);
            EndGet(get, block!);
        }
        else if (_target is { } consumer)
        {
            _target = null;
            if (consumer.NoAck)
            {
                NoteSettled(block!.DeliveryTag);
            }

            if (consumer.Buffer.Add(block!))
            {
                Connection.Input.Touch(consumer);
            }
        }
        else if (_unknownConsumer is not null)
        {
            ClientLog.UnknownConsumer(Connection.Logger, Connection.Where, Number, _unknownConsumer);
            _unknownConsumer = null;
            GiveBack(_lastTag);
        }
    }

    private void EndGet(PendingCall<RetainedDelivery?> get, DeliveryBlock block)
    {
        if (block.NoAck)
        {
            NoteSettled(block.DeliveryTag);
        }

        var delivery = new RetainedDelivery(block);
        if (!get.Complete(delivery))
        {
            // Nobody waits for it: the queue gets it back.
            if (!block.NoAck)
            {
                GiveBack(block.DeliveryTag);
            }

            delivery.Dispose();
        }
    }

    private ProtocolError? CountTag(ulong tag, uint key)
    {
        if (tag <= _lastTag)
        {
            return ProtocolError.CommandInvalid($"delivery tag {tag} after {_lastTag}").At(key);
        }

        if (tag != _lastTag + 1)
        {
            lock (Gate)
            {
                AppendAcks();
                _settles.StopTracking();
            }
        }

        _lastTag = tag;
        return null;
    }

    private void NoteSettled(ulong tag)
    {
        if (_receivedTo != 0 && _receivedTo + 1 == tag)
        {
            _receivedTo = tag;
            return;
        }

        if (_receivedTo != 0)
        {
            SettleReceived();
        }
        else
        {
            Connection.Input.TouchSettled(this);
        }

        _receivedFrom = _receivedTo = tag;
    }

    /// <summary>Whether a return belongs to a confirmed publish, whose answer then says so.</summary>
    private bool TakeReturn(ReadOnlySpan<byte> properties)
    {
        if (BasicPropertiesView.TryParse(properties, out var view) != DecodeError.None ||
            !view.Headers.TryGetValue("x-publish-tag"u8, out var value) ||
            !value.TryGetInt64(out long tag))
        {
            return false;
        }

        lock (Gate)
        {
            if (_confirms?.Find((ulong)tag) is not { } source)
            {
                return false;
            }

            if (source == PublishSource.Posted)
            {
                _confirms.Replace((ulong)tag, PublishSource.PostedReturned);
            }
            else if (source != PublishSource.PostedReturned && source != PublishSource.Left)
            {
                source.Return = _return;
            }

            return true;
        }
    }

    private void KeepReturn(DeliveryBlock block, ReturnReason reason)
    {
        var returns = Volatile.Read(ref _returns);
        if (returns is null)
        {
            ClientLog.ReturnUnread(Connection.Logger, Connection.Where, Number, reason.ToString());
        }
        else
        {
            var properties = BasicPropertiesView.TryParse(block.Properties, out var view) == DecodeError.None ? view.ToOwned() : default;
            returns.Writer.TryWrite(new ReturnedMessage(reason, Text(block.Exchange), Text(block.RoutingKey), properties, block.Body.ToArray()));
        }

        block.Return();
    }

    private void DropBlock()
    {
        _block?.Return();
        _block = null;
    }
}
