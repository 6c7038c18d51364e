using System.CommandLine;
using System.Text;

namespace AmqpToolkit.Broker.Host;

/// <summary><c>amqp-broker export</c>: the definitions of a data folder, and by name what does not go along.</summary>
internal static class ExportCommand
{
    private const string Description =
        """
        Write the definitions of a broker that does not run, as RabbitMQ 3.10 imports them. Passwords are in it as hashes.

        Standard error has a line for each thing that does not go along ("left out: "), and for each that RabbitMQ has by a plugin alone
        ("needs a plugin: "): it is in the file, of which RabbitMQ takes nothing without the plugin.

        Ends with 0 when everything is in the file, 5 when something was left out, 4 when some of the folder is damaged, 3 when it cannot
        be read or the file cannot be written, which is then as it was.
        """;

    /// <summary>The command, for the command line.</summary>
    public static Command Define()
    {
        Option<string?> file = new("--output") { Description = "The file to write, which only its owner may read; standard output unless it is given", HelpName = "file" };
        Option<bool> accepts = new("--accept-left-out") { Description = "End with 0, too, when something was left out" };
        Command command = StoreCommands.Define("export", Description, (folder, output, error, parsed) => RunAsync(folder, parsed.GetValue(file), parsed.GetValue(accepts), output, error));
        command.Add(file);
        command.Add(accepts);
        return command;
    }

    private static async Task<int> RunAsync(string folder, string? file, bool acceptsLeftOut, TextWriter output, TextWriter error)
    {
        if (StoreCommands.Refusal(folder) is { } refusal)
        {
            return await BrokerCommand.FailAsync(error, ExitCode.CannotKeep, refusal).ConfigureAwait(false);
        }

        DefinitionsExport export = DefinitionsExport.OfFolder(folder);
        if (file is not null)
        {
            await WriteSecretAsync(Path.GetFullPath(file), export.Utf8Json, stays: export.Damages.Count > 0).ConfigureAwait(false);
        }
        else
        {
            await output.WriteLineAsync(Encoding.UTF8.GetString(export.Utf8Json.Span)).ConfigureAwait(false);
        }

        await TellAsync(error, "left out", export.LeftOut).ConfigureAwait(false);
        await TellAsync(error, "needs a plugin", export.NeedsPlugins).ConfigureAwait(false);
        await TellAsync(error, "damaged", export.Damages).ConfigureAwait(false);
        if (export.Damages.Count > 0 && file is not null)
        {
            await error.WriteLineAsync($"what is there in spite of it stands in '{file}', or in '{file}.damaged' where there was one").ConfigureAwait(false);
        }

        return export.Damages.Count > 0 ? ExitCode.Damaged
            : export.LeftOut.Count > 0 && !acceptsLeftOut ? ExitCode.LeftOut
            : ExitCode.Stopped;
    }

    private static async Task TellAsync(TextWriter error, string what, IReadOnlyList<string> lines)
    {
        foreach (string line in lines)
        {
            await error.WriteLineAsync($"{what}: {Plain(line)}").ConfigureAwait(false);
        }
    }

    /// <summary>Its owner's alone from the first octet on, and in the place of what was there when it is whole.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="octets">What.</param>
    /// <param name="stays">Whether what was there stays, since this is only a part: then it comes beside it.</param>
    private static async Task WriteSecretAsync(string path, ReadOnlyMemory<byte> octets, bool stays)
    {
        path = stays && File.Exists(path) ? path + ".damaged" : path;
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        string beside = $"{path}.{Guid.NewGuid():N}";
        try
        {
            FileStream stream = new(beside, options);
            await using (stream.ConfigureAwait(false))
            {
                await stream.WriteAsync(octets).ConfigureAwait(false);
                stream.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }

    /// <summary>Names are clients' to choose; a terminal is not theirs.</summary>
    private static string Plain(string line) => string.Concat(line.Select(one => char.IsControl(one) ? '?' : one));
}
