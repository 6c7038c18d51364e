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

        using var again = new TestStream(disk, segmentOctets: 2000, knownEnd: 101);
        Assert.Equal((100, "after"), again.Read(StreamPosition.First)[^1]);
        Assert.Empty(again.Damage);
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
