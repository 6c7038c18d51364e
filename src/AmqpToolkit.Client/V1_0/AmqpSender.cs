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

    /// <summary>Sends a message and waits for what becomes of it; of a settled one until it is written. Without credit, or room, it waits for that first.</summary>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">Ends the wait. A message that was not begun is not sent then; of another the outcome is not known.</param>
    /// <returns>What became of it, as a value: a rejected message is no exception.</returns>
    /// <exception cref="AmqpException">The link has ended: what became of the message is not known.</exception>
    /// <exception cref="ArgumentException">The message is larger than the receiver takes.</exception>
    public Task<DeliveryOutcome> SendAsync(AmqpMessage message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<DeliveryOutcome>(cancellationToken);
        }

        var builder = (t_builder ??= new EncodedValueBuilder()).Clear();
        message.Write(builder);
        PendingSend sending;
        lock (Session.Connection.Gate)
        {
            if (Reason is not null)
            {
                return Task.FromException<DeliveryOutcome>(Reason);
            }

            if (Engine!.PeerMaxMessageSize is > 0 and var most && (ulong)builder.Span.Length > most)
            {
                throw new ArgumentException($"The message has {builder.Span.Length} octets; the receiver takes {most}.", nameof(message));
            }

            sending = new PendingSend(_number++, _options.IsSettled);
            if (_waiting.Count > 0 || !CanBegin)
            {
                sending.Rest = builder.Span.ToArray();
                sending.Place = _waiting.AddLast(sending);
            }
            else
            {
                Begin(sending, builder.Memory);
                if (!sending.Rest.IsEmpty || Engine.IsSending)
                {
                    sending.Rest = sending.Rest.ToArray();
                    sending.Place = _waiting.AddLast(sending);
                }
            }
        }

        if (builder.Span.Length > KeptOctets)
        {
            t_builder = null;
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
                sending.Rest = sending.Rest[Engine!.Continue(sending.Rest.Span, default)..];
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

            _waiting.RemoveFirst();
            sending.Place = null;
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
        return true;
    }

    private protected override void HandleEnd(AmqpException reason)
    {
        foreach (var sending in _unsettled.Values)
        {
            sending.Fail(reason);
        }

        foreach (var sending in _waiting)
        {
            sending.Fail(reason);
        }

        _unsettled.Clear();
        _waiting.Clear();
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
        int written = Engine!.Send(_tag, sending.IsSettled, messageFormat: 0, sending.Number, octets.Span, default, out _);
        sending.Rest = octets[written..];
        HandleWritten(sending);
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
                if (sending is { HasBegun: false, Place: { List: not null } place })
                {
                    _waiting.Remove(place);
                    sending.Place = null;
                }
            }

            throw;
        }
    }
}
