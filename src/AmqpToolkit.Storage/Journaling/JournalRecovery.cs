using System.Globalization;
using AmqpToolkit.Storage.Files;

namespace AmqpToolkit.Storage.Journaling;

/// <summary>Reads a journal from its first record to its last mark, and finds out what still holds.</summary>
internal sealed partial class JournalRecovery(IFileLayer files, JournalOptions options, IJournalVisitor visitor) : IRecordHandler
{
    private readonly JournalState _state = new();
    private readonly Dictionary<uint, RecoveringQueue> _queues = [];
    private readonly Dictionary<StoredMessage, StoredOverlay> _overlays = [];
    private readonly Dictionary<DefinitionName, byte[]> _values = [];

    private JournalSegment _segment = null!;
    private byte[] _window = [];
    private bool _wasClosed = true;

    /// <summary>The highest place that any record speaks of, also of messages that are long gone.</summary>
    private ulong _highestPlace;

    /// <summary>Whether the folder stays as it is.</summary>
    public bool IsReadOnly { get; init; }

    public JournalState Run()
    {
        var headers = ReadHeaders();
        var knownEnds = FindKnownEnds(headers);
        foreach (uint number in _headerless.Numbers)
        {
            HandleHeaderless(number, knownEnds.GetValueOrDefault(number));
        }

        uint unsealed = uint.MaxValue;
        foreach (uint number in headers.Numbers)
        {
            var header = headers[number];
            if (_missed.Contains(number))
            {
                // What others said of it may be gone since: what was settled would be there again.
                continue;
            }

            var file = files.Open(SegmentName.Of(number));
            uint seed = SegmentHeader.SeedOf(_state.Id, number);
            bool isKnown = knownEnds.TryGetValue(number, out int knownEnd);
            _segment = new JournalSegment(number, (int)header.SegmentOctets, seed, header.Continues)
            {
                File = file, IsSealed = true, IsRecovered = true, LeastEndOffset = knownEnd,
            };
            _state.Segments.Add(number, _segment);
            if (header.Continues == 0)
            {
                // A run began, or ended: whatever had been closed before, something may have been on its way since.
                _wasClosed = false;
            }

            if (unsealed == header.Continues)
            {
                // Only this segment tells that the one before was written to its end.
                _segment.FollowOriginal(unsealed);
            }

            bool isContinued = headers.TryGetValue(number + 1, out var next) && next.Continues == number;
            var reader = new SegmentReader(file, number, seed, isContinued, isKnown ? knownEnd : null) { Window = _window };
            reader.Read(this);
            unsealed = isContinued && !reader.IsSealed ? number : uint.MaxValue;
            _segment.EndOffset = (int)reader.EndOffset;
            _segment.WrittenOffset = _segment.EndOffset;
            MissBatch(isContinued || isKnown);

            // What is missing may be what others rely on, and is to be told until somebody has seen to it.
            _segment.IsPinned |= _segment.EndOffset < _segment.LeastEndOffset;
            _window = reader.Window;
        }

        TellLost();
        NoteBrokenGroups();
        Settle();
        VisitDefinitions();
        visitor.VisitQueues(_wasClosed, _highestPlace);
        VisitMessages();
        DropUnusedContents();
        visitor.VisitEnd(_wasClosed);
        return _state;
    }

    public void HandleRecord(JournalLocation location, in RecordHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.Kind == RecordKind.Mark)
        {
            if (MarkPayload.TryRead(payload, out var mark))
            {
                _state.NextBatch = Math.Max(_state.NextBatch, mark.Batch + 1);
                NoteSynced(mark);
                NoteSettled(mark, location.Segment, location.Offset + RecordHeader.RecordOctets(header.PayloadOctets));
                HandleMark(mark);
            }

            return;
        }

        if (TryHandleInventory(header, payload))
        {
            return;
        }

        _wasClosed = header.Kind == RecordKind.Close;
        if (header.Kind == RecordKind.GroupEnd)
        {
            EndGroup(location, header, payload);
        }
        else if (header.Group != 0)
        {
            Postpone(location, header, payload);
        }
        else if (!TryApply(location, header.Kind, header.PayloadOctets, payload, Measure(header.Kind, payload)))
        {
            HandleDamage(location.Offset, RecordHeader.RecordOctets(header.PayloadOctets), $"a record of kind {header.Kind} that contradicts itself", 0);
        }
    }

    public void HandleDamage(long offset, long octets, string what, uint queue)
    {
        _wasClosed = false;
        _hasGap = true;

        // Else it would go when nobody needs the rest of it, and with it all that tells of the loss.
        _segment.IsPinned = true;

        // What is known to be about a queue's message declares none.
        _mayLackDefinitions |= queue == 0;
        visitor.VisitDamage(new JournalDamage(SegmentName.Of(_segment.Number), offset, octets, what, queue));
    }

    private int Measure(RecordKind kind, ReadOnlySpan<byte> payload) => kind switch
    {
        RecordKind.Message when MessagePayload.TryRead(payload, out var message) => visitor.Measure(message.Content),
        RecordKind.Content when payload.Length > sizeof(ulong) => visitor.Measure(payload[sizeof(ulong)..]),
        _ => 0,
    };

    private bool TryApply(JournalLocation location, RecordKind kind, int payloadOctets, ReadOnlySpan<byte> payload, int measure)
    {
        long octets = RecordHeader.RecordOctets(payloadOctets);
        switch (kind)
        {
            case RecordKind.Message:
                return MessagePayload.TryRead(payload, out var message) && Add(location, octets, message.Queue, message.Position, message.Overlay, default, measure);
            case RecordKind.Enqueue:
                return EnqueuePayload.TryRead(payload, out var enqueue)
                    && Add(location, octets, enqueue.Queue, enqueue.Position, enqueue.Overlay, Mention(enqueue.ContentId), 0);
            case RecordKind.Content:
                return AddContent(location, octets, payload, measure);
            case RecordKind.Ack:
                return ApplyAck(location, payload);
            case RecordKind.Update:
                return ApplyUpdate(location, payload);
            case RecordKind.Definition or RecordKind.Removal:
                return ApplyDefinition(location, octets, payload, kind == RecordKind.Removal);
            default:
                return kind == RecordKind.Close;
        }
    }

    private bool Add(JournalLocation location, long octets, uint queue, ulong position, ReadOnlySpan<byte> overlay, StoredContent content, int measure)
    {
        if (!_queues.TryGetValue(queue, out var messages))
        {
            _queues.Add(queue, messages = new RecoveringQueue());
        }

        NotePlace(position);
        var news = TakeNews(location, queue, position);
        if (news.IsSettled)
        {
            return true;
        }

        if (messages.TryFind(position, out var stored))
        {
            if (_state.Messages[stored].Location.CompareTo(location) > 0)
            {
                FollowOriginal(_state.Messages[stored].Location, location.Segment);
                return true;
            }

            // Copied forward, and the first copy was not removed any more: it must go before this one.
            ref var entry = ref _state.Messages[stored];
            FollowOriginal(location, entry.Location.Segment);
            entry = entry with { Location = location, Units = (uint)(octets >> 3), Content = content };
            _state.Updates.Remove(stored);
        }
        else
        {
            stored = _state.Messages.Add(location, (uint)octets, content);
            messages.Add(position, stored, measure);
        }

        _overlays.Remove(stored);
        if (news.Update is { } update)
        {
            _overlays.Add(stored, update.Overlay);
            _state.Updates.Add(stored, update);
        }
        else if (!overlay.IsEmpty)
        {
            _overlays.Add(stored, new StoredOverlay(overlay));
        }

        return true;
    }

    private void NotePlace(ulong position) => _highestPlace = Math.Max(_highestPlace, position & options.PlaceMask);

    /// <summary>A content may have been copied forward behind those who need it.</summary>
    private StoredContent Mention(ulong id)
    {
        _state.NextContent = Math.Max(_state.NextContent, id + 1);
        return _state.Contents.TryFind(id, out var content) ? content : _state.Contents.Add(id, default, 0);
    }

    private bool AddContent(JournalLocation location, long octets, ReadOnlySpan<byte> payload, int measure)
    {
        if (payload.Length < sizeof(ulong))
        {
            return false;
        }

        var entry = _state.Contents[Mention(BitConverter.ToUInt64(payload))];
        if (entry.Location.CompareTo(location) > 0)
        {
            return true;
        }

        if (!entry.Location.IsNone)
        {
            FollowOriginal(location, entry.Location.Segment);
        }

        entry.Location = location;
        entry.RecordOctets = octets;
        entry.Measure = measure;
        return true;
    }

    private bool ApplyAck(JournalLocation location, ReadOnlySpan<byte> payload)
    {
        if (!AckPayload.TryRead(payload, out var ack))
        {
            return false;
        }

        HoldIfThere(location, ack.Segment);
        _queues.TryGetValue(ack.Queue, out var messages);
        for (int index = 0; index < ack.Count; index++)
        {
            var (first, count) = ack[index];
            NotePlace(first + count - 1);
            for (uint done = 0; done < count; done++)
            {
                NoteEarlyAck(location, ack.Queue, first + done);
                if (messages is not null && messages.TryRemove(first + done, out var stored))
                {
                    // Not where the record says if the crash took the copy that it was about, and left the original.
                    HoldIfThere(location, _state.Messages[stored].Location.Segment);
                    Forget(stored);
                }
            }
        }

        return true;
    }

    private void Forget(StoredMessage stored)
    {
        _state.Messages.Remove(stored);
        _overlays.Remove(stored);
        _state.Updates.Remove(stored);
    }

    private bool ApplyUpdate(JournalLocation location, ReadOnlySpan<byte> payload)
    {
        if (!UpdatePayload.TryRead(payload, out var update))
        {
            return false;
        }

        HoldIfThere(location, update.Segment);
        if (!_queues.TryGetValue(update.Queue, out var messages) || !messages.TryFind(update.Position, out var stored))
        {
            NoteEarlyUpdate(location, update);
        }
        else if (!IsOutdated(location, stored))
        {
            var overlay = new StoredOverlay(update.Overlay);
            _overlays[stored] = overlay;
            _state.Updates[stored] = new UpdateEntry(location, overlay);
        }

        return true;
    }

    /// <summary>The end of a group may stand behind what came later than its records.</summary>
    private bool IsOutdated(JournalLocation update, StoredMessage stored) =>
        _state.Messages[stored].Location.CompareTo(update) > 0
        || (_state.Updates.TryGetValue(stored, out var known) && known.Location.CompareTo(update) > 0);

    private bool ApplyDefinition(JournalLocation location, long octets, ReadOnlySpan<byte> payload, bool isRemoval)
    {
        if (!DefinitionPayload.TryRead(payload, out var definition))
        {
            return false;
        }

        var name = new DefinitionName(definition.Kind, definition.Name.ToArray());
        if (isRemoval && !definition.Value.IsEmpty)
        {
            visitor.VisitReplaced(definition.Kind, definition.Name, definition.Value);
        }

        if (_state.Definitions.TryGet(name, out var known) && known.Location.CompareTo(location) > 0)
        {
            visitor.VisitReplaced(definition.Kind, definition.Name, definition.Value);
            return true;
        }

        if (_values.TryGetValue(name, out byte[]? before) && (isRemoval || !definition.Value.SequenceEqual(before)))
        {
            visitor.VisitReplaced(definition.Kind, definition.Name, before);
        }

        _state.Definitions.Set(definition.Kind, definition.Name, new DefinitionEntry(location, octets, isRemoval));
        if (isRemoval)
        {
            _values.Remove(name);
        }
        else
        {
            _values[name] = definition.Value.ToArray();
        }

        return true;
    }

    /// <summary>What a record says of another segment matters as long as that is there. The record may be older than the end of its group.</summary>
    private void HoldIfThere(JournalLocation location, uint segment)
    {
        if (_state.Segments.ContainsKey(segment))
        {
            _state.Segments[location.Segment].HoldUntilGone(segment);
        }
    }

    private void FollowOriginal(JournalLocation copy, uint original)
    {
        if (copy.Segment != original)
        {
            _state.Segments[copy.Segment].FollowOriginal(original);
        }
    }

    private void VisitDefinitions()
    {
        foreach (var (name, entry) in _state.Definitions.Entries)
        {
            _state.Segments[entry.Location.Segment].AddLive(entry.RecordOctets);
            if (!entry.IsRemoval)
            {
                visitor.VisitDefinition(name.Kind, name.Name, _values[name]);
            }
        }

        _values.Clear();
    }

    private void VisitMessages()
    {
        var reader = new RecordWindow(_state.Segments);
        foreach (var (queue, messages) in _queues)
        {
            bool isThere = visitor.HasQueue(queue);
            bool wantsContents = isThere && visitor.WantsContents(queue);
            var homeless = default(JournalLocation);
            long homelessCount = 0;
            var homes = new HashSet<uint>();
            foreach (var message in messages.Left())
            {
                if (!isThere)
                {
                    homeless = homelessCount++ == 0 ? _state.Messages[message.Message].Location : homeless;
                    NoteHome(homes, message.Message);
                    Forget(message.Message);
                }
                else if (!TryVisit(wantsContents ? reader : null, queue, in message))
                {
                    Forget(message.Message);
                }
            }

            TellHomeless(queue, homelessCount, homeless, homes);
        }

        _queues.Clear();
        _overlays.Clear();
        foreach (var update in _state.Updates.Values)
        {
            _state.Segments[update.Location.Segment].AddLive(0);
        }
    }

    /// <summary>
    /// What a queue had that was deleted goes with its segments. Where something is missing it may be what declared the queue: then its messages are lost as well, unless the
    /// log says that it went.
    /// </summary>
    private void TellHomeless(uint queue, long count, JournalLocation first, HashSet<uint> homes)
    {
        if (count > 0 && _mayLackDefinitions && !visitor.WasRemoved(queue))
        {
            // What nobody asks for any more would go with its segments. What others say of it they keep by themselves, as long as it is there.
            foreach (uint segment in homes)
            {
                _state.Segments[segment].IsPinned = true;
            }

            visitor.VisitDamage(new JournalDamage(SegmentName.Of(first.Segment), first.Offset, 0,
                string.Create(CultureInfo.InvariantCulture, $"{count} messages of {JournalDamage.NumberOf(queue)}, whose definition is lost")));
        }
    }

    /// <summary>Where a message lies, and what it shares with others.</summary>
    private void NoteHome(HashSet<uint> segments, StoredMessage message)
    {
        var entry = _state.Messages[message];
        segments.Add(entry.Location.Segment);
        if (!entry.Content.IsNone && _state.Contents[entry.Content].Location is { IsNone: false } shared)
        {
            segments.Add(shared.Segment);
        }
    }

    private bool TryVisit(RecordWindow? reader, uint queue, in RecoveringQueue.Entry recovered)
    {
        var stored = recovered.Message;
        var entry = _state.Messages[stored];
        var shared = entry.Content.IsNone ? null : _state.Contents[entry.Content];
        if (shared is { Location.IsNone: true })
        {
            visitor.VisitDamage(new JournalDamage(SegmentName.Of(entry.Location.Segment), entry.Location.Offset, 0,
                $"a message of {JournalDamage.NumberOf(queue)}: its content is lost", queue));
            return false;
        }

        if (shared is not null)
        {
            shared.References++;
        }

        _state.Segments[entry.Location.Segment].AddLive(entry.RecordOctets);
        var overlay = _overlays.GetValueOrDefault(stored);
        visitor.VisitMessage(new RecoveredMessage
        {
            Queue = queue,
            Position = recovered.Position,
            Message = stored,
            Overlay = overlay.Octets,
            Measure = shared?.Measure ?? recovered.Measure,
            Content = reader is null ? default : ReadContent(reader, entry.Location, shared),
            SharedContent = entry.Content,
        });
        return true;
    }

    private static ReadOnlySpan<byte> ReadContent(RecordWindow reader, JournalLocation location, ContentTable.Entry? shared)
    {
        if (shared is not null)
        {
            return reader.Read(shared.Location)[sizeof(ulong)..];
        }

        return MessagePayload.TryRead(reader.Read(location), out var message) ? message.Content : default;
    }

    private void DropUnusedContents()
    {
        foreach (var content in _state.Contents.All().ToArray())
        {
            var entry = _state.Contents[content];
            if (entry.References == 0)
            {
                _state.Contents.Remove(content);
            }
            else
            {
                _state.Segments[entry.Location.Segment].AddLive(entry.RecordOctets);
            }
        }
    }
}
