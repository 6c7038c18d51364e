using System.Net;
using System.Net.Sockets;

namespace AmqpToolkit.Decode.Tests.Oracles;

/// <summary>Stands between a client and a server, and records what goes by as a capture: no rights of a sniffer are needed.</summary>
internal sealed class RecordingRelay : IAsyncDisposable
{
    private const int SegmentOctets = 1400;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CaptureBuilder _capture = CaptureBuilder.Pcap().Open();
    private readonly long[] _octets = new long[2];
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new(Patience);
    private readonly Task _run;

    public RecordingRelay(IPEndPoint server)
    {
        _listener.Start();
        _run = RunAsync(server);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Waits until both sides have closed the connection.</summary>
    /// <returns>The capture.</returns>
    public async Task<byte[]> CompleteAsync()
    {
        await _run;
        lock (_gate)
        {
            return _capture.Close(_octets[0], _octets[1]).ToArray();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _run.ContinueWith(static _ => { }, TaskScheduler.Default);
        _stop.Dispose();
    }

    private async Task RunAsync(IPEndPoint server)
    {
        using Socket near = await _listener.AcceptSocketAsync(_stop.Token);
        using Socket far = new(SocketType.Stream, ProtocolType.Tcp);
        await far.ConnectAsync(server, _stop.Token);
        await Task.WhenAll(PumpAsync(near, far, fromClient: true), PumpAsync(far, near, fromClient: false));
    }

    private async Task PumpAsync(Socket from, Socket to, bool fromClient)
    {
        byte[] buffer = new byte[64 << 10];
        while (true)
        {
            int read;
            try
            {
                read = await from.ReceiveAsync(buffer, _stop.Token);
            }
            catch (SocketException)
            {
                read = 0; // a reset ends the conversation as well
            }

            if (read == 0)
            {
                break;
            }

            Record(buffer.AsSpan(0, read), fromClient);
            if (!await TrySendAsync(to, buffer.AsMemory(0, read)))
            {
                break;
            }
        }

        try
        {
            to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The other side has gone already.
        }
    }

    private async Task<bool> TrySendAsync(Socket to, ReadOnlyMemory<byte> octets)
    {
        try
        {
            while (!octets.IsEmpty)
            {
                octets = octets[await to.SendAsync(octets, _stop.Token)..];
            }

            return true;
        }
        catch (SocketException)
        {
            return false; // it has all that it wanted
        }
    }

    private void Record(ReadOnlySpan<byte> octets, bool fromClient)
    {
        lock (_gate)
        {
            (int own, int other) = fromClient ? (0, 1) : (1, 0);
            while (!octets.IsEmpty)
            {
                ReadOnlySpan<byte> segment = octets[..Math.Min(octets.Length, SegmentOctets)];
                _capture.Packet(fromClient, _octets[own], segment, acknowledged: _octets[other]);
                _octets[own] += segment.Length;
                octets = octets[segment.Length..];
            }
        }
    }
}
