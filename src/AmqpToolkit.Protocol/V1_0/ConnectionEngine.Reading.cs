using System.Runtime.CompilerServices;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Protocol.V1_0;

/// <content>What comes in: frames, and the performatives of the connection itself.</content>
public sealed partial class ConnectionEngine
{
    private const byte SmallULong = 0x53;

    /// <summary>Takes input up to the next event.</summary>
    /// <param name="input">Octets as they arrived.</param>
    /// <param name="consumed">Octets that are done with; the rest comes again, with more behind it when the event is <see cref="EngineEventKind.None"/>.</param>
    public EngineEvent Read(ReadOnlySpan<byte> input, out int consumed)
    {
        EngineEvent found = default;
        ReadOne(input, ref found, out consumed);
        return found;
    }

    /// <summary>
    /// Takes whole messages that come in a row on one link, or else input up to the next event: who holds a lock for each call takes it once for all of them. A row
    /// ends before what is no transfer, so that what came first is answered first.
    /// </summary>
    /// <param name="input">Octets as they arrived.</param>
    /// <param name="row">Gets the messages: those that are one transfer each, of AMQP's own format, and no resumption.</param>
    /// <param name="count">How many there are. They come before the event. When there are some and no event, more input may be there.</param>
    /// <param name="link">Their link.</param>
    /// <param name="consumed">Octets that are done with.</param>
    public EngineEvent ReadRow(ReadOnlySpan<byte> input, Span<ReceivedMessage> row, out int count, out Link? link, out int consumed)
    {
        EngineEvent found = default;
        (count, link, consumed) = (0, null, 0);
        while (count < row.Length && TryReadTransfer(input[consumed..], ref found, out int octets))
        {
            consumed += octets;
            if (found.Kind == EngineEventKind.None)
            {
                // It came behind the end of its link.
                continue;
            }

            if (!IsWholeMessage(in found) || (link is not null && !ReferenceEquals(link, found.Link)))
            {
                return found;
            }

            link = found.Link;
            row[count++] = new ReceivedMessage(consumed - found.Payload.Length, found.Payload.Length, found.Sequence, found.IsSettled);
        }

        return count > 0 ? default : ReadAny(input, ref consumed);
    }

    /// <summary>
    /// Whether the next frame ends a link, a session or the connection, in the usual form. Reading it answers it: what is still to be said of messages that came before has to be
    /// said now.
    /// </summary>
    public bool IsEndNext(ReadOnlySpan<byte> input) =>
        NextCode(input) is (byte)DetachView.DescriptorCode or (byte)EndView.DescriptorCode or (byte)CloseView.DescriptorCode;

    private byte NextCode(ReadOnlySpan<byte> input) =>
        FrameReader.TryRead(input, _settings.MaxFrameSize, out var frame) == FrameReadStatus.Complete && frame.Body is [0, SmallULong, var code, ..] ? code : (byte)0;

    private static bool IsWholeMessage(scoped in EngineEvent found) =>
        found is { Kind: EngineEventKind.Transferred, IsFirst: true, IsLast: true, IsAborted: false, IsResumed: false } && found.Link!.MessageFormat == 0;

    /// <param name="input">The octets.</param>
    /// <param name="found">Nothing, or the transfer that came before: what a transfer says of itself is written over it.</param>
    /// <param name="consumed">Octets that are done with.</param>
    private void ReadOne(ReadOnlySpan<byte> input, ref EngineEvent found, out int consumed)
    {
        if (!TryReadTransfer(input, ref found, out consumed) || found.Kind == EngineEventKind.None)
        {
            found = ReadAny(input, ref consumed);
        }
    }

    /// <summary>Takes the next frame if it is a whole transfer on a session that is there, as nearly all are.</summary>
    private bool TryReadTransfer(ReadOnlySpan<byte> input, ref EngineEvent found, out int consumed)
    {
        consumed = 0;
        if (Phase == ConnectionPhase.Running && FrameReader.TryRead(input, _settings.MaxFrameSize, out var frame) == FrameReadStatus.Complete
            && frame.Type == FrameType.Amqp && frame.Body is [0, SmallULong, (byte)TransferView.DescriptorCode, ..] body && SessionOf(frame.Channel) is { } session)
        {
            consumed = frame.Octets;
            session.HandleTransfer(body, ref found);
            return true;
        }

        return false;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private EngineEvent ReadAny(ReadOnlySpan<byte> input, scoped ref int consumed)
    {
        while (Phase != ConnectionPhase.Closed)
        {
            if (Phase is ConnectionPhase.Header or ConnectionPhase.HeaderAfterSasl)
            {
                if (!TryReadHeader(input[consumed..], ref consumed, out var headerEvent))
                {
                    return headerEvent;
                }

                continue;
            }

            if (_awaitsSaslAnswer)
            {
                // What has come behind the question waits for its answer: it may be another layer's.
                return default;
            }

            // Before both have opened a frame may not be larger than any peer must take, but nothing is gained by refusing larger ones.
            switch (FrameReader.TryRead(input[consumed..], _settings.MaxFrameSize, out var frame))
            {
                case FrameReadStatus.Incomplete:
                    return default;
                case FrameReadStatus.TooLarge:
                    consumed = input.Length;
                    return BreakFraming($"a frame is larger than {_settings.MaxFrameSize} octets");
                case FrameReadStatus.Malformed:
                    consumed = input.Length;
                    return BreakFraming("the size or data offset of a frame cannot be");
            }

            consumed += frame.Octets;
            var found = Phase == ConnectionPhase.Sasl ? HandleSaslFrame(in frame) : HandleFrame(in frame);
            if (found.Kind != EngineEventKind.None)
            {
                return found;
            }
        }

        // Whatever comes after the end goes nowhere.
        consumed = input.Length;
        return default;
    }

    private EngineEvent HandleFrame(scoped in Frame frame)
    {
        if (frame.Type != FrameType.Amqp)
        {
            return BreakFraming($"a frame of type {(byte)frame.Type}");
        }

        var body = frame.Body;
        if (body.IsEmpty)
        {
            return default;
        }

        ulong code = body.Length > 2 && body[0] == 0 && body[1] == SmallULong ? body[2] : CodeOf(body);
        if (Phase == ConnectionPhase.Discarding)
        {
            return code == CloseView.DescriptorCode ? HandleClose(body) : default;
        }

        if (Phase == ConnectionPhase.Open && code != OpenView.DescriptorCode)
        {
            return code == CloseView.DescriptorCode ? HandleClose(body) : Fail(AmqpError.Texts.IllegalState, "the first frame is not open");
        }

        return code switch
        {
            TransferView.DescriptorCode => SessionOf(frame.Channel) is { } session ? HandleTransfer(session, body) : NoSession(frame.Channel),
            FlowView.DescriptorCode => SessionOf(frame.Channel) is { } session ? session.HandleFlow(body) : NoSession(frame.Channel),
            DispositionView.DescriptorCode => SessionOf(frame.Channel) is { } session ? session.HandleDisposition(body) : NoSession(frame.Channel),
            AttachView.DescriptorCode => SessionOf(frame.Channel) is { } session ? session.HandleAttach(body) : NoSession(frame.Channel),
            DetachView.DescriptorCode => SessionOf(frame.Channel) is { } session ? session.HandleDetach(body) : NoSession(frame.Channel),
            EndView.DescriptorCode => SessionOf(frame.Channel) is { } session ? session.HandleEnd(body) : NoSession(frame.Channel),
            BeginView.DescriptorCode => HandleBegin(frame.Channel, body),
            OpenView.DescriptorCode => HandleOpen(frame.Channel, body),
            CloseView.DescriptorCode => HandleClose(body),
            _ => Fail(AmqpError.Texts.DecodeError, "a frame holds no performative that is known"),
        };
    }

    private static EngineEvent HandleTransfer(Session session, ReadOnlySpan<byte> body)
    {
        EngineEvent found = default;
        session.HandleTransfer(body, ref found);
        return found;
    }

    private static ulong CodeOf(ReadOnlySpan<byte> body) => new AnyFrame(body).Kind switch
    {
        AnyFrame.Member.Open => OpenView.DescriptorCode,
        AnyFrame.Member.Begin => BeginView.DescriptorCode,
        AnyFrame.Member.Attach => AttachView.DescriptorCode,
        AnyFrame.Member.Flow => FlowView.DescriptorCode,
        AnyFrame.Member.Transfer => TransferView.DescriptorCode,
        AnyFrame.Member.Disposition => DispositionView.DescriptorCode,
        AnyFrame.Member.Detach => DetachView.DescriptorCode,
        AnyFrame.Member.End => EndView.DescriptorCode,
        AnyFrame.Member.Close => CloseView.DescriptorCode,
        _ => 0,
    };

    private Session? SessionOf(ushort channel) => channel < _byPeerChannel.Length ? _byPeerChannel[channel] : null;

    /// <summary>A channel that was never begun, or was ended by its own peer: what comes there is nobody's (1.0 section 2.5.5 leaves the answer open).</summary>
    private EngineEvent NoSession(ushort channel) => Fail(AmqpError.Texts.NotAllowed, $"there is no session on channel {channel}");

    private EngineEvent HandleOpen(ushort channel, ReadOnlySpan<byte> body)
    {
        if (channel != 0)
        {
            return BreakFraming("open on a channel other than 0");
        }

        if (Phase != ConnectionPhase.Open)
        {
            return Fail(AmqpError.Texts.IllegalState, "the connection is open already");
        }

        if (OpenView.TryParse(body, out var open, out int octets) is var error and not DecodeError.None)
        {
            return FailDecoding("open", error);
        }

        if (HasRest(body, octets))
        {
            return FailRest("open");
        }

        if (open.HasMaxFrameSize && open.MaxFrameSize < Constants.MinMaxFrameSize)
        {
            return Fail(AmqpError.Texts.FrameSizeTooSmall, $"max-frame-size {open.MaxFrameSize} is below {Constants.MinMaxFrameSize}");
        }

        if (open.HasIdleTimeOut && open.IdleTimeOut > 0 && open.IdleTimeOut < _settings.MinIdleTimeOutMilliseconds)
        {
            return Fail(AmqpError.Texts.NotAllowed, $"idle-time-out {open.IdleTimeOut} ms is below {_settings.MinIdleTimeOutMilliseconds} ms");
        }

        PeerMaxFrameSize = Math.Min(open.MaxFrameSize, int.MaxValue);
        PeerChannelMax = open.ChannelMax;
        PeerIdleTimeOutMilliseconds = open.HasIdleTimeOut ? open.IdleTimeOut : 0;
        Phase = ConnectionPhase.Running;
        return new EngineEvent { Kind = EngineEventKind.Opened, Performative = body[..octets] };
    }

    private EngineEvent HandleBegin(ushort channel, ReadOnlySpan<byte> body)
    {
        if (BeginView.TryParse(body, out var begin, out int octets) is var error and not DecodeError.None)
        {
            return FailDecoding("begin", error);
        }

        if (HasRest(body, octets))
        {
            return FailRest("begin");
        }

        if (channel > _settings.ChannelMax)
        {
            return BreakFraming($"channel {channel} is above {_settings.ChannelMax}");
        }

        if (SessionOf(channel) is not null)
        {
            return Fail(AmqpError.Texts.NotAllowed, $"there is a session on channel {channel} already");
        }

        Session session;
        if (begin.HasRemoteChannel)
        {
            var own = begin.RemoteChannel < _byChannel.Length ? _byChannel[begin.RemoteChannel] : null;
            if (own is not { IsLocal: true, PeerChannel: null })
            {
                return Fail(AmqpError.Texts.InvalidField, $"begin answers channel {begin.RemoteChannel}, where nothing was begun");
            }

            session = own;
        }
        else
        {
            // The same number both ways is easier to read; any that is free will do.
            int free = channel <= PeerChannelMax && (channel >= _byChannel.Length || _byChannel[channel] is null) ? channel : 0;
            while (free < _byChannel.Length && _byChannel[free] is not null)
            {
                free++;
            }

            if (free > PeerChannelMax)
            {
                return Fail(AmqpError.Texts.ResourceLimitExceeded, "no channel is left to answer on");
            }

            session = new Session(this, (ushort)free, isLocal: false);
            Put(ref _byChannel, free, session);
        }

        Put(ref _byPeerChannel, channel, session);
        session.TakeBegin(in begin, channel);
        return new EngineEvent { Kind = EngineEventKind.Begun, Session = session, Performative = body[..octets] };
    }

    private EngineEvent HandleClose(ReadOnlySpan<byte> body)
    {
        bool isReadable = CloseView.TryParse(body, out _, out int octets) == DecodeError.None;
        if (!_hasSentClose)
        {
            if (!_hasSentOpen)
            {
                SendOpen(_settings.Properties);
            }

            Flush();
            SendClose(null);
        }

        Phase = ConnectionPhase.Closed;
        return new EngineEvent { Kind = EngineEventKind.Closed, Performative = isReadable ? body[..octets] : default };
    }

    private EngineEvent BreakFraming(string description)
    {
        if (Phase is ConnectionPhase.Sasl or ConnectionPhase.Discarding)
        {
            // There is no way to say so, or it was said; and the frames that follow cannot be found.
            Phase = ConnectionPhase.Closed;
            return new EngineEvent { Kind = EngineEventKind.ConnectionFailed, Fault = new AmqpFault(ConnectionError.Texts.FramingError, description) };
        }

        var failed = Fail(ConnectionError.Texts.FramingError, description);
        Phase = ConnectionPhase.Closed;
        return failed;
    }

    /// <summary>Only a transfer has something behind it (1.0 section 2.3.2).</summary>
    internal static bool HasRest(ReadOnlySpan<byte> body, int octets) => octets != body.Length;

    internal EngineEvent FailRest(string performative) => Fail(ConnectionError.Texts.FramingError, $"octets follow {performative}");

    internal EngineEvent FailDecoding(string performative, DecodeError error) =>
        Fail(error == DecodeError.MissingField ? AmqpError.Texts.InvalidField : AmqpError.Texts.DecodeError, $"{performative} cannot be read: {error}");
}
