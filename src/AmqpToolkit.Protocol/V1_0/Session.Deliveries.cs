using System.Runtime.CompilerServices;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Protocol.V1_0;

/// <content>Deliveries: numbers, transfers that come, what is not settled, dispositions (1.0 sections 2.6.12 and 2.7.6).</content>
public sealed partial class Session
{
    /// <summary>What this end begins to count transfers and deliveries with.</summary>
    private const uint InitialOutgoingId = 0;

    private readonly DeliveryTagWindow<UnsettledDelivery> _outgoing = new();
    private readonly DeliveryTagWindow<UnsettledDelivery> _incoming = new();
    private uint _firstIncomingDeliveryId;
    private bool _knowsIncomingDeliveryId;
    private Owed _owed;

    /// <summary>Deliveries of this end that the peer has not settled.</summary>
    public int OutgoingUnsettledCount => _outgoing.Count;

    /// <summary>Deliveries of the peer that are not settled.</summary>
    public int IncomingUnsettledCount => _incoming.Count;

    /// <summary>
    /// The next delivery that a disposition speaks of and that is not settled. One that the peer has settled is forgotten with this. However large the
    /// range, only what is there is walked.
    /// </summary>
    /// <param name="disposed">The event.</param>
    /// <param name="at">Where the walk stands: <see cref="EngineEvent.Sequence"/> to begin with.</param>
    /// <param name="sequence">The delivery's number.</param>
    /// <param name="delivery">The delivery.</param>
    /// <returns>False when there is none any more.</returns>
    public bool TryTakeDisposed(in EngineEvent disposed, ref ulong at, out ulong sequence, out UnsettledDelivery delivery)
    {
        var window = disposed.IsOfOutgoing ? _outgoing : _incoming;
        if (!window.TryPeekFrom(at, out sequence, out delivery) || sequence > disposed.LastSequence)
        {
            return false;
        }

        at = sequence + 1;
        if (disposed.IsSettled)
        {
            window.TryRemove(sequence, out _);
        }

        return true;
    }

    /// <summary>Tells the peer the state of one of its deliveries, and settles it if told to. Deliveries in a row with one state make one frame.</summary>
    /// <param name="sequence">The delivery's number.</param>
    /// <param name="state">Its state; null for none.</param>
    /// <param name="settled">Whether this end forgets it.</param>
    /// <returns>False when there is no such delivery, or it is settled.</returns>
    /// <exception cref="ArgumentException">No frame that the peer takes can carry the state.</exception>
    public bool DisposeIncoming(ulong sequence, EncodedValue state, bool settled)
    {
        CheckFits(state);
        if (settled ? !_incoming.TryRemove(sequence, out _) : !_incoming.Contains(sequence))
        {
            return false;
        }

        Owe(Role.Receiver, sequence, state, settled);
        return true;
    }

    /// <summary>Tells the peer the state of one of this end's deliveries, and settles it if told to.</summary>
    /// <inheritdoc cref="DisposeIncoming"/>
    public bool DisposeOutgoing(ulong sequence, EncodedValue state, bool settled)
    {
        CheckFits(state);
        if (settled ? !_outgoing.TryRemove(sequence, out _) : !_outgoing.Contains(sequence))
        {
            return false;
        }

        Owe(Role.Sender, sequence, state, settled);
        return true;
    }

    /// <summary>Forgets a delivery of this end, without a word: its link or session is gone.</summary>
    public bool TryForgetOutgoing(ulong sequence, out UnsettledDelivery delivery) => _outgoing.TryRemove(sequence, out delivery);

    /// <summary>Forgets a delivery of the peer, without a word: one that is not to be, such as the resumption of one that nobody knows (1.0 section 2.7.5, resume).</summary>
    public bool TryForgetIncoming(ulong sequence) => _incoming.TryRemove(sequence, out _);

    /// <summary>Forgets all deliveries of this end on a link, in order.</summary>
    /// <param name="link">The link; null for all.</param>
    /// <param name="forgotten">Gets them; null where nobody wants them.</param>
    public void ForgetOutgoing(Link? link, List<UnsettledDelivery>? forgotten) => Forget(_outgoing, link, forgotten);

    /// <summary>Forgets all deliveries of the peer on a link, in order.</summary>
    /// <inheritdoc cref="ForgetOutgoing"/>
    public void ForgetIncoming(Link? link, List<UnsettledDelivery>? forgotten) => Forget(_incoming, link, forgotten);

    /// <summary>A transfer has come. What is odd about one has methods of its own: what they need on the stack is not made ready for each message.</summary>
    internal void HandleTransfer(ReadOnlySpan<byte> body, ref EngineEvent found)
    {
        if (TransferView.TryParse(body, out var transfer, out int octets) is var error and not DecodeError.None)
        {
            FailTransfer(error, ref found);
            return;
        }

        if (!_hasSentEnd && ByPeerHandle(transfer.Handle) is { IsDetaching: false, Role: Role.Receiver } link && TryTakeTransfer())
        {
            link.TakeTransfer(in transfer, body[octets..], ref found);
        }
        else
        {
            found = HandleOddTransfer(in transfer);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void FailTransfer(DecodeError error, ref EngineEvent found) => found = _engine.FailDecoding("transfer", error);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private EngineEvent HandleOddTransfer(scoped in TransferView transfer)
    {
        if (_hasSentEnd)
        {
            return default;
        }

        if (!TryTakeTransfer())
        {
            return Fail(SessionError.Texts.WindowViolation, "transfer: the incoming-window is shut");
        }

        if (ByPeerHandle(transfer.Handle) is not { } link)
        {
            return Fail(SessionError.Texts.UnattachedHandle, $"transfer: handle {transfer.Handle} is not attached");
        }

        // What was on its way when this end detached has the number of a delivery all the same.
        return link.IsDetaching
            ? PassOver(in transfer, link)
            : Fail(SessionError.Texts.ErrantLink, $"transfer: link {link.Name} brings messages the other way");
    }

    internal EngineEvent HandleDisposition(ReadOnlySpan<byte> body)
    {
        if (DispositionView.TryParse(body, out var disposition, out int octets) is var error and not DecodeError.None)
        {
            return _engine.FailDecoding("disposition", error);
        }

        if (ConnectionEngine.HasRest(body, octets))
        {
            return _engine.FailRest("disposition");
        }

        if (_hasSentEnd)
        {
            return default;
        }

        bool isOfOutgoing = disposition.Role == Role.Receiver;
        var window = isOfOutgoing ? _outgoing : _incoming;
        // A range from a lower to a higher number is one, however large; otherwise it must be one that wraps.
        if (disposition.HasLast && disposition.Last < disposition.First && SerialNumber.IsBefore(disposition.Last, disposition.First))
        {
            return Fail(AmqpError.Texts.InvalidField, "disposition: last lies before first");
        }

        // The number on the wire is the lower half of one near the oldest that is not settled.
        ulong lowest = window.LowestTag;
        long first = (long)lowest + SerialNumber.Distance(IdOf(lowest, isOfOutgoing), disposition.First);
        long last = disposition.HasLast ? first + (long)(disposition.Last - disposition.First) : first;
        if (last < (long)lowest || window.Count == 0)
        {
            return default;
        }

        return new EngineEvent
        {
            Kind = EngineEventKind.Disposed,
            Session = this,
            IsOfOutgoing = isOfOutgoing,
            IsSettled = disposition.Settled,
            Sequence = (ulong)Math.Max(first, (long)lowest),
            LastSequence = (ulong)last,
            State = disposition.State.Octets,
            Performative = body[..octets],
        };
    }

    /// <summary>The number of a delivery of this end that begins.</summary>
    internal ulong AddOutgoing(Link link, ulong cookie, bool settled) => settled ? _outgoing.Skip() : _outgoing.Add(new UnsettledDelivery(link, cookie));

    /// <summary>The number of a delivery of this end as it stands on the wire.</summary>
    internal static uint OutgoingIdOf(ulong sequence) => InitialOutgoingId + (uint)(sequence - 1);

    /// <summary>Checks that deliveries of the peer follow each other in their numbers, and counts one.</summary>
    /// <returns>False when the number is another than the next.</returns>
    internal bool TryAddIncoming(Link link, uint deliveryId, bool settled, out ulong sequence)
    {
        if (!_knowsIncomingDeliveryId)
        {
            _knowsIncomingDeliveryId = true;
            _firstIncomingDeliveryId = deliveryId;
        }

        sequence = _incoming.NextTag;
        if (deliveryId != IdOf(sequence, isOutgoing: false))
        {
            return false;
        }

        _ = settled ? _incoming.Skip() : _incoming.Add(new UnsettledDelivery(link, 0));
        return true;
    }

    /// <summary>The peer has settled one of its deliveries, or given it up.</summary>
    internal void SettleIncoming(ulong sequence) => _incoming.TryRemove(sequence, out _);

    private uint IdOf(ulong sequence, bool isOutgoing) => isOutgoing ? OutgoingIdOf(sequence) : _firstIncomingDeliveryId + (uint)(sequence - 1);

    private EngineEvent PassOver(scoped in TransferView transfer, Link link)
    {
        bool isFirst = !link.HasPartialDelivery;
        if (isFirst && transfer.HasDeliveryId && !TryAddIncoming(link, transfer.DeliveryId, settled: true, out _))
        {
            return Fail(AmqpError.Texts.InvalidField, $"transfer: delivery-id {transfer.DeliveryId} does not follow");
        }

        link.HasPartialDelivery = transfer.More && !transfer.Aborted;
        return default;
    }

    /// <summary>A state that no frame can carry is the caller's mistake: the peer would wait for it for ever.</summary>
    private void CheckFits(EncodedValue state)
    {
        int most = FrameReader.HeaderOctets + new Disposition { Role = Role.Receiver, State = state }.MaxOctets;
        if ((uint)most > _engine.PeerMaxFrameSize)
        {
            throw new ArgumentException($"A disposition with this state may take {most} octets; the peer takes frames of {_engine.PeerMaxFrameSize}.", nameof(state));
        }
    }

    private static void Forget(DeliveryTagWindow<UnsettledDelivery> window, Link? link, List<UnsettledDelivery>? forgotten)
    {
        ulong at = 0;
        while (window.TryPeekFrom(at, out ulong sequence, out var delivery))
        {
            at = sequence + 1;
            if (link is null || ReferenceEquals(delivery.Link, link))
            {
                window.TryRemove(sequence, out _);
                forgotten?.Add(delivery);
            }
        }
    }

    private void Owe(Role role, ulong sequence, EncodedValue state, bool settled)
    {
        if (_owed.Count > 0 && _owed.Role == role && _owed.First + _owed.Count == sequence && _owed.Settled == settled && _owed.State == state)
        {
            _owed.Count++;
            return;
        }

        FlushDispositions();
        _owed = new Owed { Role = role, First = sequence, Count = 1, State = state, Settled = settled };
        List();
    }

    private void FlushDispositions()
    {
        if (_owed.Count == 0 || _hasSentEnd)
        {
            // Nothing follows an end: the peer knows no session there any more.
            _owed = default;
            return;
        }

        bool isOutgoing = _owed.Role == Role.Sender;
        var disposition = new Disposition { Role = _owed.Role, First = IdOf(_owed.First, isOutgoing) };
        if (_owed.Count > 1)
        {
            disposition = disposition with { Last = IdOf(_owed.First + _owed.Count - 1, isOutgoing) };
        }

        if (_owed.Settled)
        {
            disposition = disposition with { Settled = true };
        }

        _engine.TrySend(Channel, disposition with { State = _owed.State });
        _owed = default;
    }

    /// <summary>A disposition that grows.</summary>
    private struct Owed
    {
        public Role Role;
        public ulong First;
        public ulong Count;
        public EncodedValue State;
        public bool Settled;
    }
}
