using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Tests;

/// <summary>Folders that cannot be taken, and such as are only looked at.</summary>
public sealed class DiskFileLayerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("amqp-files-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Lock_OfAFolderThatAnotherHas_SaysSo(bool isReadOnly)
    {
        using var first = new DiskFileLayer(_folder);
        first.Lock();
        using var second = new DiskFileLayer(_folder) { IsReadOnly = isReadOnly };

        Assert.Equal($"The folder '{_folder}' is in use by another process.", Assert.Throws<IOException>(second.Lock).Message);
    }

    [Theory]
    [InlineData(30, "its file system is read-only")]
    [InlineData(28, "the disk has no room")]
    [InlineData(11, "in use by another process")]
    [InlineData(5, "cannot be used: the reason")]
    public void WhyNotTaken_ForAnErrorOfTheSystem_SaysWhatItMeans(int error, string expected)
    {
        string text = DiskErrors.WhyNotTaken("/somewhere", new IOException("the reason", error));

        Assert.Contains(expected, text, StringComparison.Ordinal);
        Assert.Contains("'/somewhere'", text, StringComparison.Ordinal);
    }

    [Fact]
    public void WhyNotTaken_WithoutTheRight_SaysSo() =>
        Assert.Contains("may not be written by this user", DiskErrors.WhyNotTaken("/somewhere", new UnauthorizedAccessException()), StringComparison.Ordinal);

    [Fact]
    public void Lock_OfAPlaceThatIsAFile_IsNoOtherProcess()
    {
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        using var files = new DiskFileLayer(file);

        Assert.DoesNotContain("another process", Assert.Throws<IOException>(files.Lock).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_OfACopyThatNobodyMayWrite_ReadsIt_AndLeavesNothing()
    {
        using (var journal = Journal.Open(new DiskFileLayer(_folder), new JournalOptions { SpareSegments = 0 }, new RecordingVisitor()))
        {
            using var append = journal.Append();
            append.Define(RecordingVisitor.QueueKind, "1"u8, default);
        }

        File.Delete(Path.Combine(_folder, "lock"));
        foreach (string file in Directory.GetFiles(_folder))
        {
            File.SetAttributes(file, FileAttributes.ReadOnly);
        }

        string[] before = Directory.GetFileSystemEntries(_folder);
        var report = JournalCheck.Run(new DiskFileLayer(_folder) { IsReadOnly = true }, JournalSample.QueueOf);

        Assert.Empty(report.Damages);
        Assert.Equal(1, report.Definitions);
        Assert.Equal(before, Directory.GetFileSystemEntries(_folder));
        foreach (string file in before)
        {
            File.SetAttributes(file, FileAttributes.Normal);
        }
    }

    [Theory]
    [InlineData(100, false)]
    [InlineData(100_000, true)]
    public void Spare_OfAJournal_IsMadeWhenSomebodyWrites(int octets, bool isMade)
    {
        var waiter = new CommitWaiter();
        using (var journal = Journal.Open(new DiskFileLayer(_folder), new JournalOptions(), new RecordingVisitor()))
        {
            for (ulong batch = 1; batch <= 2; batch++)
            {
                using (var append = journal.Append())
                {
                    append.Define(RecordingVisitor.QueueKind, "1"u8, new byte[octets]);
                    append.Commit(waiter, batch, CommitLevel.Fsync);
                }

                waiter.Wait(batch);
            }
        }

        Assert.Equal(isMade, Directory.GetFiles(_folder, "spare-*").Length > 0);
    }
}
