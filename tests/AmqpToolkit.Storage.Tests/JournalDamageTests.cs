using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Tests;

/// <summary>A small journal, damaged at each of its octets: what a check says, what opening and a repair keep.</summary>
public sealed class JournalDamageTests
{
    private readonly SimulatedDisk _whole = new();

    public JournalDamageTests()
    {
        using var journal = Journal.Open(_whole.Open(), JournalSample.Options, new RecordingVisitor());
        JournalSample.Write(journal, new CommitWaiter());
    }

    [Fact]
    public void Check_OfAWholeJournal_CountsWhatItHolds_AndChangesNothing()
    {
        var before = _whole.Names.Select(name => Convert.ToHexString(_whole.Read(name))).ToArray();

        var report = JournalCheck.Run(_whole.Open(), JournalSample.QueueOf);

        Assert.Empty(report.Damages);
        Assert.True(report.WasClosed);
        Assert.Equal(3, report.Definitions);
        Assert.Equal([(1U, 3L), (2U, 3L)], report.Messages.Select(queue => (queue.Key, queue.Value)));
        Assert.Equal(before, _whole.Names.Select(name => Convert.ToHexString(_whole.Read(name))));
    }

    [Fact]
    public void Check_OfAFlippedBit_NamesFileOffsetAndWhatDependsOnIt()
    {
        string name = _whole.Names.First();
        int offset = _whole.Read(name).AsSpan().IndexOf("three"u8);
        _whole.Flip(name, offset, 0);

        var damage = Assert.Single(JournalCheck.Run(_whole.Open(), JournalSample.QueueOf).Damages);

        Assert.Equal(name, damage.File);
        Assert.InRange(offset, damage.Offset, damage.Offset + damage.Octets - 1);
        Assert.EndsWith("a message of queue number 1", damage.What, StringComparison.Ordinal);
        Assert.EndsWith("a message of 'orders'", damage.WhatOf(queue => queue == 1 ? "'orders'" : "?"), StringComparison.Ordinal);
    }

    [Fact]
    public void Check_OfADamagedDefinition_CountsTheMessagesThatAreLostWithIt()
    {
        string name = _whole.Names.First();
        _whole.Flip(name, _whole.Read(name).AsSpan().IndexOf("second queue"u8), 0);

        var damages = JournalCheck.Run(_whole.Open(), JournalSample.QueueOf).Damages;

        Assert.Equal(2, damages.Count);
        Assert.EndsWith("the definition of the numbers that were given out", damages[0].What, StringComparison.Ordinal);
        Assert.Equal("3 messages of queue number 2, whose definition is lost", damages[1].What);
    }

    [Fact]
    public void Check_OfMessagesWhoseQueueWasRemoved_MissesNone()
    {
        using (var journal = Journal.Open(_whole.Open(), JournalSample.Options, new RecordingVisitor()))
        {
            using var append = journal.Append();
            append.Remove(RecordingVisitor.QueueKind, "2"u8);
        }

        string name = _whole.Names.First();
        _whole.Flip(name, _whole.Read(name).AsSpan().IndexOf("three"u8), 0);

        Assert.EndsWith("a message of queue number 1", Assert.Single(JournalCheck.Run(_whole.Open(), JournalSample.QueueOf).Damages).What, StringComparison.Ordinal);
    }

    /// <summary>The definition's own record is gone with its segment, and the messages are not: the removal says whose they were.</summary>
    [Fact]
    public void Check_OfMessagesOfAQueueWhoseRemovalSaysSo_MissesNone()
    {
        var disk = new SimulatedDisk();
        using (var journal = Journal.Open(disk.Open(), JournalSample.Options, new RecordingVisitor()))
        {
            using var append = journal.Append();
            append.Define(7, "spoiled"u8, "value"u8);
            append.Message(5, 1, default, new ContentParts("message"u8));
            append.Remove(RecordingVisitor.QueueKind, "5"u8, value: "known"u8);
        }

        string name = disk.Names.First();
        disk.Flip(name, disk.Read(name).AsSpan().IndexOf("spoiled"u8), 0);

        Assert.EndsWith("the definition of user 'rpoiled'", Assert.Single(JournalCheck.Run(disk.Open(), JournalSample.QueueOf).Damages).What, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_WithABitFlippedAnywhere_NamesIt_AndLosesLittle()
    {
        foreach (string name in _whole.Names)
        {
            int length = _whole.Read(name).Length;
            for (int offset = 0; offset < length; offset += Step(name, offset))
            {
                var damaged = _whole.Kill();
                damaged.Flip(name, offset, offset % 8);

                var found = Recover(damaged);

                Assert.True(IsLastBatch(name, offset) || found.Damages.Exists(damage => damage.File == name && damage.Offset <= offset && offset < damage.Offset + Math.Max(damage.Octets, 1)), $"{name}+{offset}: {string.Join(' ', found.Damages)}");
                int lost = 6 - found.Queues.Sum(queue => queue.Value.Count(message => message.Content is not "one"));
                Assert.True(lost <= 3 || found.Queues.Count < 2, $"{name}+{offset}: {lost} lost");
            }
        }
    }

    [Fact]
    public void Open_OfAFileCutAnywhere_KeepsWhatWasBefore()
    {
        string last = _whole.Names.Last();
        foreach (string name in _whole.Names)
        {
            int length = _whole.Read(name).Length;
            for (int cut = 0; cut < length; cut += Step(name, cut))
            {
                var damaged = _whole.Kill();
                damaged.Cut(name, cut);

                var found = Recover(damaged);

                // The last file says that the journal was closed, and how: a crash may have come before that. The end of another is known.
                Assert.True(name == last || found.Damages.Count > 0, $"{name} cut at {cut}");
                Assert.Subset(_contents, found.Queues.SelectMany(queue => queue.Value.Select(message => message.Content)).ToHashSet());
            }
        }
    }

    [Fact]
    public void Repair_OfABitFlippedAnywhere_KeepsWhatOpeningDoes_AndIsWhole()
    {
        foreach (string name in _whole.Names)
        {
            for (int offset = 0; offset < _whole.Read(name).Length; offset += 7)
            {
                var damaged = _whole.Kill();
                damaged.Flip(name, offset, offset % 8);
                var repaired = new SimulatedDisk();
                var before = Recover(damaged);

                var damages = JournalRepair.Run(damaged.Open(), repaired.Open(), JournalSample.Options, JournalSample.QueueOf);

                var found = Recover(repaired);
                Assert.Equal(before.Damages, damages);
                Assert.Empty(found.Damages);
                Assert.Equal(JournalSample.Describe(before), JournalSample.Describe(found));
            }
        }
    }

    [Fact]
    public void Repair_IntoAFolderWithAJournal_IsRefused() =>
        Assert.Throws<IOException>(() => JournalRepair.Run(_whole.Kill().Open(), _whole.Open(), JournalSample.Options, JournalSample.QueueOf));

    private static RecordingVisitor Recover(SimulatedDisk disk)
    {
        var found = new RecordingVisitor { MissesQueues = true };
        using var files = disk.Open();
        new JournalRecovery(files, JournalSample.Options, found) { IsReadOnly = true }.Run();
        return found;
    }

    private readonly HashSet<string> _contents = ["one", "two", "three", "shared", "moved", "last", $"long {new string('l', 1500)}"];

    /// <summary>Every octet, but of the headers' zeros, which are many and all alike, only some in all files but the first.</summary>
    private int Step(string name, int offset) =>
        name != _whole.Names.First() && offset % SegmentHeader.CopyOffset > SegmentHeader.Octets && offset < SegmentHeader.FirstRecordOffset - 16 ? 16 : 1;

    /// <summary>Behind the last mark but one: what is not whole there may never have been.</summary>
    private bool IsLastBatch(string name, int offset) =>
        name == _whole.Names.Last() && offset >= _whole.Read(name).Length - (RecordHeader.Octets + MarkPayload.Octets + RecordHeader.Octets);
}
