using System.Buffers.Binary;

namespace AmqpToolkit.Storage.Journaling;

/// <content>What is appended.</content>
internal sealed partial class Journal
{
    /// <summary>The longest name of a definition.</summary>
    public const int MaxNameOctets = ushort.MaxValue;

    /// <summary>
    /// The journal's lock, held for a row of appends. Each append copies what it is given. Payloads are little-endian.
    /// </summary>
    public ref struct Appender
    {
        private readonly Journal _journal;
        private Lock.Scope _scope;

        internal Appender(Journal journal)
        {
            _journal = journal;
            _scope = journal._gate.EnterScope();
        }

        /// <summary>
        /// A message of one queue, with its content.
        /// <code>queue (uint), overlay octets (uint), position (ulong), overlay, content</code>
        /// </summary>
        /// <param name="queue">The queue's number.</param>
        /// <param name="position">Its place in the queue; never used again there.</param>
        /// <param name="overlay">What this queue knows of it.</param>
        /// <param name="content">The content, in parts.</param>
        /// <param name="group">The group that it belongs to, or 0.</param>
        public StoredMessage Message(uint queue, ulong position, scoped ReadOnlySpan<byte> overlay, scoped in ContentParts content, uint group = 0)
        {
            int octets = MessagePayload.FixedOctets + overlay.Length + content.Octets;
            var payload = _journal.Reserve(RecordKind.Message, octets, group, out var location);
            MessagePayload.Write(payload, queue, position, overlay);
            content.CopyTo(payload[(MessagePayload.FixedOctets + overlay.Length)..]);
            return _journal.Track(location, octets, default);
        }

        /// <summary>
        /// A content that several queues will share. Its messages follow; then <see cref="Release"/> it.
        /// <code>content's number (ulong), content</code>
        /// </summary>
        public StoredContent Content(scoped in ContentParts content, uint group = 0)
        {
            int octets = sizeof(ulong) + content.Octets;
            var payload = _journal.Reserve(RecordKind.Content, octets, group, out var location);
            ulong id = _journal._nextContent++;
            BinaryPrimitives.WriteUInt64LittleEndian(payload, id);
            content.CopyTo(payload[sizeof(ulong)..]);
            long recordOctets = RecordHeader.RecordOctets(octets);
            var stored = _journal._contents.Add(id, location, recordOctets);
            _journal._contents[stored].References = 1;
            _journal._tail.AddLive(recordOctets);
            return stored;
        }

        /// <summary>
        /// A message of one queue, whose content is there already.
        /// <code>queue (uint), overlay octets (uint), position (ulong), content's number (ulong), overlay</code>
        /// </summary>
        public StoredMessage Enqueue(uint queue, ulong position, scoped ReadOnlySpan<byte> overlay, StoredContent content, uint group = 0)
        {
            var entry = _journal._contents[content];
            int octets = EnqueuePayload.FixedOctets + overlay.Length;
            var payload = _journal.Reserve(RecordKind.Enqueue, octets, group, out var location);
            EnqueuePayload.Write(payload, queue, position, entry.Id, overlay);
            entry.References++;
            return _journal.Track(location, octets, content);
        }

        /// <summary>No more messages of a content follow.</summary>
        public void Release(StoredContent content) => _journal.ReleaseContent(content);

        /// <summary>
        /// A queue is done with messages.
        /// <code>queue (uint), segment (uint), count (uint), 0 (uint), count * (first position (ulong), how many (uint), 0 (uint))</code>
        /// All of one record lie in one segment.
        /// </summary>
        public void Ack(uint queue, scoped ReadOnlySpan<JournalAck> acks, uint group = 0) => _journal.Ack(queue, acks, group);

        /// <summary>
        /// What a queue knows of a message is now this.
        /// <code>queue (uint), overlay octets (uint), position (ulong), segment (uint), 0 (uint), overlay</code>
        /// </summary>
        public void Update(uint queue, ulong position, StoredMessage message, scoped ReadOnlySpan<byte> overlay, uint group = 0) =>
            _journal.Update(queue, position, message, overlay, group);

        /// <summary>
        /// A thing that has a name is now this.
        /// <code>name's octets (ushort), kind (ushort), value's octets (uint), name, value</code>
        /// </summary>
        public void Define(ushort kind, scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> value, uint group = 0) =>
            _journal.Define(kind, name, value, group);

        /// <summary>
        /// A thing that had a name is gone.
        /// <code>name's octets (ushort), kind (ushort), value's octets (uint), name, value</code>
        /// </summary>
        /// <param name="kind">Its kind.</param>
        /// <param name="name">Its name.</param>
        /// <param name="group">The group that it belongs to, or 0.</param>
        /// <param name="value">What is to be known of the thing as long as the removal stands.</param>
        public void Remove(ushort kind, scoped ReadOnlySpan<byte> name, uint group = 0, scoped ReadOnlySpan<byte> value = default) =>
            _journal.Remove(kind, name, value, group);

        /// <summary>Forgets messages of a queue whose removal stands in the journal already.</summary>
        public void Forget(StoredMessage message) => _journal.Untrack(message);

        /// <summary>Begins a group: what belongs to it holds from <see cref="EndGroup"/> on, or not at all.</summary>
        public uint BeginGroup()
        {
            uint group = _journal._nextGroup++;
            if (_journal._nextGroup == 0)
            {
                _journal._nextGroup = 1;
            }

            if (!_journal._freeGroups.TryPop(out var opened))
            {
                opened = new OpenGroup();
            }

            opened.Begin(_journal._tail.Number);
            _journal._openGroups.Add(group, opened);
            return group;
        }

        /// <summary>Ends a group. <code>count * (segment (uint), the group's records there (uint))</code></summary>
        public void EndGroup(uint group) => _journal.EndGroup(group);

        /// <summary>Gives a group up that is not whole: nothing of it will hold when the journal is opened again.</summary>
        public void AbandonGroup(uint group) => _journal.AbandonGroup(group);

        /// <summary>
        /// Has <paramref name="waiter"/> told when everything appended so far is kept; once a batch, with the last token. Who comes when the journal is
        /// closed is told that it never will be, by a thread of the pool.
        /// </summary>
        public void Commit(IJournalWaiter waiter, ulong token, CommitLevel level) => _journal.AddWaiter(waiter, token, level);

        /// <summary>Something was appended to another log, which is to be written with this batch.</summary>
        /// <param name="companion">The other log.</param>
        /// <param name="octets">What was appended.</param>
        /// <param name="level">When that counts as kept.</param>
        /// <param name="isAwaited">Whether somebody waits for it, beside the waiters.</param>
        public void Beside(IJournalCompanion companion, int octets, CommitLevel level, bool isAwaited) =>
            _journal.AddCompanion(companion, octets, level, isAwaited);

        /// <summary>Gives the lock back.</summary>
        public void Dispose() => _scope.Dispose();
    }

    private StoredMessage Track(JournalLocation location, int payloadOctets, StoredContent content)
    {
        long octets = RecordHeader.RecordOctets(payloadOctets);
        _tail.AddLive(octets);
        return _messages.Add(location, (uint)octets, content);
    }

    private void Untrack(StoredMessage message)
    {
        var entry = _messages[message];
        _messages.Remove(message);
        Drop(entry.Location.Segment, entry.RecordOctets);
        if (!entry.Content.IsNone)
        {
            ReleaseContent(entry.Content);
        }

        if (_updates.Count > 0 && _updates.Remove(message, out var update))
        {
            Drop(update.Location.Segment, 0);
        }
    }

    private void ReleaseContent(StoredContent content)
    {
        var entry = _contents[content];
        if (--entry.References == 0)
        {
            _contents.Remove(content);
            Drop(entry.Location.Segment, entry.RecordOctets);
        }
    }

    /// <summary>A record is no longer needed for its own sake.</summary>
    private void Drop(uint segment, long octets)
    {
        var holder = _segments[segment];
        holder.RemoveLive(octets);
        CheckDead(holder);
    }

    private void Ack(uint queue, ReadOnlySpan<JournalAck> acks, uint group)
    {
        while (!acks.IsEmpty)
        {
            uint segment = _messages[acks[0].Message].Location.Segment;
            int count = 1;
            int ranges = 1;
            while (count < acks.Length && _messages[acks[count].Message].Location.Segment == segment)
            {
                ranges += acks[count].Position == acks[count - 1].Position + 1 ? 0 : 1;
                count++;
            }

            var payload = Reserve(RecordKind.Ack, AckPayload.FixedOctets + (ranges * AckPayload.RangeOctets), group, out _);
            AckPayload.Write(payload, queue, segment, ranges, acks[..count]);
            if (group != 0)
            {
                NoteSettled(_openGroups[group], acks[..count]);
            }

            _tail.HoldUntilGone(segment);
            foreach (ref readonly var ack in acks[..count])
            {
                Untrack(ack.Message);
            }

            acks = acks[count..];
        }
    }

    /// <summary>Should the group never hold, all that its messages lie in must still be there.</summary>
    private void NoteSettled(OpenGroup group, ReadOnlySpan<JournalAck> acks)
    {
        foreach (ref readonly var ack in acks)
        {
            ref var entry = ref _messages[ack.Message];
            group.NoteSettled(entry.Location.Segment);
            if (!entry.Content.IsNone)
            {
                group.NoteSettled(_contents[entry.Content].Location.Segment);
            }

            if (_updates.Count > 0 && _updates.TryGetValue(ack.Message, out var update))
            {
                group.NoteSettled(update.Location.Segment);
            }
        }
    }

    private void Update(uint queue, ulong position, StoredMessage message, ReadOnlySpan<byte> overlay, uint group)
    {
        uint segment = _messages[message].Location.Segment;
        var payload = Reserve(RecordKind.Update, UpdatePayload.FixedOctets + overlay.Length, group, out var location);
        UpdatePayload.Write(payload, queue, position, segment, overlay);
        _tail.HoldUntilGone(segment);

        // The record counts as one without octets: how long it was need not be remembered.
        _tail.AddLive(0);
        if (_updates.Remove(message, out var old))
        {
            if (group != 0)
            {
                // Should the group never hold, what was known before counts.
                _openGroups[group].NoteSettled(old.Location.Segment);
            }

            Drop(old.Location.Segment, 0);
        }

        _updates.Add(message, new UpdateEntry(location, new StoredOverlay(overlay)));
    }

    private void Define(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, uint group)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(name.Length, MaxNameOctets);
        int octets = DefinitionPayload.FixedOctets + name.Length + value.Length;
        var payload = Reserve(RecordKind.Definition, octets, group, out var location);
        DefinitionPayload.Write(payload, kind, name, value);
        long recordOctets = RecordHeader.RecordOctets(octets);
        _tail.AddLive(recordOctets);
        Replace(_definitions.Set(kind, name, new DefinitionEntry(location, recordOctets, IsRemoval: false)));
    }

    private void Remove(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, uint group)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(name.Length, MaxNameOctets);
        int octets = DefinitionPayload.FixedOctets + name.Length + value.Length;
        var payload = Reserve(RecordKind.Removal, octets, group, out var location);
        DefinitionPayload.Write(payload, kind, name, value);
        long recordOctets = RecordHeader.RecordOctets(octets);
        _tail.AddLive(recordOctets);
        Replace(_definitions.Set(kind, name, new DefinitionEntry(location, recordOctets, IsRemoval: true)));
    }

    private void Replace(DefinitionEntry? old)
    {
        if (old is { } entry)
        {
            Drop(entry.Location.Segment, entry.RecordOctets);
        }
    }

    private void EndGroup(uint group)
    {
        _openGroups.Remove(group, out var ended);
        var parts = ended!.Parts;
        GroupEndPayload.Write(Reserve(RecordKind.GroupEnd, parts.Count * GroupEndPayload.EntryOctets, group, out _), parts);
        foreach (var part in parts)
        {
            _tail.HoldUntilGone(part.Segment);
        }

        _freeGroups.Push(ended);
    }

    /// <summary>What the group was done with must still be there when the journal is opened again: those segments stay, and are not copied from.</summary>
    private void AbandonGroup(uint group)
    {
        _openGroups.Remove(group, out var abandoned);
        _brokenGroups.Add(group);
        foreach (uint number in abandoned!.Settled)
        {
            if (_segments.TryGetValue(number, out var segment))
            {
                segment.IsPinned = true;
                segment.MayBeGone = false;
                _dead.RemoveAll(dead => dead.Segment == segment);
            }
        }

        _freeGroups.Push(abandoned);
    }

    private void AddCompanion(IJournalCompanion companion, int octets, CommitLevel level, bool isAwaited)
    {
        ObjectDisposedException.ThrowIf(_isClosing, this);
        if (companion.Batch != _filling.Number)
        {
            companion.Batch = _filling.Number;
            _filling.Companions.Add(companion);
        }

        _filling.Octets += octets;
        _backlogOctets += octets;
        _filling.NeedsSync |= level == CommitLevel.Fsync;
        _filling.IsAwaited |= isAwaited;
        if (isAwaited ? _writerState != WriterState.Awake : _writerState == WriterState.Idle)
        {
            Wake();
        }
    }

    private void AddWaiter(IJournalWaiter waiter, ulong token, CommitLevel level)
    {
        if (_isOver)
        {
            // Not here: the waiter may take locks that the caller holds, or that come before the gate.
            ThreadPool.UnsafeQueueUserWorkItem(static late => late.Waiter.HandleFailed(late.Token, Closed()), new JournalWait(waiter, token), preferLocal: false);
            return;
        }

        ref var ticket = ref waiter.Ticket;
        if (ticket.Batch == _filling.Number)
        {
            _filling.Waiters[ticket.Index] = new JournalWait(waiter, token);
        }
        else
        {
            ticket = new JournalTicket { Batch = _filling.Number, Index = _filling.Waiters.Count };
            _filling.Waiters.Add(new JournalWait(waiter, token));
        }

        _filling.NeedsSync |= level == CommitLevel.Fsync;
        if (_writerState != WriterState.Awake)
        {
            Wake();
        }
    }

    private static ObjectDisposedException Closed() => new(nameof(Journal), "The journal is closed.");
}
