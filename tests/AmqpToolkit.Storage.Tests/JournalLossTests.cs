using System.Text;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Tests;

/// <summary>Losses that come together: of power and of a file, of a sync and of power, of an order in which people put files back. What was confirmed is there, or is missed.</summary>
public sealed class JournalLossTests
{
    private const int Broken = 5;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly JournalOptions Options = new() { SegmentOctets = 16 * 1024, SpareSegments = 0, CompactionSegments = 100, IdleWriteDelay = TimeSpan.FromMilliseconds(1) };

    private readonly SimulatedDisk _disk = new();
    private readonly CommitWaiter _waiter = new();
    private ulong _filler = 1000;

    /// <summary>
    /// A transaction that nobody was told of, over three files of one batch: of the first only the name is left, of the second what goes up to the transaction's end, of the third the header. No later run's marks
    /// make it whole.
    /// </summary>
    [Fact]
    public void Group_ThatLostAPartAndItsMark_StaysGone_AtEveryStart()
    {
        var journal = Journal.Open(_disk.Open(), Options, new RecordingVisitor());
        var confirmed = PublishFirst(journal);
        using var inSync = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        _disk.OnSync = _ =>
        {
            inSync.Set();
            goOn.Wait(Patience);
        };
        using (var append = journal.Append())
        {
            Fill(append, 13);
            uint group = append.BeginGroup();
            append.Message(1, 2, default, new ContentParts("lost"u8), group);
            Fill(append, 13);
            append.Message(1, 3, default, new ContentParts("left"u8), group);
            append.Ack(1, [new JournalAck(1, confirmed)], group);
            append.EndGroup(group);
            Fill(append, 13);
            append.Commit(_waiter, 2, CommitLevel.Fsync);
        }

        Assert.True(inSync.Wait(Patience));
        Assert.Equal(1UL, _waiter.Committed);
        var left = _disk.Kill();
        goOn.Set();
        _disk.OnSync = null;
        journal.Dispose();
        string[] names = [.. left.Names];
        Assert.Equal(4, names.Length);
        left.Put(names[1], []);
        left.Cut(names[2], (EndOfGroup(left.Read(names[2])) + SimulatedDisk.SectorOctets - 1) / SimulatedDisk.SectorOctets * SimulatedDisk.SectorOctets);
        left.Cut(names[3], SegmentHeader.FirstRecordOffset);

        for (int start = 0; start < 3; start++)
        {
            Assert.Equal([1UL], PositionsIn(Recover(left)).Where(static position => position < 1000));
        }
    }

    /// <summary>The last batch that was confirmed has ended files; no mark says that it was on the disk, and the note of the newest file does.</summary>
    [Theory]
    [InlineData(5, 10)]
    [InlineData(5, 30)]
    [InlineData(13, 3)]
    public void File_ThatTheLastConfirmedBatchHasFilled_IsMissed_AtEveryStart(int before, int last)
    {
        var journal = Journal.Open(_disk.Open(), Options, new RecordingVisitor());
        PublishFirst(journal);
        for (int message = 0; message < before; message++)
        {
            PublishMore(journal, 1);
        }

        PublishMore(journal, last);
        var killed = _disk.Kill();
        journal.Dispose();
        Assert.True(killed.Names.Count > 1);

        foreach (string gone in killed.Names.SkipLast(1))
        {
            var damaged = killed.Kill();
            damaged.Remove(gone);
            Assert.Contains(JournalCheck.Run(damaged.Kill().Open(), JournalSample.QueueOf).Damages, damage => damage.File == gone);
            for (int start = 0; start < 3; start++)
            {
                Assert.Contains(Recover(damaged).Damages, damage => damage.File == gone);
            }
        }
    }

    /// <summary>After a sync that has failed the system takes what it could not write for written. The next process builds on none of it before it is on the disk.</summary>
    [Fact]
    public void Sync_ThatFails_ThenAStart_ThenALossOfPower_LoseNothingThatWasConfirmedBefore()
    {
        int failures = 0;
        for (int point = 3; point < 63; point++)
        {
            var disk = new SimulatedDisk();
            var waiter = new CommitWaiter();
            var journal = Journal.Open(disk.Open(), Options with { CompactionSegments = 2 }, new RecordingVisitor());
            PublishFirst(journal, waiter);
            int syncs = 0;
            disk.OnSync = _ =>
            {
                if (Interlocked.Increment(ref syncs) == point)
                {
                    throw new IOException("injected", Broken);
                }
            };
            for (ulong token = 2; token < 60 && !waiter.Failed.IsFaulted; token++)
            {
                using (var append = journal.Append())
                {
                    var message = append.Message(1, token, default, Content(900));
                    append.Ack(1, [new JournalAck(token, message)]);
                    append.Commit(waiter, token, CommitLevel.Fsync);
                }

                waiter.WaitForAnswer(token);
            }

            failures += waiter.Failed.IsFaulted ? 1 : 0;
            var killed = disk.Kill();
            disk.OnSync = null;
            journal.Dispose();

            // What lives where it was copied to need not be copied again soon.
            var again = new CommitWaiter();
            var found = new RecordingVisitor();
            using (var second = Journal.Open(killed.Open(), Options, found))
            {
                Assert.Contains(1UL, PositionsIn(found));
                for (ulong token = 1; token <= 4; token++)
                {
                    using (var append = second.Append())
                    {
                        append.Message(1, 2000 + token, default, Content(5));
                        append.Commit(again, token, CommitLevel.Fsync);
                    }

                    again.Wait(token);
                }

                killed = killed.LosePower(new Random(point));
            }

            Assert.Contains(1UL, PositionsIn(Recover(killed)));
        }

        Assert.True(failures > 20, $"{failures} syncs failed");
    }

    /// <summary>A repair has left the old journal beside; somebody puts a file of it back, whose number this one has no more.</summary>
    [Fact]
    public void File_OfAnotherJournal_IsToldOf_AndHidesNothing()
    {
        var other = new SimulatedDisk();
        JournalSample.Write(Journal.Open(other.Open(), JournalSample.Options, new RecordingVisitor()), new CommitWaiter());
        string stray = other.Names.First();
        Journal.Open(_disk.Open(), Options, new RecordingVisitor()).Dispose();
        using (var journal = Journal.Open(_disk.Open(), Options, new RecordingVisitor()))
        {
            PublishFirst(journal);
        }

        Recover(_disk);
        Assert.DoesNotContain(stray, _disk.Names);
        _disk.Put(stray, other.Read(stray));
        for (int start = 0; start < 3; start++)
        {
            var found = Recover(_disk);
            var damage = Assert.Single(found.Damages);
            Assert.Equal((stray, true), (damage.File, damage.What.Contains("another journal's", StringComparison.Ordinal)));
            Assert.Equal([1UL], PositionsIn(found));
            Assert.Equal(other.Read(stray), _disk.Read(stray));
        }

        _disk.Remove(stray);
        var after = Recover(_disk);
        Assert.Empty(after.Damages);
        Assert.Equal([1UL], PositionsIn(after));
    }

    /// <summary>A backup of the segments is put back, and a spare of a later time stays beside them: with the same numbers its old records would have the right sums.</summary>
    [Fact]
    public void Spare_OfATimeBehindABackup_IsNotWrittenInto()
    {
        var options = Options with { SpareSegments = 4 };
        using (var journal = Journal.Open(_disk.Open(), options, new RecordingVisitor()))
        {
            PublishFirst(journal);
        }

        var backup = _disk.AllNames.Order().ToDictionary(static name => name, _disk.Read);
        SegmentHeader.TryRead(backup[backup.Keys.Last(static name => SegmentName.TryParse(name, out _))], out var last);
        byte[] spare = new byte[options.SegmentOctets];
        new SegmentHeader(SegmentHeader.CurrentVersion, last.Number + 1, last.Journal, (uint)options.SegmentOctets, last.Number).Write(spare);
        _disk.Put(SegmentName.OfSpare(7), spare);
        _disk.Put(SegmentName.OfSpare(8), new byte[options.SegmentOctets]);

        using (Journal.Open(_disk.Open(), options, new RecordingVisitor()))
        {
            Assert.DoesNotContain(SegmentName.OfSpare(7), _disk.Names);
        }
    }

    private StoredMessage PublishFirst(Journal journal) => PublishFirst(journal, _waiter);

    private static StoredMessage PublishFirst(Journal journal, CommitWaiter waiter)
    {
        StoredMessage message;
        using (var append = journal.Append())
        {
            append.Define(RecordingVisitor.QueueKind, "1"u8, "queue"u8);
            message = append.Message(1, 1, default, new ContentParts("confirmed"u8));
            append.Commit(waiter, 1, CommitLevel.Fsync);
        }

        waiter.Wait(1);
        return message;
    }

    private void PublishMore(Journal journal, int count)
    {
        ulong token;
        using (var append = journal.Append())
        {
            Fill(append, count);
            token = _filler;
            append.Commit(_waiter, token, CommitLevel.Fsync);
        }

        _waiter.Wait(token);
    }

    private void Fill(Journal.Appender append, int count)
    {
        for (int message = 0; message < count; message++)
        {
            append.Message(1, _filler++, default, Content(900));
        }
    }

    private static ContentParts Content(int octets) => new(Encoding.UTF8.GetBytes(new string('x', octets)));

    private static IEnumerable<ulong> PositionsIn(RecordingVisitor found) => found.Queues[1].Select(static message => message.Position);

    private static RecordingVisitor Recover(SimulatedDisk disk)
    {
        var found = new RecordingVisitor();
        Journal.Open(disk.Open(), Options, found).Dispose();
        return found;
    }

    private static int EndOfGroup(byte[] octets)
    {
        for (int at = SegmentHeader.FirstRecordOffset; ;)
        {
            var header = RecordHeader.Read(octets.AsSpan(at));
            at += (int)RecordHeader.RecordOctets(header.PayloadOctets);
            if (header.Kind == RecordKind.GroupEnd)
            {
                return at;
            }
        }
    }
}
