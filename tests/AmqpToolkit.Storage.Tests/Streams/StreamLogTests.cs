using System.Text;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;
using AmqpToolkit.Storage.Streams;

namespace AmqpToolkit.Storage.Tests.Streams;

public sealed class StreamLogTests
{
    private static readonly StreamLogOptions SmallBlocks = new() { BlockOctets = 1024, TailOctets = 2 * 1024 };
    private readonly SimulatedDisk _disk = new();

    [Theory]
    [InlineData(1)]
    [InlineData(300)]
    [InlineData(70_000)]
    public void Read_AfterCommit_HasWhatWasAppendedInOrder(int octets)
    {
        using var stream = new TestStream(_disk);
        string[] texts = [.. Enumerable.Range(0, 40).Select(number => Text(number, octets))];
        stream.Publish(1, texts[..30]);
        stream.Publish(2, texts[30..]);

        Check(texts, stream.Read(StreamPosition.First));
    }

    [Fact]
    public void Commit_OfSeveralStreams_SyncsThemBesideEachOther()
    {
        var patience = TimeSpan.FromSeconds(60);
        using var held = new ManualResetEventSlim(initialState: false);
        using var begun = new ManualResetEventSlim(initialState: false);
        using var both = new CountdownEvent(2);
        var files = _disk.Open();
        var waiter = new CommitWaiter();
        using var journal = Journal.Open(files, new JournalOptions { SegmentOctets = 64 * 1024, SpareSegments = 0 }, new RecordingVisitor());
        using var first = NewLog("1");
        using var second = NewLog("2");

        // The first commit of a segment has a sync more.
        Commit(1, "first");
        waiter.Wait(1);

        // While a sync of the journal is held back, both gather what is then one commit.
        _disk.OnSync = _ =>
        {
            begun.Set();
            held.Wait(patience);
        };
        Commit(2, "definition");
        Assert.True(begun.Wait(patience), "the journal does not sync");
        Append(first, "one");
        Append(second, "two");
        Commit(3, "another");
        int syncs = 0;
        _disk.OnSync = _ =>
        {
            if (Interlocked.Increment(ref syncs) <= 2)
            {
                both.Signal();
                Assert.True(both.Wait(patience), "one waits for the other");
            }
        };
        held.Set();

        waiter.Wait(3);
        Assert.Equal((1, 1), (first.EndOffset, second.EndOffset));

        StreamLog NewLog(string name) => new(() => files.OpenFolder(name), new StreamLogOptions()) { Journal = () => journal, Level = CommitLevel.Fsync };

        static void Append(StreamLog log, string text)
        {
            using var appender = log.Append(1);
            Encoding.UTF8.GetBytes(text, appender.Add(text.Length));
        }

        void Commit(ulong token, string definition)
        {
            using var append = journal.Append();
            append.Define(7, "name"u8, Encoding.UTF8.GetBytes(definition));
            append.Commit(waiter, token, CommitLevel.Fsync);
        }
    }

    [Fact]
    public void Commit_WhoseStreamsFailToSync_IsTheLast()
    {
        var files = _disk.Open();
        var waiter = new CommitWaiter();
        using var journal = Journal.Open(files, new JournalOptions { SegmentOctets = 64 * 1024, SpareSegments = 0 }, new RecordingVisitor());
        StreamLog[] logs = [.. Enumerable.Range(0, 9).Select(number => new StreamLog(() => files.OpenFolder($"{number}"), new StreamLogOptions()) { Journal = () => journal, Level = CommitLevel.Fsync })];
        _disk.OnSync = _ => throw new IOException("injected", 5);
        foreach (var log in logs)
        {
            using var appender = log.Append(1);
            appender.Add(10).Fill(1);
        }

        using (var append = journal.Append())
        {
            append.Commit(waiter, 1, CommitLevel.Fsync);
        }

        Assert.Throws<AggregateException>(() => waiter.Failed.Wait(TimeSpan.FromSeconds(60)));
        Assert.IsType<IOException>(journal.Failure);
        Assert.All(logs, log => Assert.Equal(0, log.EndOffset));
        Array.ForEach(logs, log => log.Dispose());
    }

    [Fact]
    public void Read_AtTheEnd_GetsWhatComesThen()
    {
        using var stream = new TestStream(_disk, SmallBlocks);
        stream.Publish(1, "before");
        using var cursor = stream.Log.Read(StreamPosition.Next);
        Assert.False(cursor.Fill());
        for (int number = 1; number < 200; number++)
        {
            stream.Publish(number, Text(number, 100));
            Assert.Equal([(number, Text(number, 100))], TestStream.Read(cursor));
        }
    }

    [Fact]
    public void Read_AtTheEnd_ReadsNoFile()
    {
        using var stream = new TestStream(_disk);
        using var cursor = stream.Log.Read(StreamPosition.Next);
        _disk.OnRead = () => Assert.Fail("a file was read");

        stream.Publish(1, "one", "two");
        Assert.Equal([(0, "one"), (1, "two")], TestStream.Read(cursor));
        stream.Publish(2, "three");
        Assert.Equal([(2, "three")], TestStream.Read(cursor));
    }

    [Fact]
    public void Read_BehindTheBlocksInMemory_ReadsFilesAndThenMemory()
    {
        using var stream = new TestStream(_disk, SmallBlocks, segmentOctets: 4096);
        using var tail = stream.Log.Read(StreamPosition.Next);
        string[] texts = [.. Enumerable.Range(0, 300).Select(number => Text(number, 100))];
        foreach (string[] some in texts.Chunk(7))
        {
            stream.Publish(1, some);
        }

        Check(texts, stream.Read(StreamPosition.First));
        Check(texts, TestStream.Read(tail));
    }

    [Fact]
    public void Read_BeforeTheSync_SeesNothing()
    {
        using var isHeld = new ManualResetEventSlim(initialState: true);
        using var stream = new TestStream(_disk);
        stream.Publish(1, "first");
        _disk.OnSync = _ => Assert.True(isHeld.Wait(TimeSpan.FromSeconds(60)));
        isHeld.Reset();
        stream.Append(2, "second");
        ulong token = stream.Ask();

        Assert.Equal([(0, "first")], stream.Read(StreamPosition.First));
        Assert.False(stream.IsCommitted(token));

        isHeld.Set();
        stream.Wait(token);
        Assert.Equal([(0, "first"), (1, "second")], stream.Read(StreamPosition.First));
    }

    [Fact]
    public void Append_ManyAndOneCommit_SyncsOnce()
    {
        using var stream = new TestStream(_disk);
        stream.Publish(1, "first");
        using var isHeld = new ManualResetEventSlim(initialState: false);
        _disk.OnSync = _ => Assert.True(isHeld.Wait(TimeSpan.FromSeconds(60)));
        stream.Append(2, "held");
        stream.Ask();
        for (int number = 0; number < 100; number++)
        {
            stream.Append(3, Text(number, 50));
            stream.Ask();
        }

        int before = _disk.Syncs;
        isHeld.Set();
        stream.Wait(stream.Ask());

        // What was held, what gathered meanwhile, and the last.
        Assert.InRange(_disk.Syncs - before, 1, 3);
    }

    [Fact]
    public void Read_FromEachOffset_BeginsThere()
    {
        using var stream = new TestStream(_disk, SmallBlocks, segmentOctets: 10_000);
        for (int number = 0; number < 400; number += 4)
        {
            stream.Publish(number, Enumerable.Range(number, 4).Select(one => Text(one, 90)));
        }

        for (int offset = 0; offset < 400; offset++)
        {
            using var cursor = stream.Log.Read(StreamPosition.At(offset));
            Assert.True(cursor.Fill());
            Assert.Equal(offset, cursor.NextOffset);
        }

        Assert.Equal([(399, Text(399, 90))], stream.Read(StreamPosition.Last));
        Assert.Empty(stream.Read(StreamPosition.Next));
        using var later = stream.Log.Read(StreamPosition.At(405));
        stream.Publish(500, Enumerable.Range(400, 8).Select(one => Text(one, 90)));
        Assert.Equal([405L, 406, 407], TestStream.Read(later).Select(one => one.Offset));
    }

    [Fact]
    public void Read_FromEachTime_BeginsAtTheFirstOfItOrLater()
    {
        using (var written = new TestStream(_disk, SmallBlocks, segmentOctets: 6_000))
        {
            for (int number = 0; number < 200; number += 2)
            {
                written.Publish(1000 + (number * 10), Text(number, 300), Text(number + 1, 300));
            }
        }

        using var stream = new TestStream(_disk, SmallBlocks);
        for (long time = 990; time < 2980; time += 5)
        {
            using var cursor = stream.Log.Read(StreamPosition.From(time));
            Assert.True(cursor.Fill());
            Assert.Equal(Math.Max(0, (time - 1000 + 19) / 20 * 2), cursor.NextOffset);
        }

        Assert.Empty(stream.Read(StreamPosition.From(2981)));
    }

    [Fact]
    public void Read_FromATimeThatIsAhead_HasWhatComesBeforeItIsSought()
    {
        using var stream = new TestStream(_disk);
        stream.Publish(1000, "before");
        using var cursor = stream.Log.Read(StreamPosition.From(9000));
        stream.Publish(2000, "one");
        stream.Publish(3000, "two");

        Assert.Equal([(1, "one"), (2, "two")], TestStream.Read(cursor));
    }

    [Fact]
    public void Read_FromAnOffsetInALongSegment_ReadsAFewWindows()
    {
        using var stream = new TestStream(_disk, segmentOctets: 8 * 1024 * 1024);
        for (int number = 0; number < 9_000; number += 100)
        {
            stream.Publish(number, Enumerable.Range(number, 100).Select(one => Text(one, 1000)));
        }

        Assert.Equal(2, TestStream.FolderOf(_disk).Names.Count);
        int reads = 0;
        _disk.OnRead = () => reads++;
        foreach (var start in (ReadOnlySpan<StreamPosition>)[StreamPosition.At(7_123), StreamPosition.From(7_100)])
        {
            reads = 0;
            using var cursor = stream.Log.Read(start);
            Assert.True(cursor.Fill());
            Assert.InRange(cursor.NextOffset, 7_100, 7_123);
            Assert.InRange(reads, 1, 5);
        }
    }

    [Fact]
    public void Append_ClockGoesBack_TimesDoNot()
    {
        using var stream = new TestStream(_disk);
        stream.Publish(1000, "first");
        stream.Publish(10, "second");
        using var cursor = stream.Log.Read(StreamPosition.Last);
        Assert.True(cursor.Fill());

        Assert.Equal(1000, cursor.Timestamp);
    }

    [Fact]
    public void Trim_BySize_DropsTheOldestSegmentsWhole()
    {
        using var stream = new TestStream(_disk, SmallBlocks, segmentOctets: 4096);
        for (int number = 0; number < 200; number++)
        {
            stream.Publish(number, Text(number, 200));
        }

        long before = stream.Log.Octets;
        stream.Log.Trim(before / 2, oldest: null);

        Assert.InRange(stream.Log.Octets, (before / 2) - 8192, before / 2);
        Assert.Equal(stream.Log.FirstOffset, stream.Read(StreamPosition.First)[0].Offset);
        Assert.Equal(199, stream.Read(StreamPosition.First)[^1].Offset);
        Assert.Equal(stream.Log.FirstOffset, stream.Read(StreamPosition.At(0))[0].Offset);
        Assert.StartsWith(stream.Log.FirstOffset.ToString("D20", null), TestStream.FolderOf(_disk).Names.First(), StringComparison.Ordinal);

        stream.Log.Trim(0, oldest: long.MaxValue);
        Assert.Single(TestStream.FolderOf(_disk).Names);
        stream.Publish(1000, "more");
        Assert.Equal((200, "more"), stream.Read(StreamPosition.First)[^1]);
    }

    [Fact]
    public void Trim_ByAge_KeepsWhatIsYoung()
    {
        using var stream = new TestStream(_disk, SmallBlocks, segmentOctets: 2048);
        for (int number = 0; number < 100; number++)
        {
            stream.Publish(number * 1000, Text(number, 200));
        }

        stream.Log.Trim(maxOctets: null, oldest: 50_000);

        Assert.InRange(stream.Log.FirstOffset, 30, 50);
        Assert.Equal(50, stream.Read(StreamPosition.From(50_000))[0].Offset);
    }

    [Fact]
    public void Trim_UnderAReader_LetsItGoOnWhereTheLogBegins()
    {
        using var stream = new TestStream(_disk, SmallBlocks, segmentOctets: 4096);
        for (int number = 0; number < 200; number++)
        {
            stream.Publish(number, Text(number, 200));
        }

        using var cursor = stream.Log.Read(StreamPosition.First);
        Assert.True(cursor.Fill());
        stream.Log.Trim(8192, oldest: null);
        var read = TestStream.Read(cursor);

        Assert.Equal(0, read[0].Offset);
        Assert.Equal(stream.Log.FirstOffset, read.SkipWhile(one => one.Offset < stream.Log.FirstOffset).First().Offset);
        Assert.Equal(199, read[^1].Offset);
        foreach (var (offset, text) in read)
        {
            Assert.Equal(Text((int)offset, 200), text);
        }
    }

    [Fact]
    public void Drop_WhileItIsRead_RemovesTheFiles()
    {
        using var stream = new TestStream(_disk, SmallBlocks, segmentOctets: 4096);
        for (int number = 0; number < 100; number++)
        {
            stream.Publish(number, Text(number, 200));
        }

        using var cursor = stream.Log.Read(StreamPosition.First);
        Assert.True(cursor.Fill());
        stream.Log.Drop();

        Assert.Single(TestStream.FolderOf(_disk).Names);
        TestStream.Read(cursor);
        Assert.Empty(TestStream.FolderOf(_disk).Names);
        Assert.False(cursor.Fill());
    }

    [Fact]
    public async Task Drop_WhileItIsSynced_LeavesTheJournalWell()
    {
        using var isHeld = new ManualResetEventSlim(initialState: false);
        using var isSyncing = new ManualResetEventSlim(initialState: false);
        var disk = new SimulatedDisk();
        using var stream = new TestStream(disk);
        stream.Publish(1, "first");
        disk.OnSync = _ =>
        {
            isSyncing.Set();
            Assert.True(isHeld.Wait(TimeSpan.FromSeconds(60)));
        };
        stream.Append(2, "second");
        stream.Ask();
        Assert.True(isSyncing.Wait(TimeSpan.FromSeconds(60)));
        var dropped = Task.Run(stream.Log.Drop);
        stream.Append(3, "third");
        ulong last = stream.Ask();
        isHeld.Set();

        await dropped.WaitAsync(TimeSpan.FromSeconds(60));
        stream.Wait(last);
        stream.Append(4, "fourth");
        stream.Wait(stream.Ask());
        Assert.Null(stream.Journal.Failure);
        Assert.Empty(TestStream.FolderOf(disk).Names);
    }

    [Fact]
    public void Read_AndLeaveTwice_IsCountedOnce()
    {
        using var stream = new TestStream(_disk);
        using var stays = stream.Log.Read(StreamPosition.First);
        var leaves = stream.Log.Read(StreamPosition.First);
        leaves.Dispose();
        leaves.Dispose();

        Assert.Equal(1, stream.Log.CursorCount);
    }

    [Fact]
    public void Trim_ManySegments_LeavesTheRestInOrder()
    {
        using var log = new StreamLog(() => new MemoryFileLayer(), SmallBlocks) { MaxSegmentOctets = 1 };
        for (int number = 0; number < 3_000; number++)
        {
            using (var appender = log.Append(number))
            {
                BitConverter.TryWriteBytes(appender.Add(4), number);
            }

            if (number % 100 == 99)
            {
                log.Trim(maxOctets: null, oldest: number - 50);
                Assert.Equal(number - 50, log.FirstOffset);
            }
        }

        using var cursor = log.Read(StreamPosition.From(2_970));
        for (int number = 2_970; number < 3_000; number++)
        {
            Assert.True(cursor.Fill());
            Assert.Equal((number, number), (cursor.NextOffset, BitConverter.ToInt32(cursor.Payload)));
            cursor.MoveNext();
        }
    }

    [Fact]
    public void Write_DiskIsFull_WaitsAndLosesNothing()
    {
        using var stream = new TestStream(_disk, SmallBlocks, segmentOctets: 4096);
        stream.Publish(1, "first");
        int refusals = 0;
        _disk.OnWrite = _ =>
        {
            if (refusals++ % 2 == 0 && refusals < 8)
            {
                throw new IOException("No space left on device", DiskErrors.NoSpace);
            }
        };
        string[] texts = [.. Enumerable.Range(1, 30).Select(number => Text(number, 500))];
        stream.Publish(2, texts);

        Assert.True(refusals >= 8);
        Check(["first", .. texts], stream.Read(StreamPosition.First));
    }

    [Fact]
    public async Task Sync_Fails_CommitsNothingMore()
    {
        var disk = new SimulatedDisk();
        using var stream = new TestStream(disk);
        stream.Publish(1, "first");
        disk.OnSync = _ => throw new IOException("Input/output error", 5);
        stream.Append(2, "second");
        stream.Ask();

        await Assert.ThrowsAsync<IOException>(() => stream.Failed.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal(1, stream.Log.EndOffset);
        Assert.Equal([(0, "first")], stream.Read(StreamPosition.First));
    }

    [Fact]
    public void InMemory_AppendsAndReads()
    {
        long octets = 0;
        using var log = new StreamLog(() => new MemoryFileLayer(change => octets += change), SmallBlocks) { MaxSegmentOctets = 100_000 };
        for (int number = 0; number < 1000; number++)
        {
            using var appender = log.Append(number);
            BitConverter.TryWriteBytes(appender.Add(500), number);
        }

        using (var cursor = log.Read(StreamPosition.First))
        {
            for (int number = 0; number < 1000; number++)
            {
                Assert.True(cursor.Fill());
                Assert.Equal((number, number), (cursor.NextOffset, BitConverter.ToInt32(cursor.Payload)));
                cursor.MoveNext();
            }

            Assert.False(cursor.Fill());
        }

        Assert.InRange(octets, 500_000, 1_500_000);
        log.Trim(200_000, oldest: null);
        Assert.InRange(octets, 16_384, 450_000);
        log.Drop();
        Assert.Equal(0, octets);
    }

    private static string Text(int number, int octets) => number.ToString("D6", null).PadRight(octets, (char)('a' + (number % 26)));

    private static void Check(string[] expected, List<(long Offset, string Text)> actual)
    {
        Assert.Equal(Enumerable.Range(0, expected.Length).Select(offset => (long)offset), actual.Select(one => one.Offset));
        Assert.Equal(expected, actual.Select(one => one.Text));
    }
}
