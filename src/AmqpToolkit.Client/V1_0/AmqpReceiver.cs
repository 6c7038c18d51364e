using System.Buffers;
using System.Runtime.CompilerServices;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Client.V1_0;

/// <summary>
/// A link on which messages come: <c>await foreach</c> over its deliveries, <see cref="ReceiveAsync"/>, or, without an allocation a message, <see cref="ReceiveBatchAsync"/>. As many wait here as its credit allows;
/// the sender gets credit anew as they are taken. What was taken and is not settled is the application's to bound. A message that is too large ends the link.
/// </summary>
/// <remarks>Messages that wait here when the link ends are the peer's again, unless they came settled: nobody gets them, so that nobody works on what another has. To finish what has come, <see cref="StopAsync"/> first.</remarks>
public sealed class AmqpReceiver : AmqpLink, IAsyncEnumerable<AmqpDelivery>
{
    /// <summary>Octets of the first buffer of a message in pieces; it grows by what arrives.</summary>
    private const int FirstOctets = 16 * 1024;

    /// <summary>Octets up to which a message is copied behind others; a larger one has memory of its own.</summary>
    private const int CopiedOctets = 64 * 1024;

    private readonly ReceiverOptions _options;
    private readonly ReceivedMessages _messages = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[] _partial = [];
    private int _partialOctets;
    private bool _hasPartial;
    private int _buffered;
    private long _bufferedOctets;
    private bool _isStopping;
    private bool _isTouched;
    private bool _isStopped;
    private readonly HashSet<ulong> _settledByPeer = [];
    private ulong _lastTaken;

    internal AmqpReceiver(AmqpSession session, ReceiverOptions options)
        : base(session, AmqpSession.NameOf(options.Name), Role.Receiver) => _options = options;

    private protected override bool IsKept => _options.IsDurable;

    /// <summary>Takes the next message, and waits for it. One that cannot be read is rejected (<c>amqp:decode-error</c>) and passed over. Any number may wait.</summary>
    /// <exception cref="OperationCanceledException">It was given up; no message is lost by that.</exception>
    /// <exception cref="AmqpException">The link has ended, and what had come settled was taken; or the receiver was stopped, and all was taken: <see cref="CloseReason.IsOrderly"/> then.</exception>
    public ValueTask<AmqpDelivery> ReceiveAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<AmqpDelivery>(cancellationToken);
        }

        return TryTake() is { } delivery ? new ValueTask<AmqpDelivery>(delivery) : WaitAndTakeAsync(cancellationToken);
    }

    /// <summary>
    /// Takes what has come, and waits for something. The messages are read where they lie, until the batch is disposed of; nothing is allocated for them. One batch at a time: who wants to share the work takes
    /// messages one by one. Whether a message can be read is the application's to find out.
    /// </summary>
    /// <returns>At least one message; an empty batch when nothing more comes: the receiver was stopped, or the link, its session or its connection was closed here.</returns>
    /// <exception cref="OperationCanceledException">It was given up; no message is lost by that.</exception>
    /// <exception cref="AmqpException">The link has ended, and what had come settled was taken.</exception>
    /// <exception cref="InvalidOperationException">The last batch was not disposed of, or another waits for one.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ReceivedBatch> ReceiveBatchAsync(CancellationToken cancellationToken = default)
    {
        _messages.BeginBatch();
        bool isGiven = false;
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                bool isOver = _messages.IsOver;
                if (_messages.TryTakeRow() is { } row)
                {
                    isGiven = true;
                    var batch = new ReceivedBatch(this, row);
                    HandleTaken(batch.Count, octets: 0, row[row.Count - 1].Sequence);
                    return batch;
                }

                if (isOver)
                {
                    return await IsOrderlyEndAsync().ConfigureAwait(false) ? default : throw await EndAsync().ConfigureAwait(false);
                }

                using var registration = cancellationToken.UnsafeRegister(static messages => ((ReceivedMessages)messages!).Interrupt(), _messages);
                await _messages.WaitForRowAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            if (!isGiven)
            {
                _messages.EndBatch();
            }
        }
    }

    /// <summary>
    /// Starts an enumeration. It ends when the receiver was stopped, or the link, its session or its connection was closed here, and throws what ended it otherwise. Leaving it leaves the link as it is: what has come waits
    /// for the next who asks, and is nobody else's until the link is closed or disposed of.
    /// </summary>
    /// <param name="cancellationToken">Ends it with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="AmqpException">The link has ended.</exception>
    public async IAsyncEnumerator<AmqpDelivery> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            // While messages come nobody else looks.
            cancellationToken.ThrowIfCancellationRequested();
            bool isOver = _messages.IsOver;
            if (TryTake() is { } delivery)
            {
                yield return delivery;
            }
            else if (!isOver)
            {
                await _messages.WaitAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            else if (await IsOrderlyEndAsync().ConfigureAwait(false))
            {
                yield break;
            }
            else
            {
                throw await EndAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>As for any enumeration; it stands here because a link is disposed of as well, and an extension method would not know which is meant.</summary>
    public ConfiguredCancelableAsyncEnumerable<AmqpDelivery> ConfigureAwait(bool continueOnCapturedContext) =>
        ((IAsyncEnumerable<AmqpDelivery>)this).ConfigureAwait(continueOnCapturedContext);

    /// <summary>
    /// Takes the credit back, and completes when nothing more can come (1.0 section 2.6.10). What has come can be taken and settled as before; an enumeration ends behind it. Then close the link, and no message
    /// is with two.
    /// </summary>
    /// <exception cref="TimeoutException">The peer has not said in time that it knows: messages may still come.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended; the credit is gone.</exception>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        lock (Session.Connection.Gate)
        {
            if (Reason is null && !_isStopping)
            {
                _isStopping = true;
                Engine!.SetCredit(0);
                CheckStopped();
            }
        }

        Session.Connection.Pump.FlushSoon();
        await Session.Connection.WaitAsync(_stopped.Task, "flow", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Messages that nobody has taken.</summary>
    internal int Buffered
    {
        get
        {
            lock (Session.Connection.Gate)
            {
                return _buffered;
            }
        }
    }

    /// <summary>Deliveries that are remembered because their sender has settled them.</summary>
    internal int SettledByPeer
    {
        get
        {
            lock (Session.Connection.Gate)
            {
                return _settledByPeer.Count;
            }
        }
    }

    /// <summary>Credit that the sender has.</summary>
    internal int Granted
    {
        get
        {
            lock (Session.Connection.Gate)
            {
                return (int)Engine!.Credit;
            }
        }
    }

    internal Attach AttachTo(string? address)
    {
        var source = new Source { Filter = FilterOf(_options), DefaultOutcome = EncodedValue.Of(default(Released)), Outcomes = Outcomes };
        if (address is not null)
        {
            source = source with { Address = EncodedValue.String(address) };
        }

        if (_options.IsDynamic)
        {
            source = source with { Dynamic = true };
        }

        if (_options.IsBrowsing)
        {
            source = source with { DistributionMode = StdDistMode.Texts.Copy };
        }

        if (_options.IsDurable)
        {
            source = source with { Durable = TerminusDurability.Configuration, ExpiryPolicy = TerminusExpiryPolicy.Texts.Never };
        }

        return new Attach
        {
            SndSettleMode = _options.IsSettled ? SenderSettleMode.Settled : SenderSettleMode.Unsettled,
            RcvSettleMode = ReceiverSettleMode.First,
            Source = source,
            Target = new Target { Address = EncodedValue.String(Name) },
            MaxMessageSize = (ulong)Session.Connection.Options.MaxMessageOctets,
            Properties = _options.Properties,
        };
    }

    /// <summary>Settles a delivery (1.0 section 2.6.12). One that its sender has settled meanwhile is done with.</summary>
    /// <exception cref="AmqpException">The link has ended: the peer has given the message back, or will.</exception>
    internal void Settle(ulong sequence, EncodedValue state)
    {
        lock (Session.Connection.Gate)
        {
            ThrowIfEnded();
            Session.Engine.DisposeIncoming(sequence, state, settled: true);
        }

        Session.Connection.Pump.FlushSoon();
    }

    /// <summary>Accepts all from one on of which nothing was said.</summary>
    /// <inheritdoc cref="Settle"/>
    internal void AcceptAll(ReceivedRow row, int first)
    {
        lock (Session.Connection.Gate)
        {
            ThrowIfEnded();
            for (int index = first; index < row.Count; index++)
            {
                ref var entry = ref row[index];
                if (!entry.IsSettled && !entry.IsSaid)
                {
                    entry.IsSaid = true;
                    Session.Engine.DisposeIncoming(entry.Sequence, OutcomeStates.Accepted, settled: true);
                }
            }
        }

        Session.Connection.Pump.FlushSoon();
    }

    /// <summary>A batch is over. Any thread.</summary>
    internal void EndBatch(ReceivedRow row, int version, long octets)
    {
        if (_messages.EndBatch(row, version, octets) is > 0 and var held)
        {
            HandleTaken(0, held, 0);
        }
    }

    /// <summary>Its sender has settled a delivery: should it wait here when the link ends, it is nobody else's. Under the gate.</summary>
    internal void HandleSettled(ulong sequence)
    {
        if (Reason is not null || sequence <= _lastTaken)
        {
            return;
        }

        if (_settledByPeer.Count > 2 * _buffered)
        {
            // They are taken in their order: what lies before the last of those is of no use.
            _settledByPeer.RemoveWhere(known => known <= _lastTaken);
        }

        _settledByPeer.Add(sequence);
    }

    /// <summary>The read is over in which something has come. The reader, outside every lock.</summary>
    internal void HandleReadEnd()
    {
        _isTouched = false;
        _messages.Wake();
    }

    private protected override bool TryTakeAttach(in AttachView attach)
    {
        if (attach.Source.Kind != AnySource.Member.Source || attach.Source.ParseSource(out var source) != DecodeError.None)
        {
            return false;
        }

        Address = TextOf(source.Address);
        if (MissingOf(in attach, in source) is { } missing)
        {
            Fail(AmqpError.Texts.NotImplemented, $"the peer does not grant {missing}");
            return false;
        }

        Engine!.SetCredit((uint)_options.Credit);
        return true;
    }

    private protected override void HandleTransfer(scoped in EngineEvent transfer)
    {
        if (transfer.IsFirst)
        {
            _partialOctets = 0;
        }

        _hasPartial = !transfer.IsLast;
        if (transfer.IsAborted)
        {
            _partialOctets = 0;
            Renew();
            CheckStopped();
            return;
        }

        if (_partialOctets + (long)transfer.Payload.Length > Session.Connection.Options.MaxMessageOctets)
        {
            Fail(LinkError.Texts.MessageSizeExceeded, $"a message has more than {Session.Connection.Options.MaxMessageOctets} octets");
            return;
        }

        int octets = _partialOctets + transfer.Payload.Length;
        var entry = new ReceivedEntry(transfer.Sequence, Engine!.MessageFormat, transfer.IsSettled);
        if (transfer is { IsFirst: true, IsLast: true } && octets <= CopiedOctets)
        {
            _messages.Add(transfer.Payload, in entry);
            HandleWhole(octets);
            return;
        }

        AppendPartial(transfer.Payload);
        if (transfer.IsLast)
        {
            HandleWhole(AddPartial(in entry));
        }
    }

    /// <summary>Hands a message over that came in pieces, or is large: a large one with its memory.</summary>
    /// <returns>What it holds, in octets.</returns>
    private int AddPartial(in ReceivedEntry entry)
    {
        int octets = _partialOctets;
        _partialOctets = 0;
        if (octets <= CopiedOctets)
        {
            _messages.Add(_partial.AsSpan(0, octets), in entry);
            return octets;
        }

        byte[] own = _partial;
        _partial = [];
        _messages.Add(own, octets, in entry);
        return own.Length;
    }

    private protected override void HandleEnd(CloseReason reason)
    {
        _messages.End(dropsUnsettled: true, _settledByPeer);
        _stopped.TrySetResult();
        if (_partial.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_partial);
        }

        (_partial, _partialOctets) = ([], 0);
    }

    /// <summary>The peer may have given credit up, or know now that it has none.</summary>
    internal override void HandleRoom()
    {
        Renew();
        CheckStopped();
    }

    /// <summary>What was asked for and is not in force: the answer to an attach says what is (1.0 section 3.5.3).</summary>
    private string? MissingOf(in AttachView attach, in SourceView source)
    {
        if (_options.IsDynamic && Address is null)
        {
            return "a node for the link";
        }

        if (_options.IsBrowsing && !source.DistributionMode.SequenceEqual("copy"u8))
        {
            return "distribution-mode copy";
        }

        if (_options.IsDurable && source.Durable == TerminusDurability.None)
        {
            return "a durable source";
        }

        if (_options.IsSettled && !_options.TakesUnsettled && attach.SndSettleMode != SenderSettleMode.Settled)
        {
            return "settled messages";
        }

        if (FilterOf(_options).View.TryGetMap(out var asked))
        {
            foreach (var entry in asked)
            {
                if (entry.Key.TryGetSymbol(out var name) && !source.Filter.TryGetValue(name, out _))
                {
                    return $"the filter {System.Text.Encoding.ASCII.GetString(name)}";
                }
            }
        }

        return null;
    }

    private static EncodedValue Outcomes { get; } = EncodedValue.Symbols("amqp:accepted:list", "amqp:rejected:list", "amqp:released:list", "amqp:modified:list");

    private static EncodedValue FilterOf(ReceiverOptions options) =>
        options.Selector is null || !options.Filter.IsNull
            ? options.Filter
            : new EncodedValueBuilder().BeginMap().AddSymbol("apache.org:selector-filter:string").Add(new SelectorFilter { Value = options.Selector }).End().ToValue();

    private async ValueTask<AmqpDelivery> WaitAndTakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            bool isOver = _messages.IsOver;
            if (TryTake() is { } delivery)
            {
                return delivery;
            }

            if (isOver)
            {
                throw await EndAsync().ConfigureAwait(false);
            }

            await _messages.WaitAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Whether there is nothing more since it was asked for: stopped with all taken, or closed here.</summary>
    private async ValueTask<bool> IsOrderlyEndAsync() =>
        !_messages.DropsUnsettled || await Closed.ConfigureAwait(false) is { IsOrderly: true, Initiator: CloseInitiator.Local };

    /// <summary>Why there is nothing more.</summary>
    private async ValueTask<Exception> EndAsync() =>
        new AmqpException(What, _messages.DropsUnsettled ? await Closed.ConfigureAwait(false) : CloseReason.Here(CloseScope.Link, "the receiver was stopped, and what had come was taken"));

    private AmqpDelivery? TryTake()
    {
        while (_messages.TryTake(out var entry, out var message, out var error))
        {
            HandleTaken(1, entry.HeldOctets, entry.Sequence);
            if (error == DecodeError.None)
            {
                return new AmqpDelivery(this, message!, in entry);
            }

            RejectUnreadable(in entry, error);
        }

        return null;
    }

    /// <summary>It concerns one message: whoever closes the link over it gets it again with the next.</summary>
    private void RejectUnreadable(in ReceivedEntry entry, DecodeError error)
    {
        lock (Session.Connection.Gate)
        {
            if (Reason is null && !entry.IsSettled)
            {
                Session.Engine.DisposeIncoming(entry.Sequence, OutcomeStates.Rejected(AmqpError.Texts.DecodeError, $"the message cannot be read: {error}"), settled: true);
            }
        }

        Session.Connection.Pump.FlushSoon();
    }

    private void AppendPartial(ReadOnlySpan<byte> payload)
    {
        int octets = _partialOctets + payload.Length;
        if (octets > _partial.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Array.MaxLength, Math.Max(FirstOctets, Math.Max(octets, _partial.Length * 2L))));
            _partial.AsSpan(0, _partialOctets).CopyTo(larger);
            if (_partial.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_partial);
            }

            _partial = larger;
        }

        payload.CopyTo(_partial.AsSpan(_partialOctets));
        _partialOctets = octets;
    }

    /// <summary>A message is there. The reader, under the gate.</summary>
    private void HandleWhole(int octets)
    {
        _buffered++;
        _bufferedOctets += octets;
        if (_bufferedOctets > _options.BufferedBoundOctets && Engine!.Credit > 0)
        {
            // What is on its way still comes; nothing beyond it.
            Engine.SetCredit(0);
        }

        if (!_isTouched)
        {
            _isTouched = true;
            Session.Connection.Pump.Touch(this);
        }

        CheckStopped();
    }

    /// <summary>Somebody has taken messages: the sender may send others.</summary>
    private void HandleTaken(int count, long octets, ulong last)
    {
        bool isGranted;
        lock (Session.Connection.Gate)
        {
            _buffered -= count;
            _bufferedOctets -= octets;
            _lastTaken = Math.Max(_lastTaken, last);
            isGranted = Renew();
        }

        if (isGranted)
        {
            Session.Connection.Pump.FlushSoon();
        }
    }

    /// <summary>Gives credit for what has been taken, once that is worth a frame: half of all. Under the gate.</summary>
    private bool Renew()
    {
        if (Reason is not null || _isStopping || Engine is not { IsAttached: true } || _bufferedOctets > _options.BufferedBoundOctets)
        {
            return false;
        }

        int here = _buffered + (_hasPartial ? 1 : 0);
        if (_options.Credit - here - (int)Engine.Credit < Math.Max(1, _options.Credit / 2))
        {
            return false;
        }

        Engine.SetCredit((uint)(_options.Credit - here));
        return true;
    }

    /// <summary>Under the gate.</summary>
    private void CheckStopped()
    {
        if (_isStopping && !_isStopped && !_hasPartial && !Engine!.MayExceedCredit)
        {
            _isStopped = true;
            _messages.End(dropsUnsettled: false);
            _stopped.TrySetResult();
        }
    }
}
