using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace AmqpToolkit.Broker.Host;

/// <summary>systemd, where it has started this process: what it is told (sd_notify), and whether it is there.</summary>
internal static class ServiceManager
{
    /// <summary>The broker listens.</summary>
    public const string Ready = "READY=1";

    /// <summary>The broker stops.</summary>
    public const string Stopping = "STOPPING=1";

    /// <summary>Whether systemd has started this process itself, and not one that it comes from: variables are inherited, the number of a process is not.</summary>
    public static bool HasStartedThis => Environment.GetEnvironmentVariable("SYSTEMD_EXEC_PID") == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

    /// <summary>Says something to whoever wants to hear it (NOTIFY_SOCKET).</summary>
    /// <returns>Why it could not be said; null when it was, or nobody wants to hear it.</returns>
    public static string? Tell(string state)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 1 } path)
        {
            return null;
        }

        try
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(path[0] == '@' ? '\0' + path[1..] : path));
            return null;
        }
        catch (Exception e) when (e is SocketException or ArgumentException or PlatformNotSupportedException)
        {
            return e.Message;
        }
    }
}
