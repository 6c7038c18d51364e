using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Protocol.V1_0;

/// <content>Deliveries that go (1.0 sections 2.6.14 and 2.7.5).</content>
public sealed partial class Link
{
    private ulong _sendingSequence;
    private bool _isSending;
    private bool _isSendingFirst;
    private bool _isSendingSettled;
    private uint _sendingFormat;
    private uint _abortedId;
    private bool _owesAbort;

    /// <summary>Of a sender: whether a delivery can begin now.</summary>
    public bool CanSend => _credit > 0 && !_isSending && _session.RemoteIncomingWindow > (_owesAbort ? 1u : 0u) && IsAttached;

    /// <summary>Of a sender: whether a delivery is on its way whose rest is still to come (<see cref="Continue"/>).</summary>
    public bool IsSending => _isSending;

    /// <summary>
    /// Begins a delivery and writes as much of it as the peer takes now; one that is not whole then goes on with <see cref="Continue"/> when the session has got
    /// room. <see cref="CanSend"/> holds.
    /// </summary>
    /// <param name="tag">Its tag: 32 octets at most, unique among those of the link that are not settled. Kept until the last transfer.</param>
    /// <param name="settled">Whether this end forgets it at once.</param>
    /// <param name="messageFormat">The format of the message; 0 for AMQP's own.</param>
    /// <param name="cookie">What the caller knows it by; comes back with its disposition.</param>
    /// <param name="first">The message's octets,</param>
    /// <param name="second">and those that follow them.</param>
    /// <param name="sequence">The delivery's number.</param>
    /// <param name="more">Whether the message has more octets than these: they are given to <see cref="Continue"/> once these are written.</param>
    /// <returns>Octets of the message that were written.</returns>
    public int Send(
        ReadOnlyMemory<byte> tag, bool settled, uint messageFormat, ulong cookie, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, out ulong sequence, bool more = false)
    {
        if (!CanSend)
        {
            throw new InvalidOperationException("There is no credit, no room, or another delivery is on its way.");
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(tag.Length, MaxTagOctets);
        _credit--;
        _deliveryCount++;
        sequence = _sendingSequence = _session.AddOutgoing(this, cookie, settled);
        _sendingTagMemory = tag;
        _sendingFormat = messageFormat;
        _isSendingSettled = settled;
        _isSending = _isSendingFirst = true;
        return Continue(first, second, more);
    }

    /// <summary>Writes as much of what is left of a delivery as the peer takes now.</summary>
    /// <param name="first">The octets that are left,</param>
    /// <param name="second">and those that follow them.</param>
    /// <param name="more">Whether the message has more octets than these.</param>
    /// <returns>Octets of the message that were written; the delivery is done when that is all, and there are no more.</returns>
    public int Continue(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, bool more = false)
    {
        int written = 0;
        int octets = first.Length + second.Length;
        SendOwedAbort();
        while (_isSending && IsAttached && _session.RemoteIncomingWindow > 0 && (!more || written < octets))
        {
            var transfer = NextTransfer();
            int left = octets - written;
            var output = _session.Engine.Output;

            // The performative is measured with "more": a transfer that needs it not is shorter.
            int headOctets = FrameReader.HeaderOctets + transfer.MaxOctets + 1;
            int room = (int)Math.Min(_session.Engine.PeerMaxFrameSize, MaxTransferOctets) - headOctets;
            int payload = Math.Min(left, room);
            bool isLast = payload == left && !more;
            var span = output.Reserve(headOctets + payload);
            int at = FrameReader.HeaderOctets + (isLast ? transfer : transfer with { More = true }).Write(span[FrameReader.HeaderOctets..]);
            at += Copy(first, second, written, span.Slice(at, payload));
            FrameWriter.WriteFrameHeader(span, FrameType.Amqp, _session.Channel, at);
            output.Advance(at);
            _session.CountTransfer();
            written += payload;
            _isSendingFirst = false;
            _isSending = !isLast;
        }

        return written;
    }

    /// <summary>Gives up a delivery that is on its way (1.0 section 2.7.5, aborted). It counts as settled.</summary>
    public void Abort()
    {
        if (!_isSending)
        {
            return;
        }

        _isSending = false;
        _session.TryForgetOutgoing(_sendingSequence, out _);

        if (!_isSendingFirst)
        {
            // Where the window is shut it is said before anything else is.
            _abortedId = Session.OutgoingIdOf(_sendingSequence);
            _owesAbort = true;
            SendOwedAbort();
        }
    }

    private void SendOwedAbort()
    {
        if (_owesAbort && IsAttached && _session.RemoteIncomingWindow > 0)
        {
            _owesAbort = false;
            _session.Engine.TrySend(_session.Channel, new Transfer { Handle = Handle, DeliveryId = _abortedId, Aborted = true });
            _session.CountTransfer();
        }
    }

    private const uint MaxTransferOctets = 256 * 1024;

    private ReadOnlyMemory<byte> _sendingTagMemory;

    private Transfer NextTransfer()
    {
        if (!_isSendingFirst)
        {
            return new Transfer { Handle = Handle };
        }

        var transfer = new Transfer
        {
            Handle = Handle,
            DeliveryId = Session.OutgoingIdOf(_sendingSequence),
            DeliveryTag = new Codec.LongString(_sendingTagMemory),
            MessageFormat = _sendingFormat,
        };
        return _isSendingSettled ? transfer with { Settled = true } : transfer;
    }

    private static int Copy(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, int from, Span<byte> destination)
    {
        int copied = 0;
        if (from < first.Length)
        {
            var part = first[from..Math.Min(first.Length, from + destination.Length)];
            part.CopyTo(destination);
            copied = part.Length;
        }

        if (copied < destination.Length)
        {
            second.Slice(from + copied - first.Length, destination.Length - copied).CopyTo(destination[copied..]);
        }

        return destination.Length;
    }
}
