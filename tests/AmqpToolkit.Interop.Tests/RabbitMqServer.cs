using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace AmqpToolkit.Interop.Tests;

/// <summary>Debian's RabbitMQ with its plugin of AMQP 1.0, on free ports and in a folder of its own; started when somebody first asks for it.</summary>
public sealed class RabbitMqServer : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"rabbitmq-{Guid.NewGuid():N}");
    private readonly Lock _gate = new();
    private Process? _process;
    private Task<int>? _starting;
    private int _epmdPort;
    private (string Name, string Value)[] _variables = [];

    /// <summary>Why it cannot be started here; null when it can.</summary>
    public static string? WhyNot { get; } = OperatingSystem.IsLinux() && Program is not null ? null : "no RabbitMQ of Debian with rabbitmq_amqp1_0 is installed";

    private static string? Program => Directory.Exists("/usr/lib/rabbitmq/lib")
        ? Directory.EnumerateDirectories("/usr/lib/rabbitmq/lib", "rabbitmq_server-*")
            .Where(folder => Directory.EnumerateFileSystemEntries(Path.Combine(folder, "plugins"), "rabbitmq_amqp1_0*").Any())
            .Select(folder => Path.Combine(folder, "sbin", "rabbitmq-server"))
            .FirstOrDefault(File.Exists)
        : null;

    public Task InitializeAsync() => Task.CompletedTask;

    /// <summary>Its port.</summary>
    public Task<int> PortAsync()
    {
        lock (_gate)
        {
            return _starting ??= Task.Run(StartAsync);
        }
    }

    /// <summary>Runs <c>rabbitmqctl</c> for it, and expects that it succeeds.</summary>
    public async Task<string> ControlAsync(params string[] arguments)
    {
        await PortAsync();
        string control = Path.Combine(Path.GetDirectoryName(Program!)!, "rabbitmqctl");
        return await ForeignProgram.RunAsync("env", [.. _variables.Select(one => $"{one.Name}={one.Value}"), control, .. arguments]);
    }

    public async Task DisposeAsync()
    {
        if (_process is { } process)
        {
            using (process)
            {
                process.Kill(entireProcessTree: true);
                using var patience = new CancellationTokenSource(Patience);
                await process.WaitForExitAsync(patience.Token);
            }

            // It was started beside the node, and would stay.
            await ForeignProgram.TryRunAsync("epmd", ["-port", $"{_epmdPort}", "-kill"]);
            try
            {
                Directory.Delete(_folder, recursive: true);
            }
            catch (IOException)
            {
                // One of its processes had a file open to the last; it lies in the folder for such things.
            }
        }
    }

    private async Task<int> StartAsync()
    {
        Directory.CreateDirectory(_folder);
        int[] ports = FreePorts(3);
        _epmdPort = ports[2];
        string plugins = Path.Combine(_folder, "enabled_plugins");
        await File.WriteAllTextAsync(plugins, "[rabbitmq_amqp1_0].\n");
        string settings = Path.Combine(_folder, "rabbitmq.conf");
        await File.WriteAllTextAsync(settings, $"listeners.tcp.1 = 127.0.0.1:{ports[0]}\n");
        var start = new ProcessStartInfo(Program!) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = _folder };
        _variables =
        [
            ("HOME", _folder), ("RABBITMQ_NODENAME", $"amqp{ports[0]}@localhost"), ("RABBITMQ_MNESIA_BASE", Path.Combine(_folder, "mnesia")), ("RABBITMQ_LOG_BASE", Path.Combine(_folder, "log")),
            ("RABBITMQ_CONFIG_FILE", settings), ("RABBITMQ_ENABLED_PLUGINS_FILE", plugins), ("RABBITMQ_PID_FILE", Path.Combine(_folder, "pid")), ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1"),
            ("RABBITMQ_NODE_PORT", $"{ports[0]}"), ("RABBITMQ_DIST_PORT", $"{ports[1]}"), ("ERL_EPMD_PORT", $"{ports[2]}"), ("RABBITMQ_USE_LONGNAME", ""),
        ];
        foreach (var (name, value) in _variables)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        var error = _process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(Patience);
        var said = new List<string>();
        while (await _process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            said.Add(line);
            if (line.Contains("completed with", StringComparison.Ordinal))
            {
                _ = _process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                return ports[0];
            }
        }

        throw new InvalidOperationException($"RabbitMQ did not start: {string.Join('\n', said)}{await error}");
    }

    /// <summary>
    /// Ports that are free now, all at once: below those that the system gives to whoever asks for any, for the server takes them seconds later, and other tests ask meanwhile.
    /// </summary>
    private static int[] FreePorts(int count)
    {
        var listeners = new List<TcpListener>();
        while (listeners.Count < count)
        {
            var listener = new TcpListener(IPAddress.Loopback, Random.Shared.Next(12_000, 30_000));
            try
            {
                listener.Start();
                listeners.Add(listener);
            }
            catch (SocketException)
            {
                // Somebody has it.
            }
        }

        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        listeners.ForEach(listener => listener.Stop());
        return ports;
    }
}
