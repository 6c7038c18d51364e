using System.Text;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Tests;

/// <summary>A small journal with every kind of record, and what it holds.</summary>
internal static class JournalSample
{
    /// <summary>Small enough that the sample has several segments.</summary>
    public static readonly JournalOptions Options = new() { SegmentOctets = 6 * 1024, SpareSegments = 0, CompactionSegments = 100 };

    /// <summary>What <see cref="Describe"/> says of the sample.</summary>
    public const string Description = """
        1:1=first queue
        1:2=second queue
        7:policy=new value
        queue 1: 2 'after' 'two'; 3 '' 'three'; 10 '' 'long 
        queue 2: 1 'shared by one' 'shared'; 2 '' 'moved'; 3 '' 'last'
        closed: True
        """;

    public static void Write(Journal journal, CommitWaiter waiter)
    {
        using (var append = journal.Append())
        {
            append.Define(RecordingVisitor.QueueKind, "1"u8, "first queue"u8);
            append.Define(RecordingVisitor.QueueKind, "2"u8, "second queue"u8);
            append.Define(RecordingVisitor.QueueKind, "3"u8, "gone"u8);
            append.Define(7, "policy"u8, "old value"u8);
            append.Commit(waiter, 1, CommitLevel.Fsync);
        }

        waiter.Wait(1);
        using (var append = journal.Append())
        {
            var first = append.Message(1, 1, "before"u8, new ContentParts("one"u8));
            var second = append.Message(1, 2, "before"u8, new ContentParts("t"u8, "w"u8, "o"u8));
            append.Message(1, 3, default, new ContentParts("three"u8));
            var shared = append.Content(new ContentParts("shared"u8));
            var fourth = append.Enqueue(1, 4, default, shared);
            append.Enqueue(2, 1, "shared by one"u8, shared);
            append.Release(shared);
            append.Ack(1, [new JournalAck(1, first), new JournalAck(4, fourth)]);
            append.Update(1, 2, second, "after"u8);
            append.Commit(waiter, 2, CommitLevel.Fsync);
        }

        waiter.Wait(2);
        using (var append = journal.Append())
        {
            var moved = append.Message(1, 5, default, new ContentParts("moved"u8));
            uint group = append.BeginGroup();
            append.Message(2, 2, default, new ContentParts("moved"u8), group);
            append.Ack(1, [new JournalAck(5, moved)], group);
            append.EndGroup(group);
            append.Message(1, 10, default, new ContentParts(Encoding.UTF8.GetBytes($"long {new string('l', 1500)}")));
            append.Remove(RecordingVisitor.QueueKind, "3"u8);
            append.Define(7, "policy"u8, "new value"u8);
            append.Message(2, 3, default, new ContentParts("last"u8));
            append.Commit(waiter, 3, CommitLevel.Fsync);
        }

        waiter.Wait(3);
    }

    public static string Describe(RecordingVisitor found)
    {
        var lines = found.Definitions.OrderBy(definition => definition.Key, StringComparer.Ordinal).Select(definition => $"{definition.Key}={definition.Value}");
        var queues = found.Queues.OrderBy(queue => queue.Key)
            .Select(queue => $"queue {queue.Key}: {string.Join("; ", queue.Value.Select(message => $"{message.Position} '{message.Overlay}' '{Short(message.Content)}"))}");
        return string.Join('\n', [.. lines, .. queues, $"closed: {found.WasClosed}"]);
    }

    /// <summary>The queue that a definition of these tests declares.</summary>
    public static uint QueueOf(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        kind == RecordingVisitor.QueueKind ? uint.Parse(Encoding.UTF8.GetString(name)) : 0;

    private static string Short(string content) => content.Length > 50 ? content[..5] : content + "'";
}
