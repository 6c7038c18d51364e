using AmqpToolkit.Storage.Files;

namespace AmqpToolkit.Storage.Journaling;

/// <summary>
/// One file of the journal, and what is known of its worth. Everything but <see cref="File"/> changes under the journal's gate.
/// </summary>
internal sealed class JournalSegment(uint number, int capacityOctets, uint seed, uint continues)
{
    private static readonly HashSet<uint> s_none = [];

    private HashSet<uint>? _holds;
    private HashSet<uint>? _originals;
    private uint _lastHold;
    private int _writtenOffset;

    public uint Number { get; } = number;

    /// <summary>Octets that the segment may take.</summary>
    public int CapacityOctets { get; } = capacityOctets;

    /// <summary>From where the sums of its records start.</summary>
    public uint Seed { get; } = seed;

    /// <summary>The segment that was full before this one began, or 0.</summary>
    public uint Continues { get; } = continues;

    /// <summary>Whether an earlier run wrote it.</summary>
    public bool IsRecovered { get; init; }

    /// <summary>The open file; null until the writer has come so far. Set by the writer's thread.</summary>
    public IStoreFile? File { get; set; }

    /// <summary>Whether there are writes that no sync has covered. The writer's thread alone.</summary>
    public bool IsDirty { get; set; }

    /// <summary>Where the next record would go.</summary>
    public int EndOffset { get; set; } = SegmentHeader.FirstRecordOffset;

    /// <summary>Where its records ended when an earlier run looked; more than there is if somebody has cut it since.</summary>
    public int LeastEndOffset { get; set; }

    /// <summary>Where its records end, the lost ones included.</summary>
    public int KnownEndOffset => Math.Max(EndOffset, LeastEndOffset);

    /// <summary>The batch that has its last record; 0 in a segment of an earlier run, which is on the disk.</summary>
    public ulong SealBatch { get; set; }

    /// <summary>Whether the log says that the file may be missing.</summary>
    public bool MayBeGone { get; set; }

    /// <summary>Up to where the file has what was appended. Set by the writer's thread.</summary>
    public int WrittenOffset
    {
        get => Volatile.Read(ref _writtenOffset);
        set => Volatile.Write(ref _writtenOffset, value);
    }

    /// <summary>Reads on their way, until which the file must stay what it is.</summary>
    public int Readers { get; set; }

    /// <summary>Whether nothing more is appended.</summary>
    public bool IsSealed { get; set; }

    /// <summary>Records that somebody needs.</summary>
    public int LiveRecords { get; private set; }

    /// <summary>Octets of these.</summary>
    public long LiveOctets { get; private set; }

    /// <summary>The segment that has to be begun before this one is copied: after a copy that failed.</summary>
    public uint CopyAfter { get; set; }

    /// <summary>Whether its records were copied forward, or are being.</summary>
    public bool IsCopied { get; set; }

    /// <summary>
    /// Whether it has messages that are gone from memory but not from the log, or lacks something: it stays as it is until the journal is opened again, or for as long as
    /// that is missing.
    /// </summary>
    public bool IsPinned { get; set; }

    /// <summary>Whether no record is needed for its own sake, and none for that of another segment.</summary>
    public bool IsDead => IsSealed && !IsPinned && LiveRecords == 0 && Holds.Count == 0 && _originals is null or { Count: 0 };

    /// <summary>Whether copying forward would free anything: copies alone wait for their originals.</summary>
    public bool IsWorthCopying => LiveRecords > 0 || Holds.Count > 0;

    /// <summary>Other segments that must go before this one, because it says something about their records.</summary>
    public IReadOnlySet<uint> Holds => _holds ?? s_none;

    public void AddLive(long octets)
    {
        LiveRecords++;
        LiveOctets += octets;
    }

    public void RemoveLive(long octets)
    {
        LiveRecords--;
        LiveOctets -= octets;
    }

    /// <summary>Notes that this segment says something about one in <paramref name="other"/>: it must not go before that.</summary>
    public void HoldUntilGone(uint other)
    {
        if (other != Number && other != _lastHold)
        {
            _lastHold = other;
            (_holds ??= []).Add(other);
        }
    }

    /// <summary>
    /// Notes that records here are copies of some in <paramref name="other"/>: once these are gone, what says that the queue is done with
    /// them may go, too, and the originals would hold again.
    /// </summary>
    public void FollowOriginal(uint other) => (_originals ??= []).Add(other);

    /// <summary>Another segment is gone.</summary>
    public void ReleaseHold(uint other)
    {
        if (_lastHold == other)
        {
            _lastHold = 0;
        }

        _holds?.Remove(other);
        _originals?.Remove(other);
    }

    /// <summary>All that mattered for others has been said again elsewhere.</summary>
    public void ClearHolds() => _holds = null;
}
