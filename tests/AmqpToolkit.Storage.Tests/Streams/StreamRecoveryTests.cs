using AmqpToolkit.Storage.Journaling;
using AmqpToolkit.Storage.Streams;

namespace AmqpToolkit.Storage.Tests.Streams;

public sealed class StreamRecoveryTests
{
    private const string FirstSegment = "00000000000000000000.stream";

    private static readonly StreamLogOptions SmallBlocks = new() { BlockOctets = 1024 };

    [Fact]
    public void Recover_AfterAKill_HasEverythingCommitted()
    {
        var disk = new SimulatedDisk();
        using var stream = new TestStream(disk, SmallBlocks, segmentOctets: 3000);
        for (int number = 0; number < 100; number++)
        {
            stream.Publish(number, $"message {number}");
        }

        using var recovered = new TestStream(disk.Kill(), SmallBlocks, segmentOctets: 3000);

        Check(recovered, 100);
        recovered.Publish(200, "message 100");
        Check(recovered, 101);
        Assert.Empty(recovered.Damage);
    }

    [Fact]
    public void Recover_AfterEveryStop_GoesOnInTheSameSegment()
    {
        var disk = new SimulatedDisk();
        for (int number = 0; number < 10; number++)
        {
            using var stream = new TestStream(disk);
            Check(stream, number);
            stream.Publish(number, $"message {number}");
        }

        Assert.Equal([FirstSegment], TestStream.FolderOf(disk).Names);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Recover_TornAtEachOctetOfTheLastRecord_CutsThere(bool isFilledWithNoise)
    {
        // The third message was written and never committed.
        var disk = new SimulatedDisk();
        byte[] before;
        byte[] octets;
        using (var stream = new TestStream(disk))
        {
            stream.Publish(1, "message 0", "message 1");
            before = TestStream.FolderOf(disk).Read(FirstSegment);
            stream.Publish(2, "message 2");
            octets = TestStream.FolderOf(disk).Read(FirstSegment);
            disk = disk.Kill();
        }

        int lastMark = StreamLog.MarkOctets;
        for (int cut = before.Length; cut < octets.Length; cut++)
        {
            byte[] torn = octets[..cut];
            if (isFilledWithNoise)
            {
                Array.Resize(ref torn, octets.Length);
                new Random(cut).NextBytes(torn.AsSpan(cut));
            }

            var left = disk.Kill();
            TestStream.FolderOf(left).Put(FirstSegment, torn);
            int expected = cut >= octets.Length - lastMark ? 3 : 2;
            using (var recovered = new TestStream(left))
            {
                Check(recovered, expected);
                Assert.Empty(recovered.Damage);
                recovered.Publish(3, $"message {expected}", $"message {expected + 1}");
                Check(recovered, expected + 2);
            }

            using var again = new TestStream(left);
            Check(again, expected + 2);
            Assert.Empty(again.Damage);
        }
    }

    [Fact]
    public void Recover_AFlippedBitInEachOctet_LosesNothingElseAndTells()
    {
        var disk = new SimulatedDisk();
        using (var stream = new TestStream(disk))
        {
            stream.Publish(1, "message 0");
            stream.Publish(2, "message 1");
            stream.Publish(3, "message 2");
            stream.Publish(4, "message 3");
        }

        byte[] octets = TestStream.FolderOf(disk).Read(FirstSegment);
        int record = StreamRecord.WholeOctetsOf("message 0".Length);
        for (int at = 0; at < octets.Length - StreamLog.MarkOctets; at++)
        {
            var left = disk.Kill();
            TestStream.FolderOf(left).Flip(FirstSegment, at, at % 8);
            using var recovered = new TestStream(left);
            var read = recovered.Read(StreamPosition.First);

            foreach (var (offset, text) in read)
            {
                Assert.Equal($"message {offset}", text);
            }

            int place = (at - StreamSegmentHeader.FirstRecordOffset) / (record + StreamLog.MarkOctets);
            bool isMessage = at >= StreamSegmentHeader.FirstRecordOffset && (at - StreamSegmentHeader.FirstRecordOffset) % (record + StreamLog.MarkOctets) < record;
            Assert.Equal(isMessage ? [.. new long[] { 0, 1, 2, 3 }.Where(offset => offset != place)] : [0, 1, 2, 3], read.Select(one => one.Offset));
            Assert.True(!isMessage || recovered.Damage.Count == 1, $"octet {at}: {string.Join(", ", recovered.Damage)}");
            recovered.Publish(5, "message 4");
            Assert.Equal((4, "message 4"), recovered.Read(StreamPosition.Last)[0]);
        }
    }

    [Fact]
    public void Read_DamageInAFullSegment_IsToldOnceAndSteppedOver()
    {
        var disk = new SimulatedDisk();
        using (var stream = new TestStream(disk, SmallBlocks, segmentOctets: 2000))
        {
            for (int number = 0; number < 100; number++)
            {
                stream.Publish(number, $"message {number}");
            }
        }

        TestStream.FolderOf(disk).Flip(FirstSegment, StreamSegmentHeader.FirstRecordOffset + 40, 3);
        using var recovered = new TestStream(disk);

        Assert.Equal(Enumerable.Range(1, 99).Select(offset => (long)offset), recovered.Read(StreamPosition.First).Select(one => one.Offset));
        Assert.Equal(99, recovered.Read(StreamPosition.First).Count);
        Assert.Equal((FirstSegment, (long)StreamSegmentHeader.FirstRecordOffset), Assert.Single(recovered.Damage) is var damage ? (damage.File, damage.Offset) : default);
    }

    [Fact]
    public void Read_AFullSegmentWithoutItsIndex_FindsOffsetsAndTimes()
    {
        var disk = new SimulatedDisk();
        using (var stream = new TestStream(disk, SmallBlocks, segmentOctets: 100_000))
        {
            for (int number = 0; number < 1000; number += 10)
            {
                stream.Publish(number, Enumerable.Range(number, 10).Select(one => $"message {one}".PadRight(200)));
            }
        }

        var folder = TestStream.FolderOf(disk);
        folder.Flip(FirstSegment, folder.Read(FirstSegment).Length - 20, 1);
        using var recovered = new TestStream(disk, SmallBlocks);

        Assert.Equal(300, recovered.Read(StreamPosition.At(300))[0].Offset);
        Assert.Equal(300, recovered.Read(StreamPosition.From(300))[0].Offset);
    }

    [Fact]
    public void Recover_AMissingSegment_GoesOnBehindIt()
    {
        var disk = new SimulatedDisk();
        using (var stream = new TestStream(disk, SmallBlocks, segmentOctets: 2000))
        {
            for (int number = 0; number < 100; number++)
            {
                stream.Publish(number, $"message {number}");
            }
        }

        var folder = TestStream.FolderOf(disk);
        string[] names = [.. folder.Names];
        folder.Open().Delete(names[1]);
        using var recovered = new TestStream(disk);

        StreamSegment.TryParse(names[1], out long from);
        StreamSegment.TryParse(names[2], out long to);
        Assert.Equal(Enumerable.Range(0, 100).Select(offset => (long)offset).Where(offset => offset < from || offset >= to), recovered.Read(StreamPosition.First).Select(one => one.Offset));
    }

    [Fact]
    public void Recover_AVersionThatIsUnknown_IsRefused()
    {
        var disk = new SimulatedDisk();
        using (var stream = new TestStream(disk))
        {
            stream.Publish(1, "message 0");
        }

        byte[] octets = TestStream.FolderOf(disk).Read(FirstSegment);
        Assert.True(StreamSegmentHeader.TryRead(octets, out var header));
        (header with { Version = 2 }).Write(octets);
        TestStream.FolderOf(disk).Put(FirstSegment, octets);

        var error = Assert.Throws<JournalVersionException>(() => new TestStream(disk));
        Assert.Contains("version 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Recover_AGapWhereCommitsDoNotMeanTheDisk_KeepsWhatFollows()
    {
        var disk = new SimulatedDisk();
        using (var stream = new TestStream(disk, level: CommitLevel.Os))
        {
            stream.Publish(1, "message 0", "message 1");
            stream.Publish(2, "message 2");
            disk = disk.Kill();
        }

        TestStream.FolderOf(disk).Flip(FirstSegment, StreamSegmentHeader.FirstRecordOffset + 3, 2);
        using var recovered = new TestStream(disk, level: CommitLevel.Os);

        Assert.Equal([(1, "message 1"), (2, "message 2")], recovered.Read(StreamPosition.First));
        Assert.Single(recovered.Damage);
        recovered.Publish(3, "message 3");
        Assert.Equal(4, recovered.Log.EndOffset);
    }

    [Fact]
    public void Recover_ASegmentThatBeginsTorn_IsPutAsideAndNotRemoved()
    {
        // None of it was known to be on the disk: the first record decides, but somebody may want to look at the rest.
        var disk = new SimulatedDisk();
        using (var stream = new TestStream(disk))
        {
            stream.Publish(1, "message 0", "message 1");
            disk = disk.Kill();
        }

        TestStream.FolderOf(disk).Flip(FirstSegment, StreamSegmentHeader.FirstRecordOffset + 3, 2);
        using var recovered = new TestStream(disk);
        recovered.Publish(2, "message 0");

        Check(recovered, 1);
        Assert.Equal([FirstSegment, FirstSegment + ".damaged"], TestStream.FolderOf(disk).Names);
    }

    [Fact]
    public void Recover_WhatWasWrittenAndNotSynced_IsSyncedBeforeItIsShown()
    {
        var disk = new SimulatedDisk();
        using (var stream = new TestStream(disk, level: CommitLevel.Os))
        {
            stream.Publish(1, "message 0", "message 1");
            disk = disk.Kill();
        }

        using var recovered = new TestStream(disk);
        Check(recovered, 2);
        using var afterPowerLoss = new TestStream(disk.LosePower(new Random(1)));
        Check(afterPowerLoss, 2);
    }

    [Fact]
    public void Recover_NoiseInThePlaceOfASegment_PutsItAside()
    {
        var disk = new SimulatedDisk();
        using (var stream = new TestStream(disk))
        {
            stream.Publish(1, "message 0");
        }

        byte[] noise = new byte[1000];
        new Random(1).NextBytes(noise);
        TestStream.FolderOf(disk).Put(FirstSegment, noise);
        using var recovered = new TestStream(disk);
        recovered.Publish(2, "new");

        Assert.Single(recovered.Damage);
        Assert.Contains(FirstSegment + ".damaged", TestStream.FolderOf(disk).Names);
        Assert.Equal("new", Assert.Single(recovered.Read(StreamPosition.First)).Text);
        Assert.NotEqual(0, recovered.Log.FirstOffset);
    }

    [Fact]
    public void Recover_AfterPowerLoss_HasEverythingCommittedAndNothingThatWasNot()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            var disk = new SimulatedDisk();
            int committed = 0;
            int appended = 0;
            var lost = disk;
            int end = random.Next(1, 60);
            using (var stream = new TestStream(disk, SmallBlocks, segmentOctets: random.Next(600, 6000)))
            {
                while (appended < end)
                {
                    int count = random.Next(1, 6);
                    var texts = Enumerable.Range(appended, count).Select(number => Message(seed, number));
                    appended += count;
                    if (random.Next(3) > 0)
                    {
                        stream.Publish(appended, texts);
                        committed = appended;
                    }
                    else
                    {
                        stream.Append(appended, texts);
                    }
                }

                // The writer may be at work: what it commits by itself is no promise.
                lost = disk.LosePower(random);
            }

            using var recovered = new TestStream(lost, SmallBlocks, segmentOctets: 2000);
            var read = recovered.Read(StreamPosition.First);
            Assert.True(read.Count >= committed, $"seed {seed}: {read.Count} of {committed}");
            Assert.True(read.Count <= appended, $"seed {seed}");
            Assert.True(recovered.Damage.Count == 0, $"seed {seed}: {string.Join(", ", recovered.Damage)}");
            for (int offset = 0; offset < read.Count; offset++)
            {
                Assert.Equal((offset, Message(seed, offset)), read[offset]);
            }

            recovered.Publish(1000, "after");
            Assert.Equal((read.Count, "after"), recovered.Read(StreamPosition.Last)[0]);
            Assert.Equal(read.Count + 1, recovered.Read(StreamPosition.First).Count);
        }
    }

    private static string Message(int seed, int number) => $"message {number}".PadRight(new Random((seed * 1000) + number).Next(20, 900), '.');

    private static void Check(TestStream stream, int count)
    {
        var read = stream.Read(StreamPosition.First);
        Assert.Equal(Enumerable.Range(0, count).Select(number => ((long)number, $"message {number}")), read);
        Assert.Equal(count, stream.Log.EndOffset);
    }
}
