using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Codec.Tests;

/// <summary>
/// One end of a connection over loopback, which keeps all that it is sent and answers each request with what our encoder writes. No rules, no queues: a
/// partner for the codec of a client by other hands.
/// </summary>
internal sealed class ScriptedServer(Table properties) : IAsyncDisposable
{
    private const uint FrameMax = 131072;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Dictionary<uint, Func<ReadOnlyMemory<byte>, byte[][]>> _answers = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _sending = new(1);
    private Task _running = Task.CompletedTask;
    private NetworkStream? _stream;

    internal int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Every frame that came: type, channel, payload.</summary>
    internal List<(byte Type, ushort Channel, byte[] Payload)> Received { get; } = [];

    /// <summary>What became of the reader; null while all is well.</summary>
    internal Exception? Failure { get; private set; }

    internal void Start()
    {
        _listener.Start();
        _running = RunAsync();
    }

    /// <summary>Answers a method with methods, or with raw payloads of frames, whose types are given.</summary>
    internal void On(uint methodKey, Func<ReadOnlyMemory<byte>, byte[][]> frames) => _answers[methodKey] = frames;

    internal void On(uint methodKey, object answer) => _answers[methodKey] = _ => [Method(ChannelOf(methodKey), answer)];

    internal async Task SendAsync(byte[] frame)
    {
        await _sending.WaitAsync(_stop.Token);
        try
        {
            await _stream!.WriteAsync(frame, _stop.Token);
        }
        finally
        {
            _sending.Release();
        }
    }

    internal static byte[] Method(ushort channel, object method)
    {
        byte[] payload = MethodRoundTripTests.Write(method);
        byte[] frame = new byte[payload.Length + FrameWriter.OverheadOctets];
        FrameWriter.WriteFrameHeader(frame, (byte)Constants.FrameMethod, channel, payload.Length);
        payload.CopyTo(frame, FrameReader.HeaderOctets);
        FrameWriter.End(frame, FrameReader.HeaderOctets + payload.Length);
        return frame;
    }

    /// <summary>A method with its content: three frames, or two when the body is empty.</summary>
    internal static byte[] Content(ushort channel, object method, in BasicProperties properties, ReadOnlySpan<byte> body)
    {
        byte[] list = new byte[properties.MaxOctets];
        int octets = properties.Write(list);
        byte[] header = new byte[FrameWriter.ContentHeaderOverheadOctets + octets];
        FrameWriter.WriteContentHeader(header, channel, BasicPropertiesView.ClassId, (ulong)body.Length, list.AsSpan(0, octets));
        if (body.IsEmpty)
        {
            return [.. Method(channel, method), .. header];
        }

        byte[] bodyFrame = new byte[FrameWriter.OverheadOctets + body.Length];
        FrameWriter.WriteBody(bodyFrame, channel, body);
        return [.. Method(channel, method), .. header, .. bodyFrame];
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _running.WaitAsync(TimeSpan.FromSeconds(60));
        _stop.Dispose();
        _sending.Dispose();
    }

    private static ushort ChannelOf(uint methodKey) => methodKey >> 16 == 10 ? (ushort)0 : (ushort)1;

    private async Task RunAsync()
    {
        try
        {
            using TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
            _stream = client.GetStream();
            byte[] buffer = new byte[2 * FrameMax];
            int filled = 0;
            bool greeted = false;
            while (await _stream.ReadAsync(buffer.AsMemory(filled), _stop.Token) is var octets && octets > 0)
            {
                filled += octets;
                if (!greeted && filled >= ProtocolHeader.Octets)
                {
                    Assert.Equal(Hex.Of(ProtocolHeader.V0_9_1), Hex.Of(buffer.AsSpan(0, ProtocolHeader.Octets)));
                    filled -= ProtocolHeader.Octets;
                    buffer.AsSpan(ProtocolHeader.Octets, filled).CopyTo(buffer);
                    greeted = true;
                    await SendAsync(Method(0, new ConnectionStart { VersionMinor = 9, Mechanisms = "PLAIN", Locales = "en_US", ServerProperties = properties }));
                }

                while (greeted && Take(buffer, ref filled) is { } answers)
                {
                    foreach (byte[] answer in answers)
                    {
                        await SendAsync(answer);
                    }
                }
            }
        }
        catch (Exception stopped) when (_stop.IsCancellationRequested && stopped is OperationCanceledException or SocketException or IOException)
        {
            // The test is over.
        }
        catch (Exception failure)
        {
            Failure = failure;
        }
    }

    private byte[][]? Take(byte[] buffer, ref int filled)
    {
        FrameReadStatus status = FrameReader.TryRead(buffer.AsSpan(0, filled), FrameMax, out Frame frame);
        if (status == FrameReadStatus.Incomplete)
        {
            return null;
        }

        Assert.Equal(FrameReadStatus.Complete, status);
        byte[] payload = frame.Payload.ToArray();
        lock (Received)
        {
            Received.Add((frame.Type, frame.Channel, payload));
        }

        int length = frame.Octets;
        filled -= length;
        buffer.AsSpan(length, filled).CopyTo(buffer);
        return frame.Type == Constants.FrameMethod && _answers.TryGetValue(BinaryPrimitives.ReadUInt32BigEndian(payload), out Func<ReadOnlyMemory<byte>, byte[][]>? answer)
            ? answer(payload)
            : [];
    }
}
