using System.Buffers;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Client.V1_0;

/// <summary>
/// A link on which messages come: <c>await foreach</c> over its deliveries, or <see cref="ReceiveAsync"/>. As many wait here as its credit allows; the sender gets credit anew as they are taken. What
/// was taken and is not settled is the application's to bound. A message that cannot be read is rejected (<c>amqp:decode-error</c>), and the link goes on; one that is too large ends it.
/// </summary>
public sealed class AmqpReceiver : AmqpLink, IAsyncEnumerable<AmqpDelivery>
{
    /// <summary>Octets of a buffer for messages in pieces that is kept for the next.</summary>
    private const int KeptOctets = 64 * 1024;

    private readonly ReceiverOptions _options;
    private readonly Channel<AmqpDelivery> _deliveries = Channel.CreateUnbounded<AmqpDelivery>(new UnboundedChannelOptions { AllowSynchronousContinuations = false });
    private ArrayBufferWriter<byte> _partial = new();
    private bool _hasPartial;
    private int _buffered;

    internal AmqpReceiver(AmqpSession session, ReceiverOptions options)
        : base(session, AmqpSession.NameOf(options.Name), Role.Receiver) => _options = options;

    private protected override bool IsKept => _options.IsDurable;

    /// <summary>Takes the next message, and waits for it.</summary>
    /// <exception cref="OperationCanceledException">It was given up; no message is lost by that.</exception>
    /// <exception cref="AmqpException">The link has ended, and what had come was taken.</exception>
    public async ValueTask<AmqpDelivery> ReceiveAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            var delivery = await _deliveries.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            HandleTaken();
            return delivery;
        }
        catch (ChannelClosedException)
        {
            throw new AmqpException(await Closed.ConfigureAwait(false));
        }
    }

    /// <summary>
    /// Starts an enumeration. It ends when the link, its session or its connection was closed here, and throws what ended it otherwise; what had come is handed out before. Leaving it leaves the link as it is: what has come waits
    /// for the next who asks, and is nobody else's until the link is closed or disposed of.
    /// </summary>
    /// <param name="cancellationToken">Ends it with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="AmqpException">The link has ended.</exception>
    public async IAsyncEnumerator<AmqpDelivery> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        while (await _deliveries.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (true)
            {
                // While messages come nobody else looks.
                cancellationToken.ThrowIfCancellationRequested();
                if (!_deliveries.Reader.TryRead(out var delivery))
                {
                    break;
                }

                HandleTaken();
                yield return delivery;
            }
        }

        var reason = await Closed.ConfigureAwait(false);
        if (!_wasClosedHere)
        {
            throw new AmqpException(reason);
        }
    }

    /// <summary>As for any enumeration; it stands here because a link is disposed of as well, and an extension method would not know which is meant.</summary>
    public ConfiguredCancelableAsyncEnumerable<AmqpDelivery> ConfigureAwait(bool continueOnCapturedContext) =>
        ((IAsyncEnumerable<AmqpDelivery>)this).ConfigureAwait(continueOnCapturedContext);

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
    internal void Settle(AmqpDelivery delivery, EncodedValue state)
    {
        lock (Session.Connection.Gate)
        {
            if (Reason is not null)
            {
                throw new AmqpException(Reason);
            }

            Session.Engine.DisposeIncoming(delivery.Sequence, state, settled: true);
        }

        Session.Connection.Pump.FlushSoon();
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
            _partial.ResetWrittenCount();
        }

        _hasPartial = !transfer.IsLast;
        if (transfer.IsAborted)
        {
            Renew();
            return;
        }

        if (_partial.WrittenCount + (long)transfer.Payload.Length > Session.Connection.Options.MaxMessageOctets)
        {
            Fail(LinkError.Texts.MessageSizeExceeded, $"a message has more than {Session.Connection.Options.MaxMessageOctets} octets");
            return;
        }

        if (!transfer.IsLast || !transfer.IsFirst)
        {
            _partial.Write(transfer.Payload);
        }

        if (!transfer.IsLast)
        {
            return;
        }

        var error = AmqpMessage.TryRead(transfer.IsFirst ? transfer.Payload : _partial.WrittenSpan, out var message);
        if (_partial.Capacity > KeptOctets)
        {
            _partial = new();
        }

        if (error != DecodeError.None)
        {
            // It concerns one message: whoever closes the link over it gets it again with the next.
            Session.Engine.DisposeIncoming(
                transfer.Sequence, EncodedValue.Of(new Rejected { Error = new Error { Condition = AmqpError.Texts.DecodeError, Description = $"the message cannot be read: {error}" } }), settled: true);
            Renew();
            return;
        }

        _buffered++;
        _deliveries.Writer.TryWrite(new AmqpDelivery(this, message!, transfer.Sequence, transfer.IsSettled));
    }

    private protected override void HandleEnd(AmqpException reason)
    {
        _wasClosedHere = reason is { IsOrderly: true, Initiator: CloseInitiator.Local };
        _deliveries.Writer.TryComplete();
        _partial = new();
    }

    /// <summary>The peer may have given credit up.</summary>
    internal override void HandleRoom() => Renew();

    private bool _wasClosedHere;

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

    /// <summary>Somebody has taken a message: the sender may send others.</summary>
    private void HandleTaken()
    {
        bool isGranted;
        lock (Session.Connection.Gate)
        {
            _buffered--;
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
        if (Reason is not null || Engine is not { IsAttached: true })
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
}
