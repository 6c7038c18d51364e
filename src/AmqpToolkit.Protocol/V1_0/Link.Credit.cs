using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Protocol.V1_0;

/// <content>Credit (1.0 section 2.6.7).</content>
public sealed partial class Link
{
    private uint _deliveryCount;
    private uint _credit;
    private uint _available;

    /// <summary>The delivery-count up to which credit was ever granted: what was on its way when it was lowered may still come.</summary>
    private uint _limit;
    private bool _isDraining;
    private bool _hasAnsweredDrain;

    /// <summary>Whether the peer is to say where it stands: only then is it known that what was granted before is not used any more.</summary>
    private bool _asksEcho;

    /// <summary>Deliveries that may be sent: by this end of a sender, by the peer of a receiver.</summary>
    public uint Credit => _credit;

    /// <summary>Deliveries sent so far, from where the sender began to count; it wraps.</summary>
    public uint DeliveryCount => _deliveryCount;

    /// <summary>Of a receiver: what the peer said that it could send.</summary>
    public uint Available => _available;

    /// <summary>
    /// Of a sender: the peer wants what there is, and to be told when that was all (<see cref="AnswerDrain"/>). Of a receiver: it has asked for that and not heard yet.
    /// </summary>
    public bool IsDraining => _isDraining;

    /// <summary>Of a receiver: whether more deliveries may come than <see cref="Credit"/> says: it was lowered, and the peer has not shown that it knows.</summary>
    public bool MayExceedCredit => SerialNumber.IsBefore(_deliveryCount + _credit, _limit);

    /// <summary>A receiver grants credit: from here on the peer may send this many deliveries. Told at the end of the turn.</summary>
    /// <param name="credit">Deliveries; what is on its way counts.</param>
    /// <param name="drain">Whether the peer is to send what it has, and to say so when that is all.</param>
    public void SetCredit(uint credit, bool drain = false)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(credit, (uint)int.MaxValue);
        _asksEcho |= credit < _credit;
        _credit = credit;
        _isDraining = drain;
        if (SerialNumber.IsBefore(_limit, _deliveryCount + credit))
        {
            _limit = _deliveryCount + credit;
        }

        OweFlow();
    }

    /// <summary>A sender has nothing more to send: what is left of the credit is used up, and the peer told.</summary>
    /// <param name="available">Deliveries that wait for credit.</param>
    public void AnswerDrain(uint available = 0)
    {
        if (!_isDraining || _hasAnsweredDrain)
        {
            // Once a flow of the peer's: nothing has changed since.
            return;
        }

        _hasAnsweredDrain = true;
        _deliveryCount += _credit;
        _credit = 0;
        _available = available;
        OweFlow();
    }

    /// <summary>A sender tells what it could send; with the next flow.</summary>
    public void SetAvailable(uint available) => _available = available;

    internal void OweFlow()
    {
        if (!_owesFlow && !_hasSentDetach)
        {
            _owesFlow = true;
            _session.OweFlow(this);
        }
    }

    internal bool TryTakeOwedFlow(out Flow flow)
    {
        flow = default;
        if (!_owesFlow)
        {
            return false;
        }

        _owesFlow = false;
        if (_hasSentDetach || !_hasSentAttach)
        {
            return false;
        }

        flow = new Flow { Handle = Handle, LinkCredit = _credit };
        if (Role == Role.Sender || _hasPeerAttached)
        {
            flow = flow with { DeliveryCount = _deliveryCount };
        }

        if (Role == Role.Sender)
        {
            flow = flow with { Available = _available };
        }

        if (_isDraining)
        {
            flow = flow with { Drain = true };
        }

        if (_asksEcho)
        {
            _asksEcho = false;
            flow = flow with { Echo = true };
        }

        return true;
    }

    internal void TakeFlow(in FlowView flow)
    {
        if (_hasSentDetach)
        {
            return;
        }

        if (Role == Role.Sender)
        {
            // Without a count the peer has not seen this end's attach: it counts from where that began (2.7.4).
            _credit = SerialNumber.Rest(flow.HasDeliveryCount ? flow.DeliveryCount : 0, flow.HasLinkCredit ? flow.LinkCredit : 0, _deliveryCount);
            _isDraining = flow.Drain;
            _hasAnsweredDrain = false;
            return;
        }

        _available = flow.HasAvailable ? flow.Available : 0;
        if (flow.HasDeliveryCount && flow.HasLinkCredit && SerialNumber.IsBefore(flow.DeliveryCount + flow.LinkCredit, _limit))
        {
            // The peer knows of the lower credit: nothing that was sent under the higher one is on its way any more.
            uint known = flow.DeliveryCount + flow.LinkCredit;
            uint granted = _deliveryCount + _credit;
            _limit = SerialNumber.IsBefore(known, granted) ? granted : known;
        }

        if (flow.HasDeliveryCount && SerialNumber.Distance(_deliveryCount, flow.DeliveryCount) is > 0 and var used)
        {
            // The peer has given credit up.
            _credit -= Math.Min(_credit, (uint)used);
            _deliveryCount = flow.DeliveryCount;
        }

        _isDraining &= _credit > 0;
    }
}
