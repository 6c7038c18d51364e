using AmqpToolkit.Storage.Journaling;
using AmqpToolkit.Storage.Streams;

namespace AmqpToolkit.Storage.Tests.Streams;

/// <summary>A stream whose losses were taken for what they are: nothing is missed any more, and whatever could be read can be read.</summary>
public sealed class StreamRepairTests
{
    private const int Messages = 100;

    private static readonly string FirstSegment = StreamSegment.NameOf(0);

    public static TheoryData<string> Damages =>
    [
        "a message", "two messages", "the first message of a file", "the end of a file", "a header", "the only header", "a file", "the first file", "the last file", "all files",
        "the end of the last file", "the last file but its header", "an emptied file", "an emptied last file", "a file and a message before", "a long message",
        "the first message of the last file", "a zeroed last file", "zeroed messages of the last file", "a last file of another stream",
    ];

    [Theory]
    [MemberData(nameof(Damages))]
    public void Repair_OfAnyDamage_LeavesNothingToMiss_AndAllThatCouldBeRead(string damage)
    {
        var disk = Fill(damage);
        var folder = TestStream.FolderOf(disk);
        Damage(folder, damage);
        var before = Check(disk);
        Assert.NotEmpty(before.Damages);
        var readable = damage == "the only header" ? [] : Read(disk.Kill());

        List<string> kept = [];
        using (var files = disk.Open())
        {
            StreamRepair.Run(files.OpenFolder("7"), before, kept.Add);
        }

        Assert.Equal(kept.Distinct(), kept);
        Assert.Empty(Check(disk).Damages);
        using (var stream = new TestStream(disk, segmentOctets: 2000, knownEnd: Messages, knownFirst: 0))
        {
            Assert.Empty(stream.Damage);
            Assert.Equal(readable, stream.Read(StreamPosition.First));
            Assert.Empty(stream.Damage);
            stream.Publish(1000, "after");
            Assert.Equal([.. readable, (Messages, "after")], stream.Read(StreamPosition.First));
        }

        Assert.Empty(Check(disk, Messages + 1).Damages);
        using var again = new TestStream(disk, segmentOctets: 2000, knownEnd: Messages + 1, knownFirst: 0);
        Assert.Equal([.. readable, (Messages, "after")], again.Read(StreamPosition.First));
        Assert.Empty(again.Damage);
    }

    /// <summary>Whatever ends it, and whatever of it the disk keeps: it is run again, from what a look finds then.</summary>
    [Theory]
    [MemberData(nameof(Damages))]
    public void Repair_EndedAtAnyCall_LeavesNothingToMissWhenItIsRunAgain(string damage)
    {
        var whole = Fill(damage == "a long message" ? "" : damage);
        Damage(TestStream.FolderOf(whole), damage);
        var readable = damage == "the only header" ? [] : Read(whole.Kill());
        int ends = 0;
        for (int point = 1; ; point++)
        {
            SimulatedDisk? killed = null;
            SimulatedDisk? left = null;
            SimulatedDisk failed = whole.Kill();
            int number = 0;
            failed.OnWrite = _ => End();
            failed.OnSync = _ => End();
            try
            {
                Repair(failed);
                break;
            }
            catch (IOException)
            {
                ends++;
            }

            failed.OnWrite = failed.OnSync = null;
            foreach (var disk in (SimulatedDisk[])[failed, killed!, left!])
            {
                Repair(disk);
                Assert.Empty(Check(disk).Damages);
                using var stream = new TestStream(disk, segmentOctets: 2000, knownEnd: Messages, knownFirst: 0);
                Assert.Equal(readable, stream.Read(StreamPosition.First));
                Assert.Empty(stream.Damage);
            }

            void End()
            {
                if (++number == point)
                {
                    killed = failed.Kill();
                    left = failed.LosePower(new Random(point));
                    throw new IOException("injected");
                }
            }
        }

        Assert.True(ends >= 2, $"{ends} ends");

        static void Repair(SimulatedDisk disk)
        {
            using var files = disk.Open();
            StreamRepair.Run(files.OpenFolder("7"), Check(disk), static _ => { });
        }
    }

    [Theory]
    [InlineData("a message")]
    [InlineData("a file")]
    [InlineData("a header")]
    [InlineData("the last file but its header")]
    public void Repair_AfterTheBrokerWentOn_LeavesNothingToMiss(string damage)
    {
        var disk = Fill(damage);
        Damage(TestStream.FolderOf(disk), damage);
        using (var stream = new TestStream(disk, segmentOctets: 2000, knownEnd: Messages, knownFirst: 0))
        {
            stream.Publish(1000, "after");
        }

        var readable = Read(disk.Kill());
        using (var files = disk.Open())
        {
            StreamRepair.Run(files.OpenFolder("7"), Check(disk, Messages + 1), static _ => { });
        }

        Assert.Empty(Check(disk, Messages + 1).Damages);
        Assert.Equal(readable, Read(disk));
        Assert.Equal((Messages, "after"), readable[^1]);
    }

    [Fact]
    public void FirstFile_ThatIsGone_IsMissed_UnlessItWasDropped()
    {
        var disk = Fill("the first file");
        var folder = TestStream.FolderOf(disk);
        folder.Remove(FirstSegment);
        _ = StreamSegment.TryParse(folder.Names.First(), out long first);

        Assert.Equal($"messages from offset 0 to {first - 1}: the file before is not there", Assert.Single(Check(disk).Damages).What);
        using (var stream = new TestStream(disk, segmentOctets: 2000, knownEnd: Messages, knownFirst: 0))
        {
            Assert.Equal($"messages from offset 0 to {first - 1}: the file before is not there", Assert.Single(stream.Damage).What);
        }

        Assert.Empty(Check(disk, Messages, first).Damages);
        using var files = disk.Open();
        Assert.Empty(StreamCheck.Run(files.OpenFolder("7"), Messages).Damages);
        using var dropped = new TestStream(disk, segmentOctets: 2000, knownEnd: Messages, knownFirst: first);
        Assert.Empty(dropped.Damage);
    }

    /// <summary>What was dropped is not missed, and its offsets are not given again, when a loss of power took all that came later.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WhatWasDropped_IsNotMissed_AndGivesNoOffsetTwice(bool isAllGone)
    {
        var disk = Fill("");
        var folder = TestStream.FolderOf(disk);
        (isAllGone ? [.. folder.Names] : folder.Names.Skip(2).ToList()).ForEach(folder.Remove);
        const int Dropped = 200;
        using (var stream = new TestStream(disk, segmentOctets: 2000, knownEnd: 10, knownFirst: Dropped))
        {
            Assert.Empty(stream.Damage);
            Assert.Equal(Dropped, stream.Log.EndOffset);
            stream.Publish(1000, "after");
            Assert.Equal((Dropped, "after"), stream.Read(StreamPosition.First)[^1]);
        }

        Assert.Empty(Check(disk, Dropped + 1, Dropped).Damages);
    }

    private static void Damage(SimulatedDisk folder, string damage)
    {
        string[] names = [.. folder.Names];
        const int First = StreamSegmentHeader.FirstRecordOffset;
        switch (damage)
        {
            case "a message":
                folder.Flip(names[1], First + 100, 1);
                break;
            case "two messages":
                folder.Flip(names[1], First + 100, 1);
                folder.Flip(names[1], First + 600, 1);
                break;
            case "the first message of a file":
                folder.Flip(names[1], First, 1);
                break;
            case "the end of a file":
                folder.Cut(names[1], First + 300);
                break;
            case "a header":
                folder.Flip(names[1], 3, 2);
                folder.Flip(names[1], 67, 2);
                break;
            case "the only header":
                names.Skip(1).ToList().ForEach(folder.Remove);
                folder.Flip(names[0], 3, 2);
                folder.Flip(names[0], 67, 2);
                break;
            case "a file":
                folder.Remove(names[2]);
                break;
            case "the first file":
                folder.Remove(names[0]);
                break;
            case "the last file":
                folder.Remove(names[^1]);
                break;
            case "all files":
                names.ToList().ForEach(folder.Remove);
                break;
            case "the end of the last file":
                folder.Cut(names[^1], First + 100);
                break;
            case "the last file but its header":
                folder.Cut(names[^1], First);
                break;
            case "an emptied file":
                folder.Cut(names[1], 0);
                break;
            case "an emptied last file":
                folder.Cut(names[^1], 0);
                break;
            case "a file and a message before":
                folder.Flip(names[1], folder.Read(names[1]).Length - 200, 1);
                folder.Remove(names[2]);
                break;
            case "the first message of the last file":
                folder.Cut(names[^1], First + 20);
                break;
            case "a zeroed last file":
                folder.Put(names[^1], new byte[folder.Read(names[^1]).Length]);
                break;
            case "zeroed messages of the last file":
                folder.Put(names[^1], [.. folder.Read(names[^1]).AsSpan(0, First), .. new byte[folder.Read(names[^1]).Length - First]]);
                break;
            case "a last file of another stream":
                folder.Put(names[^1], TestStream.FolderOf(Fill("")).Read(names[^1]));
                break;
            case "a long message":
                folder.Flip(names[0], First + 5, 1);
                break;
        }
    }

    private static List<(long Offset, string Text)> Read(SimulatedDisk disk)
    {
        using var stream = new TestStream(disk, segmentOctets: 2000, knownEnd: Messages, knownFirst: 0);
        return stream.Read(StreamPosition.First);
    }

    private static StreamReport Check(SimulatedDisk disk, long knownEnd = Messages, long knownFirst = 0)
    {
        using var files = disk.Open();
        return StreamCheck.Run(files.OpenFolder("7"), knownEnd, knownFirst);
    }

    private static SimulatedDisk Fill(string damage)
    {
        var disk = new SimulatedDisk();
        using var stream = new TestStream(disk, segmentOctets: 2000);
        if (damage == "a long message")
        {
            stream.Publish(0, new string('x', 3_000_000));
        }

        for (int number = damage == "a long message" ? 1 : 0; number < Messages; number++)
        {
            stream.Publish(number, $"message {number}");
        }

        return disk;
    }
}
