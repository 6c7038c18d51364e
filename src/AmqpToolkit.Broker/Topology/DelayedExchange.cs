using System.Buffers.Text;
using System.Runtime.InteropServices;
using AmqpToolkit.Broker.Conversion;
using AmqpToolkit.Broker.Durability;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Timers;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// An exchange that lets messages wait (x-delayed-message of RabbitMQ's plugin): the header x-delay says for how many milliseconds; then they
/// are routed as by an exchange of the type that the argument x-delayed-type names. Bindings count as they are when the time has come.
/// </summary>
/// <remarks>
/// What waits counts as memory in use, so that the memory watermark bounds it. One entry on the broker's wheel stands for all that waits here. A
/// message without the header, with zero or less, or with more than 2^32 - 1 is routed at once.
/// </remarks>
internal sealed class DelayedExchange : KeepingExchange
{
    /// <summary>The longest delay in milliseconds, that of the plugin.</summary>
    private const long MaxDelayMilliseconds = uint.MaxValue;

    /// <summary>Messages that are routed before others on the broker's timer get their turn.</summary>
    private const int MessagesAtOnce = 256;

    /// <summary>Matches what need not wait; knows the bindings.</summary>
    private readonly Exchange _inner;

    private readonly Lock _gate = new();
    private readonly PriorityQueue<KeptMessage, (long Due, ulong Place)> _waiting = new();
    private readonly PropertiesEditor _editor = new();
    private readonly DelayedRelease _release;
    private TimerWheel.Entry? _entry;
    private ulong _lastPlace;
    private bool _hasDropped;
    private long _armedFor = long.MaxValue;

    public DelayedExchange(VirtualHost virtualHost, byte[] name, in ExchangeProperties properties, Exchange inner)
        : base(virtualHost, name, properties)
    {
        _inner = inner;
        _release = new DelayedRelease(this);
    }

    public override ExchangeType Type => ExchangeType.Delayed;

    public override bool MatchesEachKey => _inner.MatchesEachKey;

    /// <summary>Messages that wait.</summary>
    internal int WaitingCount
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>The type that the arguments name; false when they name none.</summary>
    public static bool TryGetInnerType(TableView arguments, out ReadOnlySpan<byte> type)
    {
        type = default;
        return arguments.TryGetValue(ExchangeArguments.DelayedType, out FieldValueView value) && value.TryGetString(out type);
    }

    public override void Match(ReadOnlySpan<byte> routingKey, scoped in RoutedMessage message, RouteCollector collector)
    {
        if (DelayOf(message.Headers) > 0)
        {
            collector.AddKeeper(this, isRouted: true);
        }
        else
        {
            _inner.Match(routingKey, in message, collector);
        }
    }

    public override ProtocolError? ValidateArguments() => _inner.ValidateArguments();

    public override ProtocolError? Validate(ReadOnlySpan<byte> routingKey, TableView arguments) => _inner.Validate(routingKey, arguments);

    public override ProtocolError? ValidateDestination(BindingDestination destination) => _inner.ValidateDestination(destination);

    public override void HandleBound(Binding binding, Turn? turn) => _inner.HandleBound(binding, turn);

    public override CommitLevel? Keep(MessageRef message, long stamp, Turn turn, uint group = 0)
    {
        TimerWheel timers = VirtualHost.Timers;
        long due = timers.Now + DelayOf(HeadersOf(VirtualHost.Arena.Read(message)));
        lock (_gate)
        {
            if (_hasDropped)
            {
                VirtualHost.Arena.Release(message);
                return null;
            }

            _lastPlace = Math.Max(_lastPlace + 1, _lastPlace == 0 && Journal is { } journal ? journal.FirstPlace : 0);
            StoredMessage stored = Write(message, _lastPlace, due, group);
            _waiting.Enqueue(new KeptMessage(message, _lastPlace, stored), (due, _lastPlace));
            Arm();
            return LevelOf(stored);
        }
    }

    /// <summary>Routes messages whose time has come, some of them. Outside every lock, on one thread at a time.</summary>
    internal void PublishDue()
    {
        var due = new List<KeptMessage>();
        long now = VirtualHost.Timers.Now;
        lock (_gate)
        {
            _armedFor = long.MaxValue;
            while (due.Count < MessagesAtOnce && _waiting.TryPeek(out KeptMessage message, out (long Due, ulong Place) place) && place.Due <= now)
            {
                _waiting.Dequeue();
                due.Add(message);
            }
        }

        try
        {
            Publish(due);
        }
        finally
        {
            // Whatever became of these, the others' time comes.
            lock (_gate)
            {
                Arm();
            }
        }
    }

    internal override Binding CreateBinding(Exchange source, BindingDestination destination, byte[] routingKey, byte[] arguments) =>
        _inner.CreateBinding(source, destination, routingKey, arguments);

    internal override void Attach(Binding binding) => _inner.Attach(binding);

    internal override void Detach(Binding binding) => _inner.Detach(binding);

    internal override void DropKept()
    {
        (_inner as KeepingExchange)?.DropKept();
        lock (_gate)
        {
            _hasDropped = true;
            Journal?.Forget(_waiting.UnorderedItems.Select(static one => one.Element.Stored));
            while (_waiting.TryDequeue(out KeptMessage kept, out _))
            {
                VirtualHost.Arena.Release(kept.Message);
            }

            _entry?.Cancel();
        }
    }

    internal override void FinishRestore()
    {
        lock (_gate)
        {
            _lastPlace = Math.Max(_lastPlace, Journal!.FirstPlace);
            Arm();
        }
    }

    protected override void RestoreKept(MessageRef message, ulong place, long due, StoredMessage stored)
    {
        lock (_gate)
        {
            _lastPlace = Math.Max(_lastPlace, place);
            _waiting.Enqueue(new KeptMessage(message, place, stored), (due, place));
        }
    }

    /// <summary>Routes messages. In the journal that and the end of their waiting are one: a crash finds them here, or where they went.</summary>
    private void Publish(List<KeptMessage> due)
    {
        MessageRef[] messages = [.. due.Select(kept => WithNegativeDelay(kept.Message))];
        JournalAck[] acks = [.. due.Where(static kept => !kept.Stored.IsNone).Select(static kept => kept.Ack)];
        if (acks.Length == 0)
        {
            VirtualHost.PublishTo(this, messages);
            return;
        }

        // What they displace is moved on in the same group, by this turn and no other: the journal has no death of what is not there yet.
        KeeperJournal journal = Journal!;
        uint group = journal.BeginGroup();
        var turn = new Turn { Group = group };
        try
        {
            VirtualHost.PublishTo(this, messages, turn, group);
            journal.Ack(acks, group);
        }
        finally
        {
            turn.EndGroup();
            try
            {
                journal.EndGroup(group);
            }
            finally
            {
                turn.End();
            }
        }
    }

    /// <summary>Asks to be called when the next message's time comes. Under the gate.</summary>
    private void Arm()
    {
        if (_waiting.TryPeek(out _, out (long Due, ulong Place) nearest) && nearest.Due < _armedFor)
        {
            _armedFor = nearest.Due;
            _entry = VirtualHost.Timers.Schedule(_release, nearest.Due, _entry);
        }
    }

    private static TableView HeadersOf(MessageContent content) =>
        ShownProperties.HeadersOf(ShownProperties.Of(in content));

    /// <summary>The delay that headers ask for, as a number or in digits; 0 for none.</summary>
    private static long DelayOf(TableView headers)
    {
        if (!headers.TryGetValue(ExchangeArguments.Delay, out FieldValueView value))
        {
            return 0;
        }

        if (!value.TryGetInt64(out long delay)
            && !(value.TryGetString(out ReadOnlySpan<byte> digits) && Utf8Parser.TryParse(digits, out delay, out int read) && read == digits.Length))
        {
            return 0;
        }

        return delay is > 0 and <= MaxDelayMilliseconds ? delay : 0;
    }

    /// <summary>Who gets the message sees that it has waited: the plugin negates the header.</summary>
    private MessageRef WithNegativeDelay(MessageRef message)
    {
        MessageContent content = VirtualHost.Arena.Read(message);
        if ((content.Flags & MessageFlags.Sections) != 0)
        {
            // The annotation says it; the bare message keeps its octets.
            return VirtualHost.Arena.ReplaceProperties(message, SectionAnnotations.OfThread.WithDelay(content.Properties, -DelayOf(HeadersOf(content))));
        }

        return VirtualHost.Arena.ReplaceProperties(
            message, _editor.ReplaceHeader(content.Properties, ExchangeArguments.Delay, -DelayOf(HeadersOf(content))));
    }
}
