using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// A fanout exchange that keeps its last messages and shows them to each destination that is bound later, the oldest first (RabbitMQ's
/// x-recent-history). A message with the header x-recent-history-no-store is not kept.
/// </summary>
/// <remarks>What is kept counts as memory in use. Above the memory watermark no more than <see cref="DefaultLength"/> messages are kept.</remarks>
internal sealed class RecentHistoryExchange(VirtualHost virtualHost, byte[] name, in ExchangeProperties properties) : KeepingExchange(virtualHost, name, properties)
{
    /// <summary>Messages that are kept where the arguments do not say.</summary>
    private const int DefaultLength = 20;

    private readonly Lock _gate = new();
    private readonly Queue<MessageRef> _kept = new();
    private readonly long _length = properties.Arguments.View.TryGetValue(ExchangeArguments.HistoryLength, out FieldValueView value)
        && value.TryGetInt64(out long length) ? length : DefaultLength;

    private BindingCell _all;

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
        _all.Collect(collector);
        if (!message.Headers.TryGetValue(ExchangeArguments.HistoryNoStore, out FieldValueView value) || !value.TryGetBoolean(out bool noStore) || !noStore)
        {
            collector.AddKeeper(this, isRouted: false);
        }
    }

    public override ProtocolError? ValidateArguments() =>
        !Arguments.View.TryGetValue(ExchangeArguments.HistoryLength, out FieldValueView value) || (value.TryGetInt64(out long length) && length > 0)
            ? null
            : ProtocolError.PreconditionFailed($"Invalid argument {FieldText.Term(value)}, 'x-recent-history-length' must be a positive integer");

    public override void Keep(MessageRef message)
    {
        MessageArena arena = VirtualHost.Arena;
        long length = arena.Watermark is { IsOver: true } ? Math.Min(_length, DefaultLength) : _length;
        lock (_gate)
        {
            if (IsDeleted)
            {
                arena.Release(message);
                return;
            }

            _kept.Enqueue(message);
            while (_kept.Count > length)
            {
                arena.Release(_kept.Dequeue());
            }
        }
    }

    public override void HandleBound(BindingDestination destination)
    {
        MessageRef[] kept;
        lock (_gate)
        {
            kept = [.. _kept];
            foreach (MessageRef message in kept)
            {
                VirtualHost.Arena.Retain(message);
            }
        }

        if (kept.Length > 0)
        {
            VirtualHost.PublishTo(destination, kept);
        }
    }

    internal override void Attach(Binding binding) => _all.Add(binding);

    internal override void Detach(Binding binding) => _all.Remove(binding);

    internal override void DropKept()
    {
        lock (_gate)
        {
            while (_kept.TryDequeue(out MessageRef message))
            {
                VirtualHost.Arena.Release(message);
            }
        }
    }
}
