using System.Diagnostics;
using System.Globalization;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Benchmarks;

/// <summary>
/// What the journal does on the disk of a folder: commits a second with one and with many on their way, and how long a journal of many
/// messages takes to be opened. <c>journal folder [messages] [octets] [recovery]</c>, the last word for the second figure alone.
/// </summary>
internal static class JournalFigures
{
    private const uint Queue = 1;
    private const ushort QueueKind = 1;
    private static readonly TimeSpan Sitting = TimeSpan.FromSeconds(5);

    public static void Run(string[] arguments)
    {
        string folder = Path.Combine(arguments.Length > 0 ? arguments[0] : Path.GetTempPath(), "journal-figures");
        int messages = arguments.Length > 1 ? int.Parse(arguments[1], CultureInfo.InvariantCulture) : 10_000_000;
        int octets = arguments.Length > 2 ? int.Parse(arguments[2], CultureInfo.InvariantCulture) : 100;
        byte[] content = new byte[octets];
        Random.Shared.NextBytes(content);
        foreach (int depth in arguments.Length > 3 ? (int[])[] : [1, 10, 100, 1_000, 10_000])
        {
            Commit(folder, content, depth);
        }

        Recover(folder, content, messages);
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Each message waits for the disk by itself; an acknowledgement goes with it, so that the journal stays small.</summary>
    private static void Commit(string folder, byte[] content, int depth)
    {
        using var journal = Open(folder, out _);
        using var waiter = new CountingWaiter();
        var clock = Stopwatch.StartNew();
        ulong position = 0;
        while (clock.Elapsed < Sitting)
        {
            using (var append = journal.Append())
            {
                var message = append.Message(Queue, ++position, default, new ContentParts(content));
                append.Ack(Queue, [new JournalAck(position, message)]);
                append.Commit(waiter, position, CommitLevel.Fsync);
            }

            waiter.WaitFor(position, depth);
        }

        waiter.WaitFor(position, 1);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{depth,6} on their way: {position / clock.Elapsed.TotalSeconds:N0} messages of {content.Length} octets a second, each after its sync"));
    }

    private static void Recover(string folder, byte[] content, int messages)
    {
        using (var journal = Open(folder, out _))
        using (var waiter = new CountingWaiter())
        {
            var filling = Stopwatch.StartNew();
            for (ulong position = 1; position <= (ulong)messages; position++)
            {
                using (var append = journal.Append())
                {
                    append.Message(Queue, position, default, new ContentParts(content));
                    if (position % 1_000 == 0 || position == (ulong)messages)
                    {
                        append.Commit(waiter, position, CommitLevel.Os);
                    }
                }

                if (position % 100_000 == 0)
                {
                    waiter.WaitFor(position, 100_000);
                }
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{messages:N0} messages appended in {filling.Elapsed.TotalSeconds:N1} s"));
            journal.CloseAbruptly();
        }

        GC.Collect();
        var clock = Stopwatch.StartNew();
        using var again = Open(folder, out var visitor);
        long memory = GC.GetTotalMemory(forceFullCollection: true);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{visitor.Messages:N0} messages of {content.Length} octets recovered in {visitor.Time(clock).TotalSeconds:N1} s, {memory / (double)visitor.Messages:N1} octets of memory a message"));
    }

    private static Journal Open(string folder, out CountingVisitor visitor)
    {
        visitor = new CountingVisitor();
        if (Directory.Exists(folder) && !Directory.EnumerateFiles(folder, "segment-*").Any())
        {
            Directory.Delete(folder, recursive: true);
        }

        var journal = Journal.Open(new DiskFileLayer(folder), new JournalOptions(), visitor);
        if (!visitor.HasQueue(Queue))
        {
            using var append = journal.Append();
            append.Define(QueueKind, "q"u8, default);
        }

        return journal;
    }

    private sealed class CountingVisitor : IJournalVisitor
    {
        private bool _hasQueue;
        private long _ended;

        public long Messages { get; private set; }

        public TimeSpan Time(Stopwatch clock) => clock.Elapsed - Stopwatch.GetElapsedTime(_ended);

        public void VisitDefinition(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => _hasQueue = true;

        public bool HasQueue(uint queue) => _hasQueue;

        public void VisitMessage(in RecoveredMessage message) => Messages++;

        public void VisitDamage(JournalDamage damage) => Console.WriteLine(damage);

        public void VisitEnd(bool wasClosed) => _ended = Stopwatch.GetTimestamp();
    }

    private sealed class CountingWaiter : IJournalWaiter, IDisposable
    {
        private readonly AutoResetEvent _signal = new(initialState: false);
        private JournalTicket _ticket;
        private ulong _committed;

        public ref JournalTicket Ticket => ref _ticket;

        public void HandleCommitted(ulong token)
        {
            Volatile.Write(ref _committed, token);
            _signal.Set();
        }

        public void HandleFailed(ulong token, Exception error) => Environment.FailFast("the journal failed", error);

        /// <summary>Waits until fewer than so many are on their way.</summary>
        public void WaitFor(ulong position, int depth)
        {
            while (position - Volatile.Read(ref _committed) >= (ulong)depth)
            {
                _signal.WaitOne();
            }
        }

        public void Dispose() => _signal.Dispose();
    }
}
