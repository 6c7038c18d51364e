using System.Text;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Tests;

/// <summary>A disk that is full, that fails at any call, or writes a part of what it is given: what was confirmed is there, and nothing more is confirmed than that.</summary>
public sealed class JournalFaultTests
{
    private const int Broken = 5;

    private readonly SimulatedDisk _disk = new();
    private readonly CommitWaiter _waiter = new();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Open_OnAFullDisk_TakesTheRoomOfSpares_AndElseRefuses(int spares)
    {
        var options = new JournalOptions { SegmentOctets = 64 * 1024, SpareSegments = 2 };
        using (var first = Journal.Open(_disk.Open(), options, new RecordingVisitor()))
        {
            using var append = first.Append();
            Queue(append, 1);
            append.Message(1, 1, default, Content("kept"));
        }

        foreach (string spare in _disk.Names.Where(static name => name.StartsWith("spare-", StringComparison.Ordinal)))
        {
            _disk.Remove(spare);
        }

        for (int number = 1; number <= spares; number++)
        {
            _disk.Put(SegmentName.OfSpare((uint)number), new byte[options.SegmentOctets]);
        }

        // Of two both have to go.
        _disk.OnWrite = _ =>
        {
            if (spares == 0 || _disk.Names.Any(static name => name.StartsWith("spare-", StringComparison.Ordinal)))
            {
                throw new IOException("injected", DiskErrors.NoSpace);
            }
        };
        var found = new RecordingVisitor();
        if (spares == 0)
        {
            Assert.Equal(DiskErrors.NoSpace, Assert.Throws<IOException>(() => Journal.Open(_disk.Open(), options, found)).HResult);
            _disk.OnWrite = null;
            found = new RecordingVisitor();
        }

        Journal.Open(_disk.Open(), options, found).Dispose();
        Assert.Equal("kept", Assert.Single(found.Queues[1]).Content);
    }

    [Fact]
    public void Write_ToAFullDisk_WaitsForRoom()
    {
        bool isFull = false;
        _disk.OnWrite = _ => { if (Volatile.Read(ref isFull)) { throw new IOException("injected", DiskErrors.NoSpace); } };
        using var journal = Journal.Open(_disk.Open(), JournalSample.Options, new RecordingVisitor());
        var told = new List<bool>();
        journal.FullChanged = told.Add;
        Volatile.Write(ref isFull, true);
        using (var append = journal.Append())
        {
            Queue(append, 1);
            append.Commit(_waiter, 1, CommitLevel.Fsync);
        }

        Assert.True(SpinWait.SpinUntil(() => journal.IsFull, TimeSpan.FromSeconds(60)));
        Assert.True(journal.IsSaturated);
        Assert.Equal(0UL, _waiter.Committed);

        Volatile.Write(ref isFull, false);

        _waiter.Wait(1);
        Assert.False(journal.IsFull);
        Assert.Equal([true, false], told);
        Assert.Null(journal.Failure);
    }

    /// <summary>The first batch is committed; of the second, which a full disk takes in part or which is the last that a broken one took, any octets are there.</summary>
    [Fact]
    public void Write_TornAtEachOctetOfItsRecords_LosesNothingBefore_AndIsNoDamage()
    {
        int torn = 0;
        for (int octets = 0; ; octets++)
        {
            var disk = new SimulatedDisk();
            var waiter = new CommitWaiter();
            var journal = Journal.Open(disk.Open(), JournalSample.Options, new RecordingVisitor());
            Publish(journal, waiter, 1, declares: true);
            waiter.Wait(1);
            bool isTorn = false;
            disk.OnShortWrite = length =>
            {
                isTorn |= octets < length;
                return octets < length ? (octets, new IOException("injected", Broken)) : null;
            };
            Publish(journal, waiter, 2);
            waiter.WaitForAnswer(2);
            bool isConfirmed = waiter.Committed == 2;
            disk.OnShortWrite = null;
            var left = disk.Kill();
            journal.Dispose();
            Assert.Equal(!isTorn, isConfirmed);
            if (!isTorn)
            {
                break;
            }

            torn++;
            for (int life = 0; life < 2; life++)
            {
                var found = new RecordingVisitor();
                var again = Journal.Open(left.Open(), JournalSample.Options, found);
                Assert.Empty(found.Damages);
                Assert.Equal(life == 0 ? ["message 1"] : ["message 1", "message 3"], found.Queues[1].Select(static message => message.Content));
                Publish(again, waiter = new CommitWaiter(), (ulong)life + 3);
                waiter.Wait((ulong)life + 3);
                again.Dispose();
            }
        }

        Assert.True(torn > 80, $"{torn} octets");
    }

    [Theory]
    [InlineData(true, Broken)]
    [InlineData(true, DiskErrors.NoSpace)]
    [InlineData(false, Broken)]
    public void Call_ThatFails_WhicheverItIs_ConfirmsNothingThatIsNotThere(bool isWrite, int error)
    {
        int failures = 0;
        for (int point = 1; ; point++)
        {
            var disk = new SimulatedDisk();
            int calls = 0;
            bool hasFailed = false;
            void Count()
            {
                hasFailed |= ++calls == point;
                if (calls == point || (hasFailed && error == Broken))
                {
                    throw new IOException("injected", error);
                }
            }

            if (isWrite)
            {
                disk.OnWrite = _ => Count();
            }
            else
            {
                disk.OnSync = _ => Count();
            }

            var waiter = new CommitWaiter();
            Journal? journal = null;
            try
            {
                journal = Journal.Open(disk.Open(), JournalSample.Options, new RecordingVisitor());
                for (ulong message = 1; message <= 8; message++)
                {
                    Publish(journal, waiter, message, declares: message == 1);
                    waiter.WaitForAnswer(message);
                }
            }
            catch (IOException)
            {
                Assert.Null(journal);
            }

            ulong confirmed = waiter.Committed;
            var left = disk.Kill();
            disk.OnWrite = disk.OnSync = null;
            journal?.Dispose();

            // A disk that was full goes on where it was. What the system has dropped cannot be asked for again, but the note of the newest file may be left out.
            Assert.True(confirmed == 8 || (error == Broken && hasFailed) || journal is null, $"call {point}: {confirmed} confirmed");
            var found = new RecordingVisitor();
            Journal.Open(left.Open(), JournalSample.Options, found).Dispose();
            Assert.Empty(found.Damages);
            var there = found.Queues.TryGetValue(1, out var messages) ? messages.ConvertAll(static message => message.Content) : [];
            Assert.Equal(Enumerable.Range(1, there.Count).Select(static number => $"message {number}"), there);
            Assert.True((ulong)there.Count >= confirmed, $"call {point}: {confirmed} confirmed, {there.Count} there");
            if (!hasFailed)
            {
                break;
            }

            failures++;
        }

        Assert.True(failures > 8, $"{failures} calls failed");
    }

    /// <summary>
    /// A file that a crash left with a part of its header, or of its first batch, holds nothing. It goes in the next run, and a kill on the way there, also one between the record
    /// that lets it go and its going, is no damage.
    /// </summary>
    [Theory]
    [InlineData(SegmentHeader.Octets)]
    [InlineData(364)]
    [InlineData(SegmentHeader.FirstRecordOffset)]
    [InlineData(SegmentHeader.FirstRecordOffset + 20)]
    public void File_ThatCameToNoBatch_IsNeverMissed_WheneverTheNextRunIsKilled(int octets)
    {
        var options = new JournalOptions { SegmentOctets = SegmentHeader.FirstRecordOffset + 512, SpareSegments = 0, CompactionSegments = 100, IdleWriteDelay = TimeSpan.FromMilliseconds(1) };
        for (int sync = 1; sync <= 6; sync++)
        {
            var left = DiskWithABegunFile(options, octets, out string begun);
            var killed = new List<SimulatedDisk>();
            ulong next = 100;
            int syncs = 0;
            using (var journal = Journal.Open(left.Open(), options, new RecordingVisitor()))
            {
                left.OnSync = _ =>
                {
                    if (++syncs == sync)
                    {
                        WriteBehind(journal, left, ref next);
                    }

                    killed.Add(left.Kill());
                };
                for (int message = 0; message < 6; message++)
                {
                    var waiter = new CommitWaiter();
                    ulong token;
                    using (var append = journal.Append())
                    {
                        token = Interlocked.Increment(ref next);
                        append.Message(1, token, default, Content("later"));
                        append.Commit(waiter, token, CommitLevel.Fsync);
                    }

                    waiter.Wait(token);
                }
            }

            Assert.DoesNotContain(begun, left.Names);
            Assert.True(syncs > sync);
            foreach (var disk in killed)
            {
                var found = new RecordingVisitor();
                Journal.Open(disk.Open(), options, found).Dispose();
                Assert.Empty(found.Damages);
                Assert.Equal("message 1", found.Queues[1][0].Content);
            }
        }
    }

    /// <summary>A journal that was killed when it began another file.</summary>
    private static SimulatedDisk DiskWithABegunFile(JournalOptions options, int octets, out string begun)
    {
        var disk = new SimulatedDisk();
        var waiter = new CommitWaiter();
        using var journal = Journal.Open(disk.Open(), options, new RecordingVisitor());
        Publish(journal, waiter, 1, declares: true);
        waiter.Wait(1);
        var left = disk.Kill();
        SegmentHeader.TryRead(left.Read(left.Names.Last()), out var last);
        begun = SegmentName.Of(last.Number + 1);
        byte[] file = new byte[octets];
        byte[] header = new byte[SegmentHeader.FirstRecordOffset];
        var fields = new SegmentHeader(SegmentHeader.CurrentVersion, last.Number + 1, last.Journal, (uint)options.SegmentOctets, 0);
        fields.Write(header);
        fields.Write(header.AsSpan(SegmentHeader.CopyOffset));
        header.AsSpan(0, Math.Min(octets, header.Length)).CopyTo(file);
        file.AsSpan(Math.Min(octets, header.Length)).Fill(0x5A);
        left.Put(begun, file);
        return left;
    }

    /// <summary>While a sync runs others publish so much that two more files are begun.</summary>
    private static void WriteBehind(Journal journal, SimulatedDisk disk, ref ulong next)
    {
        int files = disk.Names.Count;
        using (var append = journal.Append())
        {
            for (int message = 0; message < 24; message++)
            {
                ulong place = Interlocked.Increment(ref next);
                append.Message(1, place, default, Content("behind"));
            }
        }

        Assert.True(SpinWait.SpinUntil(() => disk.Names.Count >= files + 2, TimeSpan.FromSeconds(60)));
    }

    private static void Publish(Journal journal, CommitWaiter waiter, ulong message, bool declares = false)
    {
        using var append = journal.Append();
        if (declares)
        {
            Queue(append, 1);
        }

        append.Message(1, message, default, Content($"message {message}"));
        append.Commit(waiter, message, CommitLevel.Fsync);
    }

    private static void Queue(Journal.Appender append, uint queue) => append.Define(RecordingVisitor.QueueKind, Encoding.UTF8.GetBytes($"{queue}"), default);

    private static ContentParts Content(string text) => new(Encoding.UTF8.GetBytes(text));
}
