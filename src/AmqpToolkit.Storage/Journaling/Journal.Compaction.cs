namespace AmqpToolkit.Storage.Journaling;

/// <content>Copying forward what keeps a segment alive.</content>
internal sealed partial class Journal
{
    /// <summary>Of a segment's octets, one over this: with no more alive it is copied forward as soon as it is full, whatever the rest of the journal looks like.</summary>
    private const int LightShare = 1024;

    /// <summary>Live records up to which each is read by itself rather than with all that lies between them.</summary>
    private const int SparseRecords = 4096;

    /// <summary>Messages in the journal up to which a segment that little keeps alive is copied at once: to find what is in it, all have to be gone through.</summary>
    private const int LightMessages = 1 << 20;

    /// <summary>The share of its octets that are read, one over this, up to which it is cheaper not to read all.</summary>
    private const int SparseShare = 16;

    /// <summary>Starts to copy a segment that almost nothing keeps alive, or the worst when too much of the journal is garbage. The writer's thread.</summary>
    private void Compact()
    {
        if (_copying is { IsCompleted: false })
        {
            return;
        }

        lock (_gate)
        {
            if (!_isClosing && (FindLight() ?? FindWorst()) is { } segment)
            {
                segment.IsCopied = true;
                _copying = CopyAsync(segment);
            }
        }
    }

    private Task CopyAsync(JournalSegment segment) => RunAside(() =>
    {
        using var copier = new SegmentCopier(this, segment);
        copier.Run();
    });

    /// <summary>
    /// A segment that a few definitions, or some messages left behind, keep alive keeps all those alive that say something about it, and
    /// these the next: to say the little again frees the whole row, and what is freed soon is written again soon.
    /// </summary>
    private JournalSegment? FindLight()
    {
        if (_messages.Count > LightMessages)
        {
            return null;
        }

        foreach (var segment in _row)
        {
            if (segment is { LiveRecords: > 0, Holds.Count: 0 } && segment.LiveOctets <= _options.SegmentOctets / LightShare && CanCopy(segment))
            {
                return segment;
            }
        }

        return null;
    }

    private JournalSegment? FindWorst()
    {
        if (_segments.Count < _options.CompactionSegments)
        {
            return null;
        }

        long used = 0;
        long live = 0;
        JournalSegment? worst = null;
        foreach (var segment in _row)
        {
            if (segment.IsPinned)
            {
                // Nothing can be done about its garbage: it must not look as if there were too much.
                continue;
            }

            used += segment.EndOffset;
            live += segment.LiveOctets;
            if (CanCopy(segment) && (worst is null || IsWorse(segment, worst)))
            {
                worst = segment;
            }
        }

        return used - live > used * _options.GarbageShare ? worst : null;
    }

    /// <summary>What is kept by others alone goes with them, so it is copied only where they are not worth it.</summary>
    private bool IsWorse(JournalSegment segment, JournalSegment other)
    {
        bool isRoot = IsRoot(segment);
        return isRoot == IsRoot(other) ? segment.LiveOctets < other.LiveOctets : isRoot;
    }

    private bool IsRoot(JournalSegment segment) =>
        segment.LiveRecords > 0 && segment.LiveOctets <= _options.SegmentOctets * (1 - _options.GarbageShare);

    /// <summary>A segment can be copied when all of it is written, and no group that may have records in it is open.</summary>
    private bool CanCopy(JournalSegment segment) =>
        segment is { IsSealed: true, IsCopied: false, IsPinned: false, IsWorthCopying: true, File: not null } && segment.Number < _filling.FirstSegment(_tail)
        && segment.CopyAfter < _nextSegment && !IsInOpenGroup(segment.Number);

    /// <summary>Asked for each segment after each batch: a lambda would be made each time.</summary>
    private bool IsInOpenGroup(uint segment)
    {
        foreach (var group in _openGroups.Values)
        {
            if (group.FirstSegment <= segment)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Says again, at the end of the log, what one segment says and still holds.</summary>
    private sealed class SegmentCopier(Journal journal, JournalSegment segment) : IRecordHandler, IJournalWaiter, IDisposable
    {
        /// <summary>Octets after which the copier waits until they are written, so that publishers find room.</summary>
        private const int StepOctets = 4 * 1024 * 1024;

        private readonly Dictionary<int, StoredMessage> _messages = [];
        private readonly Dictionary<int, StoredMessage> _updates = [];
        private readonly ManualResetEventSlim _committed = new(initialState: false);
        private JournalTicket _ticket;
        private Exception? _failure;
        private int _octets;
        private bool _isDamaged;

        public ref JournalTicket Ticket => ref _ticket;

        public void Run()
        {
            try
            {
                // A copy holds for itself, so what it relies on, the ends of groups above all, must not be lost where it is not.
                Wait(CommitLevel.Fsync);
                Find();
                Read();
                Wait(CommitLevel.Fsync);
                Finish();
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                // The segment stays: nothing is lost but room. Not at once again: what the disk refuses now it will refuse then.
                TryAgainLater();
            }
        }

        public void HandleRecord(JournalLocation location, in RecordHeader header, ReadOnlySpan<byte> payload)
        {
            lock (journal._gate)
            {
                if (!journal._isClosing && !journal._brokenGroups.Contains(header.Group))
                {
                    Copy(location, header.Kind, header.Group, payload);
                }
            }

            if (_octets >= StepOctets)
            {
                Wait(CommitLevel.Os);
            }
        }

        /// <summary>What is damaged cannot be copied, and may be what others rely on, the end of a group above all: the segment stays as it is.</summary>
        public void HandleDamage(long offset, long octets, string what, uint queue)
        {
            if (offset >= segment.EndOffset)
            {
                // The last segment of an earlier run has no end of its own.
                return;
            }

            _isDamaged = true;
            journal.Damaged?.Invoke(new JournalDamage(SegmentName.Of(segment.Number), offset, octets, what, queue));
        }

        public void Dispose() => _committed.Dispose();

        public void HandleCommitted(ulong token) => _committed.Set();

        public void HandleFailed(ulong token, Exception error)
        {
            _failure = error;
            _committed.Set();
        }

        /// <summary>Looks for what lies in the segment, a row at a time: publishers get the lock in between.</summary>
        private void Find()
        {
            lock (journal._gate)
            {
                if (segment.LiveRecords == 0)
                {
                    // It has died while the copier waited.
                    return;
                }
            }

            for (int row = 0; ; row++)
            {
                lock (journal._gate)
                {
                    if (row >= journal._messages.Rows)
                    {
                        break;
                    }

                    journal._messages.FindInRow(row, segment.Number, _messages);
                }
            }

            lock (journal._gate)
            {
                foreach (var (message, update) in journal._updates)
                {
                    if (update.Location.Segment == segment.Number)
                    {
                        _updates.Add(update.Location.Offset, message);
                    }
                }
            }
        }

        /// <summary>Where nothing is said about other segments only live records count, and where these are few nothing else is read.</summary>
        private void Read()
        {
            var reader = new SegmentReader(segment.File!, segment.Number, segment.Seed, isContinued: true, segment.EndOffset);
            if (FindSparse() is { } offsets)
            {
                reader.ReadAt(offsets, this);
            }
            else
            {
                reader.Read(this);
            }
        }

        /// <summary>Where all live records lie, in order; null when the whole segment is to be read.</summary>
        private List<int>? FindSparse()
        {
            lock (journal._gate)
            {
                if (segment.Holds.Count > 0 || segment.LiveRecords > SparseRecords || segment.LiveOctets > segment.EndOffset / SparseShare
                    || journal._contents.Count > SparseRecords || journal._definitions.Count > SparseRecords)
                {
                    return null;
                }

                List<int> offsets = [.. _messages.Keys, .. _updates.Keys];
                offsets.AddRange(journal._contents.All().Select(content => journal._contents[content].Location).Where(IsHere).Select(location => location.Offset));
                offsets.AddRange(journal._definitions.Entries.Select(entry => entry.Value.Location).Where(IsHere).Select(location => location.Offset));
                offsets.Sort();
                return offsets.Count >= segment.LiveRecords ? offsets : null;
            }
        }

        private bool IsHere(JournalLocation location) => location.Segment == segment.Number;

        private void Copy(JournalLocation location, RecordKind kind, uint group, ReadOnlySpan<byte> payload)
        {
            switch (kind)
            {
                case RecordKind.Message or RecordKind.Enqueue:
                    CopyMessage(location, kind, payload);
                    break;
                case RecordKind.Content:
                    CopyContent(location, payload);
                    break;
                case RecordKind.Ack:
                    CopyAck(payload);
                    break;
                case RecordKind.Update:
                    CopyUpdate(location, payload);
                    break;
                case RecordKind.Definition or RecordKind.Removal:
                    CopyDefinition(location, kind, payload);
                    break;
                case RecordKind.GroupEnd:
                    CopyGroupEnd(group, payload);
                    break;
            }
        }

        private void CopyMessage(JournalLocation location, RecordKind kind, ReadOnlySpan<byte> payload)
        {
            if (!_messages.TryGetValue(location.Offset, out var message) || journal._messages[message].Location != location)
            {
                return;
            }

            bool isUpdated = journal._updates.Remove(message, out var update);
            if (isUpdated)
            {
                journal.Drop(update.Location.Segment, 0);
            }

            var old = journal._messages[message];
            var overlay = isUpdated ? update.Overlay.Octets : OverlayOf(kind, payload);
            var copy = Append(kind, Rewrite(kind, payload, overlay), out long octets);
            journal._tail.AddLive(octets);
            journal._messages[message] = old with { Location = copy, Units = (uint)(octets >> 3) };
            journal.Drop(segment.Number, old.RecordOctets);
        }

        private static ReadOnlySpan<byte> OverlayOf(RecordKind kind, ReadOnlySpan<byte> payload)
        {
            if (kind == RecordKind.Message)
            {
                _ = MessagePayload.TryRead(payload, out var message);
                return message.Overlay;
            }

            _ = EnqueuePayload.TryRead(payload, out var enqueue);
            return enqueue.Overlay;
        }

        private static ReadOnlySpan<byte> Rewrite(RecordKind kind, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> overlay)
        {
            byte[] rewritten;
            if (kind == RecordKind.Message)
            {
                _ = MessagePayload.TryRead(payload, out var message);
                rewritten = new byte[MessagePayload.FixedOctets + overlay.Length + message.Content.Length];
                MessagePayload.Write(rewritten, message.Queue, message.Position, overlay);
                message.Content.CopyTo(rewritten.AsSpan(MessagePayload.FixedOctets + overlay.Length));
                return rewritten;
            }

            _ = EnqueuePayload.TryRead(payload, out var enqueue);
            rewritten = new byte[EnqueuePayload.FixedOctets + overlay.Length];
            EnqueuePayload.Write(rewritten, enqueue.Queue, enqueue.Position, enqueue.ContentId, overlay);
            return rewritten;
        }

        private void CopyContent(JournalLocation location, ReadOnlySpan<byte> payload)
        {
            ulong id = BitConverter.ToUInt64(payload);
            if (!journal._contents.TryFind(id, out var content) || journal._contents[content].Location != location)
            {
                return;
            }

            var entry = journal._contents[content];
            long old = entry.RecordOctets;
            entry.Location = Append(RecordKind.Content, payload, out long octets);
            entry.RecordOctets = octets;
            journal._tail.AddLive(octets);
            journal.Drop(segment.Number, old);
        }

        private void CopyAck(ReadOnlySpan<byte> payload)
        {
            // After a crash an ack may be about another segment than it says: then all are kept as long as anything is held.
            if (segment.Holds.Count > 0 && AckPayload.TryRead(payload, out var ack) && (segment.IsRecovered || segment.Holds.Contains(ack.Segment)))
            {
                Append(RecordKind.Ack, payload, out _);
                InheritHolds();
            }
        }

        private void CopyUpdate(JournalLocation location, ReadOnlySpan<byte> payload)
        {
            if (!_updates.TryGetValue(location.Offset, out var message)
                || !journal._updates.TryGetValue(message, out var update) || update.Location != location)
            {
                return;
            }

            var copy = Append(RecordKind.Update, payload, out _);
            journal._tail.HoldUntilGone(journal._messages[message].Location.Segment);
            journal._tail.AddLive(0);
            journal._updates[message] = new UpdateEntry(copy, update.Overlay);
            journal.Drop(segment.Number, 0);
        }

        private void CopyDefinition(JournalLocation location, RecordKind kind, ReadOnlySpan<byte> payload)
        {
            if (!DefinitionPayload.TryRead(payload, out var definition))
            {
                return;
            }

            var name = new DefinitionName(definition.Kind, definition.Name.ToArray());
            if (journal._definitions.TryGet(name, out var entry) && entry.Location == location)
            {
                var copy = Append(kind, payload, out long octets);
                journal._tail.AddLive(octets);
                journal.Replace(journal._definitions.Set(definition.Kind, definition.Name, new DefinitionEntry(copy, octets, entry.IsRemoval)));
            }
        }

        /// <summary>The group's other records may lie in the segments that this one holds on to.</summary>
        private void CopyGroupEnd(uint group, ReadOnlySpan<byte> payload)
        {
            if (segment.Holds.Count == 0)
            {
                return;
            }

            payload.CopyTo(journal.Reserve(RecordKind.GroupEnd, payload.Length, group, out _));
            InheritHolds();
        }

        private void InheritHolds()
        {
            foreach (uint other in segment.Holds)
            {
                journal._tail.HoldUntilGone(other);
            }
        }

        private JournalLocation Append(RecordKind kind, ReadOnlySpan<byte> payload, out long octets)
        {
            payload.CopyTo(journal.Reserve(kind, payload.Length, 0, out var location));
            octets = RecordHeader.RecordOctets(payload.Length);
            _octets += (int)octets;

            journal._tail.FollowOriginal(segment.Number);
            return location;
        }

        private void Wait(CommitLevel level)
        {
            _octets = 0;
            _committed.Reset();
            lock (journal._gate)
            {
                ObjectDisposedException.ThrowIf(journal._isClosing, journal);
                journal.AddWaiter(this, 0, level);
            }

            _committed.Wait();
            if (_failure is { } failure)
            {
                throw new IOException("The journal has failed.", failure);
            }
        }

        private void TryAgainLater()
        {
            lock (journal._gate)
            {
                segment.IsCopied = false;
                segment.CopyAfter = journal._nextSegment;
            }
        }

        private void Finish()
        {
            lock (journal._gate)
            {
                if (_isDamaged)
                {
                    segment.IsPinned = true;
                    return;
                }

                segment.ClearHolds();
                journal.CheckDead(segment);
            }
        }
    }
}
