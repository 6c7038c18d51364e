using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Protocol.V1_0;

/// <summary>
/// One end of a link (1.0 section 2.6): messages one way, under the receiver's credit. Belongs to its session; what outlives an attachment, the
/// terminus, is its user's.
/// </summary>
public sealed partial class Link
{
    private readonly Session _session;
    private bool _hasSentAttach;
    private bool _hasPeerAttached;
    private bool _hasSentDetach;
    private bool _hasPeerDetached;
    private bool _owesFlow;

    internal Link(Session session, string name, Role role, bool isLocal)
    {
        _session = session;
        Name = name;
        Role = role;
        IsLocal = isLocal;
    }

    /// <summary>The session that it is attached to.</summary>
    public Session Session => _session;

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>This end's role.</summary>
    public Role Role { get; }

    /// <summary>Whether this end began it.</summary>
    public bool IsLocal { get; }

    /// <summary>The handle that this end sends.</summary>
    public uint Handle { get; internal set; }

    /// <summary>Something of the user's.</summary>
    public object? Owner { get; set; }

    /// <summary>Whether what hangs on the link at the peer outlives a mistake: then the link is detached by it, and not closed.</summary>
    public bool IsKept { get; set; }

    /// <summary>Whether both ends have attached, and neither has detached.</summary>
    public bool IsAttached => _hasSentAttach && _hasPeerAttached && !_hasSentDetach && !_hasPeerDetached && !_session.IsEnded && !_session.Engine.HasSentClose;

    /// <summary>Whether this end has detached: what the peer still sends is passed over.</summary>
    public bool IsDetaching => _hasSentDetach;

    /// <summary>How the sender settles, as it was agreed on.</summary>
    public SenderSettleMode SenderSettleMode { get; private set; } = SenderSettleMode.Mixed;

    /// <summary>How the receiver settles, as it was agreed on.</summary>
    public ReceiverSettleMode ReceiverSettleMode { get; private set; } = ReceiverSettleMode.First;

    /// <summary>The largest message that this end takes, in octets; 0 for any.</summary>
    public ulong MaxMessageSize { get; private set; }

    /// <summary>The largest message that the peer takes, in octets; 0 for any.</summary>
    public ulong PeerMaxMessageSize { get; private set; }

    internal bool AwaitsPeer => IsLocal && !_hasPeerAttached && !_hasSentDetach;

    /// <summary>Whether this end has detached a link of its own before the peer has answered its attach.</summary>
    internal bool WasGivenUp => IsLocal && _hasSentAttach && _hasSentDetach && !_hasPeerAttached;

    internal bool HasPartialDelivery { get; set; }

    /// <summary>
    /// Sends attach: begins a link, or takes one that the peer wants. Name, handle, role and, for a sender, the delivery-count are filled in here.
    /// </summary>
    /// <param name="attach">Source, target, settle modes, max-message-size, capabilities, properties.</param>
    /// <returns>False when it is larger than any frame that the peer takes; nothing was sent.</returns>
    public bool Attach(Attach attach)
    {
        attach = Complete(attach);
        if (!_session.Engine.TrySend(_session.Channel, in attach))
        {
            return false;
        }

        _hasSentAttach = true;
        MaxMessageSize = attach.MaxMessageSize;
        if (!IsLocal || !_hasPeerAttached)
        {
            // What is not set is said by its default.
            SenderSettleMode = attach.HasSndSettleMode ? attach.SndSettleMode : SenderSettleMode.Mixed;
            ReceiverSettleMode = attach.HasRcvSettleMode ? attach.RcvSettleMode : ReceiverSettleMode.First;
        }

        return true;
    }

    /// <summary>Whether an attach, as <see cref="Attach"/> would send it, is no larger than the frames that the peer takes.</summary>
    /// <param name="attach">Source, target, settle modes, max-message-size, capabilities, properties.</param>
    public bool Fits(Attach attach) => _session.Engine.Fits(Complete(attach));

    private Attach Complete(Attach attach)
    {
        attach = attach with { Name = Name, Handle = Handle, Role = Role };
        return Role == Role.Sender ? attach with { InitialDeliveryCount = _deliveryCount } : attach;
    }

    /// <summary>
    /// Refuses a link that the peer wants (1.0 section 2.6.3): an attach without the terminus that would have been this end's, and a detach that says why.
    /// </summary>
    public void Refuse(AmqpFault fault)
    {
        if (!_hasSentAttach)
        {
            Attach(default);
        }

        Detach(closed: true, fault);
    }

    /// <summary>Detaches: leaves the link for later, or closes it; answers the peer's detach.</summary>
    /// <param name="closed">Whether the link ends for good.</param>
    /// <param name="fault">Why; null when all is well.</param>
    public void Detach(bool closed, AmqpFault? fault = null)
    {
        if (_hasSentDetach)
        {
            return;
        }

        if (!_hasSentAttach && !IsLocal)
        {
            // The peer waits for an answer, and a detach is none to a handle that it does not know.
            Attach(default);
        }

        if (!_session.IsEnded && _hasSentAttach)
        {
            _session.Flush();
            var detach = new Detach { Handle = Handle };
            if (closed)
            {
                detach = detach with { Closed = true };
            }

            if (!_session.Engine.TrySend(_session.Channel, fault is null ? detach : detach with { Error = fault.ToError() }))
            {
                _session.Engine.TrySend(_session.Channel, detach with { Error = new AmqpFault(fault!.Condition, string.Empty).ToError() });
            }
        }

        _hasSentDetach = true;
        _isSending = false;
        _session.ReleaseHandle(this);
    }

    internal void TakeAttach(in AttachView attach)
    {
        _hasPeerAttached = true;
        PeerMaxMessageSize = attach.MaxMessageSize;

        // What the peer wants, or, where it answers, what it really does.
        SenderSettleMode = attach.SndSettleMode;
        ReceiverSettleMode = attach.RcvSettleMode;

        if (Role == Role.Receiver)
        {
            // Credit may have been granted before the peer said where it counts from.
            _deliveryCount = attach.InitialDeliveryCount;
            _limit = _deliveryCount + _credit;
        }
    }

    internal void TakeDetach() => _hasPeerDetached = true;

    internal EngineEvent Fail(string condition, string description)
    {
        var fault = new AmqpFault(condition, description);
        Detach(closed: !IsKept, fault);
        return new EngineEvent { Kind = EngineEventKind.LinkFailed, Session = _session, Link = this, Fault = fault };
    }
}
