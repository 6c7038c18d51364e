using System.CommandLine;
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
        var (report, streams) = await ReportAsync(folder, inventory, output).ConfigureAwait(false);
        int streamDamages = 0;
        foreach (uint number in streams.Numbers)
        {
            StreamReport stream = streams.Check(number);
            streamDamages += stream.Damages.Count;
            foreach (string line in StoreReport.Lines(number, stream, inventory))
            {
                await output.WriteLineAsync(line).ConfigureAwait(false);
            }

            if (stream.Files > 0 && streams.IsUnknown(number))
            {
                streamDamages++;
                await output.WriteLineAsync($"unknown: {StoreFolders.Streams}/{number}: no queue in the journal has these files").ConfigureAwait(false);
            }
        }

        if (report.Damages.Count > 0)
        {
            await output.WriteLineAsync($"what does not depend on it is whole: amqp-broker repair {folder} keeps that").ConfigureAwait(false);
        }
        else if (streamDamages > 0)
        {
            await output.WriteLineAsync($"the broker steps over what is damaged in a stream; amqp-broker repair {folder} has it missed no more").ConfigureAwait(false);
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
        if (!StoreRepair.IsUnderWay(folder) && Refusal(folder) is { } refusal)
        {
            return await BrokerCommand.FailAsync(error, ExitCode.CannotKeep, refusal).ConfigureAwait(false);
        }

        string aside = StoreRepair.NewAside(folder);
        if (StoreRepair.IsUnderWay(folder) || StoreFolders.HasLostJournal(folder) || (await ReportAsync(folder, new StoreInventory(), output).ConfigureAwait(false)).Report.Damages.Count > 0)
        {
            string damaged = StoreRepair.Run(folder, aside, new StoreInventory().QueueOf);
            await output.WriteLineAsync($"repaired; the damaged files are in {damaged}").ConfigureAwait(false);
        }

        bool isWhole = !Directory.Exists(aside);
        StoreInventory inventory = new();
        JournalReport report = JournalCheck.Run(new DiskFileLayer(folder) { IsReadOnly = true }, inventory.QueueOf);
        List<string> lines = [];
        new StoreStreams(folder, inventory, report).Repair(aside, lines.Add);
        foreach (string line in lines)
        {
            await output.WriteLineAsync(line).ConfigureAwait(false);
        }

        if (isWhole && lines.Count == 0)
        {
            await output.WriteLineAsync("nothing is damaged, and nothing was changed").ConfigureAwait(false);
        }

        return ExitCode.Stopped;
    }

    private static async Task<(JournalReport Report, StoreStreams Streams)> ReportAsync(string folder, StoreInventory inventory, TextWriter output)
    {
        JournalReport report = JournalCheck.Run(new DiskFileLayer(folder) { IsReadOnly = true }, inventory.QueueOf);
        StoreStreams streams = new(folder, inventory, report);
        foreach (string line in StoreReport.Lines(folder, report, inventory, streams.Numbers))
        {
            await output.WriteLineAsync(line).ConfigureAwait(false);
        }

        return (report, streams);
    }

    /// <summary>Why there is nothing to look at; null when there is.</summary>
    private static string? Refusal(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return $"there is no folder '{folder}'";
        }

        return StoreRepair.IsUnderWay(folder) || StoreFolders.HasJournal(folder) || StoreFolders.HasLostJournal(folder) ? null : $"the folder '{folder}' holds no broker's data";
    }
}
