using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Tests;

/// <summary>Files of a journal that are cut or taken away while nobody has it open.</summary>
public sealed class JournalInventoryTests
{
    private readonly SimulatedDisk _whole = new();

    /// <summary>Three runs, closed in order, in several segments each: the last file of each has nothing but what it says of the others.</summary>
    public JournalInventoryTests()
    {
        for (uint run = 1; run <= 3; run++)
        {
            var waiter = new CommitWaiter();
            using var journal = Journal.Open(_whole.Open(), JournalSample.Options, new RecordingVisitor());
            for (ulong message = 1; message <= 5; message++)
            {
                using (var append = journal.Append())
                {
                    if (run == 1 && message == 1)
                    {
                        append.Define(RecordingVisitor.QueueKind, "1"u8, default);
                    }

                    append.Message(1, (run * 10) + message, default, new ContentParts(new byte[(int)(run * 300)]));
                    append.Commit(waiter, message, CommitLevel.Fsync);
                }

                waiter.Wait(message);
            }
        }
    }

    private string Last => _whole.Names.Last();

    [Fact]
    public void Open_OfAWholeJournal_MissesNothing()
    {
        var found = Recover(_whole);

        Assert.Empty(found.Damages);
        Assert.True(found.WasClosed);
        Assert.Equal(15, found.Queues[1].Count);
        Assert.True(_whole.Names.Count > 4);
    }

    [Fact]
    public void Open_OfASegmentCutBehindAnyRecord_TellsWhere_AndKeepsWhatIsBefore()
    {
        foreach (string name in _whole.Names.Where(name => name != Last))
        {
            foreach (int end in EndsOfRecords(_whole.Read(name)).SkipLast(1))
            {
                var cut = _whole.Kill();
                cut.Cut(name, end);

                var found = Recover(cut);

                var damage = Assert.Single(found.Damages);
                Assert.Equal((name, (long)end), (damage.File, damage.Offset));
                Assert.Contains("missing", damage.What, StringComparison.Ordinal);
                int before = Messages(_whole.Read(name).AsSpan(0, end));
                int all = Messages(_whole.Read(name));
                Assert.True(found.Queues.Count == 0 || found.Queues[1].Count == 15 - all + before, $"{name} cut at {end}");
            }
        }
    }

    [Fact]
    public void Open_OfASegmentThatIsGone_TellsWhich()
    {
        foreach (string name in _whole.Names.Where(name => name != Last))
        {
            var left = Without(name);

            var damage = Assert.Single(Recover(left).Damages);

            Assert.Equal((name, 0L), (damage.File, damage.Offset));
            Assert.Contains("is not there", damage.What, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WhatIsLost_IsMissedAtEveryStart_UntilARepair(bool isCut)
    {
        string name = _whole.Names.ElementAt(2);
        var damaged = isCut ? _whole.Kill() : Without(name);
        if (isCut)
        {
            damaged.Cut(name, EndsOfRecords(_whole.Read(name)).First());
        }

        string said = Assert.Single(Recover(damaged).Damages).ToString();
        for (int start = 0; start < 3; start++)
        {
            var found = new RecordingVisitor();
            Journal.Open(damaged.Open(), JournalSample.Options, found).Dispose();
            Assert.Equal(said, Assert.Single(found.Damages).ToString());
        }

        var repaired = new SimulatedDisk();
        Assert.Equal(said, Assert.Single(JournalRepair.Run(damaged.Open(), repaired.Open(), JournalSample.Options, JournalSample.QueueOf)).ToString());
        Assert.Empty(Recover(repaired).Damages);
    }

    /// <summary>What is settled meanwhile may be forgotten together with the file.</summary>
    [Fact]
    public void Segment_ThatWasMissed_AndIsPutBack_IsLeftAside()
    {
        string name = _whole.Names.ElementAt(2);
        var disk = Without(name);
        var found = new RecordingVisitor();
        Journal.Open(disk.Open(), JournalSample.Options, found).Dispose();
        disk.Put(name, _whole.Read(name));

        for (int start = 0; start < 2; start++)
        {
            var again = new RecordingVisitor();
            Journal.Open(disk.Open(), JournalSample.Options, again).Dispose();
            var damage = Assert.Single(again.Damages);
            Assert.Equal(name, damage.File);
            Assert.Contains("left aside", damage.What, StringComparison.Ordinal);
            Assert.Equal(found.Queues[1].Select(message => message.Position), again.Queues[1].Select(message => message.Position));
        }
    }

    [Fact]
    public void LastFile_CutAnywhere_OrGone_IsNoDamage()
    {
        // A crash may have come while the journal was being closed.
        for (int length = 0; length < _whole.Read(Last).Length; length += length is > 64 and < SegmentHeader.FirstRecordOffset - 64 ? 64 : 1)
        {
            var cut = _whole.Kill();
            cut.Cut(Last, length);
            Assert.Empty(Recover(cut).Damages);
            Assert.Equal(15, Recover(cut).Queues[1].Count);
        }

        var found = Recover(Without(Last));
        Assert.Empty(found.Damages);
        Assert.True(found.WasClosed);
        Assert.Equal(15, found.Queues[1].Count);
    }

    [Fact]
    public void Segment_ThatGoesInOrder_IsNotMissed_AtWhateverCallThePowerFails()
    {
        int writes = 0;
        for (int point = 1; point <= Math.Max(writes, 1); point++)
        {
            var random = new Random(point);
            var disk = _whole.Kill();
            SimulatedDisk? left = null;
            int number = 0;
            disk.OnWrite = _ => Note();
            disk.OnSync = _ => Note();
            Consume(disk);
            writes = number;
            disk.OnWrite = null;
            disk.OnSync = null;

            Assert.DoesNotContain(Recover(left ?? disk).Damages, static damage => damage.What.Contains("is not there", StringComparison.Ordinal));
            Assert.Empty(Recover(disk).Damages);
            Assert.DoesNotContain(_whole.Names.First(), disk.Names);

            void Note()
            {
                if (Interlocked.Increment(ref number) == point)
                {
                    left = disk.LosePower(random);
                }
            }
        }

        Assert.True(writes > 5, $"{writes} calls");
    }

    /// <summary>What is found is built upon: it must not be lost any more, also where the process was killed in its last sync.</summary>
    [Fact]
    public void Open_AfterAKillWithinAClose_KeepsWhatItFound_WhenThePowerFails()
    {
        var random = new Random(20);
        int closed = 0;
        for (int point = 1; ; point++)
        {
            var disk = new SimulatedDisk();
            SimulatedDisk? killed = null;
            var waiter = new CommitWaiter();
            var journal = Journal.Open(disk.Open(), JournalSample.Options, new RecordingVisitor());
            using (var append = journal.Append())
            {
                append.Define(RecordingVisitor.QueueKind, "1"u8, default);
                for (ulong position = 1; position <= 10; position++)
                {
                    append.Message(1, position, default, new ContentParts(new byte[500]));
                }

                append.Commit(waiter, 1, CommitLevel.Os);
            }

            waiter.Wait(1);
            int number = 0;
            disk.OnWrite = _ => Note();
            disk.OnSync = _ => Note();
            journal.Dispose();
            if (killed is null)
            {
                break;
            }

            var found = new RecordingVisitor();
            var next = Journal.Open(killed.Open(), JournalSample.Options, found);
            var left = killed.LosePower(random);
            next.Dispose();
            closed += found.WasClosed == true ? 1 : 0;
            var again = Recover(left);
            Assert.Equal(found.Queues.GetValueOrDefault(1U, []).Select(message => message.Position), again.Queues.GetValueOrDefault(1U, []).Select(message => message.Position));
            Assert.DoesNotContain(again.Damages, static damage => damage.What.Contains("missing", StringComparison.Ordinal) || damage.What.Contains("not there", StringComparison.Ordinal));

            void Note()
            {
                if (Interlocked.Increment(ref number) == point)
                {
                    killed = disk.Kill();
                }
            }
        }

        Assert.True(closed > 1, $"{closed} were closed");
    }

    [Fact]
    public void Journal_OfVersion1_IsWatchedFromItsFirstOpeningOn()
    {
        var disk = new SimulatedDisk();
        foreach (string file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Files", "version-1"), "*.journal"))
        {
            disk.Put(Path.GetFileName(file), File.ReadAllBytes(file));
        }

        Journal.Open(disk.Open(), JournalSample.Options, new RecordingVisitor()).Dispose();
        string first = disk.Names.First();
        Assert.Empty(Recover(disk).Damages);
        disk.Cut(first, disk.Read(first).Length - 8);

        Assert.All(Recover(disk).Damages, damage => Assert.Equal(first, damage.File));
        Assert.NotEmpty(Recover(disk).Damages);
    }

    /// <summary>Opens the journal, is done with all messages of the first run, and waits until their segments are gone.</summary>
    private void Consume(SimulatedDisk disk)
    {
        var found = new RecordingVisitor();
        var waiter = new CommitWaiter();
        using var journal = Journal.Open(disk.Open(), JournalSample.Options, found);
        using (var append = journal.Append())
        {
            // The definition lies in the first segment.
            append.Define(RecordingVisitor.QueueKind, "1"u8, default);
            append.Ack(1, [.. found.Queues[1].Where(message => message.Position < 20).Select(message => new JournalAck(message.Position, message.Message))]);
            append.Commit(waiter, 1, CommitLevel.Fsync);
        }

        waiter.Wait(1);
        string first = _whole.Names.First();
        Assert.True(SpinWait.SpinUntil(() => !disk.Names.Contains(first), TimeSpan.FromSeconds(60)), "the first segment stays");
    }

    private SimulatedDisk Without(string name)
    {
        var left = new SimulatedDisk();
        foreach (string other in _whole.Names.Where(other => other != name))
        {
            left.Put(other, _whole.Read(other));
        }

        return left;
    }

    private static RecordingVisitor Recover(SimulatedDisk disk)
    {
        var found = new RecordingVisitor();
        using var files = disk.Open();
        new JournalRecovery(files, JournalSample.Options, found) { IsReadOnly = true }.Run();
        return found;
    }

    private static int Messages(ReadOnlySpan<byte> segment)
    {
        int messages = 0;
        for (int at = SegmentHeader.FirstRecordOffset; at + RecordHeader.Octets <= segment.Length;)
        {
            var header = RecordHeader.Read(segment[at..]);
            if (header.Kind == RecordKind.None)
            {
                break;
            }

            messages += header.Kind == RecordKind.Message ? 1 : 0;
            at += (int)RecordHeader.RecordOctets(header.PayloadOctets);
        }

        return messages;
    }

    /// <summary>Where records begin or end, the end of the last one included.</summary>
    private static List<int> EndsOfRecords(byte[] segment)
    {
        List<int> ends = [SegmentHeader.FirstRecordOffset];
        while (ends[^1] + RecordHeader.Octets <= segment.Length && RecordHeader.Read(segment.AsSpan(ends[^1])) is { Kind: not RecordKind.None } header)
        {
            ends.Add(ends[^1] + (int)RecordHeader.RecordOctets(header.PayloadOctets));
        }

        return ends;
    }
}
