using System.Net;
using System.Net.Sockets;

namespace AmqpToolkit.Broker.Host;

/// <summary>What people rely on in RabbitMQ's container image: everybody may come, and the environment names the first user.</summary>
internal sealed record ContainerPreset(string User, string Password, string VirtualHost)
{
    /// <summary>Every address, of both families where the machine has them.</summary>
    public static IReadOnlyList<IPAddress> Addresses => Socket.OSSupportsIPv6 ? [IPAddress.Any, IPAddress.IPv6Any] : [IPAddress.Any];

    /// <summary>Reads the variables of the image.</summary>
    public static ContainerPreset FromEnvironment() => new(
        Variable("RABBITMQ_DEFAULT_USER", "guest"), Variable("RABBITMQ_DEFAULT_PASS", "guest"), Variable("RABBITMQ_DEFAULT_VHOST", "/"));

    /// <summary>The port that the image's variable names; null when it names none.</summary>
    /// <exception cref="SettingException">It names none that there is.</exception>
    public static int? NodePort() => Environment.GetEnvironmentVariable("RABBITMQ_NODE_PORT") is not { Length: > 0 } text ? null
        : ushort.TryParse(text, out ushort port) ? port
        : throw new SettingException($"RABBITMQ_NODE_PORT '{text}' from the environment is not a port from 0 to 65535");

    /// <summary>Where a container keeps its data, so that a volume can be put there; null when the process may not write there.</summary>
    public static string? DataFolder()
    {
        const string Folder = "/var/lib/amqp-broker";
        try
        {
            if (!OperatingSystem.IsWindows() && !Directory.Exists(Folder))
            {
                Directory.CreateDirectory(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            Directory.CreateDirectory(Folder);
            File.Create(Path.Combine(Folder, $".{Environment.ProcessId}"), bufferSize: 1, FileOptions.DeleteOnClose).Dispose();
            return Folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The lines by which programs that start containers know that the broker is there.</summary>
    public static IEnumerable<string> ReadyLines(IEnumerable<IPEndPoint> endpoints) =>
    [
        .. endpoints.Select(endpoint => $"started TCP listener on {(endpoint.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{endpoint.Address}]" : endpoint.Address)}:{endpoint.Port}"),
        "Server startup complete; 0 plugins started.",
    ];

    /// <summary>A variable, or the file that the variable of that name with _FILE behind it names: that is where secrets are mounted.</summary>
    private static string Variable(string name, string unsaid)
    {
        if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
        {
            return value;
        }

        if (Environment.GetEnvironmentVariable($"{name}_FILE") is not { Length: > 0 } path)
        {
            return unsaid;
        }

        try
        {
            return File.ReadAllText(path).TrimEnd('\r', '\n') is { Length: > 0 } text ? text : throw new SettingException($"{name}_FILE '{path}' from the environment is empty");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"{name}_FILE '{path}' from the environment cannot be read: {e.Message}");
        }
    }
}
