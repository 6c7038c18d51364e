using System.Runtime.CompilerServices;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Protocol.V1_0;

/// <content>Deliveries that come (1.0 sections 2.6.14 and 2.7.5).</content>
public sealed partial class Link
{
    /// <summary>The longest delivery-tag (1.0 section 2.8.7).</summary>
    public const int MaxTagOctets = 32;

    private byte[]? _tag;
    private int _tagOctets;
    private ulong _sequence;
    private uint _deliveryId;
    private bool _isSettled;
    private int _frames;
    private ulong _octets;

    /// <summary>Of a receiver: the tag of the delivery that came last.</summary>
    public ReadOnlySpan<byte> DeliveryTag => _tag.AsSpan(0, _tagOctets);

    /// <summary>Of a receiver: the format of the message that came last (1.0 section 2.8.11).</summary>
    public uint MessageFormat { get; private set; }

    internal void TakeTransfer(scoped in TransferView transfer, ReadOnlySpan<byte> payload, ref EngineEvent found)
    {
        bool isFirst = !HasPartialDelivery;
        if (!(isFirst ? BeginDelivery(in transfer, ref found) : ContinueDelivery(in transfer, ref found)))
        {
            return;
        }

        bool isSettled = _isSettled || (transfer.HasSettled && transfer.Settled);
        bool isLast = !transfer.More || transfer.Aborted;
        _octets += (ulong)payload.Length;
        _frames++;
        if (IsFaulty(in transfer, isSettled, isLast))
        {
            found = GiveUp(in transfer, isSettled, isLast);
            return;
        }

        if ((isSettled && !_isSettled) || transfer.Aborted)
        {
            _session.SettleIncoming(_sequence);
        }

        _isSettled = isSettled || transfer.Aborted;
        HasPartialDelivery = !isLast;

        // The rest is as it was: nothing, or another transfer's.
        found.Kind = EngineEventKind.Transferred;
        found.Session = _session;
        found.Link = this;
        found.Payload = transfer.Aborted ? default : payload;
        found.State = transfer.State.Octets;
        found.Sequence = _sequence;
        found.IsFirst = isFirst;
        found.IsLast = isLast;
        found.IsAborted = transfer.Aborted;
        found.IsResumed = transfer.Resume;
        found.IsSettled = _isSettled;
    }

    private bool IsFaulty(scoped in TransferView transfer, bool isSettled, bool isLast) =>
        (transfer.HasRcvSettleMode && transfer.RcvSettleMode == ReceiverSettleMode.Second && ReceiverSettleMode == ReceiverSettleMode.First)
        || (!transfer.Aborted && (isSettled ? SenderSettleMode == SenderSettleMode.Unsettled : isLast && SenderSettleMode == SenderSettleMode.Settled))
        || (MaxMessageSize > 0 && _octets > MaxMessageSize && !transfer.Aborted)
        || _frames > _session.Engine.Settings.MaxFramesPerDelivery;

    /// <summary>Says what <see cref="IsFaulty"/> has found.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private EngineEvent GiveUp(scoped in TransferView transfer, bool isSettled, bool isLast)
    {
        if (transfer.HasRcvSettleMode && transfer.RcvSettleMode == ReceiverSettleMode.Second && ReceiverSettleMode == ReceiverSettleMode.First)
        {
            return GiveUp(in transfer, AmqpError.Texts.InvalidField, "transfer: rcv-settle-mode second on a link of mode first");
        }

        if (isSettled && SenderSettleMode == SenderSettleMode.Unsettled && !transfer.Aborted)
        {
            return GiveUp(in transfer, AmqpError.Texts.InvalidField, "transfer: settled on a link whose sender settles nothing beforehand");
        }

        if (!isSettled && isLast && !transfer.Aborted && SenderSettleMode == SenderSettleMode.Settled)
        {
            return GiveUp(in transfer, AmqpError.Texts.InvalidField, "transfer: unsettled on a link whose sender settles everything beforehand");
        }

        return MaxMessageSize > 0 && _octets > MaxMessageSize && !transfer.Aborted
            ? GiveUp(in transfer, LinkError.Texts.MessageSizeExceeded, $"a message is larger than {MaxMessageSize} octets")
            : GiveUp(in transfer, AmqpError.Texts.ResourceLimitExceeded, $"a delivery consists of more than {_session.Engine.Settings.MaxFramesPerDelivery} transfers");
    }

    private bool BeginDelivery(scoped in TransferView transfer, ref EngineEvent found)
    {
        var tag = transfer.DeliveryTag;
        if (!transfer.HasDeliveryId || !transfer.HasDeliveryTag || tag.Length > MaxTagOctets || !SerialNumber.IsBefore(_deliveryCount, _limit))
        {
            found = RefuseDelivery(in transfer);
            return false;
        }

        bool isSettled = transfer.HasSettled && transfer.Settled;
        if (!_session.TryAddIncoming(this, transfer.DeliveryId, isSettled, out _sequence))
        {
            found = FailNumber(transfer.DeliveryId);
            return false;
        }

        _credit -= _credit > 0 ? 1u : 0u;
        _deliveryCount++;
        tag.CopyTo(_tag ??= new byte[MaxTagOctets]);
        _tagOctets = tag.Length;
        _deliveryId = transfer.DeliveryId;
        MessageFormat = transfer.HasMessageFormat ? transfer.MessageFormat : 0;
        _isSettled = isSettled;
        _frames = 0;
        _octets = 0;
        return true;
    }

    /// <summary>The delivery is none that may begin. Its number is used up all the same.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private EngineEvent RefuseDelivery(scoped in TransferView transfer)
    {
        if (!transfer.HasDeliveryId || !transfer.HasDeliveryTag)
        {
            HasPartialDelivery = transfer.More && !transfer.Aborted;
            if (transfer.HasDeliveryId)
            {
                _session.TryAddIncoming(this, transfer.DeliveryId, settled: true, out _);
            }

            return Fail(AmqpError.Texts.InvalidField, "transfer: the first of a delivery needs delivery-id and delivery-tag");
        }

        if (!_session.TryAddIncoming(this, transfer.DeliveryId, transfer.HasSettled && transfer.Settled, out _sequence))
        {
            return FailNumber(transfer.DeliveryId);
        }

        return transfer.DeliveryTag.Length > MaxTagOctets
            ? GiveUp(in transfer, AmqpError.Texts.InvalidField, $"transfer: delivery-tag of {transfer.DeliveryTag.Length} octets")
            : GiveUp(in transfer, LinkError.Texts.TransferLimitExceeded, "transfer: there is no credit");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private EngineEvent FailNumber(uint deliveryId) => _session.Fail(AmqpError.Texts.InvalidField, $"transfer: delivery-id {deliveryId} does not follow");

    private bool ContinueDelivery(scoped in TransferView transfer, ref EngineEvent found)
    {
        string? what = transfer.HasDeliveryId && transfer.DeliveryId != _deliveryId ? "delivery-id"
            : transfer.HasDeliveryTag && !transfer.DeliveryTag.SequenceEqual(DeliveryTag) ? "delivery-tag"
            : transfer.HasMessageFormat && transfer.MessageFormat != MessageFormat ? "message-format"
            : null;
        if (what is null)
        {
            return true;
        }

        found = GiveUp(in transfer, AmqpError.Texts.InvalidField, $"transfer: another {what} within a delivery");
        return false;
    }

    private EngineEvent GiveUp(scoped in TransferView transfer, string condition, string description)
    {
        // What follows of this delivery is passed over, and the next counts.
        HasPartialDelivery = transfer.More && !transfer.Aborted;
        _session.SettleIncoming(_sequence);
        return Fail(condition, description);
    }
}
