using System.CommandLine;
using System.Globalization;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;
using AmqpToolkit.Storage.Streams;

namespace AmqpToolkit.Broker.Host;

/// <summary><c>amqp-broker check</c> and <c>amqp-broker repair</c>: what people do with a data folder while no broker has it.</summary>
internal static class StoreCommands
{
    /// <summary>The commands, for the command line.</summary>
    public static IEnumerable<Command> All() =>
    [
        Define("check", "Look through the folder of a broker that does not run, and tell what is there and what is damaged", CheckAsync),
        Define("repair", "Write what is whole of a damaged folder anew; the damaged files stay beside it", RepairAsync),
    ];

    private static Command Define(string name, string description, Func<string, TextWriter, TextWriter, Task<int>> run)
    {
        Argument<string> folder = new("folder") { Description = "What --data names" };
        Command command = new(name, description) { folder };
        command.SetAction(async (parsed, _) =>
        {
            TextWriter error = parsed.InvocationConfiguration.Error;
            try
            {
                return await run(Path.GetFullPath(parsed.GetValue(folder)!), parsed.InvocationConfiguration.Output, error).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or JournalVersionException)
            {
                return await BrokerCommand.FailAsync(error, ExitCode.CannotKeep, e.Message).ConfigureAwait(false);
            }
        });
        return command;
    }

    private static async Task<int> CheckAsync(string folder, TextWriter output, TextWriter error)
    {
        if (Refusal(folder) is { } refusal)
        {
            return await BrokerCommand.FailAsync(error, ExitCode.CannotKeep, refusal).ConfigureAwait(false);
        }

        if (StoreRepair.IsUnderWay(folder))
        {
            return await BrokerCommand.FailAsync(error, ExitCode.Damaged, $"a repair of '{folder}' was interrupted: run amqp-broker repair again").ConfigureAwait(false);
        }

        StoreInventory inventory = new();
        JournalReport report = await ReportAsync(folder, inventory, output).ConfigureAwait(false);
        int streamDamages = 0;
        foreach (var (number, stream) in CheckStreams(folder, inventory, report))
        {
            streamDamages += stream.Damages.Count;
            foreach (string line in StoreReport.Lines(number, stream, inventory))
            {
                await output.WriteLineAsync(line).ConfigureAwait(false);
            }
        }

        if (report.Damages.Count > 0)
        {
            await output.WriteLineAsync($"what does not depend on it is whole: amqp-broker repair {folder} keeps that").ConfigureAwait(false);
        }
        else if (streamDamages > 0)
        {
            await output.WriteLineAsync("the broker steps over what is damaged in a stream: there is nothing to repair").ConfigureAwait(false);
        }
        else
        {
            await output.WriteLineAsync("nothing is damaged").ConfigureAwait(false);
            return ExitCode.Stopped;
        }

        return ExitCode.Damaged;
    }

    private static async Task<int> RepairAsync(string folder, TextWriter output, TextWriter error)
    {
        if (!StoreRepair.IsUnderWay(folder))
        {
            if (Refusal(folder) is { } refusal)
            {
                return await BrokerCommand.FailAsync(error, ExitCode.CannotKeep, refusal).ConfigureAwait(false);
            }

            JournalReport report = await ReportAsync(folder, new StoreInventory(), output).ConfigureAwait(false);
            if (report.Damages.Count == 0)
            {
                await output.WriteLineAsync("nothing is damaged, and nothing was changed").ConfigureAwait(false);
                return ExitCode.Stopped;
            }
        }

        string damaged = StoreRepair.Run(folder, new StoreInventory().QueueOf);
        await output.WriteLineAsync($"repaired; the damaged files are in {damaged}").ConfigureAwait(false);
        return ExitCode.Stopped;
    }

    private static async Task<JournalReport> ReportAsync(string folder, StoreInventory inventory, TextWriter output)
    {
        JournalReport report = JournalCheck.Run(new DiskFileLayer(folder) { IsReadOnly = true }, inventory.QueueOf);
        foreach (string line in StoreReport.Lines(folder, report, inventory))
        {
            await output.WriteLineAsync(line).ConfigureAwait(false);
        }

        return report;
    }

    /// <summary>The streams that are there, or should be, by their numbers.</summary>
    private static IEnumerable<(uint Number, StreamReport Report)> CheckStreams(string folder, StoreInventory inventory, JournalReport report)
    {
        string streams = Path.Combine(folder, StoreFolders.Streams);
        SortedSet<uint> numbers = [.. inventory.Streams.Where(report.Messages.ContainsKey)];
        foreach (string stream in Directory.Exists(streams) ? Directory.EnumerateDirectories(streams) : [])
        {
            if (uint.TryParse(Path.GetFileName(stream), NumberStyles.None, CultureInfo.InvariantCulture, out uint number))
            {
                numbers.Add(number);
            }
        }

        foreach (uint number in numbers)
        {
            string stream = Path.Combine(streams, number.ToString(CultureInfo.InvariantCulture));
            yield return (number, StreamCheck.Run(Directory.Exists(stream) ? new DiskFileLayer(stream) { IsReadOnly = true } : null, inventory.StreamEndOf(number)));
        }
    }

    /// <summary>Why there is nothing to look at; null when there is.</summary>
    private static string? Refusal(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return $"there is no folder '{folder}'";
        }

        return StoreRepair.IsUnderWay(folder) || Directory.EnumerateFiles(folder).Any(file => SegmentName.TryParse(Path.GetFileName(file), out _))
            ? null
            : $"the folder '{folder}' holds no broker's data";
    }
}
