using System.Runtime.InteropServices;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// A fanout exchange that keeps its last messages and shows them to each destination that is bound later, the oldest first (RabbitMQ's
/// x-recent-history). A message with the header x-recent-history-no-store is not kept.
/// </summary>
/// <remarks>
/// <para>What is kept counts as memory in use. Above the memory watermark no more than <see cref="DefaultLength"/> messages are kept.</para>
/// <para>A message is matched first and kept a little later; a binding that comes between must get it once, neither twice nor never. So each binding advances a
/// stamp; matching notes the stamp that stood while it read the bindings. A message that was kept before the binding is shown by the binding; one that is kept
/// after it with a smaller stamp has missed it, and is handed to it then; any other was routed to it.</para>
/// </remarks>
internal sealed class RecentHistoryExchange(VirtualHost virtualHost, byte[] name, in ExchangeProperties properties) : KeepingExchange(virtualHost, name, properties)
{
    /// <summary>Messages that are kept where the arguments do not say.</summary>
    private const int DefaultLength = 20;

    /// <summary>Bindings that a message may miss between its match and its keeping; there is hardly ever one.</summary>
    private const int RecentBindings = 256;

    private readonly Lock _gate = new();
    private readonly Queue<KeptMessage> _kept = new();
    private readonly Queue<HistoryBinding> _recent = new();
    private readonly long _length = properties.Arguments.View.TryGetValue(ExchangeArguments.HistoryLength, out FieldValueView value)
        && value.TryGetInt64(out long length) ? length : DefaultLength;

    private BindingCell _all;

    /// <summary>Advanced by two with each binding; odd while it is being added.</summary>
    private long _stamp;

    private ulong _lastPlace;
    private bool _hasDropped;

    public override ExchangeType Type => ExchangeType.RecentHistory;

    /// <summary>Messages that are kept now.</summary>
    internal int KeptCount
    {
        get
        {
            lock (_gate)
            {
                return _kept.Count;
            }
        }
    }

    public override void Match(ReadOnlySpan<byte> routingKey, scoped in RoutedMessage message, RouteCollector collector)
    {
        long stamp = CollectAll(collector);
        if (!message.Headers.TryGetValue(ExchangeArguments.HistoryNoStore, out FieldValueView value) || !value.TryGetBoolean(out bool noStore) || !noStore)
        {
            collector.AddKeeper(this, isRouted: false, stamp);
        }
    }

    /// <summary>Collects the bindings, and says which stamp stood all the while.</summary>
    private long CollectAll(RouteCollector collector)
    {
        var spinner = default(SpinWait);
        while (true)
        {
            long stamp = Volatile.Read(ref _stamp);
            if ((stamp & 1) == 0)
            {
                _all.Collect(collector);
                Interlocked.MemoryBarrier();
                if (Volatile.Read(ref _stamp) == stamp)
                {
                    return stamp;
                }
            }

            spinner.SpinOnce();
        }
    }

    public override ProtocolError? ValidateArguments() =>
        !Arguments.View.TryGetValue(ExchangeArguments.HistoryLength, out FieldValueView value) || (value.TryGetInt64(out long length) && length > 0)
            ? null
            : ProtocolError.PreconditionFailed($"Invalid argument {FieldText.Term(value)}, 'x-recent-history-length' must be a positive integer");

    public override CommitLevel? Keep(MessageRef message, long stamp, Turn turn, uint group = 0)
    {
        MessageArena arena = VirtualHost.Arena;
        long length = arena.Watermark is { IsOver: true } ? Math.Min(_length, DefaultLength) : _length;
        List<BindingDestination>? missed;
        StoredMessage stored;
        lock (_gate)
        {
            if (_hasDropped)
            {
                arena.Release(message);
                return null;
            }

            missed = stamp == _stamp ? null : FindMissed(stamp, message);
            _lastPlace = Math.Max(_lastPlace + 1, _lastPlace == 0 && Journal is { } journal ? journal.FirstPlace : 0);
            stored = Write(message, _lastPlace, QueuedMessage.Never, group);
            _kept.Enqueue(new KeptMessage(message, _lastPlace, stored));
            DropSurplus(length);
        }

        foreach (BindingDestination destination in missed ?? [])
        {
            VirtualHost.PublishTo(destination, [message], turn, group);
        }

        return LevelOf(stored);
    }

    public override void HandleBound(Binding binding, Turn? turn)
    {
        var shown = new List<MessageRef>();
        lock (_gate)
        {
            foreach (KeptMessage kept in _kept)
            {
                if (kept.Place <= ((HistoryBinding)binding).LastShown)
                {
                    VirtualHost.Arena.Retain(kept.Message);
                    shown.Add(kept.Message);
                }
            }
        }

        if (shown.Count == 0)
        {
            return;
        }

        if (turn is null)
        {
            VirtualHost.PublishTo(binding.Destination, CollectionsMarshal.AsSpan(shown));
        }
        else
        {
            VirtualHost.PublishTo(binding.Destination, CollectionsMarshal.AsSpan(shown), turn, group: 0);
        }
    }

    internal override Binding CreateBinding(Exchange source, BindingDestination destination, byte[] routingKey, byte[] arguments) =>
        new HistoryBinding(source, destination, routingKey, arguments);

    internal override void Attach(Binding binding)
    {
        var bound = (HistoryBinding)binding;
        lock (_gate)
        {
            Interlocked.Increment(ref _stamp);
            _all.Add(binding);
            bound.Stamp = Interlocked.Increment(ref _stamp);
            bound.LastShown = _lastPlace;
            _recent.Enqueue(bound);
            if (_recent.Count > RecentBindings)
            {
                _recent.Dequeue();
            }
        }
    }

    internal override void Detach(Binding binding) => _all.Remove(binding);

    internal override void FinishRestore()
    {
        lock (_gate)
        {
            _lastPlace = Math.Max(_lastPlace, Journal!.FirstPlace);
            DropSurplus(_length);
        }
    }

    protected override void RestoreKept(MessageRef message, ulong place, long due, StoredMessage stored)
    {
        lock (_gate)
        {
            _lastPlace = Math.Max(_lastPlace, place);
            _kept.Enqueue(new KeptMessage(message, place, stored));
        }
    }

    /// <summary>Forgets the oldest messages beyond a number. Under the gate.</summary>
    private void DropSurplus(long length)
    {
        while (_kept.Count > length)
        {
            KeptMessage oldest = _kept.Dequeue();
            VirtualHost.Arena.Release(oldest.Message);
            if (!oldest.Stored.IsNone)
            {
                Journal!.Ack([oldest.Ack]);
            }
        }
    }

    /// <summary>The destinations of bindings that came after the message was matched, with a reference for each. Under the gate.</summary>
    private List<BindingDestination> FindMissed(long stamp, MessageRef message)
    {
        var missed = new List<BindingDestination>();
        foreach (HistoryBinding binding in _recent)
        {
            if (binding.Stamp > stamp && binding.IsLinked)
            {
                VirtualHost.Arena.Retain(message);
                missed.Add(binding.Destination);
            }
        }

        return missed;
    }

    internal override void DropKept()
    {
        lock (_gate)
        {
            _hasDropped = true;
            _recent.Clear();
            Journal?.Forget(_kept.Select(static kept => kept.Stored));
            while (_kept.TryDequeue(out KeptMessage kept))
            {
                VirtualHost.Arena.Release(kept.Message);
            }
        }
    }
}
