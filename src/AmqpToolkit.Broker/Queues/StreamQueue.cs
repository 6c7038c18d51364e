using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Durability;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;
using AmqpToolkit.Storage.Streams;

namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// A queue whose messages stay (x-queue-type: stream): a log that is appended to, and readers that go through it each at its own place. What a reader settles gives it
/// credit and takes nothing away; the log grows shorter by age and by size alone.
/// </summary>
/// <remarks>
/// Publishers take the log's lock, which no reader holds while it reads. Each reader has a <see cref="StreamFeed"/> with a lock of its own in the place of the queue's.
/// </remarks>
internal sealed partial class StreamQueue : MessageQueue
{
    private readonly Lock _gate = new();
    private readonly StreamRetention _retention;
    private StreamSettings _settings;
    private StreamLog? _log;
    private bool _isKept;

    /// <summary>Replaced under the lock, read without.</summary>
    private volatile StreamFeed[] _feeds = [];

    public StreamQueue(VirtualHost virtualHost, QueueDefinition definition)
        : base(virtualHost, definition)
    {
        _retention = new StreamRetention(this);
        _settings = StreamSettings.From(definition, policy: null);
    }

    /// <summary>Messages of a stream stay whatever their readers do: none is counted as unsettled.</summary>
    public override (uint Ready, uint Unsettled, uint Consumers) Look() => (ReadyCount, 0, ConsumerCount);

    /// <summary>Messages that are there.</summary>
    public override uint ReadyCount => (uint)Math.Min(Log.EndOffset - Log.FirstOffset, uint.MaxValue);

    public override uint ConsumerCount => (uint)_feeds.Length;

    /// <summary>The messages.</summary>
    internal StreamLog Log => _log ?? throw new InvalidOperationException("the stream is not open");

    /// <summary>
    /// Opens the log; before anybody else sees the queue. One that is kept goes on where it was; one that is not lives in memory, with the same limits: whether it is
    /// kept is decided here for as long as the broker runs.
    /// </summary>
    public void Open()
    {
        _isKept = KeepsMessages;
        _log = _isKept
            ? VirtualHost.Store!.Streams.Open(StoreNumber, CommitLevel, TellDamage)
            : new StreamLog(() => new MemoryFileLayer(VirtualHost.Arena.CountOctets), new StreamLogOptions());
        _log.Level = CommitLevel;
        _log.MaxSegmentOctets = _settings.SegmentOctets;
        _log.Committed = HandleCommitted;
        _retention.Start();
    }

    public override void ApplyPolicy(EffectivePolicy? policy)
    {
        base.ApplyPolicy(policy);
        _settings = StreamSettings.From(Definition, policy);
        if (_log is { } log)
        {
            log.MaxSegmentOctets = _settings.SegmentOctets;
            _retention.Start();
        }
    }

    public override void Publish(IncomingBatch batch, bool isLastQueue, Turn turn)
    {
        if (IsDeleted)
        {
            return;
        }

        if (_isKept && batch.Group != 0)
        {
            PublishInGroup(batch);
            return;
        }

        using (var appender = Log.Append(VirtualHost.Timers.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds()))
        {
            for (int index = 0; index < batch.Count; index++)
            {
                var content = batch[index];
                StoredMessageFormat.Write(appender.Add(StoredMessageFormat.CountOctets(in content)), in content);
            }
        }

        if (_isKept)
        {
            batch.MarkWritten(CommitLevel);
        }
    }

    /// <summary>Whatever the outcome: it gives credit.</summary>
    public override void Settle(ReadOnlySpan<Unsettled> deliveries, Outcome outcome, Turn turn, uint group = 0)
    {
        for (int start = 0; start < deliveries.Length;)
        {
            var consumer = deliveries[start].Consumer;
            int end = start + 1;
            while (end < deliveries.Length && ReferenceEquals(deliveries[end].Consumer, consumer))
            {
                end++;
            }

            consumer?.Feed?.Resume(end - start);
            start = end;
        }
    }

    /// <summary>Whoever wants to see them reads them.</summary>
    public override List<BrokerMessage> LookAtReady(int max, long maxOctets) => [];

    public override void Resume(Consumer consumer, Turn turn) => consumer.Feed?.Resume();

    /// <summary>The feed tells when it has come to the end.</summary>
    public override void Drain(Consumer consumer, Turn turn) => consumer.Feed?.Resume();

    public override bool TryAddConsumer(Consumer consumer, Turn turn, Action<Consumer> onAdded)
    {
        StreamFeed feed;
        lock (_gate)
        {
            if (IsDeleted)
            {
                return false;
            }

            feed = new StreamFeed(this, consumer, Log.Read(consumer.StreamReading.Start));
            consumer.Feed = feed;
            _feeds = [.. _feeds, feed];
            onAdded(consumer);
        }

        feed.Start();
        return true;
    }

    public override bool RemoveConsumer(Consumer consumer, Turn turn)
    {
        lock (_gate)
        {
            _feeds = Array.FindAll(_feeds, feed => feed.Consumer != consumer);
        }

        consumer.Feed?.End();
        return false;
    }

    protected override bool IsUntouched => _feeds.Length == 0 && Log.EndOffset == 0;

    /// <summary>RabbitMQ deletes a stream whatever the conditions, and counts none of its messages.</summary>
    public override QueueCloseOutcome TryClose(bool ifUnused, bool ifEmpty, out uint messageCount)
    {
        base.TryClose(ifUnused: false, ifEmpty: false, out _);
        messageCount = 0;
        return QueueCloseOutcome.Closed;
    }

    public override void FinishClose(Turn turn)
    {
        base.FinishClose(turn);
        StreamFeed[] feeds;
        lock (_gate)
        {
            feeds = _feeds;
            _feeds = [];
        }

        foreach (var feed in feeds)
        {
            feed.End();
            feed.Consumer.HandleQueueDeleted(turn);
        }

        if (_isKept)
        {
            VirtualHost.Store!.Streams.Remove(StoreNumber, Log);
        }
        else
        {
            Log.Drop();
        }
    }

    /// <summary>Drops what is too old or too much. Outside every lock.</summary>
    internal void Trim()
    {
        var store = _isKept ? VirtualHost.Store : null;
        if (store is { IsReading: true })
        {
            // What goes has to be noted; it is looked at again when that can be done.
            return;
        }

        long now = VirtualHost.Timers.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();
        var settings = _settings;
        Action<long, Action>? note = store is null ? null : (firstOffset, drop) => store.Streams.Drop(StoreNumber, firstOffset, drop);
        Log.Trim(settings.MaxOctets, settings.MaxAgeMilliseconds is { } age && age < now ? now - age : null, note);
    }

    protected override void FindJournal()
    {
        if (_log is { } log)
        {
            log.Level = CommitLevel;
        }
    }

    private void HandleCommitted(bool hasBegunSegment)
    {
        foreach (var feed in _feeds)
        {
            feed.HandleCommitted();
        }

        if (hasBegunSegment)
        {
            if (_isKept)
            {
                VirtualHost.Store!.Streams.NoteEnd(StoreNumber, Log);
            }

            _retention.Start();
        }
    }

    private void TellDamage(JournalDamage damage) =>
        Diagnostics.Log.StoreDamaged(VirtualHost.Timers.Logger, $"{BrokerStore.NameOf(this)}: {damage.Where}", damage.What);
}
