using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using CloseView = AmqpToolkit.Codec.V1_0.CloseView;

namespace AmqpToolkit.Broker.Testing.Traffic;

/// <content>What becomes of a unit.</content>
internal sealed partial class TappedConnection
{
    private async Task HandleFromClientAsync(TrafficUnit unit)
    {
        if (_isClosing)
        {
            // The client has been told that the connection is closed; its last word ends it.
            if (unit is { IsClassic: true, Key: ConnectionCloseOk.MethodKey } or { IsClassic: false, Key: (uint)CloseView.DescriptorCode })
            {
                _hasEnded = true;
            }

            return;
        }

        _inspector.Inspect(unit);
        if (!unit.IsClassic)
        {
            await HandlePeerAsync(unit, _fromPeer).ConfigureAwait(false);
            return;
        }

        Follow(unit);
        if (PointFromClient(unit) is not { } point)
        {
            ReleaseBefore(unit);
            ToBroker(unit);
            return;
        }

        var channel = ChannelOf(unit.Channel);
        ulong tag = 0;
        if (point == TrafficPoint.Publish)
        {
            lock (_gate)
            {
                tag = channel.CountPublish(unit);
            }
        }

        await ApplyFromClientAsync(unit, point, channel, tag, NextFault(point, unit)).ConfigureAwait(false);
    }

    /// <summary>What was kept goes before the word that ends its channel.</summary>
    private void ReleaseBefore(TrafficUnit unit)
    {
        if (unit.Key == ChannelClose.MethodKey)
        {
            foreach (var held in ChannelOf(unit.Channel).TakeAllHeld())
            {
                ToBroker(held);
            }
        }
        else if (unit.Key == ConnectionClose.MethodKey)
        {
            ReleaseAll();
        }
    }

    private async Task ApplyFromClientAsync(TrafficUnit unit, TrafficPoint point, TappedChannel channel, ulong tag, Fault? fault)
    {
        switch (fault?.Kind)
        {
            case FaultKind.Cut:
                Cut();
                return;
            case FaultKind.Delay:
                await DelayAsync(fault.Time).ConfigureAwait(false);
                break;
            case FaultKind.Close:
                await TellClientAsync(BeginClose(fault)).ConfigureAwait(false);
                return;
            case FaultKind.Block:
                await BlockAsync(fault, isSending: false).ConfigureAwait(false);
                break;
            case FaultKind.Drop or FaultKind.Nack or FaultKind.Return when point == TrafficPoint.Publish:
                lock (_gate)
                {
                    channel.Withhold(unit);
                }

                await TellClientAsync(AnswerTo(unit, tag, fault)).ConfigureAwait(false);
                return;
            case FaultKind.Drop:
                return;
            case FaultKind.Nack:
                ToBroker(Refused(unit));
                return;
            case FaultKind.Reorder when channel.TryHold(point, unit):
                return;
            default:
                break;
        }

        ToBroker(unit);
        if (channel.TakeHeld(point) is { } held)
        {
            ToBroker(held);
        }
    }

    private async Task HandleFromBrokerAsync(TrafficUnit unit)
    {
        if (_isClosing)
        {
            return;
        }

        if (!unit.IsClassic)
        {
            await HandlePeerAsync(unit, _toPeer).ConfigureAwait(false);
            return;
        }

        Learn(unit);
        if (PointFromBroker(unit) is not { } point)
        {
            await ToClientAsync(unit.Octets).ConfigureAwait(false);
            return;
        }

        var channel = ChannelOf(unit.Channel);
        var fault = NextFault(point, unit);
        bool isLost = false;
        bool isRefused = false;
        switch (fault?.Kind)
        {
            case FaultKind.Cut:
                Cut();
                throw new IOException("The stream is closed.");
            case FaultKind.Delay:
                await DelayAsync(fault.Time).ConfigureAwait(false);
                break;
            case FaultKind.Close:
                await ToClientAsync(BeginClose(fault)).ConfigureAwait(false);
                return;
            case FaultKind.Block:
                await BlockAsync(fault, isSending: true).ConfigureAwait(false);
                break;
            case FaultKind.Drop:
                isLost = true;
                break;
            case FaultKind.Nack:
                isRefused = true;
                break;
            case FaultKind.Reorder when channel.TryHold(point, unit):
                return;
            default:
                break;
        }

        var held = channel.TakeHeld(point);
        if (held is not null && point == TrafficPoint.Delivery)
        {
            (unit, held) = channel.Deliveries.Swap(unit, held);
        }

        await HandOnAsync(unit, point, channel, isRefused, isLost).ConfigureAwait(false);
        if (held is not null)
        {
            await HandOnAsync(held, point, channel, isRefused: false, isLost: false).ConfigureAwait(false);
        }
    }

    private async Task HandOnAsync(TrafficUnit unit, TrafficPoint point, TappedChannel channel, bool isRefused, bool isLost)
    {
        if (point == TrafficPoint.Confirm)
        {
            unit = isRefused ? Refused(unit) : unit;
            if (TranslateConfirm(unit, channel, isLost) is { } words)
            {
                foreach (byte[] octets in words)
                {
                    await ToClientAsync(octets).ConfigureAwait(false);
                }

                return;
            }
        }
        else if (isLost)
        {
            channel.Deliveries.Lose(unit);
            return;
        }
        else
        {
            channel.Deliveries.Add(unit);
        }

        await ToClientAsync(unit.Octets).ConfigureAwait(false);
    }

    private Fault? NextFault(TrafficPoint point, TrafficUnit unit) => _tap.Pass(_number, point, Interlocked.Increment(ref _counts[(int)point]), unit.Channel, unit.IsClassic);

    /// <summary>What has to be known of the conversation for what is put into it.</summary>
    private void Follow(TrafficUnit unit)
    {
        switch (unit.Key)
        {
            case ConfirmSelect.MethodKey:
                var channel = ChannelOf(unit.Channel);
                lock (_gate)
                {
                    channel.IsConfirming = true;
                }

                break;
            case BasicConsume.MethodKey when BasicConsumeView.TryParse(unit.Arguments, out var consume) == DecodeError.None:
                ChannelOf(unit.Channel).Deliveries.Ask(consume.NoAck, consume.NoWait, consume.ConsumerTag);
                break;
            case BasicGet.MethodKey when BasicGetView.TryParse(unit.Arguments, out var get) == DecodeError.None:
                ChannelOf(unit.Channel).Deliveries.AskOnce(get.NoAck);
                break;
            case ConnectionTuneOk.MethodKey when ConnectionTuneOkView.TryParse(unit.Arguments, out var tuned) == DecodeError.None:
                _fromClient.LimitFrames(tuned.FrameMax == 0 ? uint.MaxValue : tuned.FrameMax);
                break;
            case ChannelOpen.MethodKey:
                lock (_gate)
                {
                    // A channel of the same number may have been before.
                    _channels.Remove(unit.Channel);
                }

                break;
            case ConnectionStartOk.MethodKey:
                _takesBlocked = ConnectionStartOkView.TryParse(unit.Arguments, out var view) == DecodeError.None
                    && view.ClientProperties.TryGetValue("capabilities"u8, out var value) && value.TryGetTable(out var capabilities)
                    && capabilities.TryGetValue("connection.blocked"u8, out var blocked) && blocked.TryGetBoolean(out bool takes) && takes;
                break;
            default:
                break;
        }
    }

    /// <summary>What the broker's answers say of deliveries to come.</summary>
    private void Learn(TrafficUnit unit)
    {
        if (unit.Key == BasicConsumeOk.MethodKey && BasicConsumeOkView.TryParse(unit.Arguments, out var view) == DecodeError.None)
        {
            ChannelOf(unit.Channel).Deliveries.Answer(view.ConsumerTag);
        }
        else if (unit.Key == BasicGetEmpty.MethodKey)
        {
            ChannelOf(unit.Channel).Deliveries.AnswerEmpty();
        }
    }

    private static byte[][] AnswerTo(TrafficUnit publish, ulong tag, Fault fault)
    {
        var words = new List<byte[]>();
        if (fault.Kind == FaultKind.Return && BasicPublishView.TryParse(publish.Arguments, out var view) == DecodeError.None)
        {
            byte[] method = ClassicOctets.Of(
                publish.Channel,
                new BasicReturn { ReplyCode = fault.Code, ReplyText = fault.Text, Exchange = ShortString.CopyOf(view.Exchange), RoutingKey = ShortString.CopyOf(view.RoutingKey) });
            words.Add([.. method, .. publish.Content]);
        }

        if (tag != 0 && fault.Kind != FaultKind.Drop)
        {
            words.Add(fault.Kind == FaultKind.Nack
                ? ClassicOctets.Of(publish.Channel, new BasicNack { DeliveryTag = tag })
                : ClassicOctets.Of(publish.Channel, new BasicAck { DeliveryTag = tag }));
        }

        return [.. words];
    }

    /// <summary>The same word as a refusal: of a client that it wants the message back in its queue.</summary>
    private static TrafficUnit Refused(TrafficUnit unit) =>
        unit.Key == BasicAck.MethodKey && BasicAckView.TryParse(unit.Arguments, out var ack) == DecodeError.None
            ? new TrafficUnit(
                ClassicOctets.Of(unit.Channel, new BasicNack { DeliveryTag = ack.DeliveryTag, Multiple = ack.Multiple, Requeue = true }), unit.Channel, BasicNack.MethodKey, isClassic: true)
            : unit;

    private List<byte[]>? TranslateConfirm(TrafficUnit unit, TappedChannel channel, bool isLost)
    {
        (ulong tag, bool multiple) = unit.Key == BasicAck.MethodKey
            ? BasicAckView.TryParse(unit.Arguments, out var ack) == DecodeError.None ? (ack.DeliveryTag, ack.Multiple) : default
            : BasicNackView.TryParse(unit.Arguments, out var nack) == DecodeError.None ? (nack.DeliveryTag, nack.Multiple) : default;
        lock (_gate)
        {
            return channel.Translate(unit.Channel, tag, multiple, isRefused: unit.Key == BasicNack.MethodKey, isLost);
        }
    }

    private static TrafficPoint? PointFromClient(TrafficUnit unit) => unit.Key switch
    {
        BasicPublish.MethodKey => TrafficPoint.Publish,
        BasicAck.MethodKey or BasicNack.MethodKey or BasicReject.MethodKey => TrafficPoint.Ack,
        _ => null,
    };

    private static TrafficPoint? PointFromBroker(TrafficUnit unit) => unit.Key switch
    {
        BasicDeliver.MethodKey or BasicGetOk.MethodKey => TrafficPoint.Delivery,
        BasicAck.MethodKey or BasicNack.MethodKey => TrafficPoint.Confirm,
        _ => null,
    };
}
