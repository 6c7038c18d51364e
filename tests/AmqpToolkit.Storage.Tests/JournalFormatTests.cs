using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Tests;

/// <summary>Files of every version that was ever written can be read.</summary>
public sealed class JournalFormatTests
{
    private readonly SimulatedDisk _disk = new();

    /// <summary>The newest version's files come from here: AMQP_JOURNAL_SAMPLE names the folder to write them to.</summary>
    [Fact]
    public void Open_OfTheSampleAsItIsWrittenNow_FindsAllOfIt()
    {
        using (var journal = Journal.Open(_disk.Open(), JournalSample.Options, new RecordingVisitor()))
        {
            JournalSample.Write(journal, new CommitWaiter());
        }

        if (Environment.GetEnvironmentVariable("AMQP_JOURNAL_SAMPLE") is { } folder)
        {
            foreach (string name in _disk.Names)
            {
                File.WriteAllBytes(Path.Combine(folder, name), _disk.Read(name));
            }
        }

        Assert.Equal(JournalSample.Description, Open());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Open_OfTheSampleOfAVersion_FindsAllOfIt(int version)
    {
        Assert.True(version <= SegmentHeader.CurrentVersion);
        var files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Files", $"version-{version}"), "*.journal");
        Assert.True(files.Length > 1);
        foreach (string file in files)
        {
            _disk.Put(Path.GetFileName(file), File.ReadAllBytes(file));
        }

        Assert.Equal(JournalSample.Description, Open());
    }

    private string Open()
    {
        var found = new RecordingVisitor();
        Journal.Open(_disk.Open(), JournalSample.Options, found).Dispose();
        Assert.Empty(found.Damages);
        return JournalSample.Describe(found);
    }
}
