using AmqpToolkit.Storage.Streams;

namespace AmqpToolkit.Storage.Tests.Streams;

/// <summary>What a look through a stream tells, without changing anything.</summary>
public sealed class StreamCheckTests
{
    private static readonly string FirstSegment = StreamSegment.NameOf(0);

    [Fact]
    public void Check_OfAWholeStream_CountsItsMessages()
    {
        var disk = Fill();

        var report = Check(disk);

        Assert.Empty(report.Damages);
        Assert.Equal((100, 0, 100), (report.Messages, report.FirstOffset, report.EndOffset));
        Assert.True(report.Files > 2, $"{report.Files} files");
    }

    [Fact]
    public void Check_OfAFlippedBit_TellsWhereAndCountsTheRest()
    {
        var disk = Fill();
        TestStream.FolderOf(disk).Flip(FirstSegment, StreamSegmentHeader.FirstRecordOffset + 40, 3);

        var report = Check(disk);

        var damage = Assert.Single(report.Damages);
        Assert.Equal((FirstSegment, (long)StreamSegmentHeader.FirstRecordOffset), (damage.File, damage.Offset));
        Assert.Equal((99, 1, 100), (report.Messages, report.FirstOffset, report.EndOffset));
    }

    [Fact]
    public void Check_OfADamagedHeader_TellsAndReadsTheMessages()
    {
        var disk = Fill();
        TestStream.FolderOf(disk).Flip(FirstSegment, 3, 2);
        TestStream.FolderOf(disk).Flip(FirstSegment, 64 + 3, 2);

        var report = Check(disk);

        Assert.Equal((FirstSegment, 0L), Assert.Single(report.Damages) is var damage ? (damage.File, damage.Offset) : default);
        Assert.Equal(100, report.Messages);
    }

    [Fact]
    public void Check_OfAFileThatIsGone_TellsWhichMessagesAre()
    {
        var disk = Fill();
        var folder = TestStream.FolderOf(disk);
        string[] names = [.. folder.Names];
        folder.Remove(names[1]);

        string what = Assert.Single(Check(disk).Damages).What;

        Assert.StartsWith($"messages from offset {FirstOf(names[1])} to {FirstOf(names[2]) - 1}: ", what, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Check_OfAnEndThatIsGone_TellsWhichMessagesAre(bool isCut)
    {
        var disk = Fill();
        var folder = TestStream.FolderOf(disk);
        string last = folder.Names.Last();
        if (isCut)
        {
            folder.Cut(last, StreamSegmentHeader.FirstRecordOffset);
        }
        else
        {
            folder.Remove(last);
        }

        string what = Assert.Single(Check(disk, knownEnd: 100).Damages).What;

        Assert.StartsWith($"messages from offset {FirstOf(last)} to 99: ", what, StringComparison.Ordinal);
    }

    /// <summary>The torn octets stay in their file, and the next message begins another.</summary>
    [Fact]
    public void Check_OfAnEndThatACrashHasTorn_IsNoDamage_AlsoWhenTheStreamWentOn()
    {
        var disk = new SimulatedDisk();
        SimulatedDisk left;
        using (var stream = new TestStream(disk))
        {
            for (int number = 0; number < 5; number++)
            {
                stream.Publish(number, $"message {number}");
            }

            left = disk.Kill();
        }

        TestStream.FolderOf(left).Cut(FirstSegment, TestStream.FolderOf(left).Read(FirstSegment).Length - 60);
        Assert.Empty(Check(left).Damages);
        using (var again = new TestStream(left))
        {
            again.Publish(10, "after");
        }

        var report = Check(left);
        Assert.Empty(report.Damages);
        Assert.Equal((2, 5, 0L, 5L), (report.Files, (int)report.Messages, report.FirstOffset, report.EndOffset));
    }

    [Fact]
    public void Check_OfAStreamThatIsGone_TellsOfAllOfIt() =>
        Assert.Equal("messages from offset 0 to 99: no file is there", Assert.Single(StreamCheck.Run(null, 100).Damages).What);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Recover_WithoutWhatWasKnownToBeThere_TellsAndGivesNoOffsetTwice(bool isCut)
    {
        var disk = Fill();
        var folder = TestStream.FolderOf(disk);
        string last = folder.Names.Last();
        if (isCut)
        {
            folder.Cut(last, StreamSegmentHeader.FirstRecordOffset);
        }
        else
        {
            folder.Names.ToList().ForEach(folder.Remove);
        }

        using (var stream = new TestStream(disk, segmentOctets: 2000, knownEnd: 100))
        {
            Assert.StartsWith($"messages from offset {(isCut ? FirstOf(last) : 0)} to 99: ", Assert.Single(stream.Damage).What, StringComparison.Ordinal);
            Assert.Equal(100, stream.Log.EndOffset);
            stream.Publish(1000, "after");
            Assert.Equal((100, "after"), stream.Read(StreamPosition.At(100)).Single());
        }

        // Told at each start until a repair, as the check does; not again by who reads.
        using var again = new TestStream(disk, segmentOctets: 2000, knownEnd: 101);
        string[] told = isCut ? [$"messages from offset {FirstOf(last)} to 99: the file before is not there"] : [];
        Assert.Equal(told, again.Damage.Select(static damage => damage.What));
        Assert.Equal((100, "after"), again.Read(StreamPosition.First)[^1]);
        Assert.Equal(told, again.Damage.Select(static damage => damage.What));
        Assert.Equal(told, Check(disk, knownEnd: 101).Damages.Select(static damage => damage.What));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(3, 1)]
    public void FilesBetweenOthers_ThatAreGone_AreToldAtTheStart_AndNotAgainByReaders(int first, int count)
    {
        var disk = Fill();
        var folder = TestStream.FolderOf(disk);
        string[] names = [.. folder.Names];
        names[first..(first + count)].ToList().ForEach(folder.Remove);
        string missing = $"messages from offset {FirstOf(names[first])} to {FirstOf(names[first + count]) - 1}: the file before is not there";

        using var stream = new TestStream(disk, segmentOctets: 2000, knownEnd: 100, knownFirst: 0);

        var told = Assert.Single(stream.Damage);
        Assert.Equal((names[first + count], missing), (told.File, told.What));
        int there = 100 - (int)(FirstOf(names[first + count]) - FirstOf(names[first]));
        Assert.Equal(there, stream.Read(StreamPosition.First).Count);
        Assert.Equal(there, stream.Read(StreamPosition.From(0)).Count);
        Assert.Equal(FirstOf(names[first + count]), stream.Read(StreamPosition.At(FirstOf(names[first]) + 1))[0].Offset);
        Assert.Single(stream.Damage);
        Assert.Equal(missing, Assert.Single(Check(disk, knownEnd: 100).Damages).What);
    }

    /// <summary>The file before does not say where it ends: it lacks its index, or a crash has torn it there. Whoever reads to its end finds out.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FileBetweenOthers_ThatIsGone_BehindAnEndThatSaysNothing_IsToldOnceByReaders(bool startsInTheGap)
    {
        var disk = Fill();
        var folder = TestStream.FolderOf(disk);
        string[] names = [.. folder.Names];
        folder.Remove(names[2]);
        folder.Cut(names[1], folder.Read(names[1]).Length - LastRecordOctets(folder, names[1]) - StreamLog.MarkOctets);
        string[] missing = [$"messages from offset {FirstOf(names[2])} to {FirstOf(names[3]) - 1}: the file before is not there"];

        using var stream = new TestStream(disk, segmentOctets: 2000, knownEnd: 100, knownFirst: 0);
        Assert.Empty(stream.Damage);
        for (int time = 0; time < 2; time++)
        {
            var read = stream.Read(startsInTheGap ? StreamPosition.At(FirstOf(names[2]) + 1) : StreamPosition.First);
            Assert.Equal(99, read[^1].Offset);
            Assert.Equal(missing, stream.Damage.Select(static damage => damage.What));
        }

        Assert.Equal(missing, Check(disk, knownEnd: 100).Damages.Select(static damage => damage.What));
    }

    /// <summary>What limits took, and a crash brought back in part, is not missed.</summary>
    [Fact]
    public void FilesThatWereDropped_AndAreThereInPart_AreNotMissed()
    {
        var disk = Fill();
        var folder = TestStream.FolderOf(disk);
        string[] names = [.. folder.Names];
        folder.Remove(names[0]);
        folder.Remove(names[2]);
        long knownFirst = FirstOf(names[3]);

        using var stream = new TestStream(disk, segmentOctets: 2000, knownEnd: 100, knownFirst: knownFirst);
        Assert.Equal(99, stream.Read(StreamPosition.First)[^1].Offset);
        Assert.Empty(stream.Damage);
        using var files = disk.Open();
        Assert.Empty(StreamCheck.Run(files.OpenFolder("7"), 100, knownFirst).Damages);
    }

    /// <summary>One that has come among them by mistake, wherever its name puts it.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(-1)]
    public void FileOfAnotherStream_IsTheDamage_AndTheOthersAreWhole(int place)
    {
        var disk = Fill();
        var folder = TestStream.FolderOf(disk);
        string name = folder.Names.ElementAt(place < 0 ? folder.Names.Count + place : place);
        var other = Fill();
        folder.Put(name, TestStream.FolderOf(other).Read(name));

        var report = Check(disk, knownEnd: 100);
        Assert.NotEmpty(report.Damages);
        Assert.All(report.Damages, damage => Assert.Equal(name, damage.File));
        Assert.InRange(report.Messages, 70, 99);
        long after;
        using (var stream = new TestStream(disk, segmentOctets: 2000, knownEnd: 100, knownFirst: 0))
        {
            Assert.NotEmpty(stream.Damage);
            Assert.Equal(report.Messages, stream.Read(StreamPosition.First).Count);
            stream.Publish(1000, "after");
            (after, string text) = stream.Read(StreamPosition.Last)[0];
            Assert.Equal("after", text);

            // How far the last file reached nobody knows: no offset of it is given again.
            Assert.InRange(after, 100, place < 0 ? 200 : 100);
        }

        using (var files = disk.Open())
        {
            StreamRepair.Run(files.OpenFolder("7"), Check(disk, knownEnd: after + 1), static _ => { });
        }

        using var again = new TestStream(disk, segmentOctets: 2000, knownEnd: after + 1, knownFirst: 0);
        Assert.Equal(report.Messages + 1, again.Read(StreamPosition.First).Count);
        Assert.Empty(again.Damage);
        Assert.Empty(Check(disk, knownEnd: after + 1).Damages);
    }

    /// <summary>Nothing says how far the file reached that was there: as far as it can have.</summary>
    [Fact]
    public void LastFile_OfAnotherStream_BehindWhichNothingIsKnown_GivesNoOffsetTwice()
    {
        var disk = Fill();
        var folder = TestStream.FolderOf(disk);
        string name = folder.Names.Last();
        folder.Put(name, TestStream.FolderOf(Fill()).Read(name));

        using var stream = new TestStream(disk, segmentOctets: 2000, knownEnd: FirstOf(name) + 1, knownFirst: 0);
        Assert.NotEmpty(stream.Damage);
        stream.Publish(1000, "after");
        Assert.InRange(stream.Read(StreamPosition.Last)[0].Offset, 100, 200);
    }

    /// <summary>Of two files neither is more common: the newest stays where it is, since it is what is written on.</summary>
    [Fact]
    public void FileOfAnotherStream_OneOfTwo_LeavesTheNewestInPlace()
    {
        var disk = Fill();
        var folder = TestStream.FolderOf(disk);
        string[] names = [.. folder.Names];
        names[..^2].ToList().ForEach(folder.Remove);
        folder.Put(names[^2], TestStream.FolderOf(Fill()).Read(names[^2]));

        using var stream = new TestStream(disk, segmentOctets: 2000, knownEnd: 100, knownFirst: FirstOf(names[^2]));

        Assert.All(stream.Damage, damage => Assert.Equal(names[^2], damage.File));
        Assert.NotEmpty(stream.Damage);
        Assert.Equal(names[^2..], folder.Names);
        Assert.Equal(99, stream.Read(StreamPosition.Last)[0].Offset);
    }

    /// <summary>Octets of the index that ends a file: its last octets say where it begins.</summary>
    private static int LastRecordOctets(SimulatedDisk folder, string name)
    {
        byte[] octets = folder.Read(name);
        return octets.Length - (int)BitConverter.ToInt64(octets, octets.Length - sizeof(long));
    }

    private static long FirstOf(string name) => StreamSegment.TryParse(name, out long offset) ? offset : -1;

    private static StreamReport Check(SimulatedDisk disk, long knownEnd = 0)
    {
        using var files = disk.Open();
        return StreamCheck.Run(files.OpenFolder("7"), knownEnd);
    }

    private static SimulatedDisk Fill()
    {
        var disk = new SimulatedDisk();
        using var stream = new TestStream(disk, segmentOctets: 2000);
        for (int number = 0; number < 100; number++)
        {
            stream.Publish(number, $"message {number}");
        }

        return disk;
    }
}
