using System.Net.Sockets;

namespace AmqpToolkit.Transport;

/// <summary>What the system knows of a TCP connection.</summary>
internal static class TcpState
{
    /// <summary>Whether the peer has ended or broken the stream. Asks Linux; elsewhere it does not know.</summary>
    public static bool IsPeerGone(Socket socket)
    {
        if (!OperatingSystem.IsLinux() || socket.ProtocolType != ProtocolType.Tcp)
        {
            return false;
        }

        // struct tcp_info begins with the state: 7 is closed, 8 close-wait (the peer has ended), 9 last-ack.
        const int TcpLevel = 6;
        const int TcpInfo = 11;
        Span<byte> info = stackalloc byte[8];
        try
        {
            return socket.GetRawSocketOption(TcpLevel, TcpInfo, info) > 0 && info[0] is 7 or 8 or 9;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }
}
