using System.Collections.Concurrent;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Testing.Traffic;

/// <content>
/// What becomes of deliveries and dispositions of 1.0. Sessions and links count what goes over them (1.0 sections 2.5.6, 2.6.7), so that no frame may be missing: a delivery that is lost comes as one that its sender has
/// given up (aborted), and two that change places take each other's number.
/// </content>
internal sealed partial class TappedConnection
{
    /// <summary>The broker's number of a session, by the client's; and the other way round.</summary>
    private readonly ConcurrentDictionary<ushort, ushort> _brokersChannels = new();
    private readonly ConcurrentDictionary<ushort, ushort> _clientsChannels = new();
    private readonly PeerWay _fromPeer;
    private readonly PeerWay _toPeer;

    private async Task HandlePeerAsync(TrafficUnit unit, PeerWay way)
    {
        switch (unit.Key)
        {
            case (uint)TransferView.DescriptorCode when PeerFrames.TryRead(unit, out PeerTransfer transfer):
                await TransferAsync(unit, transfer, way).ConfigureAwait(false);
                return;
            case (uint)DispositionView.DescriptorCode when PeerFrames.TryRead(unit, out PeerWord word):
                await DisposeAsync(unit, word, way).ConfigureAwait(false);
                return;
            case (uint)OpenView.DescriptorCode when !way.IsFromClient:
                _fromClient.LimitFrames(PeerFrames.MaxFrameSizeOf(unit));
                break;
            case (uint)BeginView.DescriptorCode when !way.IsFromClient && PeerFrames.RemoteChannelOf(unit) is { } clients:
                _brokersChannels[clients] = unit.Channel;
                _clientsChannels[unit.Channel] = clients;
                break;
            case (uint)FlowView.DescriptorCode:
                // It counts the delivery that is kept.
                await ReleaseDeliveryAsync(unit.Channel, way).ConfigureAwait(false);
                break;
            case (uint)DetachView.DescriptorCode:
                await ReleaseAsync(unit.Channel, way).ConfigureAwait(false);
                break;
            case (uint)EndView.DescriptorCode:
                await ReleaseAsync(unit.Channel, way).ConfigureAwait(false);
                way.Own.Forget(unit.Channel);
                break;
            case (uint)CloseView.DescriptorCode:
                await ReleaseAllAsync(way).ConfigureAwait(false);
                break;
            default:
                break;
        }

        await way.HandOn(unit).ConfigureAwait(false);
    }

    private async Task TransferAsync(TrafficUnit unit, PeerTransfer transfer, PeerWay way)
    {
        if (way.Own.Current(unit.Channel, transfer.Handle) is not { } delivery)
        {
            var fault = NextFault(way.Messages, unit);
            if (await MeetAsync(fault, way).ConfigureAwait(false))
            {
                return;
            }

            delivery = new PeerDelivery(transfer.DeliveryId ?? 0, fault, way.Own.TakeKept(unit.Channel));
            way.Own.Begin(unit.Channel, transfer.Handle, delivery);
        }

        delivery.IsSettled |= transfer.IsSettled;
        if (transfer.IsLast)
        {
            way.Own.End(unit.Channel, transfer.Handle);
        }

        if (delivery.Fault?.Kind is FaultKind.Drop or FaultKind.Nack or FaultKind.Return)
        {
            await LoseAsync(unit, transfer, delivery, way).ConfigureAwait(false);
        }
        else if (delivery is { Fault.Kind: FaultKind.Reorder, Overtaken: null })
        {
            delivery.Frames.Add(unit);
            if (transfer.IsLast)
            {
                way.Own.Keep(unit.Channel, delivery);
            }
        }
        else
        {
            await OvertakeAsync(unit, transfer, delivery, way).ConfigureAwait(false);
        }
    }

    /// <summary>A delivery that nobody gets; where the broker refuses it the client hears so.</summary>
    private async Task LoseAsync(TrafficUnit unit, PeerTransfer transfer, PeerDelivery delivery, PeerWay way)
    {
        foreach (var frame in delivery.Overtaken?.Frames ?? [])
        {
            await way.HandOn(frame).ConfigureAwait(false);
        }

        delivery.Overtaken = null;
        await way.HandOn(transfer.IsLast ? PeerFrames.Aborted(unit) : unit).ConfigureAwait(false);
        if (transfer.IsLast && !delivery.IsSettled && delivery.Fault!.Kind != FaultKind.Drop && _brokersChannels.TryGetValue(unit.Channel, out ushort channel))
        {
            var state = delivery.Fault.Kind == FaultKind.Nack ? EncodedValue.Of(default(Rejected)) : EncodedValue.Of(default(Released));
            await TellClientAsync(PeerFrames.Of(channel, new Disposition { Role = Role.Receiver, First = delivery.Id, Settled = true, State = state })).ConfigureAwait(false);
        }
    }

    /// <summary>A delivery that goes on, before the one that was kept for it, if one was.</summary>
    private async Task OvertakeAsync(TrafficUnit unit, PeerTransfer transfer, PeerDelivery delivery, PeerWay way)
    {
        if (delivery.Overtaken is not { } overtaken)
        {
            await way.HandOn(unit).ConfigureAwait(false);
            return;
        }

        await way.HandOn(PeerFrames.WithId(unit, overtaken.Id)).ConfigureAwait(false);
        if (!transfer.IsLast)
        {
            return;
        }

        way.Own.Swap(unit.Channel, overtaken.Id, delivery.Id);
        foreach (var frame in overtaken.Frames)
        {
            await way.HandOn(PeerFrames.WithId(frame, delivery.Id)).ConfigureAwait(false);
        }
    }

    private async Task DisposeAsync(TrafficUnit unit, PeerWord word, PeerWay way)
    {
        if (word.IsOfReceiver)
        {
            var fault = NextFault(way.Words, unit);
            if (await MeetAsync(fault, way).ConfigureAwait(false) || fault?.Kind == FaultKind.Drop || (fault?.Kind == FaultKind.Reorder && way.Own.TryKeep(unit)))
            {
                return;
            }

            if (fault?.Kind == FaultKind.Nack)
            {
                unit = PeerFrames.With(unit, way.IsFromClient ? EncodedValue.Of(default(Released)) : EncodedValue.Of(default(Rejected)));
            }
        }

        await SayAsync(unit, way).ConfigureAwait(false);
        if (word.IsOfReceiver && way.Own.TakeKeptWord(unit.Channel) is { } kept)
        {
            await SayAsync(kept, way).ConfigureAwait(false);
        }
    }

    /// <summary>Hands on a word in the numbers of the end that it is for.</summary>
    private async Task SayAsync(TrafficUnit unit, PeerWay way)
    {
        _ = PeerFrames.TryRead(unit, out PeerWord word);
        ushort others = (way.IsFromClient ? _brokersChannels : _clientsChannels).GetValueOrDefault(unit.Channel);
        var ranges = word.IsOfReceiver ? way.Others.Translate(others, word.First, word.Last) : way.Own.Translate(unit.Channel, word.First, word.Last);
        if (ranges is [var only] && only == (word.First, word.Last))
        {
            await way.HandOn(unit).ConfigureAwait(false);
            return;
        }

        foreach (var (first, last) in ranges)
        {
            await way.HandOn(PeerFrames.With(unit, first, last)).ConfigureAwait(false);
        }
    }

    /// <summary>What happens to the connection, whatever it was that came.</summary>
    /// <returns>Whether what came is gone with it.</returns>
    private async Task<bool> MeetAsync(Fault? fault, PeerWay way)
    {
        switch (fault?.Kind)
        {
            case FaultKind.Cut:
                Cut();
                return way.IsFromClient ? true : throw new IOException("The stream is closed.");
            case FaultKind.Delay:
                await DelayAsync(fault.Time).ConfigureAwait(false);
                return false;
            case FaultKind.Close:
                BeginClose();
                byte[] close = PeerFrames.Of(0, new Close { Error = new Error { Condition = ConnectionError.Texts.ConnectionForced, Description = fault.Text } });
                await (way.IsFromClient ? TellClientAsync(close) : ToClientAsync(close)).ConfigureAwait(false);
                return true;
            default:
                return false;
        }
    }

    /// <summary>What was kept of a session goes on in its place.</summary>
    private async Task ReleaseAsync(ushort channel, PeerWay way)
    {
        await ReleaseDeliveryAsync(channel, way).ConfigureAwait(false);
        if (way.Own.TakeKeptWord(channel) is { } word)
        {
            await SayAsync(word, way).ConfigureAwait(false);
        }
    }

    private static async Task ReleaseDeliveryAsync(ushort channel, PeerWay way)
    {
        foreach (var frame in way.Own.TakeKept(channel)?.Frames ?? [])
        {
            await way.HandOn(frame).ConfigureAwait(false);
        }
    }

    private async Task ReleaseAllAsync(PeerWay way)
    {
        foreach (ushort channel in way.Own.KeptChannels())
        {
            await ReleaseAsync(channel, way).ConfigureAwait(false);
        }
    }
}
