using System.Diagnostics;
using System.Globalization;
using System.Text;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;
using Xunit.Abstractions;

namespace AmqpToolkit.Storage.Tests;

/// <summary>A process that works on a journal on the disk is killed at random moments: what it said to be committed is there, in order, and nothing is half done.</summary>
public sealed class CrashTests(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("amqp-journal-").FullName;

    /// <summary>Kills: few in each test run, many by hand (AMQP_KILL_ROUNDS).</summary>
    private static int Rounds => int.TryParse(Environment.GetEnvironmentVariable("AMQP_KILL_ROUNDS"), CultureInfo.InvariantCulture, out int rounds) ? rounds : 10;

    [Fact]
    public async Task Process_KilledAtRandomMoments_LosesNothingThatItSaidWasCommitted()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("AMQP_JOURNAL_SEED"), CultureInfo.InvariantCulture, out int set) ? set : Environment.TickCount & 0xFFFFF;
        output.WriteLine($"AMQP_JOURNAL_SEED={seed}");
        var random = new Random(seed);
        DeclareQueues();
        var before = Queues(Recover());
        ulong committed = 0;
        for (int round = 1; round <= Rounds; round++)
        {
            ulong firstPosition = (ulong)round * 1_000_000_000;
            int work = random.Next();
            ulong last = await RunAndKill(work, firstPosition, random.Next(1, 80));
            var found = Recover();

            Assert.True(Matches(new CrashWork(work, firstPosition, before), Queues(found), last), $"AMQP_JOURNAL_SEED={seed}, round {round}, {last} commits");
            Assert.Empty(found.Damages);
            Assert.All(found.Queues.SelectMany(queue => queue.Value), message => Assert.Equal(Encoding.UTF8.GetString(CrashWork.ContentOf(message.Position)), message.Content));
            Assert.All(found.Queues.Values, messages => Assert.Equal(messages.Select(message => message.Position).Order(), messages.Select(message => message.Position)));
            before = Queues(found);
            committed += last;
        }

        output.WriteLine($"{Rounds} kills, {committed} commits");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void DeclareQueues()
    {
        using var journal = Journal.Open(new DiskFileLayer(_folder), CrashChild.Options, new RecordingVisitor());
        using var append = journal.Append();
        for (uint queue = 1; queue <= CrashWork.Queues; queue++)
        {
            append.Define(RecordingVisitor.QueueKind, Encoding.UTF8.GetBytes(queue.ToString(CultureInfo.InvariantCulture)), default);
        }
    }

    private RecordingVisitor Recover()
    {
        var found = new RecordingVisitor();
        using var files = new DiskFileLayer(_folder);
        files.Lock();
        foreach (var segment in new JournalRecovery(files, CrashChild.Options, found) { IsReadOnly = true }.Run().Segments.Values)
        {
            segment.File?.Dispose();
        }

        return found;
    }

    private static Dictionary<uint, SortedSet<ulong>> Queues(RecordingVisitor found) =>
        found.Queues.ToDictionary(queue => queue.Key, queue => new SortedSet<ulong>(queue.Value.Select(message => message.Position)));

    /// <summary>Lets the process work until it has told of so many commits, and kills it.</summary>
    /// <returns>The last commit that it told of.</returns>
    private async Task<ulong> RunAndKill(int work, ulong firstPosition, int lines)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var process = Process.Start(new ProcessStartInfo
        {
            FileName = Environment.ProcessPath!,
            ArgumentList =
            {
                "exec", typeof(CrashTests).Assembly.Location, "crash", _folder,
                work.ToString(CultureInfo.InvariantCulture), firstPosition.ToString(CultureInfo.InvariantCulture),
            },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync(patience.Token);
        try
        {
            ulong last = 0;
            for (; lines > 0 && await process.StandardOutput.ReadLineAsync(patience.Token) is { } line; lines--)
            {
                last = ulong.Parse(line, CultureInfo.InvariantCulture);
            }

            Assert.True(lines == 0, $"the process ended by itself: {(lines == 0 ? "" : await errors)}");
            process.Kill();

            // What it wrote before counts; a line without its end was not written.
            string rest = await process.StandardOutput.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            int end = rest.LastIndexOf('\n');
            return end < 0 ? last : ulong.Parse(rest[..end].Split('\n')[^1], CultureInfo.InvariantCulture);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    /// <summary>Whether the journal holds what the work left after some step at or behind the last commit.</summary>
    private static bool Matches(CrashWork work, Dictionary<uint, SortedSet<ulong>> found, ulong last)
    {
        var state = work.State.ToDictionary(queue => queue.Key, queue => new SortedSet<ulong>(queue.Value));
        var replay = new CrashWork(0, 0, state);
        for (ulong token = 1; token <= last; token++)
        {
            foreach (var step in work.Next())
            {
                replay.Apply(step);
            }
        }

        if (AreSame(state, found))
        {
            return true;
        }

        for (ulong token = last + 1; token <= last + (2 * CrashChild.Window) + 1; token++)
        {
            foreach (var step in work.Next())
            {
                replay.Apply(step);
                if (AreSame(state, found))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool AreSame(Dictionary<uint, SortedSet<ulong>> state, Dictionary<uint, SortedSet<ulong>> found) =>
        state.All(queue => found.TryGetValue(queue.Key, out var positions) && positions.Count == queue.Value.Count && positions.SetEquals(queue.Value));
}
