using System.Buffers.Binary;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Client.V1_0;

/// <summary>
/// A link on which messages are sent, under the credit that the receiver gives (1.0 section 2.6.7). Messages go in the order of the calls. In steady state a send of up to 64 KiB allocates nothing; its task is awaited once.
/// </summary>
public sealed class AmqpSender : AmqpLink
{
    /// <summary>Octets of a builder that a thread keeps for its next message.</summary>
    private const int KeptOctets = 64 * 1024;

    /// <summary>Octets of a large message that are written before anybody asks whether there is room for more.</summary>
    private const int PieceOctets = 256 * 1024;

    /// <summary>Sends that are over and kept for the next.</summary>
    private const int KeptSends = 4096;

    [ThreadStatic]
    private static EncodedValueBuilder? t_builder;

    private readonly SenderOptions _options;
    private readonly byte[] _tag = new byte[sizeof(ulong)];
    private readonly Dictionary<ulong, PendingSend> _unsettled = [];
    private readonly Lock _poolGate = new();
    private readonly Stack<PendingSend> _pool = new();
    private PendingSend? _firstWaiting;
    private PendingSend? _lastWaiting;
    private readonly List<SendBarrier> _barriers = [];
    private TaskCompletionSource? _room;
    private ulong _number;
    private int _open;
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
    /// <returns>What became of it, as a value: neither a rejected message nor one in doubt is an exception.</returns>
    /// <exception cref="AmqpException">The link has ended, and nothing of the message was sent.</exception>
    /// <exception cref="ArgumentException">The message is larger than the receiver takes, or a section that must be a map is none. Thrown at once.</exception>
    /// <exception cref="InvalidOperationException">As many octets as <see cref="SenderOptions.WaitingBoundOctets"/> says wait for credit already: see <see cref="WaitForRoomAsync"/>. The message is not sent.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended.</exception>
    public ValueTask<DeliveryOutcome> SendAsync(AmqpMessage message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<DeliveryOutcome>(cancellationToken);
        }

        var builder = (t_builder ??= new EncodedValueBuilder()).Clear();
        try
        {
            message.Write(builder);
            return Send(builder.Span, messageFormat: 0, cancellationToken);
        }
        finally
        {
            if (builder.Span.Length > KeptOctets)
            {
                t_builder = null;
            }
        }
    }

    /// <summary>The same with a message whose octets are there already: one that has come, or that was put together with an <see cref="EncodedValueBuilder"/> of the caller's. Nobody looks into it.</summary>
    /// <param name="message">Its sections in a row, as <see cref="AmqpMessage.Write(EncodedValueBuilder)"/> makes them (1.0 section 3.2).</param>
    /// <param name="messageFormat">Another format than AMQP's own (1.0 section 2.8.11).</param>
    /// <param name="cancellationToken">As of <see cref="SendAsync"/>.</param>
    /// <inheritdoc cref="SendAsync"/>
    public ValueTask<DeliveryOutcome> SendEncodedAsync(ReadOnlySpan<byte> message, uint messageFormat = 0, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled<DeliveryOutcome>(cancellationToken) : Send(message, messageFormat, cancellationToken);

    /// <summary>
    /// Completes when the outcome of everything is there that was sent before this call; of what others send meanwhile nothing is awaited. Before a link is closed, so that nothing is in doubt. A send whose wait was
    /// ended counts as over, and the end of the link is the end of all.
    /// </summary>
    /// <exception cref="OperationCanceledException">The wait was ended.</exception>
    public async Task WaitForOutcomesAsync(CancellationToken cancellationToken = default)
    {
        SendBarrier barrier;
        lock (Session.Connection.Gate)
        {
            if (_open == 0)
            {
                return;
            }

            barrier = new SendBarrier(_number, _open);
            _barriers.Add(barrier);
        }

        try
        {
            await barrier.Over.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            lock (Session.Connection.Gate)
            {
                _barriers.Remove(barrier);
            }

            throw;
        }
    }

    /// <summary>Completes when what waits for credit takes half of <see cref="SenderOptions.WaitingBoundOctets"/> at most, or the link has ended: for whoever sends without waiting for each message.</summary>
    /// <exception cref="OperationCanceledException">The wait was ended.</exception>
    public Task WaitForRoomAsync(CancellationToken cancellationToken = default)
    {
        lock (Session.Connection.Gate)
        {
            if (_waitingOctets <= _options.WaitingBoundOctets / 2)
            {
                return Task.CompletedTask;
            }

            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task.WaitAsync(cancellationToken);
        }
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
        while (_firstWaiting is { } sending)
        {
            bool isNew = sending.Phase == SendPhase.Waiting;
            if (isNew ? !CanBegin : !Session.Connection.Pump.HasRoom)
            {
                return;
            }

            if (isNew)
            {
                sending.Begin();
                if (!sending.IsSettled)
                {
                    _unsettled.Add(sending.Number, sending);
                }

                sending.Advance(Begin(sending.Number, sending.MessageFormat, sending.Rest));
            }
            else
            {
                sending.Advance(Continue(sending.Rest));
            }

            if (Engine!.IsSending)
            {
                return;
            }

            RemoveWaiting(sending);
            sending.HandleWritten();
        }

        // Nothing waits: a receiver that wants what there is has it.
        Engine!.AnswerDrain();
    }

    /// <summary>The receiver says what became of a message. Under the gate.</summary>
    internal void HandleOutcome(ulong number, in DeliveryOutcome outcome)
    {
        if (_unsettled.Remove(number, out var sending))
        {
            sending.Hear(outcome);
        }
    }

    /// <summary>Takes one out of the row. Under the gate.</summary>
    internal void RemoveWaiting(PendingSend sending)
    {
        if (!sending.IsInRow)
        {
            return;
        }

        if (sending.Previous is { } previous)
        {
            previous.Next = sending.Next;
        }
        else
        {
            _firstWaiting = sending.Next;
        }

        if (sending.Next is { } next)
        {
            next.Previous = sending.Previous;
        }
        else
        {
            _lastWaiting = sending.Previous;
        }

        (sending.Previous, sending.Next, sending.IsInRow) = (null, null, false);
        _waitingOctets -= sending.WaitingOctets;
        if (_room is { } room && _waitingOctets <= _options.WaitingBoundOctets / 2)
        {
            _room = null;
            room.TrySetResult();
        }
    }

    /// <summary>Nobody waits for the outcome of a message any more, or it is there. Under the gate.</summary>
    internal void HandleOver(ulong number)
    {
        _open--;
        for (int index = _barriers.Count - 1; index >= 0; index--)
        {
            if (_barriers[index].HandleOver(number))
            {
                _barriers.RemoveAt(index);
            }
        }
    }

    /// <summary>Nobody waits on it any more. Any thread.</summary>
    internal void Recycle(PendingSend sending)
    {
        lock (_poolGate)
        {
            if (_pool.Count < KeptSends)
            {
                _pool.Push(sending);
            }
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

    private protected override void HandleEnd(CloseReason reason)
    {
        foreach (var sending in _unsettled.Values)
        {
            if (!sending.IsInRow)
            {
                sending.HandleEnd(reason);
            }
        }

        _unsettled.Clear();
        while (_firstWaiting is { } waiting)
        {
            RemoveWaiting(waiting);
            waiting.HandleEnd(reason);
        }
    }

    private bool CanBegin => Engine!.CanSend && Session.Connection.Pump.HasRoom;

    private ValueTask<DeliveryOutcome> Send(ReadOnlySpan<byte> message, uint messageFormat, CancellationToken cancellationToken)
    {
        PendingSend? sending = null;
        lock (Session.Connection.Gate)
        {
            if (Reason is not null)
            {
                return ValueTask.FromException<DeliveryOutcome>(new AmqpException("The message was not sent", Reason));
            }

            if (Engine!.PeerMaxMessageSize is > 0 and var most && (ulong)message.Length > most)
            {
                throw new ArgumentException($"The message has {message.Length} octets; the receiver takes {most}.", nameof(message));
            }

            if (_firstWaiting is not null || !CanBegin)
            {
                if (_firstWaiting is not null && _waitingOctets + PendingSend.CostOf(message.Length) > _options.WaitingBoundOctets)
                {
                    return ValueTask.FromException<DeliveryOutcome>(new InvalidOperationException($"{_waitingOctets} octets wait for credit already."));
                }

                sending = Prepare(_number++, messageFormat, isBegun: false);
                AddWaiting(sending, message);
            }
            else
            {
                ulong number = _number++;
                if (!_options.IsSettled)
                {
                    sending = Prepare(number, messageFormat, isBegun: true);
                    _unsettled.Add(number, sending);
                }

                int written = Begin(number, messageFormat, message);
                if (Engine.IsSending)
                {
                    sending ??= Prepare(number, messageFormat, isBegun: true);
                    AddWaiting(sending, message[written..]);
                }
            }
        }

        Session.Connection.Pump.FlushSoon();
        if (sending is null)
        {
            return ValueTask.FromResult(DeliveryOutcome.Sent);
        }

        // Its caller has not got it yet: it is not over for the pool.
        var outcome = sending.Outcome;
        if (cancellationToken.CanBeCanceled)
        {
            sending.Watch(cancellationToken);
        }

        return outcome;
    }

    /// <summary>Begins a delivery, and writes as much of it as the peer's window and the output's bound let it, a piece at least.</summary>
    /// <returns>Octets of the message that were written; more follow as long as the engine is sending.</returns>
    private int Begin(ulong number, uint messageFormat, ReadOnlySpan<byte> octets)
    {
        // Looked at until the last transfer only, and the next delivery begins after that.
        BinaryPrimitives.WriteUInt64BigEndian(_tag, number);
        var pump = Session.Connection.Pump;
        int piece = Math.Min(octets.Length, PieceOctets);
        pump.IsWritingMessage = true;
        int written = Engine!.Send(_tag, _options.IsSettled, messageFormat, number, octets[..piece], default, out _, more: piece < octets.Length);
        pump.IsWritingMessage = false;
        return written < piece || piece == octets.Length || !pump.HasRoom ? written : written + Continue(octets[written..]);
    }

    private int Continue(ReadOnlySpan<byte> octets)
    {
        var pump = Session.Connection.Pump;
        int written = 0;
        int piece;
        int now;
        do
        {
            piece = Math.Min(octets.Length - written, PieceOctets);
            pump.IsWritingMessage = true;
            now = Engine!.Continue(octets.Slice(written, piece), default, more: written + piece < octets.Length);
            pump.IsWritingMessage = false;
            written += now;
        }
        while (now == piece && written < octets.Length && pump.HasRoom);
        return written;
    }

    /// <summary>One that is to be awaited. Under the gate.</summary>
    private PendingSend Prepare(ulong number, uint messageFormat, bool isBegun)
    {
        PendingSend? sending;
        lock (_poolGate)
        {
            _pool.TryPop(out sending);
        }

        sending ??= new PendingSend(this);
        sending.Prepare(number, _options.IsSettled, messageFormat, isBegun);
        _open++;
        return sending;
    }

    private void AddWaiting(PendingSend sending, ReadOnlySpan<byte> rest)
    {
        sending.Keep(rest);
        sending.WaitingOctets = PendingSend.CostOf(rest.Length);
        sending.IsInRow = true;
        sending.Previous = _lastWaiting;
        if (_lastWaiting is { } last)
        {
            last.Next = sending;
        }
        else
        {
            _firstWaiting = sending;
        }

        _lastWaiting = sending;
        _waitingOctets += sending.WaitingOctets;
    }
}
