using System.Globalization;
using System.Text;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Tests;

/// <summary>The process that is killed: works on a journal and writes a line for each commit that it was told of.</summary>
internal static class CrashChild
{
    /// <summary>Commits that may be on their way.</summary>
    public const ulong Window = 100;

    public static readonly JournalOptions Options = new() { SegmentOctets = 64 * 1024, SpareSegments = 1, CompactionSegments = 4 };

    public static int Main(string[] arguments)
    {
        if (arguments is not ["crash", var folder, var seed, var firstPosition])
        {
            return 2;
        }

        Run(folder, int.Parse(seed, CultureInfo.InvariantCulture), ulong.Parse(firstPosition, CultureInfo.InvariantCulture));
        return 0;
    }

    private static void Run(string folder, int seed, ulong firstPosition)
    {
        var found = new RecordingVisitor();
        using var journal = Journal.Open(new DiskFileLayer(folder), Options, found);
        using var waiter = new LineWriter(Console.OpenStandardOutput());
        var stored = found.Queues.SelectMany(queue => queue.Value.Select(message => ((queue.Key, message.Position), message.Message))).ToDictionary();
        var work = new CrashWork(seed, firstPosition, found.Queues.ToDictionary(queue => queue.Key, queue => new SortedSet<ulong>(queue.Value.Select(message => message.Position))));
        for (ulong token = 1; ; token++)
        {
            var steps = work.Next();
            using (var append = journal.Append())
            {
                foreach (var step in steps)
                {
                    Do(append, step, stored);
                }

                append.Commit(waiter, token, CommitLevel.Fsync);
            }

            waiter.WaitFor(token > Window ? token - Window : 0);
        }
    }

    private static void Do(Journal.Appender append, in CrashStep step, Dictionary<(uint Queue, ulong Position), StoredMessage> stored)
    {
        uint group = step.Moves ? append.BeginGroup() : 0;
        if (step.Target != 0)
        {
            byte[] content = CrashWork.ContentOf(step.TargetPosition);
            stored.Add((step.Target, step.TargetPosition), append.Message(step.Target, step.TargetPosition, default, new ContentParts(content), group));
        }

        if (step.Takes)
        {
            stored.Remove((step.Queue, step.Position), out var message);
            append.Ack(step.Queue, [new JournalAck(step.Position, message)], group);
        }

        if (group != 0)
        {
            append.EndGroup(group);
        }
    }

    private sealed class LineWriter(Stream output) : IJournalWaiter, IDisposable
    {
        private readonly Lock _gate = new();
        private readonly AutoResetEvent _signal = new(initialState: false);
        private JournalTicket _ticket;
        private ulong _committed;

        public ref JournalTicket Ticket => ref _ticket;

        public void HandleCommitted(ulong token)
        {
            output.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{token}\n")));
            lock (_gate)
            {
                _committed = token;
            }

            _signal.Set();
        }

        public void HandleFailed(ulong token, Exception error) => Environment.FailFast("the journal failed", error);

        public void WaitFor(ulong token)
        {
            while (true)
            {
                lock (_gate)
                {
                    if (_committed >= token)
                    {
                        return;
                    }
                }

                _signal.WaitOne();
            }
        }

        public void Dispose() => _signal.Dispose();
    }
}
