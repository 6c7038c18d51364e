using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace AmqpToolkit.Broker.Host.Tests;

/// <summary>The real executable as a process of its own, in an empty folder and without settings of this machine.</summary>
internal sealed partial class BrokerExecutable : IAsyncDisposable
{
    /// <summary>Only a broken broker reaches it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly DirectoryInfo _folder;

    private BrokerExecutable(Process process, DirectoryInfo folder)
    {
        _process = process;
        _folder = folder;
    }

    /// <summary>Where it keeps its data, unless an option says otherwise.</summary>
    public string Data => DataIn(_folder.FullName);

    /// <summary>Starts it; <paramref name="settingsFile"/> becomes the <c>appsettings.json</c> of its current folder.</summary>
    public static BrokerExecutable Start(string arguments, string? settingsFile = null, params (string Name, string Value)[] variables)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("amqp-broker-tests");
        if (settingsFile is not null)
        {
            File.WriteAllText(Path.Combine(folder.FullName, "appsettings.json"), settingsFile);
        }

        string file = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "amqp-broker.exe" : "amqp-broker");
        return Start(new ProcessStartInfo(file, arguments), folder, variables);
    }

    /// <summary>Starts it as systemd does: with the number of its own process in a variable.</summary>
    public static BrokerExecutable StartAsService(string arguments, params (string Name, string Value)[] variables)
    {
        string file = Path.Combine(AppContext.BaseDirectory, "amqp-broker");
        return Start(new ProcessStartInfo("/bin/sh", ["-c", $"SYSTEMD_EXEC_PID=$$; export SYSTEMD_EXEC_PID; exec '{file}' {arguments}"]), Directory.CreateTempSubdirectory("amqp-broker-tests"), variables);
    }

    private static BrokerExecutable Start(ProcessStartInfo start, DirectoryInfo folder, (string Name, string Value)[] variables)
    {
        (start.WorkingDirectory, start.RedirectStandardOutput, start.RedirectStandardError) = (folder.FullName, true, true);
        foreach (string inherited in start.Environment.Keys.Where(name => name.StartsWith("AMQP_BROKER_", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(inherited);
        }

        // Never the folder of whoever runs the tests; an option beats it.
        start.Environment["AMQP_BROKER_Data"] = DataIn(folder.FullName);
        start.Environment.Remove("STATE_DIRECTORY");
        start.Environment.Remove("SYSTEMD_EXEC_PID");
        start.Environment.Remove("NOTIFY_SOCKET");
        foreach ((string name, string value) in variables)
        {
            start.Environment[name] = value;
        }

        return new BrokerExecutable(Process.Start(start)!, folder);
    }

    /// <summary>The line that says where it listens, and the first port in it.</summary>
    public async Task<(string Line, int Port)> ListeningAsync()
    {
        using CancellationTokenSource patience = new(Patience);
        string? line = await _process.StandardOutput.ReadLineAsync(patience.Token);
        if (line is null)
        {
            Assert.Fail("It ended: " + await _process.StandardError.ReadToEndAsync(patience.Token));
        }

        return (line, int.Parse(FirstPort().Match(line).Groups["port"].Value, CultureInfo.InvariantCulture));
    }

    /// <summary>Ends it without a word, as the system does when memory is short.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        using CancellationTokenSource patience = new(Patience);
        await _process.WaitForExitAsync(patience.Token);
    }

    public void Signal(PosixSignal signal) => _ = Kill(_process.Id, signal switch
    {
        PosixSignal.SIGHUP => 1,
        PosixSignal.SIGINT => 2,
        PosixSignal.SIGTERM => 15,
        _ => throw new ArgumentOutOfRangeException(nameof(signal)),
    });

    /// <summary>Waits for its end.</summary>
    public async Task<(int ExitCode, string Output, string Error)> EndAsync()
    {
        using CancellationTokenSource patience = new(Patience);
        Task<string> output = _process.StandardOutput.ReadToEndAsync(patience.Token);
        Task<string> error = _process.StandardError.ReadToEndAsync(patience.Token);
        await _process.WaitForExitAsync(patience.Token);
        return (_process.ExitCode, await output, await error);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private static string DataIn(string folder) => Path.Combine(folder, "data");

    [GeneratedRegex(@":(?<port>\d+)( and|,)")]
    private static partial Regex FirstPort();

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
