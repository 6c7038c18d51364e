namespace AmqpToolkit.Storage.Journaling;

/// <content>Groups: their records wait for the end, which may have been copied forward behind much that relies on them.</content>
internal sealed partial class JournalRecovery
{
    private readonly Dictionary<uint, List<GroupRecord>> _groups = [];

    /// <summary>Groups whose end came, but not all of their records.</summary>
    private readonly List<IncompleteGroup> _incomplete = [];

    /// <summary>Messages of groups whose end has not come yet, and what the log says of them meanwhile.</summary>
    private readonly Dictionary<(uint Queue, ulong Position), EarlyNews> _early = [];

    /// <summary>Segments that are there and cannot be read.</summary>
    private readonly SegmentTable<string> _headerless = new();

    private void Postpone(JournalLocation location, in RecordHeader header, ReadOnlySpan<byte> payload)
    {
        _state.NextGroup = Math.Max(_state.NextGroup, header.Group + 1);
        if (!_groups.TryGetValue(header.Group, out var records))
        {
            _groups.Add(header.Group, records = []);
        }

        if (PositionOf(header.Kind, payload) is { } position)
        {
            NotePlace(position.Position);
            _early.TryAdd(position, new EarlyNews(location, IsSettled: false, null));
        }

        records.Add(new GroupRecord(location, header.Kind, header.PayloadOctets, WithoutContent(header.Kind, payload).ToArray(), Measure(header.Kind, payload)));
    }

    private static (uint Queue, ulong Position)? PositionOf(RecordKind kind, ReadOnlySpan<byte> payload) => kind switch
    {
        RecordKind.Message when MessagePayload.TryRead(payload, out var message) => (message.Queue, message.Position),
        RecordKind.Enqueue when EnqueuePayload.TryRead(payload, out var enqueue) => (enqueue.Queue, enqueue.Position),
        _ => null,
    };

    private static ReadOnlySpan<byte> WithoutContent(RecordKind kind, ReadOnlySpan<byte> payload) => kind switch
    {
        RecordKind.Message when MessagePayload.TryRead(payload, out var message) => payload[..(MessagePayload.FixedOctets + message.Overlay.Length)],
        RecordKind.Content when payload.Length > sizeof(ulong) => payload[..sizeof(ulong)],
        _ => payload,
    };

    private void EndGroup(JournalLocation location, in RecordHeader header, ReadOnlySpan<byte> payload)
    {
        _state.NextGroup = Math.Max(_state.NextGroup, header.Group + 1);
        if (!GroupEndPayload.TryRead(payload, out var end))
        {
            HandleDamage(location.Offset, RecordHeader.RecordOctets(header.PayloadOctets), "the end of a group that contradicts itself", 0);
        }
        else if (_groups.TryGetValue(header.Group, out var records))
        {
            if (IsWhole(records, end))
            {
                ApplyGroup(header.Group, location.Segment);
            }
            else
            {
                _incomplete.Add(new IncompleteGroup(header.Group, location.Segment));
                KeepIncomplete(location.Segment, end);
            }
        }
    }

    /// <summary>Whether no record is missing. Those of segments that are gone had done their duty.</summary>
    private bool IsWhole(List<GroupRecord> records, in GroupEndPayload end)
    {
        for (int index = 0; index < end.Count; index++)
        {
            uint segment = end[index].Segment;
            bool isThere = _state.Segments.ContainsKey(segment) || _headerless.ContainsKey(segment);
            if (isThere && records.Count(record => record.Location.Segment == segment) != end[index].Records)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The segment that lacks a record must not go before the end: the end would look as if nothing were missing.</summary>
    private void KeepIncomplete(uint endSegment, in GroupEndPayload end)
    {
        for (int index = 0; index < end.Count; index++)
        {
            if (end[index].Segment != endSegment && _state.Segments.TryGetValue(end[index].Segment, out var segment))
            {
                segment.FollowOriginal(endSegment);
            }
        }
    }

    /// <summary>
    /// A group that was on the disk and lacks a record has been damaged since: the rest of it holds. One that may never have been there
    /// as a whole does not.
    /// </summary>
    private void HandleMark(in MarkPayload mark)
    {
        for (int index = 0; index < _incomplete.Count; index++)
        {
            var group = _incomplete[index];
            if (group.Batch == 0 && mark.Run > group.EndSegment)
            {
                // A later run's mark: those of its own batch are lost, so that nobody was told of it.
                _incomplete.RemoveAt(index--);
            }
            else if (group.Batch == 0)
            {
                _incomplete[index] = group with { Batch = mark.Batch, Run = mark.Run };
            }
            else if (group.Run == mark.Run && group.Batch <= mark.SyncedBatch)
            {
                ApplyGroup(group.Number, group.EndSegment);
                _incomplete.RemoveAt(index--);
            }
        }
    }

    private void NoteBrokenGroups()
    {
        foreach (var (group, _) in _groups)
        {
            _state.BrokenGroups.Add(group);
        }

        _groups.Clear();
        _early.Clear();
    }

    private void ApplyGroup(uint group, uint endSegment)
    {
        if (!_groups.Remove(group, out var records))
        {
            return;
        }

        foreach (var record in records)
        {
            if (!TryApply(record.Location, record.Kind, record.PayloadOctets, record.Payload, record.Measure))
            {
                HandleDamage(record.Location.Offset, RecordHeader.RecordOctets(record.PayloadOctets), $"a record of kind {record.Kind} that contradicts itself", 0);
            }

            _state.Segments[endSegment].HoldUntilGone(record.Location.Segment);
        }
    }

    /// <summary>What is known of a message beforehand when its record is applied.</summary>
    private EarlyNews TakeNews(JournalLocation location, uint queue, ulong position)
    {
        if (_early.Count == 0 || !_early.TryGetValue((queue, position), out var news))
        {
            return default;
        }

        if (news.Location == location)
        {
            _early.Remove((queue, position));
            return news;
        }

        // A copy, before the end of the group that the original belongs to: it has all updates in it, and goes after the original.
        FollowOriginal(location, news.Location.Segment);
        _early[(queue, position)] = news with { IsSettled = true };
        return default;
    }

    private void NoteEarlyAck(JournalLocation location, uint queue, ulong position)
    {
        if (_early.Count > 0 && _early.TryGetValue((queue, position), out var news))
        {
            HoldIfThere(location, news.Location.Segment);
            _early[(queue, position)] = news with { IsSettled = true };
        }
    }

    private void NoteEarlyUpdate(JournalLocation location, in UpdatePayload update)
    {
        if (_early.Count > 0 && _early.TryGetValue((update.Queue, update.Position), out var news) && !news.IsSettled
            && (news.Update is not { } known || known.Location.CompareTo(location) < 0))
        {
            HoldIfThere(location, news.Location.Segment);
            _early[(update.Queue, update.Position)] = news with { Update = new UpdateEntry(location, new StoredOverlay(update.Overlay)) };
        }
    }

    /// <summary>What the log says of a message before it says that the message holds.</summary>
    /// <param name="Location">The message's record.</param>
    /// <param name="IsSettled">Whether the record is no longer needed: acknowledged, or copied.</param>
    /// <param name="Update">What its queue knows of it last.</param>
    private readonly record struct EarlyNews(JournalLocation Location, bool IsSettled, UpdateEntry? Update);

    /// <summary>A record that holds when its group ends.</summary>
    private readonly record struct GroupRecord(JournalLocation Location, RecordKind Kind, int PayloadOctets, byte[] Payload, int Measure);

    /// <summary>A group that has its end, but not all of its records.</summary>
    /// <param name="Number">The group.</param>
    /// <param name="EndSegment">Where its end stands.</param>
    private readonly record struct IncompleteGroup(uint Number, uint EndSegment)
    {
        /// <summary>The batch of the end; 0 until a mark has told.</summary>
        public ulong Batch { get; init; }

        /// <summary>The run of the end.</summary>
        public uint Run { get; init; }
    }
}
