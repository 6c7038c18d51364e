using System.Buffers;
using System.Threading.Channels;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Client.V1_0;

/// <summary>
/// A link on which messages come: <c>await foreach</c> over its deliveries, or <see cref="ReceiveAsync"/>. As many wait here as its credit allows; the sender gets credit anew as they are taken. What
/// was taken and is not settled is the application's to bound.
/// </summary>
public sealed class AmqpReceiver : AmqpLink, IAsyncEnumerable<AmqpDelivery>
{
    private readonly ReceiverOptions _options;
    private readonly Channel<AmqpDelivery> _deliveries = Channel.CreateUnbounded<AmqpDelivery>(new UnboundedChannelOptions { AllowSynchronousContinuations = false });
    private readonly ArrayBufferWriter<byte> _partial = new();
    private int _buffered;

    internal AmqpReceiver(AmqpSession session, ReceiverOptions options)
        : base(session, AmqpSession.NameOf(options.Name), Role.Receiver) => _options = options;

    /// <summary>Takes the next message, and waits for it.</summary>
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
            throw await Closed.ConfigureAwait(false);
        }
    }

    /// <summary>Starts an enumeration. It ends when the link was closed here, and throws what ended it otherwise; what had come is handed out before.</summary>
    /// <param name="cancellationToken">Ends it with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="AmqpException">The link has ended.</exception>
    public async IAsyncEnumerator<AmqpDelivery> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        while (await _deliveries.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (_deliveries.Reader.TryRead(out var delivery))
            {
                HandleTaken();
                yield return delivery;
            }
        }

        var reason = await Closed.ConfigureAwait(false);
        if (!_wasClosedHere)
        {
            throw reason;
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

    /// <summary>Settles a delivery (1.0 section 2.6.12).</summary>
    /// <exception cref="AmqpException">The link has ended: the peer has given the message back, or will.</exception>
    internal void Settle(AmqpDelivery delivery, EncodedValue state)
    {
        lock (Session.Connection.Gate)
        {
            if (Reason is not null)
            {
                throw Reason;
            }

            if (!Session.Engine.DisposeIncoming(delivery.Sequence, state, settled: true))
            {
                throw new InvalidOperationException("The delivery is settled.");
            }
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
        Engine!.SetCredit((uint)_options.Credit);
        return true;
    }

    private protected override void HandleTransfer(scoped in EngineEvent transfer)
    {
        if (transfer.IsFirst)
        {
            _partial.ResetWrittenCount();
        }

        if (transfer.IsAborted)
        {
            _partial.ResetWrittenCount();
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

        var octets = transfer.IsFirst ? transfer.Payload : _partial.WrittenSpan;
        if (AmqpMessage.TryRead(octets, out var message) is var error and not DecodeError.None)
        {
            Fail(AmqpError.Texts.DecodeError, $"a message cannot be read: {error}");
            return;
        }

        _buffered++;
        _deliveries.Writer.TryWrite(new AmqpDelivery(this, message!, transfer.Sequence, transfer.IsSettled));
    }

    private protected override void HandleEnd(AmqpException reason)
    {
        _wasClosedHere = Engine is { IsDetaching: true } && reason.Condition.Length == 0;
        _deliveries.Writer.TryComplete();
    }

    private bool _wasClosedHere;

    private static EncodedValue Outcomes { get; } = EncodedValue.Symbols("amqp:accepted:list", "amqp:rejected:list", "amqp:released:list", "amqp:modified:list");

    private static EncodedValue FilterOf(ReceiverOptions options) =>
        options.Selector is null || !options.Filter.IsNull
            ? options.Filter
            : new EncodedValueBuilder().BeginMap().AddSymbol("apache.org:selector-filter:string").Add(new SelectorFilter { Value = options.Selector }).End().ToValue();

    private void Fail(string condition, string description)
    {
        Engine!.Detach(closed: true, new AmqpFault(condition, description));
        End(new AmqpException($"Link '{Name}' has ended", condition, description));
    }

    /// <summary>Somebody has taken a message: the sender may send others, once that is worth a frame.</summary>
    private void HandleTaken()
    {
        bool isGranted = false;
        lock (Session.Connection.Gate)
        {
            _buffered--;
            uint wanted = (uint)(_options.Credit - _buffered);
            if (Reason is null && Engine!.IsAttached && Engine.Credit <= wanted / 2)
            {
                Engine.SetCredit(wanted);
                isGranted = true;
            }
        }

        if (isGranted)
        {
            Session.Connection.Pump.FlushSoon();
        }
    }
}
