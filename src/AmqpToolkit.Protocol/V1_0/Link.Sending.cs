using System.Buffers.Binary;
using System.Diagnostics;
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

    /// <summary>What stands before a message that is one transfer.</summary>
    private byte[] _head = [];
    private int _headIdAt;
    private int _headTagOctets = -1;
    private bool _isHeadSettled;
    private uint _headFormat;

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
        int octets = first.Length + second.Length;
        if (!more && !_owesAbort && octets <= MaxTransferOctets && TrySendWhole(tag.Span, settled, messageFormat, first, second))
        {
            return octets;
        }

        _sendingTagMemory = tag;
        _sendingFormat = messageFormat;
        _isSendingSettled = settled;
        _isSending = _isSendingFirst = true;
        return Continue(first, second, more);
    }

    /// <summary>
    /// Writes a delivery that one frame holds. Its head is that of the delivery before with another delivery-id and delivery-tag, which stand in a head where they
    /// always stand.
    /// </summary>
    private bool TrySendWhole(ReadOnlySpan<byte> tag, bool settled, uint messageFormat, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        if (tag.Length != _headTagOctets || settled != _isHeadSettled || messageFormat != _headFormat)
        {
            MakeHead(tag.Length, settled, messageFormat);
        }

        var head = _head.AsSpan();
        int octets = head.Length + first.Length + second.Length;
        if ((uint)octets > _session.Engine.PeerMaxFrameSize)
        {
            return false;
        }

        var span = _session.Engine.Output.Reserve(octets);
        head.CopyTo(span);
        BinaryPrimitives.WriteInt32BigEndian(span, octets);
        BinaryPrimitives.WriteUInt32BigEndian(span[_headIdAt..], Session.OutgoingIdOf(_sendingSequence));
        tag.CopyTo(span[(_headIdAt + sizeof(uint) + TagHeadOctets)..]);
        first.CopyTo(span[head.Length..]);
        second.CopyTo(span[(head.Length + first.Length)..]);
        _session.Engine.Output.Advance(octets);
        _session.CountTransfer();
        return true;
    }

    private void MakeHead(int tagOctets, bool settled, uint messageFormat)
    {
        // An id that takes its widest form, whose octets any other id fits into.
        var transfer = new Transfer
        {
            Handle = Handle,
            DeliveryId = uint.MaxValue,
            DeliveryTag = new Codec.LongString(new byte[tagOctets]),
            MessageFormat = messageFormat,
        };
        if (settled)
        {
            transfer = transfer with { Settled = true };
        }

        byte[] head = new byte[FrameReader.HeaderOctets + transfer.MaxOctets];
        int octets = FrameWriter.WritePerformative(head, _session.Channel, in transfer);
        _headIdAt = FrameReader.HeaderOctets + new Transfer { Handle = Handle }.Write(stackalloc byte[64]);
        Array.Resize(ref head, octets);

        // Behind the handle: the constructor of the id, and the id.
        _headIdAt++;
        Debug.Assert(head.AsSpan(_headIdAt - 1, 1 + sizeof(uint) + TagHeadOctets) is [WideUInt, 0xFF, 0xFF, 0xFF, 0xFF, Binary8, _], "A head is not what it was taken for.");
        (_head, _headTagOctets, _isHeadSettled, _headFormat) = (head, tagOctets, settled, messageFormat);
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

    /// <summary>Octets before those of a tag: its constructor and its length (vbin8).</summary>
    private const int TagHeadOctets = 2;

    private const byte WideUInt = 0x70;
    private const byte Binary8 = 0xA0;

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
