using System.Runtime.InteropServices;
using AmqpToolkit.Broker.Conversion;
using AmqpToolkit.Broker.Durability;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// Publishes messages that died in a queue to its dead-letter exchange, with headers that tell of it, those that go the same way together. Each
/// thread has one; used outside every lock.
/// </summary>
internal sealed class DeadLetterMover(MessageArena arena)
{
    /// <summary>
    /// Octets of the story of a message's deaths. One that has died in so many queues has lost its way: it is dropped, and with it the cost of
    /// carrying its story on.
    /// </summary>
    private const int MaxDeathOctets = 64 * 1024;

    /// <summary>Octets after which what has gathered is published, and the journal asked for room.</summary>
    private const long BatchOctets = 1024 * 1024;

    [ThreadStatic]
    private static DeadLetterMover? t_ofThread;

    private readonly IncomingBatch _batch = new(arena);
    private readonly RouteCollector _routes = new();
    private readonly List<MessageQueue> _targets = [];
    private readonly List<MessageQueue> _batchTargets = [];
    private readonly List<JournalAck> _origins = [];
    private QueueJournal? _journal;
    private uint _group;
    private long _octets;

    /// <summary>The message of the batch that exchanges keep, if one is to.</summary>
    private MessageRef _kept;
    private byte[] _key = [];
    private int _version;

    /// <summary>The thread's own.</summary>
    public static DeadLetterMover OfThread(MessageArena arena) =>
        t_ofThread is { } own && own.Arena == arena ? own : t_ofThread = new DeadLetterMover(arena);

    private MessageArena Arena => arena;

    /// <summary>Moves the messages; their references are taken over.</summary>
    /// <param name="queue">Where they died.</param>
    /// <param name="journal">Its journal, if it has one.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="dead">The messages.</param>
    /// <param name="turn">Whose thread it is.</param>
    /// <param name="group">The group of the journal that the move belongs to; 0 for one of its own.</param>
    /// <returns>How many were moved: not all when the journal has no room for more, and the others are the caller's still.</returns>
    public int Move(MessageQueue queue, QueueJournal? journal, QueueSettings settings, List<DeadLetter> dead, Turn turn, uint group)
    {
        int at = 0;
        bool isDone = false;
        try
        {
            (_journal, _group) = (journal, group);
            _batch.Begin([]);
            _key = [];
            _targets.Clear();
            _version = -1;
            var exchange = settings.DeadLetterExchange is { } name ? queue.VirtualHost.FindExchange(name) : null;
            for (; at < dead.Count && !(group == 0 && _batch.Count == 0 && queue.MustWaitForRoom); at++)
            {
                if (exchange is not null)
                {
                    Move(queue, settings, exchange, dead[at], turn);
                }
                else
                {
                    NoteOrigin(dead[at]);
                    arena.Release(dead[at].Message);
                }
            }

            Flush(turn);
            isDone = true;
            return at;
        }
        finally
        {
            // What an exception has left here was not published: the journal keeps it where it died, and has it there when it is opened again.
            for (; at < dead.Count && !isDone; at++)
            {
                arena.Release(dead[at].Message);
            }

            _origins.Clear();
            _journal = null;
            _batch.Clear();
            _batch.End();
            _batchTargets.Clear();
            _targets.Clear();
            _routes.Clear();
        }
    }

    private void Move(MessageQueue queue, QueueSettings settings, Exchange exchange, DeadLetter letter, Turn turn)
    {
        var rules = queue.VirtualHost.Rules;
        var content = arena.Read(letter.Message);
        var key = settings.DeadLetterRoutingKey is { } own ? own : content.RoutingKey;
        bool isInSections = (content.Flags & MessageFlags.Sections) != 0;
        bool hasCopies = (content.Flags & MessageFlags.CopiesSpent) == 0;
        bool keepsKeys = settings.DeadLetterRoutingKey is null;
        var death = new Death
        {
            Queue = queue.Name,
            Reason = letter.Reason,
            Seconds = queue.VirtualHost.Timers.TimeProvider.GetUtcNow().ToUnixTimeSeconds(),
            Exchange = content.Exchange,
            RoutingKey = content.RoutingKey,
            KeepsEarlier = (content.Flags & MessageFlags.DeadLettered) != 0 || rules.TrustsDeathsOfClients,
            HasCopies = hasCopies,
        };
        var properties = isInSections ? SectionDeaths.OfThread.WithDeath(in content, in death) : HeaderRewriter.OfThread.WithDeath(content.Properties, in death);

        // Exchanges see a message of 1.0 as one of 0-9-1.
        var shown = isInSections ? BasicWriter.OfThread.PropertiesOf(WithProperties(in content, properties)) : properties;
        BasicPropertiesView.TryParse(shown, out var view);
        Route(exchange, key, shown, in view, hasCopies && keepsKeys);
        if (letter.Reason != DeathReason.Rejected)
        {
            RemoveCycles(view.Headers, isInSections ? properties : default);
        }

        bool isRouted = _targets.Count > 0 || _routes.HasKeepers;
        if (isRouted && (isInSections ? SectionDeaths.CountOctets(properties) > MaxDeathOctets : IsTooLong(queue, properties, view.Headers)))
        {
            queue.VirtualHost.CountLostDeadLetter(queue, properties.Length);
            NoteOrigin(in letter);
        }
        else if (isRouted)
        {
            var stored = Store(exchange, key, properties, in content, keepsKeys);
            bool isKept = _routes.HasKeepers;
            if (isKept)
            {
                // It goes alone: what exchanges keep of it is in one group with its end where it died.
                Flush(turn);
                _kept = stored;
            }

            Add(stored, properties.Length + content.BodyOctets, in letter, turn);
            if (isKept)
            {
                Flush(turn);
            }
        }
        else
        {
            NoteOrigin(in letter);
        }

        arena.Release(letter.Message);
    }

    /// <summary>Whether no frame could bring the message to a consumer, or its deaths are beyond counting.</summary>
    private static bool IsTooLong(MessageQueue queue, ReadOnlySpan<byte> properties, TableView headers) =>
        properties.Length > MaxDeathOctets
        && (properties.Length > queue.VirtualHost.MaxPropertyOctets || (headers.TryGetValue("x-death"u8, out var deaths) && deaths.Payload.Length > MaxDeathOctets));

    /// <summary>Asks where the message goes; the same question as before has the same answer.</summary>
    private void Route(Exchange exchange, ReadOnlySpan<byte> key, ReadOnlySpan<byte> octets, in BasicPropertiesView properties, bool mayHaveCopies)
    {
        int version = exchange.VirtualHost.RoutingVersion;
        bool hasCopies = mayHaveCopies && properties.Headers.ContainsKey("CC"u8);
        if (version == _version && !hasCopies && key.SequenceEqual(_key))
        {
            return;
        }

        _routes.Clear();
        ArrayView copies = default;
        if (hasCopies && properties.Headers.TryGetValue("CC"u8, out var value))
        {
            value.TryGetArray(out copies);
        }

        exchange.VirtualHost.Route(exchange, new RoutedMessage { RoutingKey = key, Headers = properties.Headers, Properties = octets, Copies = copies }, _routes);
        _targets.Clear();
        foreach (var target in _routes.Queues)
        {
            _targets.Add(target);
        }

        bool isLasting = exchange.DependsOnKeyAlone && !hasCopies && !_routes.HasKeepers;
        _version = isLasting ? version : -1;
        _key = isLasting ? key.ToArray() : [];
    }

    private static MessageContent WithProperties(in MessageContent content, ReadOnlySpan<byte> properties) => new()
    {
        Exchange = content.Exchange,
        RoutingKey = content.RoutingKey,
        Properties = properties,
        Body = content.Body,
        Large = content.Large,
        Flags = content.Flags,
    };

    private void RemoveCycles(TableView headers, ReadOnlySpan<byte> sections)
    {
        for (int index = _targets.Count - 1; index >= 0; index--)
        {
            if (sections.IsEmpty ? HeaderRewriter.IsCycle(headers, _targets[index].Name) : SectionDeaths.IsCycle(sections, _targets[index].Name))
            {
                _targets.RemoveAt(index);

                // The next message may have died elsewhere.
                _version = -1;
            }
        }
    }

    private MessageRef Store(Exchange exchange, ReadOnlySpan<byte> key, ReadOnlySpan<byte> properties, in MessageContent content, bool keepsKeys)
    {
        content.Large?.Retain();
        return arena.Store(new MessageContent
        {
            Exchange = exchange.Name,
            RoutingKey = key,
            Properties = properties,
            Body = content.Body,
            Large = content.Large,
            Flags = (content.Flags & ~(MessageFlags.Expires | MessageFlags.Mandatory | MessageFlags.Large)) | MessageFlags.DeadLettered | (keepsKeys ? MessageFlags.None : MessageFlags.CopiesSpent),
        });
    }

    private void Add(MessageRef message, long octets, in DeadLetter letter, Turn turn)
    {
        if (_batch.Count > 0 && !_targets.SequenceEqual(_batchTargets))
        {
            Flush(turn);
        }

        if (_batch.Count == 0)
        {
            _batchTargets.Clear();
            _batchTargets.AddRange(_targets);
        }

        _batch.Add(message);
        NoteOrigin(in letter);
        _octets += octets;
        if (_batch.IsFull || _octets > BatchOctets)
        {
            Flush(turn);
        }
    }

    /// <summary>
    /// Publishes what has gathered. What the journal had of it leaves its queue in the same group of records, so that a crash finds each message in
    /// one place: where it was, or where it went.
    /// </summary>
    private void Flush(Turn turn)
    {
        bool isOwn = _group == 0 && _origins.Count > 0 && _batch.Count > 0;
        uint group = isOwn ? _journal!.BeginGroup() : _group;
        try
        {
            _batch.Group = group;
            _batch.IsShared = _batchTargets.Count > 1;
            if (!_kept.IsNone)
            {
                _routes.HandToKeepers(arena, _kept, turn, group);
            }

            for (int index = 0; index < _batchTargets.Count && _batch.Count > 0; index++)
            {
                _batchTargets[index].Publish(_batch, index == _batchTargets.Count - 1, turn);
            }

            EndOrigins(group);
            _batch.Clear();
        }
        finally
        {
            _octets = 0;
            _kept = default;
            if (isOwn)
            {
                // Also after an exception: what was published then is there, and what died is still where it was.
                _journal!.EndGroup(group);
            }

            _batch.Group = 0;
        }
    }

    private void NoteOrigin(in DeadLetter letter)
    {
        if (!letter.Origin.Message.IsNone)
        {
            _origins.Add(letter.Origin);
        }
    }

    /// <summary>The queue where they died is done with those that were published, and with those that go nowhere.</summary>
    private void EndOrigins(uint group)
    {
        if (_origins.Count > 0)
        {
            _journal!.Ack(CollectionsMarshal.AsSpan(_origins), group);
            _origins.Clear();
        }
    }
}
