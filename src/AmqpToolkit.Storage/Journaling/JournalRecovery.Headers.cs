using System.Globalization;
using AmqpToolkit.Storage.Files;

namespace AmqpToolkit.Storage.Journaling;

/// <content>Which files there are, and what they say of themselves.</content>
internal sealed partial class JournalRecovery
{
    /// <summary>Octets that are looked at for the first record of a segment without a header.</summary>
    private const int LookAheadOctets = 1024 * 1024;

    private SegmentTable<SegmentHeader> ReadHeaders()
    {
        var names = new SegmentTable<string>();
        var spares = new List<string>();
        foreach (string name in files.List())
        {
            if (SegmentName.TryParse(name, out uint number))
            {
                names.Add(number, name);
            }
            else if (!IsReadOnly && SegmentName.TryParseSpare(name, out uint spare))
            {
                _state.NextSpare = Math.Max(_state.NextSpare, spare);
                spares.Add(name);
            }
        }

        var headers = new SegmentTable<SegmentHeader>();
        foreach (uint number in names.Numbers)
        {
            _state.NextSegment = number + 1;
            if (ReadHeader(number) is { } header)
            {
                headers.Add(number, header);
                _state.Version = Math.Max(_state.Version, header.Version);
            }
            else
            {
                _headerless.Add(number, names[number]);
            }
        }

        Guid? journal = FindJournal(headers.Values);
        var newest = FindNewest(journal, names.Numbers);
        journal ??= newest?.Journal;
        _isKnown = journal is not null;
        _state.Id = journal ?? Guid.NewGuid();
        LeaveForeign(headers, names);
        spares.ForEach(KeepSpare);
        return headers;
    }

    /// <summary>Which journal most files are of: somebody may have put one of another back. Of as many that which the newest file is noted of, else the one that was there first.</summary>
    private Guid? FindJournal(ReadOnlySpan<SegmentHeader> headers)
    {
        Guid? likely = null;
        int most = 0;
        foreach (ref readonly var one in headers)
        {
            int count = 0;
            foreach (ref readonly var other in headers)
            {
                count += other.Journal == one.Journal ? 1 : 0;
            }

            if (count == headers.Length)
            {
                return one.Journal;
            }

            if (count > most || (count == most && one.Journal != likely && IsNoted(one.Journal)))
            {
                (likely, most) = (one.Journal, count);
            }
        }

        return likely;
    }

    private bool IsNoted(Guid journal)
    {
        try
        {
            return NewestSegment.Read(files, journal, out _) is not null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Files of another journal stay where they are, and count for nothing: their records' sums are reckoned from another start.</summary>
    private void LeaveForeign(SegmentTable<SegmentHeader> headers, SegmentTable<string> names)
    {
        foreach (uint number in names.Numbers)
        {
            if (headers.TryGetValue(number, out var header) && header.Journal != _state.Id)
            {
                headers.Remove(number);
                _headerless.Add(number, names[number]);
                _foreign.Add(number);
            }
        }
    }

    /// <summary>Files of another journal.</summary>
    private readonly HashSet<uint> _foreign = [];

    /// <summary>Whether anything says which journal it is.</summary>
    private bool _isKnown;

    private SegmentHeader? ReadHeader(uint number)
    {
        using var file = files.Open(SegmentName.Of(number));
        var octets = new byte[SegmentHeader.FirstRecordOffset];
        int count = file.Read(0, octets);
        if (!SegmentHeader.TryReadEither(octets.AsSpan(0, count), out var header, out bool isFirstWhole))
        {
            return null;
        }

        if (header.Version is < SegmentHeader.OldestVersion or > SegmentHeader.CurrentVersion)
        {
            throw new JournalVersionException(string.Create(CultureInfo.InvariantCulture,
                $"The journal in '{files.Folder}' has version {header.Version}; this program knows versions {SegmentHeader.OldestVersion} to {SegmentHeader.CurrentVersion}."));
        }

        if (!isFirstWhole)
        {
            visitor.VisitDamage(new JournalDamage(SegmentName.Of(number), 0, SegmentHeader.Octets, "nothing is lost: the header stands there twice"));
        }
        else if (FindHeaderDamage(octets.AsSpan(0, count), header) is { } damage)
        {
            visitor.VisitDamage(new JournalDamage(SegmentName.Of(number), damage, 1, "nothing is lost: the header stands there twice"));
        }

        return header.Number == number ? header : null;
    }

    /// <summary>The first octet before the records that is not what was written.</summary>
    private static int? FindHeaderDamage(ReadOnlySpan<byte> octets, in SegmentHeader header)
    {
        Span<byte> expected = stackalloc byte[SegmentHeader.FirstRecordOffset];
        expected.Clear();
        header.Write(expected);
        header.Write(expected[SegmentHeader.CopyOffset..]);
        int same = octets.CommonPrefixLength(expected);
        return same < octets.Length ? same : null;
    }

    /// <summary>
    /// The file of the last segment may lack its header because that never reached the disk, and then nothing else of it counts. Where
    /// records follow, or other segments, somebody has damaged it.
    /// </summary>
    private void HandleHeaderless(uint number, int knownEnd)
    {
        string name = SegmentName.Of(number);
        if (_foreign.Contains(number))
        {
            // Where this journal had one of that number it is missed by what the list says.
            visitor.VisitDamage(new JournalDamage(name, 0, LengthOf(name), "all records of the file: it is another journal's"));
            _mayLackDefinitions |= knownEnd > 0;
            _toldHeaderless = number == _newest ? number : _toldHeaderless;
        }
        else if (number != _newestFile || number <= _newest || HasRecords(number))
        {
            _mayLackDefinitions = true;
            _toldHeaderless = Math.Max(_toldHeaderless, number);
            visitor.VisitDamage(new JournalDamage(name, 0, knownEnd > 0 ? knownEnd : LengthOf(name), "all records of the file: it has no header"));
        }
        else if (!IsReadOnly && _state.NewestFailure is null)
        {
            files.Delete(name);
        }
    }

    private long LengthOf(string name)
    {
        using var file = files.Open(name);
        return file.Length;
    }

    private bool HasRecords(uint number)
    {
        using var file = files.Open(SegmentName.Of(number));
        var octets = new byte[(int)Math.Clamp(file.Length - SegmentHeader.FirstRecordOffset, 0, LookAheadOctets)];
        if (octets.Length < RecordHeader.Octets)
        {
            return false;
        }

        file.Read(SegmentHeader.FirstRecordOffset, octets);
        if (!_isKnown)
        {
            // Nobody can tell whose they are.
            return octets.AsSpan().ContainsAnyExcept((byte)0);
        }

        var header = RecordHeader.Read(octets);
        return header.IsPlausible(octets.Length)
            && header.Matches(octets.AsSpan(0, (int)RecordHeader.RecordOctets(header.PayloadOctets)), SegmentHeader.SeedOf(_state.Id, number));
    }

    /// <summary>Whether records in a spare could be taken for those of a segment that is still to come: an older state of the folder was put back beside it.</summary>
    private bool IsOfLater(IStoreFile spare)
    {
        var octets = new byte[SegmentHeader.FirstRecordOffset];
        int count = spare.Read(0, octets);
        return SegmentHeader.TryReadEither(octets.AsSpan(0, count), out var header, out _) && header.Journal == _state.Id && header.Number >= _state.NextSegment;
    }

    private void KeepSpare(string name)
    {
        using (var file = files.Open(name))
        {
            if (file.Length == options.SegmentOctets && _state.Spares.Count < options.SpareSegments && !IsOfLater(file))
            {
                _state.Spares.Add(name);
                return;
            }
        }

        files.Delete(name);
    }
}
