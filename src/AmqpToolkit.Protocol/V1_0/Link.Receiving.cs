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

    internal EngineEvent TakeTransfer(scoped in TransferView transfer, ReadOnlySpan<byte> payload)
    {
        bool isFirst = !HasPartialDelivery;
        if ((isFirst ? BeginDelivery(in transfer, out var failed) : ContinueDelivery(in transfer, out failed)) is false)
        {
            return failed;
        }

        if (transfer.HasRcvSettleMode && transfer.RcvSettleMode == ReceiverSettleMode.Second && ReceiverSettleMode == ReceiverSettleMode.First)
        {
            return GiveUp(in transfer, AmqpError.Texts.InvalidField, "transfer: rcv-settle-mode second on a link of mode first");
        }

        bool isSettled = _isSettled || (transfer.HasSettled && transfer.Settled);
        bool isLast = !transfer.More || transfer.Aborted;
        if (isSettled && SenderSettleMode == SenderSettleMode.Unsettled && !transfer.Aborted)
        {
            return GiveUp(in transfer, AmqpError.Texts.InvalidField, "transfer: settled on a link whose sender settles nothing beforehand");
        }

        if (!isSettled && isLast && !transfer.Aborted && SenderSettleMode == SenderSettleMode.Settled)
        {
            return GiveUp(in transfer, AmqpError.Texts.InvalidField, "transfer: unsettled on a link whose sender settles everything beforehand");
        }

        _octets += (ulong)payload.Length;
        if (MaxMessageSize > 0 && _octets > MaxMessageSize && !transfer.Aborted)
        {
            return GiveUp(in transfer, LinkError.Texts.MessageSizeExceeded, $"a message is larger than {MaxMessageSize} octets");
        }

        if (++_frames > _session.Engine.Settings.MaxFramesPerDelivery)
        {
            return GiveUp(in transfer, AmqpError.Texts.ResourceLimitExceeded, $"a delivery consists of more than {_session.Engine.Settings.MaxFramesPerDelivery} transfers");
        }

        if ((isSettled && !_isSettled) || transfer.Aborted)
        {
            _session.SettleIncoming(_sequence);
        }

        _isSettled = isSettled || transfer.Aborted;
        HasPartialDelivery = !isLast;
        return new EngineEvent
        {
            Kind = EngineEventKind.Transferred,
            Session = _session,
            Link = this,
            Payload = transfer.Aborted ? default : payload,
            State = transfer.State.Octets,
            Sequence = _sequence,
            IsFirst = isFirst,
            IsLast = isLast,
            IsAborted = transfer.Aborted,
            IsResumed = transfer.Resume,
            IsSettled = _isSettled,
        };
    }

    private bool BeginDelivery(scoped in TransferView transfer, out EngineEvent failed)
    {
        failed = default;
        if (!transfer.HasDeliveryId || !transfer.HasDeliveryTag)
        {
            HasPartialDelivery = transfer.More && !transfer.Aborted;
            if (transfer.HasDeliveryId)
            {
                _session.TryAddIncoming(this, transfer.DeliveryId, settled: true, out _);
            }

            failed = Fail(AmqpError.Texts.InvalidField, "transfer: the first of a delivery needs delivery-id and delivery-tag");
            return false;
        }

        bool isSettled = transfer.HasSettled && transfer.Settled;
        if (!_session.TryAddIncoming(this, transfer.DeliveryId, isSettled, out _sequence))
        {
            failed = _session.Fail(AmqpError.Texts.InvalidField, $"transfer: delivery-id {transfer.DeliveryId} does not follow");
            return false;
        }

        // The number is used up whatever follows.
        HasPartialDelivery = transfer.More && !transfer.Aborted;
        var tag = transfer.DeliveryTag;
        if (tag.Length > MaxTagOctets)
        {
            failed = GiveUp(in transfer, AmqpError.Texts.InvalidField, $"transfer: delivery-tag of {tag.Length} octets");
            return false;
        }

        if (!SerialNumber.IsBefore(_deliveryCount, _limit))
        {
            _session.SettleIncoming(_sequence);
            failed = Fail(LinkError.Texts.TransferLimitExceeded, "transfer: there is no credit");
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

    private bool ContinueDelivery(scoped in TransferView transfer, out EngineEvent failed)
    {
        failed = default;
        string? what = transfer.HasDeliveryId && transfer.DeliveryId != _deliveryId ? "delivery-id"
            : transfer.HasDeliveryTag && !transfer.DeliveryTag.SequenceEqual(DeliveryTag) ? "delivery-tag"
            : transfer.HasMessageFormat && transfer.MessageFormat != MessageFormat ? "message-format"
            : null;
        if (what is null)
        {
            return true;
        }

        failed = GiveUp(in transfer, AmqpError.Texts.InvalidField, $"transfer: another {what} within a delivery");
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
