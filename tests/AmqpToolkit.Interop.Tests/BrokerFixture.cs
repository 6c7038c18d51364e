using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;

namespace AmqpToolkit.Interop.Tests;

/// <summary>
/// The broker that the clients talk to: our executable, started on a free port and stopped at the end, or the broker behind
/// the environment variable AMQP_URL.
/// </summary>
public partial class BrokerFixture : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private Process? _process;

    /// <summary>amqp://user:password@host:port/vhost</summary>
    public string Url { get; private set; } = "";

    /// <summary>The line in which our executable says where it listens.</summary>
    protected string Said { get; private set; } = "";

    /// <summary>What our executable is told beside its port.</summary>
    protected virtual IEnumerable<string> Options => ["--definitions", Path.Combine(AppContext.BaseDirectory, "clients", "definitions.json")];

    /// <summary>Variables of its environment.</summary>
    protected virtual IEnumerable<KeyValuePair<string, string?>> Variables => [];

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("AMQP_URL") is { Length: > 0 } url)
        {
            Url = new Uri(url).AbsolutePath.Length > 1 ? url : url.TrimEnd('/') + "/%2F";
            return;
        }

        var executable = typeof(BrokerFixture).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == "BrokerExecutable").Value!;
        var start = new ProcessStartInfo("dotnet", [executable, "--port", "0", "--listen", "127.0.0.1", "--memory", .. Options])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var (name, value) in Variables)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        var error = _process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Limit);
        var line = await _process.StandardOutput.ReadLineAsync(limit.Token);
        var endpoint = ListeningEndpoint().Match(line ?? "");
        Assert.True(endpoint.Success, $"The broker did not say where it listens: {line ?? await error}");
        _ = _process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        Said = line!;
        Url = $"amqp://guest:guest@{endpoint.Value}/%2F";
    }

    /// <summary>Asks the broker to stop, as a user does, and expects that it ends well.</summary>
    public async Task DisposeAsync()
    {
        if (_process is not { } process)
        {
            return;
        }

        using (process)
        using (var limit = new CancellationTokenSource(Limit))
        {
            if (OperatingSystem.IsWindows())
            {
                process.Kill();
                return;
            }

            await ForeignProgram.RunAsync("kill", ["-TERM", $"{process.Id}"]);
            try
            {
                await process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill();
                throw new TimeoutException($"The broker did not end in {Limit.TotalSeconds} s after SIGTERM.");
            }

            Assert.Equal(0, process.ExitCode);
        }
    }

    [GeneratedRegex(@"127\.0\.0\.1:\d+")]
    private static partial Regex ListeningEndpoint();
}
