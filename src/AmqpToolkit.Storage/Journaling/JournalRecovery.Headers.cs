using System.Globalization;

namespace AmqpToolkit.Storage.Journaling;

/// <content>Which files there are, and what they say of themselves.</content>
internal sealed partial class JournalRecovery
{
    /// <summary>Octets that are looked at for the first record of a segment without a header.</summary>
    private const int LookAheadOctets = 1024 * 1024;

    private SortedDictionary<uint, SegmentHeader> ReadHeaders()
    {
        var numbers = new List<uint>();
        foreach (string name in files.List())
        {
            if (SegmentName.TryParse(name, out uint number))
            {
                numbers.Add(number);
            }
            else if (!IsReadOnly && SegmentName.TryParseSpare(name, out uint spare))
            {
                _state.NextSpare = Math.Max(_state.NextSpare, spare);
                KeepSpare(name);
            }
        }

        numbers.Sort();
        var headers = new SortedDictionary<uint, SegmentHeader>();
        foreach (uint number in numbers)
        {
            _state.NextSegment = number + 1;
            if (ReadHeader(number) is { } header)
            {
                headers.Add(number, header);
                _state.Version = Math.Max(_state.Version, header.Version);
            }
            else
            {
                _headerless.Add(number);
            }
        }

        Guid? journal = headers.Count > 0 ? headers.First().Value.Journal : null;
        var newest = FindNewest(journal, numbers);
        journal ??= newest?.Journal;
        _isKnown = journal is not null;
        _state.Id = journal ?? Guid.NewGuid();
        return headers;
    }

    /// <summary>Whether anything says which journal it is.</summary>
    private bool _isKnown;

    private SegmentHeader? ReadHeader(uint number)
    {
        using var file = files.Open(SegmentName.Of(number));
        var octets = new byte[SegmentHeader.FirstRecordOffset];
        int count = file.Read(0, octets);
        bool isFirstWhole = SegmentHeader.TryRead(octets.AsSpan(0, count), out var header);
        if (!isFirstWhole && (count <= SegmentHeader.CopyOffset || !SegmentHeader.TryRead(octets.AsSpan(SegmentHeader.CopyOffset..count), out header)))
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
            visitor.VisitDamage(new JournalDamage(SegmentName.Of(number), 0, SegmentHeader.Octets, "nothing: the header stands there twice"));
        }
        else if (FindHeaderDamage(octets.AsSpan(0, count), header) is { } damage)
        {
            visitor.VisitDamage(new JournalDamage(SegmentName.Of(number), damage, 1, "nothing: the header stands there twice"));
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
        if (number != _newestFile || number <= _newest || HasRecords(number))
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

    private void KeepSpare(string name)
    {
        using (var file = files.Open(name))
        {
            if (file.Length == options.SegmentOctets && _state.Spares.Count < options.SpareSegments)
            {
                _state.Spares.Add(name);
                return;
            }
        }

        files.Delete(name);
    }
}
