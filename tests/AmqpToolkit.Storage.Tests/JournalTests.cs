using System.Text;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Tests;

public sealed class JournalTests
{
    private static readonly JournalOptions Options = new() { SegmentOctets = 64 * 1024, SpareSegments = 0 };
    private readonly SimulatedDisk _disk = new();
    private readonly CommitWaiter _waiter = new();

    [Fact]
    public void Open_OfAnEmptyFolder_HoldsNothing()
    {
        var visitor = new RecordingVisitor();

        using var journal = Journal.Open(_disk.Open(), Options, visitor);

        Assert.Empty(visitor.Definitions);
        Assert.True(visitor.WasClosed);
        Assert.Null(journal.Failure);
    }

    [Fact]
    public void Message_AfterACommit_IsThereAfterAKill()
    {
        var journal = Open(out _);
        using (var append = journal.Append())
        {
            Queue(append, 1);
            append.Message(1, 5, "o"u8, Content("first"));
            append.Message(1, 6, default, Content("second"));
            append.Commit(_waiter, 1, CommitLevel.Fsync);
        }

        _waiter.Wait(1);

        var found = Reopen(_disk.Kill(), journal);
        Assert.Equal([(5UL, "o", "first"), (6UL, "", "second")], found.Queues[1].Select(message => (message.Position, message.Overlay, message.Content)));
        Assert.False(found.WasClosed);
    }

    [Fact]
    public void Ack_OfSome_LeavesTheOthersInOrder()
    {
        var journal = Open(out _);
        using (var append = journal.Append())
        {
            Queue(append, 1);
            var stored = Enumerable.Range(0, 10).Select(index => new JournalAck((ulong)index, default)).ToArray();
            for (int index = 0; index < stored.Length; index++)
            {
                stored[index] = stored[index] with { Message = append.Message(1, (ulong)index, default, Content($"m{index}")) };
            }

            append.Ack(1, [stored[0], stored[1], stored[2], stored[5], stored[9]]);
        }

        journal.Dispose();

        var found = Reopen(_disk, journal);
        Assert.Equal(["m3", "m4", "m6", "m7", "m8"], found.Queues[1].Select(message => message.Content));
        Assert.True(found.WasClosed);
    }

    [Fact]
    public void Content_OfSeveralQueues_StaysUntilTheLastIsDone()
    {
        var journal = Open(out _);
        using (var append = journal.Append())
        {
            Queue(append, 1);
            Queue(append, 2);
            var content = append.Content(Content("shared"));
            var first = append.Enqueue(1, 1, default, content);
            append.Enqueue(2, 1, "2"u8, content);
            append.Release(content);
            append.Ack(1, [new JournalAck(1, first)]);
        }

        journal.Dispose();

        var found = Reopen(_disk, journal);
        Assert.Empty(found.Queues[1]);
        Assert.Equal(("shared", "2"), (found.Queues[2][0].Content, found.Queues[2][0].Overlay));
    }

    [Fact]
    public void Update_OfAMessage_ReplacesItsOverlay()
    {
        var journal = Open(out _);
        using (var append = journal.Append())
        {
            Queue(append, 1);
            var message = append.Message(1, 1, "before"u8, Content("m"));
            append.Update(1, 1, message, "between"u8);
            append.Update(1, 1, message, "after"u8);
        }

        journal.Dispose();

        Assert.Equal("after", Reopen(_disk, journal).Queues[1][0].Overlay);
    }

    [Fact]
    public void Update_OfAMessageThatWasUpdatedBefore_AllocatesNothing()
    {
        const int Count = 1000;
        using var journal = Open(out _);
        var messages = new StoredMessage[Count];
        using (var append = journal.Append())
        {
            for (int index = 0; index < Count; index++)
            {
                messages[index] = append.Message(1, (ulong)index, default, Content("m"));
            }
        }

        // A new chunk for a batch that has become longer comes in some rounds; what an update allocates would come in all.
        long least = long.MaxValue;
        for (ulong round = 1; round <= 20; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            using (var append = journal.Append())
            {
                for (int index = 0; index < Count; index++)
                {
                    append.Update(1, (ulong)index, messages[index], "an overlay"u8);
                }

                append.Commit(_waiter, round, CommitLevel.Os);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            _waiter.Wait(round);
        }

        Assert.InRange(least, 0, Count * 2);
    }

    [Fact]
    public void Ack_WhileASyncRuns_IsWrittenBeforeItReturns()
    {
        using var goOn = new ManualResetEventSlim();
        using var isSyncing = new ManualResetEventSlim();
        using var journal = Open(out _);
        StoredMessage first;
        using (var append = journal.Append())
        {
            Queue(append, 1);
            first = append.Message(1, 1, default, Content("first"));
            append.Commit(_waiter, 1, CommitLevel.Fsync);
        }

        _waiter.Wait(1);
        _disk.OnSync = _ =>
        {
            isSyncing.Set();
            Assert.True(goOn.Wait(TimeSpan.FromSeconds(60)), "nobody let the sync go on");
        };
        using (var append = journal.Append())
        {
            append.Message(1, 2, default, Content("second"));
            append.Commit(_waiter, 2, CommitLevel.Fsync);
        }

        Assert.True(isSyncing.Wait(TimeSpan.FromSeconds(60)), "nothing was synced");
        using (var append = journal.Append())
        {
            append.Ack(1, [new JournalAck(1, first)]);
            append.Commit(_waiter, 3, CommitLevel.Fsync);
        }

        bool isWritten = SpinWait.SpinUntil(() => Bodies(_disk.Kill()) is ["second"], TimeSpan.FromSeconds(60));
        ulong committed = _waiter.Committed;
        goOn.Set();
        Assert.True(isWritten, "the acknowledgement waits for the sync");
        Assert.Equal(1UL, committed);
        _waiter.Wait(3);

        static string[] Bodies(SimulatedDisk disk)
        {
            var visitor = new RecordingVisitor();
            Journal.Open(disk.Open(), Options, visitor).Dispose();
            return [.. visitor.Queues[1].Select(message => message.Content)];
        }
    }

    [Fact]
    public void Group_WithoutItsEnd_DoesNotHold()
    {
        var journal = Open(out _);
        StoredMessage moved;
        using (var append = journal.Append())
        {
            Queue(append, 1);
            Queue(append, 2);
            moved = append.Message(1, 1, default, Content("moved"));
            uint group = append.BeginGroup();
            append.Message(2, 1, default, Content("moved"), group);
            append.Ack(1, [new JournalAck(1, moved)], group);
            append.Commit(_waiter, 1, CommitLevel.Fsync);
        }

        _waiter.Wait(1);

        var found = Reopen(_disk.Kill(), journal);
        Assert.Single(found.Queues[1]);
        Assert.Empty(found.Queues[2]);
    }

    [Fact]
    public void Group_WithItsEnd_Holds()
    {
        var journal = Open(out _);
        using (var append = journal.Append())
        {
            Queue(append, 1);
            Queue(append, 2);
            var moved = append.Message(1, 1, default, Content("moved"));
            uint group = append.BeginGroup();
            append.Message(2, 1, default, Content("moved"), group);
            append.Ack(1, [new JournalAck(1, moved)], group);
            append.EndGroup(group);
            append.Commit(_waiter, 1, CommitLevel.Fsync);
        }

        _waiter.Wait(1);

        var found = Reopen(_disk.Kill(), journal);
        Assert.Empty(found.Queues[1]);
        Assert.Single(found.Queues[2]);
    }

    [Fact]
    public void Remove_OfADefinition_ForgetsItAndItsMessages()
    {
        var journal = Open(out _);
        using (var append = journal.Append())
        {
            Queue(append, 1);
            append.Define(9, "policy"u8, "old"u8);
            append.Define(9, "policy"u8, "new"u8);
            append.Message(1, 1, default, Content("m"));
            append.Remove(RecordingVisitor.QueueKind, "1"u8);
        }

        journal.Dispose();

        var found = Reopen(_disk, journal);
        Assert.Equal([new KeyValuePair<string, string>("9:policy", "new")], found.Definitions);
        Assert.Empty(found.Queues);
    }

    [Fact]
    public void Message_LongerThanASegment_GetsOneOfItsOwn()
    {
        string content = new('x', 300_000);
        var journal = Open(out _);
        using (var append = journal.Append())
        {
            Queue(append, 1);
            append.Message(1, 1, default, Content(content));
            append.Message(1, 2, default, Content("behind"));
        }

        journal.Dispose();

        Assert.Equal([content, "behind"], Reopen(_disk, journal).Queues[1].Select(message => message.Content));
    }

    [Fact]
    public void Segments_ThatNobodyNeeds_AreRemoved()
    {
        var journal = Open(out _);
        using (var append = journal.Append())
        {
            Queue(append, 1);
        }

        for (ulong position = 1; position < 2000; position++)
        {
            using var append = journal.Append();
            var message = append.Message(1, position, default, Content(new string('x', 1000)));
            append.Ack(1, [new JournalAck(position, message)]);
            append.Commit(_waiter, position, CommitLevel.Fsync);
        }

        _waiter.Wait(1999);
        journal.Dispose();

        Assert.InRange(_disk.Names.Count, 1, 6);
        var found = Reopen(_disk, journal);
        Assert.Empty(found.Queues[1]);
    }

    [Fact]
    public void Segments_ThatADefinitionWouldKeep_AreFreedAsSoonAsTheyAreFull()
    {
        var journal = Journal.Open(_disk.Open(), Options with { CompactionSegments = int.MaxValue }, new RecordingVisitor());
        using (var append = journal.Append())
        {
            Queue(append, 1);
        }

        // Each segment settles what the one before holds: the first would keep all of them.
        ulong position = 1;
        var before = new JournalAck(position, Publish());
        for (int more = 0; more < 1000; more++)
        {
            Settle();
        }

        Assert.True(SpinWait.SpinUntil(() => Settle() <= 3, TimeSpan.FromSeconds(60)), "the first segment keeps the others");
        Assert.DoesNotContain("segment-0000000001.journal", _disk.Names);
        Assert.Equal("x", Reopen(_disk, journal).Queues[1].Single().Content[..1]);

        int Settle()
        {
            position++;
            var next = new JournalAck(position, Publish());
            using var append = journal.Append();
            append.Ack(1, [before]);
            before = next;
            return journal.Size.Segments;
        }

        StoredMessage Publish()
        {
            StoredMessage message;
            using (var append = journal.Append())
            {
                message = append.Message(1, position, default, Content(new string('x', 1000)));
                append.Commit(_waiter, position, CommitLevel.Fsync);
            }

            _waiter.Wait(position);
            return message;
        }
    }

    [Fact]
    public void CopyForward_ThatFails_IsTriedAgain()
    {
        int failures = 0;
        bool isBroken = true;
        var journal = Open(out _);
        _disk.OnRead = () =>
        {
            if (Volatile.Read(ref isBroken))
            {
                Interlocked.Increment(ref failures);
                throw new UnauthorizedAccessException("injected");
            }
        };
        using (var append = journal.Append())
        {
            Queue(append, 1);
            append.Message(1, 1, default, Content("stays"));
        }

        ulong position = 1;
        Assert.True(SpinWait.SpinUntil(() => Fill() && Volatile.Read(ref failures) > 0, TimeSpan.FromSeconds(60)), "nothing was copied");
        Volatile.Write(ref isBroken, false);
        Assert.True(SpinWait.SpinUntil(() => Fill() && !_disk.Names.Contains("segment-0000000001.journal"), TimeSpan.FromSeconds(60)), "it was not tried again");
        Assert.Null(journal.Failure);

        Assert.Contains(Reopen(_disk, journal).Queues[1], message => message.Content == "stays");

        bool Fill()
        {
            // Mostly dead, and never wholly.
            position += 2;
            using (var append = journal.Append())
            {
                append.Message(1, position - 1, default, Content("stays, too"));
                var message = append.Message(1, position, default, Content(new string('x', 20_000)));
                append.Ack(1, [new JournalAck(position, message)]);
                append.Commit(_waiter, position, CommitLevel.Fsync);
            }

            _waiter.Wait(position);
            return true;
        }
    }

    [Fact]
    public void CopyForward_ThatMeetsDamage_TellsAndLeavesTheSegment()
    {
        const string Second = "segment-0000000002.journal";
        var journal = Open(out _);
        JournalDamage? told = null;
        journal.Damaged = damage => Volatile.Write(ref told, damage);
        uint group;
        using (var append = journal.Append())
        {
            Queue(append, 1);
            group = append.BeginGroup();
            append.Message(1, 1, default, Content("of the group"), group);
        }

        ulong position = 1;
        while (journal.Size.Segments < 2)
        {
            Publish(isLive: true);
        }

        using (var append = journal.Append())
        {
            append.EndGroup(group);
        }

        Publish(isLive: true);
        _disk.Flip(Second, OffsetOf(RecordKind.GroupEnd, _disk.Read(Second)) + RecordHeader.Octets, 3);
        Assert.True(SpinWait.SpinUntil(() => Publish(isLive: false) && Volatile.Read(ref told) is not null, TimeSpan.FromSeconds(60)), "it was not met");
        Assert.Equal(Second, told!.File);
        for (int more = 0; more < 50; more++)
        {
            Publish(isLive: false);
        }

        Assert.Contains(Second, _disk.Names);
        journal.Dispose();
        var found = new RecordingVisitor();
        using var again = Journal.Open(_disk.Open(), Options, found);
        Assert.Contains(found.Damages, damage => damage.File == Second);

        bool Publish(bool isLive)
        {
            position++;
            using (var append = journal.Append())
            {
                // Of what comes later more lives in each segment than in the second, which is so the first to be copied.
                append.Message(1, position, default, Content(new string('x', isLive ? 2_000 : 5_000)));
                if (!isLive)
                {
                    position++;
                    append.Ack(1, [new JournalAck(position, append.Message(1, position, default, Content(new string('y', 20_000))))]);
                }

                append.Commit(_waiter, position, CommitLevel.Fsync);
            }

            _waiter.Wait(position);
            return true;
        }
    }

    private static int OffsetOf(RecordKind kind, ReadOnlySpan<byte> segment)
    {
        int at = SegmentHeader.FirstRecordOffset;
        while (RecordHeader.Read(segment[at..]) is var header && header.Kind != kind)
        {
            at += (int)RecordHeader.RecordOctets(header.PayloadOctets);
        }

        return at;
    }

    [Fact]
    public void Open_OfAnUnknownVersion_IsRefusedInPlainWords()
    {
        var journal = Open(out _);
        using (var append = journal.Append())
        {
            Queue(append, 1);
        }

        journal.Dispose();
        string name = _disk.Names.First();
        var octets = _disk.Read(name);
        Assert.True(SegmentHeader.TryRead(octets, out var header));
        (header with { Version = 7 }).Write(octets);
        _disk.Put(name, octets);

        var error = Assert.Throws<JournalVersionException>(() => Journal.Open(_disk.Open(), Options, new RecordingVisitor()));

        Assert.Contains("version 7", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OfAFolderInUse_IsRefused()
    {
        using var journal = Open(out _);

        Assert.Throws<IOException>(() => Journal.Open(_disk.Open(), Options, new RecordingVisitor()));
    }

    [Fact]
    public void Sync_ThatFails_CommitsNothingMore()
    {
        _disk.OnSync = number => { if (number > 2) { throw new IOException("injected", 5); } };
        var journal = Open(out _);
        using (var append = journal.Append())
        {
            Queue(append, 1);
            append.Commit(_waiter, 1, CommitLevel.Fsync);
        }

        _waiter.Wait(1);
        using (var append = journal.Append())
        {
            append.Message(1, 1, default, Content("lost"));
            append.Commit(_waiter, 2, CommitLevel.Fsync);
        }

        Assert.Throws<AggregateException>(() => _waiter.Failed.Wait(TimeSpan.FromSeconds(60)));
        _disk.OnSync = null;
        using (var append = journal.Append())
        {
            append.Commit(_waiter, 3, CommitLevel.Fsync);
        }

        journal.Dispose();
        Assert.Equal(1UL, _waiter.Committed);
        Assert.NotNull(journal.Failure);
    }

    [Fact]
    public void Commit_OfAClosedJournal_IsToldThatItNeverWillBe()
    {
        var journal = Open(out _);
        journal.Dispose();
        using (var append = journal.Append())
        {
            append.Commit(_waiter, 1, CommitLevel.Fsync);
        }

        var error = Assert.Throws<AggregateException>(() => { Assert.True(_waiter.Failed.Wait(TimeSpan.FromSeconds(60)), "nobody was told"); });
        Assert.IsType<ObjectDisposedException>(error.InnerException);
    }

    [Fact]
    public void WhoCameWhileASyncRan_IsToldWhenItFails()
    {
        using var goOn = new ManualResetEventSlim();
        using var isSyncing = new ManualResetEventSlim();
        using var journal = Open(out _);
        _disk.OnSync = _ =>
        {
            isSyncing.Set();
            Assert.True(goOn.Wait(TimeSpan.FromSeconds(60)), "nobody let the sync go on");
            throw new IOException("injected", 5);
        };
        using (var append = journal.Append())
        {
            Queue(append, 1);
            append.Commit(new CommitWaiter(), 1, CommitLevel.Fsync);
        }

        Assert.True(isSyncing.Wait(TimeSpan.FromSeconds(60)), "nothing was synced");
        using var isWritten = new ManualResetEventSlim();
        _disk.OnWrite = _ => isWritten.Set();
        using (var append = journal.Append())
        {
            append.Message(1, 1, default, Content("m"));
            append.Commit(_waiter, 1, CommitLevel.Fsync);
        }

        bool isEarly = isWritten.Wait(TimeSpan.FromSeconds(60));
        goOn.Set();
        Assert.True(isEarly, "it waits for the sync");
        Assert.Throws<AggregateException>(() => { Assert.True(_waiter.Failed.Wait(TimeSpan.FromSeconds(60)), "nobody was told"); });
        Assert.Equal(0UL, _waiter.Committed);
    }

    [Fact]
    public void BitFlip_AnywhereBeforeTheLastMark_IsNamed_AndCostsNothingThatDoesNotDependOnIt()
    {
        var journal = Open(out _);
        ulong position = 0;
        for (int batch = 0; batch < 4; batch++)
        {
            using (var append = journal.Append())
            {
                if (batch == 0)
                {
                    Queue(append, 1);
                }

                for (int index = 0; index < 3; index++)
                {
                    position++;
                    append.Message(1, position, default, Content($"content {position}"));
                }

                append.Commit(_waiter, (ulong)batch + 1, CommitLevel.Fsync);
            }

            _waiter.Wait((ulong)batch + 1);
        }

        var killed = _disk.Kill();
        journal.Dispose();
        string name = killed.Names.Single();

        long end = (Array.FindLastIndex(killed.Read(name), octet => octet != 0) + 8) & -8;
        long lastMark = end - (RecordHeader.Octets + MarkPayload.Octets);
        for (long offset = SegmentHeader.FirstRecordOffset; offset < lastMark; offset++)
        {
            var damaged = killed.Kill();
            damaged.Flip(name, offset, (int)(offset % 8));
            var found = new RecordingVisitor();

            Journal.Open(damaged.Open(), Options, found).Dispose();

            Assert.NotEmpty(found.Damages);
            Assert.All(found.Damages, damage => Assert.Equal(name, damage.File));
            Assert.Contains(found.Damages, damage => damage.Offset <= offset && offset < damage.Offset + damage.Octets);
            Assert.True(!found.Queues.TryGetValue(1, out var messages) || messages.Count >= 11, $"offset {offset}");
        }
    }

    private Journal Open(out RecordingVisitor visitor)
    {
        visitor = new RecordingVisitor();
        return Journal.Open(_disk.Open(), Options, visitor);
    }

    private static RecordingVisitor Reopen(SimulatedDisk disk, Journal before)
    {
        before.Dispose();
        var visitor = new RecordingVisitor();
        Journal.Open(disk.Open(), Options, visitor).Dispose();
        return visitor;
    }

    private static void Queue(Journal.Appender append, uint queue) =>
        append.Define(RecordingVisitor.QueueKind, Encoding.UTF8.GetBytes($"{queue}"), "queue"u8);

    private static ContentParts Content(string text) => new(Encoding.UTF8.GetBytes(text));
}
