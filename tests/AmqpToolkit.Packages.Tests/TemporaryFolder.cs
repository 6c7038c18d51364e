using System.Diagnostics;
using System.Runtime.InteropServices;

namespace AmqpToolkit.Packages.Tests;

/// <summary>A folder, and `dotnet` in it: outside the repository, so that nothing of it leaks in, unless a place is named.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder(string? parent = null) =>
        Path = parent is null ? Directory.CreateTempSubdirectory("amqp-toolkit-packages-").FullName : Directory.CreateDirectory(System.IO.Path.Combine(parent, Guid.NewGuid().ToString("N"))).FullName;

    /// <summary>A build from nothing on a slow and busy machine.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(8);

    public string Path { get; }

    /// <summary>The packages that the build of this repository has restored: a source that needs no network.</summary>
    public static string RestoredPackages { get; } = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } folder
        ? folder
        : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    /// <summary>Runs `dotnet` until it ends.</summary>
    public Task<(int ExitCode, string Output)> DotNetAsync(string arguments, bool ownPackages) => RunAsync("dotnet", arguments, ownPackages);

    /// <summary>Runs a program until it ends.</summary>
    public async Task<(int ExitCode, string Output)> RunAsync(string program, string arguments, bool ownPackages)
    {
        using Process process = Start(program, arguments, ownPackages);
        using CancellationTokenSource patience = new(s_patience);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(patience.Token);
            Task<string> errors = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, (await output + await errors).ReplaceLineEndings("\n"));
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Starts a program.</summary>
    public Process Start(string program, string arguments, bool ownPackages)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = Path, RedirectStandardOutput = true, RedirectStandardError = true };
        string[] inherited = ["MSBUILD", "AMQP_BROKER_", "STATE_DIRECTORY", "NOTIFY_SOCKET", "SYSTEMD_EXEC_PID"];
        foreach (string variable in start.Environment.Keys.Where(name => inherited.Any(own => name.StartsWith(own, StringComparison.OrdinalIgnoreCase))).ToArray())
        {
            start.Environment.Remove(variable);
        }

        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_GENERATE_ASPNET_CERTIFICATE"] = "false";
        start.Environment["VSTEST_CONNECTION_TIMEOUT"] = "300";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["MSBUILDTERMINALLOGGER"] = "off";
        if (ownPackages)
        {
            start.Environment["NUGET_PACKAGES"] = System.IO.Path.Combine(Path, ".packages");
        }

        // A program of .NET's looks for its runtime where that of the tests is.
        start.Environment["DOTNET_ROOT"] = System.IO.Path.GetFullPath(System.IO.Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        return Process.Start(start)!;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
