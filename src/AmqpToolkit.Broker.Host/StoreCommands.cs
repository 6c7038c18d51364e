using System.CommandLine;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;
using AmqpToolkit.Storage.Streams;

namespace AmqpToolkit.Broker.Host;

/// <summary><c>amqp-broker check</c>, <c>repair</c> and <c>export</c>: what people do with a data folder while no broker has it.</summary>
internal static class StoreCommands
{
    /// <summary>The commands, for the command line.</summary>
    public static IEnumerable<Command> All() =>
    [
        Define("check", "Look through the folder of a broker that does not run, and tell what is there and what is damaged. Exit code: 0 nothing is damaged, 2 bad arguments, 3 the folder cannot be used, 4 something is damaged", CheckAsync),
        ExportCommand.Define(),
        Define("repair", "Write what is whole of a damaged folder anew; the damaged files stay beside it. Exit code: 0 the folder is whole now, whatever was lost, 2 bad arguments, 3 the folder cannot be used", RepairAsync),
    ];

    private static Command Define(string name, string description, Func<string, TextWriter, TextWriter, Task<int>> run) => Define(name, description, (folder, output, error, _) => run(folder, output, error));

    /// <summary>A command about a data folder, with its failures.</summary>
    internal static Command Define(string name, string description, Func<string, TextWriter, TextWriter, ParseResult, Task<int>> run)
    {
        Argument<string> folder = new("folder") { Description = "What --data names" };
        Command command = new(name, description) { folder };
        command.SetAction(async (parsed, _) =>
        {
            TextWriter error = parsed.InvocationConfiguration.Error;
            try
            {
                return await run(Path.GetFullPath(parsed.GetValue(folder)!), parsed.InvocationConfiguration.Output, error, parsed).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or JournalVersionException or BrokerStoreException)
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

            if (streams.IsUnknown(number))
            {
                streamDamages++;
                await output.WriteLineAsync($"damaged: {StoreFolders.Streams}/{number}: no queue in the journal has these files").ConfigureAwait(false);
            }
        }

        if (StoreFolders.HasLostJournal(folder))
        {
            await output.WriteLineAsync(
                $"no broker takes the folder as it is: put its journal (segment-*.journal) back, or amqp-broker repair {folder} sets aside what there is").ConfigureAwait(false);
        }
        else if (report.Damages.Count > 0)
        {
            await output.WriteLineAsync($"what does not depend on it is whole: amqp-broker repair {folder} keeps that").ConfigureAwait(false);
        }
        else if (streamDamages > 0)
        {
            await output.WriteLineAsync($"a broker starts without what is damaged in a stream, and tells of it each time; after amqp-broker repair {folder} it is missed no more").ConfigureAwait(false);
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

        if (!StoreRepair.IsUnderWay(folder) && !StoreFolders.HasLostJournal(folder))
        {
            // Only to look needs no right to write.
            var (report, streams) = await ReportAsync(folder, new StoreInventory(), output).ConfigureAwait(false);
            if (report.Damages.Count == 0 && streams.AreWhole())
            {
                await output.WriteLineAsync("nothing is damaged, and nothing was changed").ConfigureAwait(false);
                return ExitCode.Stopped;
            }
        }

        using DiskFileLayer files = new(folder);
        files.Lock();
        foreach (string line in Repair(new HeldFiles(files)))
        {
            await output.WriteLineAsync(line).ConfigureAwait(false);
        }

        return ExitCode.Stopped;
    }

    /// <summary>Repairs a folder that is held from the first look to the last change.</summary>
    /// <returns>What was done, a line each.</returns>
    private static List<string> Repair(HeldFiles files)
    {
        List<string> lines = [];
        string aside = StoreRepair.NewAside(files.Folder);
        if (StoreRepair.IsUnderWay(files.Folder) || StoreFolders.HasLostJournal(files.Folder) || Look(files, new StoreInventory()).Damages.Count > 0)
        {
            lines.Add(StoreRepair.Run(files, aside) is { } damaged ? $"repaired; the damaged files are in {damaged}" : "repaired: a new journal begins");
        }

        StoreInventory inventory = new();
        new StoreStreams(files.Folder, inventory, Look(files, inventory)).Repair(aside, lines.Add);
        if (inventory.WillBegin)
        {
            lines.Add("no user is left: the next start makes those that a new store begins with, guest unless it is told otherwise");
        }

        return lines;
    }

    private static async Task<(JournalReport Report, StoreStreams Streams)> ReportAsync(string folder, StoreInventory inventory, TextWriter output)
    {
        JournalReport report = Look(new DiskFileLayer(folder) { IsReadOnly = true }, inventory);
        StoreStreams streams = new(folder, inventory, report);
        foreach (string line in StoreReport.Lines(folder, report, inventory, streams.Numbers))
        {
            await output.WriteLineAsync(line).ConfigureAwait(false);
        }

        return (report, streams);
    }

    /// <summary>What the journal has, and what of it is lost without a trace in it.</summary>
    private static JournalReport Look(IFileLayer files, StoreInventory inventory)
    {
        JournalReport report = JournalCheck.Run(files, inventory.QueueOf);
        HashSet<uint> declared = [.. report.Messages.Keys];
        return report with
        {
            Damages =
            [
                .. report.Damages,
                .. inventory.LostVirtualHosts(declared).Select(host => new JournalDamage("definitions", 0, 0, $"the virtual host that a repair, or a broker that starts, makes again as '{host.Name}': its name and its settings are lost") { HasPlace = false }),
            ],
        };
    }

    /// <summary>Why there is nothing to look at; null when there is.</summary>
    internal static string? Refusal(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return $"there is no folder '{folder}'";
        }

        return StoreRepair.IsUnderWay(folder) || StoreFolders.HasJournal(folder) || StoreFolders.HasLostJournal(folder) ? null : $"the folder '{folder}' holds no broker's data";
    }
}
