using System.Globalization;
using System.Text;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Tests;

public sealed class JournalReaderTests
{
    private static readonly JournalOptions Options = new() { SegmentOctets = 64 * 1024, SpareSegments = 1, CompactionSegments = 3 };
    private readonly SimulatedDisk _disk = new();
    private readonly CommitWaiter _waiter = new();
    private readonly List<(StoredMessage Message, string Content)> _messages = [];
    private ulong _token;

    [Fact]
    public void TryRead_BeforeItIsWritten_ReadsFromMemory()
    {
        using var isHeld = new ManualResetEventSlim(initialState: true);
        _disk.OnWrite = _ => Assert.True(isHeld.Wait(TimeSpan.FromSeconds(60)));
        using var journal = Open();
        isHeld.Reset();
        Publish(journal, 20, 100);
        Commit(journal);
        Publish(journal, 20, 100);

        CheckAll(journal.OpenReader());

        isHeld.Set();
        _waiter.Wait(_token);
        CheckAll(journal.OpenReader());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(300)]
    [InlineData(20_000)]
    [InlineData(100_000)]
    public void TryRead_InOrderAndBackwards_ReadsWhatWasWritten(int octets)
    {
        using var journal = Open();
        Publish(journal, 300, octets);
        Commit(journal);
        _waiter.Wait(_token);
        var reader = journal.OpenReader();

        CheckAll(reader);
        _messages.Reverse();
        CheckAll(reader);
    }

    [Fact]
    public void TryRead_InOrder_ReadsAhead()
    {
        using var journal = Open();
        Publish(journal, 2_000, 100);
        Commit(journal);
        _waiter.Wait(_token);
        int reads = 0;
        _disk.OnRead = () => reads++;

        CheckAll(journal.OpenReader());

        Assert.InRange(reads, 1, 30);
    }

    [Fact]
    public void TryRead_OfASharedContent_ReadsIt()
    {
        using var journal = Open();
        StoredMessage first;
        StoredMessage second;
        using (var append = journal.Append())
        {
            Queue(append);
            var content = append.Content(new ContentParts("sha"u8, "red"u8));
            first = append.Enqueue(1, 1, default, content);
            second = append.Enqueue(1, 2, "overlay"u8, content);
            append.Release(content);
        }

        var reader = journal.OpenReader();

        Assert.True(reader.TryRead(first, out var octets));
        Assert.Equal("shared", Encoding.UTF8.GetString(octets));
        Assert.True(reader.TryRead(second, out octets));
        Assert.Equal("shared", Encoding.UTF8.GetString(octets));
    }

    [Fact]
    public void TryRead_OfAMessageThatIsDone_IsRefused()
    {
        using var journal = Open();
        Publish(journal, 1, 10);
        using (var append = journal.Append())
        {
            append.Ack(1, [new JournalAck(1, _messages[0].Message)]);
        }

        Assert.False(journal.OpenReader().TryRead(_messages[0].Message, out _));
    }

    [Fact]
    public void TryRead_OfDamagedOctets_IsRefused()
    {
        var journal = Open();
        Publish(journal, 10, 100);
        Commit(journal);
        _waiter.Wait(_token);
        string name = _disk.Names.First(file => file.StartsWith("segment", StringComparison.Ordinal));
        _disk.Flip(name, Encoding.UTF8.GetString(_disk.Read(name)).IndexOf(_messages[3].Content, StringComparison.Ordinal) + 5, 1);
        var reader = journal.OpenReader();

        Assert.False(reader.TryRead(_messages[3].Message, out _));
        _messages.RemoveAt(3);
        CheckAll(reader);
        journal.Dispose();
    }

    [Fact]
    public void TryRead_AfterARestart_ReadsWhatCameBack()
    {
        using (var journal = Open())
        {
            Publish(journal, 100, 3_000);
        }

        var visitor = new RecordingVisitor();
        using var again = Journal.Open(_disk.Open(), Options, visitor);

        Assert.Equal(_messages.Select(message => message.Content), visitor.Queues[1].Select(message => message.Content));
        for (int index = 0; index < _messages.Count; index++)
        {
            _messages[index] = (visitor.Queues[1][index].Message, _messages[index].Content);
        }

        CheckAll(again.OpenReader());
    }

    /// <summary>Segments are copied forward, removed and written anew while a reader is on its way.</summary>
    [Fact]
    public async Task TryRead_WhileSegmentsComeAndGo_ReadsWhatWasWritten()
    {
        using var journal = Open();
        Publish(journal, 10, 200);
        Commit(journal);
        using var isDone = new CancellationTokenSource();
        var reading = Task.Run(() =>
        {
            var reader = journal.OpenReader();
            int rounds = 0;
            for (; !isDone.IsCancellationRequested || rounds == 0; rounds++)
            {
                CheckAll(reader);
            }

            return rounds;
        });

        for (ulong position = 1_000; position < 4_000; position++)
        {
            using (var append = journal.Append())
            {
                var message = append.Message(1, position, default, new ContentParts(new byte[500]));

                // Of the first segment nobody needs much but what is read: it is among the first to be copied forward, however far behind the copier is.
                if (position % 10 != 0 || position < 1_200)
                {
                    append.Ack(1, [new JournalAck(position, message)]);
                }

                append.Commit(_waiter, ++_token, CommitLevel.Fsync);
            }

            if (position % 50 == 0)
            {
                _waiter.Wait(_token);
            }
        }

        await isDone.CancelAsync();
        Assert.True(await reading.WaitAsync(TimeSpan.FromSeconds(60)) > 0);

        // It was copied forward, and goes with one of the next batches: the copier and the last reader may be behind.
        Assert.True(SpinWait.SpinUntil(IsFirstGone, TimeSpan.FromSeconds(60)), "The first segment is still there.");

        bool IsFirstGone()
        {
            Commit(journal);
            _waiter.Wait(_token);
            return !_disk.Names.Contains("segment-0000000001.journal");
        }
    }

    private Journal Open() => Journal.Open(_disk.Open(), Options, new RecordingVisitor());

    private static void Queue(Journal.Appender append) => append.Define(RecordingVisitor.QueueKind, "1"u8, "queue"u8);

    private void Publish(Journal journal, int count, int octets)
    {
        using var append = journal.Append();
        if (_messages.Count == 0)
        {
            Queue(append);
        }

        for (; count > 0; count--)
        {
            string content = string.Create(CultureInfo.InvariantCulture, $"{_messages.Count}:{new string('x', octets)}");
            _messages.Add((append.Message(1, (ulong)_messages.Count + 1, default, new ContentParts(Encoding.UTF8.GetBytes(content))), content));
        }
    }

    private void Commit(Journal journal)
    {
        using var append = journal.Append();
        append.Commit(_waiter, ++_token, CommitLevel.Fsync);
    }

    private void CheckAll(JournalReader reader)
    {
        foreach (var (message, content) in _messages)
        {
            Assert.True(reader.TryRead(message, out var octets));
            Assert.Equal(content, Encoding.UTF8.GetString(octets));
        }
    }
}
