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

    /// <summary>Whether a flow that asked for that was sent, where this end stood then, and what was granted at most.</summary>
    private bool _awaitsEcho;
    private uint _echoCount;
    private uint _echoLimit;

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

        if (_asksEcho && !_awaitsEcho)
        {
            // One question at a time: an answer does not say which it belongs to.
            _asksEcho = false;
            (_awaitsEcho, _echoCount, _echoLimit) = (true, _deliveryCount, _limit);
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
        if (_awaitsEcho && flow.HasDeliveryCount && flow.HasLinkCredit && !SerialNumber.IsBefore(flow.DeliveryCount, _echoCount))
        {
            TakeEcho(flow.DeliveryCount, flow.LinkCredit);
        }

        if (flow.HasDeliveryCount && SerialNumber.Distance(_deliveryCount, flow.DeliveryCount) is > 0 and var used)
        {
            // The peer has given credit up.
            _credit -= Math.Min(_credit, (uint)used);
            _deliveryCount = flow.DeliveryCount;
        }

        _isDraining &= _credit > 0;
    }

    /// <summary>The peer shows what it knows of the credit, after it was lowered: what it does not know of any more is not used.</summary>
    private void TakeEcho(uint count, uint credit)
    {
        uint known = count + credit;
        bool isLower = SerialNumber.IsBefore(known, _limit);
        if (!isLower && credit > 0)
        {
            // It crossed the lowering, and speaks of what was granted before. Who knows of it and has used all has none.
            return;
        }

        _awaitsEcho = false;
        if (_limit != _echoLimit)
        {
            // More was granted since, and may have been used: only a later answer tells.
            if (MayExceedCredit)
            {
                _asksEcho = true;
                OweFlow();
            }

            return;
        }

        _asksEcho = false;
        uint granted = _deliveryCount + _credit;
        if (isLower)
        {
            _limit = SerialNumber.IsBefore(known, granted) ? granted : known;
        }
    }
}
