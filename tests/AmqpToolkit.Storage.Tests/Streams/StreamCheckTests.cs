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

    private static StreamReport Check(SimulatedDisk disk)
    {
        using var files = disk.Open();
        return StreamCheck.Run(files.OpenFolder("7"));
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
