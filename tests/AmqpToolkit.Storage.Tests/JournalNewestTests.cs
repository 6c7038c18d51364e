using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Tests;

/// <summary>The last file of a journal, which no other file knows of: it is noted beside them.</summary>
public sealed class JournalNewestTests
{
    private readonly SimulatedDisk _disk = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(int.MaxValue)]
    public void LastFiles_OfAKilledJournal_AreMissedAtEveryStart_UntilARepair(int count)
    {
        var damaged = KilledDisk();
        string[] gone = [.. damaged.Names.Reverse().Take(count)];
        Array.ForEach(gone, damaged.Remove);

        var found = Recover(damaged);
        var damage = Assert.Single(found.Damages);
        Assert.Equal((gone[0], 0L), (damage.File, damage.Offset));
        Assert.Contains("it is not there", damage.What, StringComparison.Ordinal);
        Assert.Equal(gone.Length > 1, damage.What.Contains("nor are those before it", StringComparison.Ordinal));
        Assert.False(found.WasClosed);
        for (int start = 0; start < 3; start++)
        {
            var again = new RecordingVisitor();
            Journal.Open(damaged.Open(), JournalSample.Options, again).Dispose();
            Assert.Equal(gone[0], Assert.Single(again.Damages).File);
            Assert.DoesNotContain(gone[0], damaged.Names);
        }

        var repaired = new SimulatedDisk();
        Assert.Single(JournalRepair.Run(damaged.Open(), repaired.Open(), JournalSample.Options, JournalSample.QueueOf));
        Assert.Empty(Recover(repaired).Damages);
    }

    [Fact]
    public void LastTwoFiles_OfAJournalThatWasClosed_AreMissed()
    {
        Write(_disk).Dispose();
        string[] gone = [.. _disk.Names.Reverse().Take(2)];
        Array.ForEach(gone, _disk.Remove);

        Assert.Equal(gone[1], Assert.Single(Recover(_disk).Damages).File);
    }

    /// <summary>A crash may have come while it was written: nothing depends on it.</summary>
    [Fact]
    public void FileThatEndsARun_IsNotMissed()
    {
        Write(_disk).Dispose();
        _disk.Remove(_disk.Names.Last());

        var found = Recover(_disk);
        Assert.Empty(found.Damages);
        Assert.True(found.WasClosed);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(SegmentHeader.FirstRecordOffset)]
    [InlineData(SegmentHeader.FirstRecordOffset + 20)]
    public void LastFile_OfAKilledJournal_ThatHasNoBatchAnyMore_IsMissedAtEveryStart(int length)
    {
        var damaged = KilledDisk();
        string last = damaged.Names.Last();
        damaged.Cut(last, length);

        for (int start = 0; start < 3; start++)
        {
            var found = new RecordingVisitor();
            Journal.Open(damaged.Open(), JournalSample.Options, found).Dispose();
            Assert.NotEmpty(found.Damages);
            Assert.All(found.Damages, damage => Assert.Equal(last, damage.File));
        }
    }

    [Fact]
    public void Note_DamagedInAnyBit_CutAnywhere_OrGone_IsNoDamage()
    {
        var whole = KilledDisk();
        int length = whole.Read(NewestSegment.FileName).Length;
        for (int at = 0; at < length; at += at % NewestSegment.PlaceOctets > 64 ? 64 : 1)
        {
            var flipped = whole.Kill();
            flipped.Flip(NewestSegment.FileName, at, at % 8);
            var cut = whole.Kill();
            cut.Cut(NewestSegment.FileName, at);

            Assert.Empty(Recover(flipped).Damages);
            Journal.Open(cut.Open(), JournalSample.Options, new RecordingVisitor()).Dispose();
            Assert.Empty(Recover(cut).Damages);
        }

        whole.Remove(NewestSegment.FileName);
        Assert.Empty(Recover(whole).Damages);
    }

    [Fact]
    public void Note_OfAnotherJournal_CountsForNothing()
    {
        Write(_disk).Dispose();
        var other = new SimulatedDisk();
        Journal.Open(other.Open(), JournalSample.Options, new RecordingVisitor()).Dispose();
        other.Put(NewestSegment.FileName, _disk.Read(NewestSegment.FileName));

        Journal.Open(other.Open(), JournalSample.Options, new RecordingVisitor()).Dispose();
        Assert.Empty(Recover(other).Damages);
        Assert.True(NewestSegment.Read(_disk.Open(), null, out _)!.Value.Number > other.Names.Count);
    }

    /// <summary>What an earlier journal has left in one place is not taken for this one's where nobody knows which this is.</summary>
    [Fact]
    public void Note_OfTwoJournals_IsReadForOneThatIsNamed()
    {
        var (one, other) = (Guid.NewGuid(), Guid.NewGuid());
        using var files = _disk.Open();
        using (var file = files.Create(NewestSegment.FileName))
        {
            file.Write(0, new byte[NewestSegment.FileOctets]);
            new NewestSegment(one, 5).Write(file, isSecond: false);
            new NewestSegment(other, 3).Write(file, isSecond: true);
        }

        Assert.Null(NewestSegment.Read(files, null, out _));
        Assert.Equal((new NewestSegment(one, 5), false), (NewestSegment.Read(files, one, out bool isSecond), isSecond));
        Assert.Equal((new NewestSegment(other, 3), true), (NewestSegment.Read(files, other, out isSecond), isSecond));
        Assert.Null(NewestSegment.Read(files, Guid.NewGuid(), out _));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Note_ThatCannotBeWritten_IsGivenUpOnce_AndTheJournalIsWhole(bool isForRights)
    {
        Exception error = isForRights ? new UnauthorizedAccessException("injected") : new IOException("injected");
        var told = new List<Exception>();
        bool fails = false;
        int writes = 0;
        _disk.OnShortWrite = Fail;
        using (var journal = Write(_disk))
        {
            journal.NewestGivenUp = told.Add;
            Assert.Null(journal.NewestFailure);
            var waiter = new CommitWaiter();
            Volatile.Write(ref fails, true);
            for (ulong message = 1; message <= 12; message++)
            {
                using (var append = journal.Append())
                {
                    append.Message(1, 100 + message, default, new ContentParts(new byte[700]));
                    append.Commit(waiter, message, CommitLevel.Fsync);
                }

                waiter.Wait(message);
            }

            Assert.Same(error, journal.NewestFailure);
        }

        Assert.Same(error, Assert.Single(told));
        Assert.Equal(1, writes);
        Assert.Empty(Recover(_disk).Damages);

        (int Octets, Exception Error)? Fail(int octets)
        {
            // Records and headers are multiples of eight: this is the note.
            if (!Volatile.Read(ref fails) || octets % RecordHeader.Alignment == 0)
            {
                return null;
            }

            writes++;
            return (0, error);
        }
    }

    /// <summary>Whatever was noted was there first.</summary>
    [Fact]
    public void PowerLoss_AtWhateverCall_LeavesNothingToMiss()
    {
        int calls = 0;
        int lost = 0;
        for (int point = 1; point <= Math.Max(calls, 1); point++)
        {
            for (int dice = 0; dice < 4; dice++)
            {
                var disk = new SimulatedDisk();
                SimulatedDisk? left = null;
                int number = 0;
                disk.OnWrite = _ => Note();
                disk.OnSync = _ => Note();
                Write(disk).Dispose();
                calls = number;
                lost += left is null ? 0 : 1;

                // What the power left of a batch that nobody was promised may have holes.
                Assert.DoesNotContain(Recover(left ?? disk).Damages, static damage => damage.What.Contains("is not there", StringComparison.Ordinal) || damage is { Offset: <= SegmentHeader.FirstRecordOffset, Octets: 0 });

                void Note()
                {
                    if (Interlocked.Increment(ref number) == point)
                    {
                        left = disk.LosePower(new Random((point * 10) + dice));
                    }
                }
            }
        }

        Assert.True(lost > 20, $"{lost} losses of power in {calls} calls");
    }

    /// <summary>A start that tells of the loss must not be the last to: it may come to nothing.</summary>
    [Fact]
    public void LastFile_IsStillMissed_WherePowerOrProcessEndsTheStartThatMissedIt()
    {
        var damaged = KilledDisk();
        string gone = damaged.Names.Last();
        damaged.Remove(gone);
        int ends = 0;
        for (int point = 1; point <= 40; point++)
        {
            var disk = damaged.Kill();
            SimulatedDisk? killed = null;
            SimulatedDisk? left = null;
            int number = 0;
            disk.OnWrite = _ => Note();
            disk.OnSync = _ => Note();
            Journal.Open(disk.Open(), JournalSample.Options, new RecordingVisitor()).Dispose();
            ends += left is null ? 0 : 1;

            foreach (var one in (SimulatedDisk[])[killed ?? disk, left ?? disk])
            {
                Assert.Contains(Recover(one).Damages, damage => damage.File == gone && damage.What.Contains("it is not there", StringComparison.Ordinal));
                Journal.Open(one.Open(), JournalSample.Options, new RecordingVisitor()).Dispose();
                Assert.Contains(Recover(one).Damages, damage => damage.File == gone && damage.What.Contains("it is not there", StringComparison.Ordinal));
            }

            void Note()
            {
                if (Interlocked.Increment(ref number) == point)
                {
                    killed = disk.Kill();
                    left = disk.LosePower(new Random(point));
                }
            }
        }

        Assert.True(ends > 4, $"{ends} ends");
    }

    /// <summary>Some segments, and the last batch committed.</summary>
    private static Journal Write(SimulatedDisk disk)
    {
        var waiter = new CommitWaiter();
        var journal = Journal.Open(disk.Open(), JournalSample.Options, new RecordingVisitor());
        for (ulong message = 1; message <= 12; message++)
        {
            using (var append = journal.Append())
            {
                if (message == 1)
                {
                    append.Define(RecordingVisitor.QueueKind, "1"u8, default);
                }

                append.Message(1, message, default, new ContentParts(new byte[700]));
                append.Commit(waiter, message, CommitLevel.Fsync);
            }

            waiter.Wait(message);
        }

        return journal;
    }

    private SimulatedDisk KilledDisk()
    {
        using var journal = Write(_disk);
        var killed = _disk.Kill();
        Assert.True(killed.Names.Count > 2);
        return killed;
    }

    private static RecordingVisitor Recover(SimulatedDisk disk)
    {
        var found = new RecordingVisitor();
        using var files = disk.Open();
        new JournalRecovery(files, JournalSample.Options, found) { IsReadOnly = true }.Run();
        return found;
    }
}
