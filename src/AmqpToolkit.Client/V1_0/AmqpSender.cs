using System.Buffers.Binary;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Client.V1_0;

/// <summary>A link on which messages are sent, under the credit that the receiver gives (1.0 section 2.6.7). Messages go in the order of the calls.</summary>
public sealed class AmqpSender : AmqpLink
{
    /// <summary>Octets of a builder that a thread keeps for its next message.</summary>
    private const int KeptOctets = 64 * 1024;

    [ThreadStatic]
    private static EncodedValueBuilder? t_builder;

    private readonly SenderOptions _options;
    private readonly LinkedList<PendingSend> _waiting = new();
    private readonly byte[] _tag = new byte[sizeof(ulong)];
    private readonly Dictionary<ulong, PendingSend> _unsettled = [];
    private ulong _number;
    private long _waitingOctets;

    internal AmqpSender(AmqpSession session, SenderOptions options)
        : base(session, AmqpSession.NameOf(options.Name), Role.Sender) => _options = options;

    /// <summary>Deliveries that the receiver takes now.</summary>
    public int Credit
    {
        get
        {
            lock (Session.Connection.Gate)
            {
                return (int)Math.Min(int.MaxValue, Engine!.Credit);
            }
        }
    }

    /// <summary>
    /// Sends a message and waits for what becomes of it; of a settled one until it is written. Without credit, or room, it waits for that first. Its octets are copied before this returns: the caller may
    /// use his buffers again.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">Ends the wait. A message that was not begun is not sent then; of another the outcome is not known.</param>
    /// <returns>What became of it, as a value: a rejected message is no exception.</returns>
    /// <exception cref="AmqpException">The link has ended: what became of the message is not known, unless the text says that it was not sent.</exception>
    /// <exception cref="ArgumentException">The message is larger than the receiver takes, or a section that must be a map is none. Thrown at once.</exception>
    /// <exception cref="InvalidOperationException">As many octets as <see cref="SenderOptions.WaitingBoundOctets"/> says wait for credit already. The message is not sent.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended.</exception>
    public Task<DeliveryOutcome> SendAsync(AmqpMessage message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<DeliveryOutcome>(cancellationToken);
        }

        var builder = (t_builder ??= new EncodedValueBuilder()).Clear();
        try
        {
            message.Write(builder);
            return Send(builder, cancellationToken);
        }
        finally
        {
            if (builder.Span.Length > KeptOctets)
            {
                t_builder = null;
            }
        }
    }

    private Task<DeliveryOutcome> Send(EncodedValueBuilder builder, CancellationToken cancellationToken)
    {
        PendingSend sending;
        lock (Session.Connection.Gate)
        {
            if (Reason is not null)
            {
                return Task.FromException<DeliveryOutcome>(new AmqpException(Reason));
            }

            if (Engine!.PeerMaxMessageSize is > 0 and var most && (ulong)builder.Span.Length > most)
            {
                throw new ArgumentException($"The message has {builder.Span.Length} octets; the receiver takes {most}.");
            }

            bool mustWait = _waiting.Count > 0 || !CanBegin;
            if (mustWait && _waiting.Count > 0 && _waitingOctets + builder.Span.Length > _options.WaitingBoundOctets)
            {
                return Task.FromException<DeliveryOutcome>(new InvalidOperationException($"{_waitingOctets} octets wait for credit already."));
            }

            sending = new PendingSend(_number++, _options.IsSettled);
            if (mustWait)
            {
                sending.Rest = builder.Span.ToArray();
                AddWaiting(sending);
            }
            else
            {
                Begin(sending, builder.Memory);
                if (!sending.Rest.IsEmpty || Engine.IsSending)
                {
                    sending.Rest = sending.Rest.ToArray();
                    AddWaiting(sending);
                }
            }
        }

        Session.Connection.Pump.FlushSoon();
        return cancellationToken.CanBeCanceled ? WaitAsync(sending, cancellationToken) : sending.Ended;
    }

    internal Attach AttachTo(string? address)
    {
        var target = address is null ? default : new Target { Address = EncodedValue.String(address) };
        return new Attach
        {
            SndSettleMode = _options.IsSettled ? SenderSettleMode.Settled : SenderSettleMode.Unsettled,
            Source = new Source { Address = EncodedValue.String(Name) },
            Target = _options.IsDynamic ? target with { Dynamic = true } : target,
            Properties = _options.Properties,
        };
    }

    internal override void HandleRoom()
    {
        while (_waiting.First?.Value is { } sending)
        {
            if (sending.HasBegun)
            {
                Keep(sending, sending.Rest, Write(sending.Rest.Span));
            }
            else if (CanBegin)
            {
                Begin(sending, sending.Rest);
            }
            else
            {
                return;
            }

            if (Engine!.IsSending)
            {
                return;
            }

            RemoveWaiting(sending);
            HandleWritten(sending);
        }

        // Nothing waits: a receiver that wants what there is has it.
        Engine!.AnswerDrain();
    }

    /// <summary>The receiver says what became of a message. Under the gate.</summary>
    internal void HandleOutcome(ulong number, DeliveryOutcome outcome)
    {
        if (_unsettled.Remove(number, out var sending))
        {
            sending.End(outcome);
        }
    }

    private protected override bool TryTakeAttach(in AttachView attach)
    {
        if (attach.Target.Kind != AnyTarget.Member.Target || attach.Target.ParseTarget(out var target) != DecodeError.None)
        {
            return false;
        }

        Address = TextOf(target.Address);
        string? missing = _options.IsDynamic && Address is null ? "a node for the link"
            : _options.IsSettled && attach.SndSettleMode == SenderSettleMode.Unsettled ? "settled messages"
            : null;
        if (missing is not null)
        {
            Fail(AmqpError.Texts.NotImplemented, $"the peer does not grant {missing}");
        }

        return missing is null;
    }

    private protected override void HandleEnd(AmqpException reason)
    {
        foreach (var sending in _unsettled.Values)
        {
            sending.Fail(new AmqpException(reason));
        }

        foreach (var sending in _waiting)
        {
            sending.Fail(sending.HasBegun ? new AmqpException(reason) : new AmqpException($"The message was not sent: {reason.Message}", reason));
            sending.Rest = default;
        }

        _unsettled.Clear();
        _waiting.Clear();
        _waitingOctets = 0;
    }

    private bool CanBegin => Engine!.CanSend && Session.Connection.Pump.HasRoom;

    private void Begin(PendingSend sending, ReadOnlyMemory<byte> octets)
    {
        sending.HasBegun = true;
        if (!sending.IsSettled)
        {
            _unsettled.Add(sending.Number, sending);
        }

        // Looked at until the last transfer only, and the next delivery begins after that.
        BinaryPrimitives.WriteUInt64BigEndian(_tag, sending.Number);
        var pump = Session.Connection.Pump;
        pump.IsWritingMessage = true;
        int written = Engine!.Send(_tag, sending.IsSettled, messageFormat: 0, sending.Number, octets.Span, default, out _);
        pump.IsWritingMessage = false;
        Keep(sending, octets, written);
        HandleWritten(sending);
    }

    private int Write(ReadOnlySpan<byte> octets)
    {
        var pump = Session.Connection.Pump;
        pump.IsWritingMessage = true;
        int written = Engine!.Continue(octets, default);
        pump.IsWritingMessage = false;
        return written;
    }

    /// <summary>An empty slice would hold its array until the outcome is there.</summary>
    private static void Keep(PendingSend sending, ReadOnlyMemory<byte> octets, int written) => sending.Rest = written == octets.Length ? default : octets[written..];

    private void AddWaiting(PendingSend sending)
    {
        sending.Place = _waiting.AddLast(sending);
        sending.WaitingOctets = sending.Rest.Length;
        _waitingOctets += sending.WaitingOctets;
    }

    private void RemoveWaiting(PendingSend sending)
    {
        _waiting.Remove(sending.Place!);
        _waitingOctets -= sending.WaitingOctets;
        sending.Place = null;
    }

    private void HandleWritten(PendingSend sending)
    {
        if (sending.IsSettled && !Engine!.IsSending)
        {
            sending.End(new DeliveryOutcome(OutcomeKind.None));
        }
    }

    private async Task<DeliveryOutcome> WaitAsync(PendingSend sending, CancellationToken cancellationToken)
    {
        try
        {
            return await sending.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            lock (Session.Connection.Gate)
            {
                if (sending is { HasBegun: false, Place.List: not null })
                {
                    RemoveWaiting(sending);
                    sending.Rest = default;
                }
            }

            throw;
        }
    }
}
