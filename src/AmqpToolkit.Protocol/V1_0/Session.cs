using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Protocol.V1_0;

/// <summary>
/// A session (1.0 section 2.5): windows of transfers both ways, links by handle, deliveries that are not settled. Belongs to its
/// <see cref="ConnectionEngine"/> and is used as it is.
/// </summary>
/// <remarks>
/// Deliveries have numbers here that do not wrap, counted from 1 in each direction; on the wire they are the lower 32 bits, from whatever the sender began with.
/// </remarks>
public sealed partial class Session
{
    /// <summary>The longest name of a link that a peer may choose, in octets; where its frames are small, half of one.</summary>
    public const int MaxLinkNameOctets = 1024;

    private readonly ConnectionEngine _engine;
    private readonly Dictionary<LinkKey, Link> _links = [];
    private Link?[] _byPeerHandle = new Link?[2];
    private Link?[] _byHandle = new Link?[2];
    private bool _hasSentEnd;

    internal Session(ConnectionEngine engine, ushort channel, bool isLocal)
    {
        _engine = engine;
        Channel = channel;
        IsLocal = isLocal;
        IncomingWindow = _incomingWindowLeft = engine.Settings.IncomingWindow;
    }

    /// <summary>The channel that this end sends on.</summary>
    public ushort Channel { get; }

    /// <summary>The channel that the peer sends on; null until it has begun.</summary>
    public ushort? PeerChannel { get; private set; }

    /// <summary>Whether this end began it.</summary>
    public bool IsLocal { get; }

    /// <summary>Whether it has ended, or is about to: nothing more is sent on it.</summary>
    public bool IsEnded => _hasSentEnd;

    /// <summary>Something of the user's.</summary>
    public object? Owner { get; set; }

    /// <summary>The highest handle that the peer takes.</summary>
    public uint PeerHandleMax { get; private set; }

    /// <summary>The links that are attached or about to be.</summary>
    public IReadOnlyCollection<Link> Links => _links.Values;

    internal ConnectionEngine Engine => _engine;

    /// <summary>Prepares a link of this end (1.0 section 2.6.3); <see cref="Link.Attach"/> sends it.</summary>
    /// <param name="name">Its name, unique among the links of its direction between the two containers.</param>
    /// <param name="role">This end's role.</param>
    /// <returns>The link; null when the peer takes no more on this session, or there is one of that name and role.</returns>
    public Link? CreateLink(string name, Role role)
    {
        var key = new LinkKey(name, role);
        var link = new Link(this, name, role, isLocal: true);
        if (_links.ContainsKey(key) || !TryGiveHandle(link))
        {
            return null;
        }

        _links.Add(key, link);
        return link;
    }

    /// <summary>Ends the session, and all its links with it (1.0 section 2.5.2). What comes up to the peer's end is passed over.</summary>
    /// <param name="fault">Why; null when all is well.</param>
    public void End(AmqpFault? fault = null)
    {
        if (_hasSentEnd)
        {
            return;
        }

        Flush();
        SendEnd(fault);
    }

    internal void SendBegin(ushort? remoteChannel)
    {
        var begin = new Begin
        {
            NextOutgoingId = _nextOutgoingId,
            IncomingWindow = IncomingWindow,
            OutgoingWindow = OutgoingWindow,
            HandleMax = _engine.Settings.HandleMax,
        };
        _engine.TrySend(Channel, remoteChannel is { } channel ? begin with { RemoteChannel = channel } : begin);
    }

    internal void TakeBegin(in BeginView begin, ushort peerChannel)
    {
        PeerChannel = peerChannel;
        PeerHandleMax = begin.HandleMax;
        _nextIncomingId = begin.NextOutgoingId;
        _remoteIncomingWindow = begin.IncomingWindow;
        if (!IsLocal)
        {
            SendBegin(peerChannel);
        }
    }

    internal EngineEvent HandleAttach(ReadOnlySpan<byte> body)
    {
        if (AttachView.TryParse(body, out var attach, out int octets) is var error and not DecodeError.None)
        {
            return _engine.FailDecoding("attach", error);
        }

        if (ConnectionEngine.HasRest(body, octets))
        {
            return _engine.FailRest("attach");
        }

        if (_hasSentEnd)
        {
            return default;
        }

        if (attach.Handle > _engine.Settings.HandleMax)
        {
            return _engine.Fail(ConnectionError.Texts.FramingError, $"handle {attach.Handle} is above {_engine.Settings.HandleMax}");
        }

        if (ByPeerHandle(attach.Handle) is not null)
        {
            // The letter has it close the connection with a condition of sessions (2.7.3).
            return _engine.Fail(SessionError.Texts.HandleInUse, $"handle {attach.Handle} is in use");
        }

        if ((byte)attach.Role > (byte)Role.Receiver || (byte)attach.SndSettleMode > (byte)SenderSettleMode.Mixed || (byte)attach.RcvSettleMode > (byte)ReceiverSettleMode.Second)
        {
            return _engine.Fail(AmqpError.Texts.DecodeError, "attach: role or settle mode is none that is known");
        }

        if (attach.Role == Role.Sender && !attach.HasInitialDeliveryCount)
        {
            return Fail(AmqpError.Texts.InvalidField, "attach: a sender must give initial-delivery-count");
        }

        if ((uint)attach.Name.Length > Math.Min(MaxLinkNameOctets, _engine.PeerMaxFrameSize / 2))
        {
            // It is kept for as long as the link is, and the answer repeats it in one frame.
            return Fail(AmqpError.Texts.ResourceLimitExceeded, $"attach: a name of {attach.Name.Length} octets");
        }

        var role = attach.Role == Role.Sender ? Role.Receiver : Role.Sender;
        var key = new LinkKey(System.Text.Encoding.UTF8.GetString(attach.Name), role);
        if (_links.TryGetValue(key, out var link) && link.WasGivenUp)
        {
            // This end has detached it before the answer came: the peer's own detach follows.
            Put(ref _byPeerHandle, attach.Handle, link);
            link.TakeAttach(in attach);
            return default;
        }

        if (link is not { AwaitsPeer: true })
        {
            // A link of that name that is attached already is stolen by this one: whoever keeps the termini detaches it.
            link = new Link(this, key.Name, role, isLocal: false);
            if (!TryGiveHandle(link))
            {
                return Fail(AmqpError.Texts.ResourceLimitExceeded, "no handle is left to answer with");
            }

            _links[key] = link;
        }

        Put(ref _byPeerHandle, attach.Handle, link);
        link.TakeAttach(in attach);
        return new EngineEvent { Kind = EngineEventKind.Attached, Session = this, Link = link, Performative = body[..octets] };
    }

    internal EngineEvent HandleDetach(ReadOnlySpan<byte> body)
    {
        if (DetachView.TryParse(body, out var detach, out int octets) is var error and not DecodeError.None)
        {
            return _engine.FailDecoding("detach", error);
        }

        if (ConnectionEngine.HasRest(body, octets))
        {
            return _engine.FailRest("detach");
        }

        if (_hasSentEnd)
        {
            return default;
        }

        if (ByPeerHandle(detach.Handle) is not { } link)
        {
            return Fail(SessionError.Texts.UnattachedHandle, $"detach: handle {detach.Handle} is not attached");
        }

        _byPeerHandle[detach.Handle] = null;
        link.TakeDetach();
        Forget(link);
        return new EngineEvent { Kind = EngineEventKind.Detached, Session = this, Link = link, IsClosed = detach.Closed, Performative = body[..octets] };
    }

    internal EngineEvent HandleEnd(ReadOnlySpan<byte> body)
    {
        if (EndView.TryParse(body, out _, out int octets) is var error and not DecodeError.None)
        {
            return _engine.FailDecoding("end", error);
        }

        if (ConnectionEngine.HasRest(body, octets))
        {
            return _engine.FailRest("end");
        }

        End();
        _engine.Remove(this);
        return new EngineEvent { Kind = EngineEventKind.Ended, Session = this, Performative = body[..octets] };
    }

    internal EngineEvent Fail(string condition, string description)
    {
        var fault = new AmqpFault(condition, description);
        Flush();
        SendEnd(fault);
        return new EngineEvent { Kind = EngineEventKind.SessionFailed, Session = this, Fault = fault };
    }

    /// <summary>The link is detached at this end; its handle may be used again, and so may its name once the peer has detached.</summary>
    internal void ReleaseHandle(Link link)
    {
        if (link.Handle < _byHandle.Length && _byHandle[link.Handle] == link)
        {
            _byHandle[link.Handle] = null;
        }

        if (!link.WasGivenUp)
        {
            Forget(link);
        }
    }

    private void Forget(Link link)
    {
        var key = new LinkKey(link.Name, link.Role);
        if (link.IsDetaching && _links.TryGetValue(key, out var current) && current == link)
        {
            _links.Remove(key);
        }
    }

    private void SendEnd(AmqpFault? fault)
    {
        if (!_hasSentEnd)
        {
            var end = fault is null ? default : new End { Error = fault.ToError() };
            if (!_engine.TrySend(Channel, in end))
            {
                _engine.TrySend(Channel, new End { Error = new AmqpFault(fault!.Condition, string.Empty).ToError() });
            }

            _hasSentEnd = true;
        }
    }

    private Link? ByPeerHandle(uint handle) => handle < (uint)_byPeerHandle.Length ? _byPeerHandle[handle] : null;

    private bool TryGiveHandle(Link link)
    {
        int handle = Array.IndexOf(_byHandle, null);
        if (handle < 0)
        {
            handle = _byHandle.Length;
        }

        if ((uint)handle > PeerHandleMax)
        {
            return false;
        }

        link.Handle = (uint)handle;
        Put(ref _byHandle, (uint)handle, link);
        return true;
    }

    private static void Put(ref Link?[] table, uint handle, Link link)
    {
        if (handle >= table.Length)
        {
            Array.Resize(ref table, (int)Math.Max(handle + 1, (uint)table.Length * 2));
        }

        table[handle] = link;
    }

    /// <summary>What tells links of a session apart.</summary>
    private readonly record struct LinkKey(string Name, Role Role);
}
