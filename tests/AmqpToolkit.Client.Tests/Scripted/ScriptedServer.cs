using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using AmqpToolkit.Client.V0_9_1;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Client.Tests.Scripted;

/// <summary>
/// The other end of a client's connection, byte by byte: it expects methods and sends what the test says, truth or lie. It can be made to stop after a
/// number of octets.
/// </summary>
internal sealed class ScriptedServer : IDisposable
{
    /// <summary>Who waits longer for one thing has found a hang.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The bound of a whole test in milliseconds, for what it awaits without a bound of its own.</summary>
    public const int TestTimeout = 120_000;

    /// <summary>A client that leaves it to the test to be impatient.</summary>
    public static readonly AmqpConnectionOptions Patient = new() { ConnectTimeout = 2 * Patience, CallTimeout = 2 * Patience };

    private readonly TransportConnection _transport;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private byte[] _input = [];

    private ScriptedServer(TransportConnection transport) => _transport = transport;

    /// <summary>Octets that may still be sent; then the stream is cut.</summary>
    public long RemainingOctets { get; set; } = long.MaxValue;

    public long SentOctets { get; private set; }

    /// <summary>Makes a server and the client's end.</summary>
    public static ScriptedServer Create(out TransportConnection client)
    {
        (client, var server) = InMemoryTransport.CreatePair();
        return new ScriptedServer(server);
    }

    /// <summary>Makes a server and the client's end over a loopback socket.</summary>
    public static async Task<(ScriptedServer Server, TransportConnection Client)> CreateOverTcpAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var client = await SocketTransportConnection.ConnectAsync("127.0.0.1", ((IPEndPoint)listener.LocalEndPoint!).Port, CancellationToken.None);
        return (new ScriptedServer(new SocketTransportConnection(await listener.AcceptAsync())), client);
    }

    /// <summary>Looks again and again, without holding a thread, until <paramref name="condition"/> is true.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, "It never came true.");
            await Task.Yield();
        }
    }

    /// <summary>An open connection over a loopback socket, its server, and channel 1.</summary>
    public static async Task<(ScriptedServer Server, AmqpConnection Connection, AmqpChannel Channel)> OpenChannelOverTcpAsync(ChannelOptions? options = null)
    {
        var (server, transport) = await CreateOverTcpAsync();
        var connection = await server.AnswerHandshakeAsync(transport, Patient, 60, 131072, 2047);
        return (server, connection, await server.AnswerChannelOpenAsync(connection, 1, options));
    }

    /// <summary>An open connection and its server.</summary>
    public static async Task<(ScriptedServer Server, AmqpConnection Connection)> OpenAsync(
        AmqpConnectionOptions? options = null, ushort heartbeat = 60, uint frameMax = 131072, ushort channelMax = 2047)
    {
        var server = Create(out var transport);
        return (server, await server.AnswerHandshakeAsync(transport, options ?? Patient, heartbeat, frameMax, channelMax));
    }

    private async Task<AmqpConnection> AnswerHandshakeAsync(
        TransportConnection transport, AmqpConnectionOptions options, ushort heartbeat, uint frameMax, ushort channelMax)
    {
        var connecting = AmqpConnection.ConnectAsync(transport, options);
        await ExpectProtocolHeaderAsync();
        await SendAsync(Wire.Start());
        await ExpectAsync("connection.start-ok");
        await SendAsync(Wire.Tune(channelMax, frameMax, heartbeat));
        await ExpectAsync("connection.tune-ok");
        await ExpectAsync("connection.open");
        await SendAsync(Wire.OpenOk());
        return await connecting.WaitAsync(Patience);
    }

    /// <summary>An open connection, its server, and channel 1.</summary>
    public static async Task<(ScriptedServer Server, AmqpConnection Connection, AmqpChannel Channel)> OpenChannelAsync(
        AmqpConnectionOptions? options = null, ChannelOptions? channelOptions = null, uint frameMax = 131072, ushort heartbeat = 60)
    {
        var (server, connection) = await OpenAsync(options, heartbeat, frameMax);
        return (server, connection, await server.AnswerChannelOpenAsync(connection, 1, channelOptions));
    }

    public async Task<AmqpChannel> AnswerChannelOpenAsync(AmqpConnection connection, ushort number, ChannelOptions? options = null)
    {
        var opening = connection.OpenChannelAsync(options).AsTask();
        await ExpectAsync("channel.open", number);
        await SendAsync(Wire.ChannelOpenOk(number));
        return await opening.WaitAsync(Patience);
    }

    /// <summary>A consumer named "c" on <paramref name="channel"/>.</summary>
    public async Task<AmqpConsumer> AnswerConsumeAsync(AmqpChannel channel, bool noAck = false, ushort prefetchCount = 10)
    {
        var consuming = channel.ConsumeAsync("q", noAck, prefetchCount).AsTask();
        if (!noAck)
        {
            await ExpectAsync("basic.qos");
            await SendAsync(Wire.Method(channel.Number, 60, 11));
        }

        await ExpectAsync("basic.consume");
        await SendAsync(Wire.Method(channel.Number, 60, 21, "c"));
        return await consuming.WaitAsync(Patience);
    }

    /// <summary>Makes the channel one in confirm mode.</summary>
    public async Task AnswerConfirmSelectAsync(AmqpChannel channel)
    {
        var selecting = channel.ConfirmSelectAsync().AsTask();
        await ExpectAsync("confirm.select");
        await SendAsync(Wire.Method(channel.Number, 85, 11));
        await selecting.WaitAsync(Patience);
    }

    public async Task ExpectProtocolHeaderAsync() => Assert.Equal("AMQP\0\0\x9\x1"u8.ToArray(), await ReadAsync(8));

    public async Task<Received> ExpectAsync(string name, ushort? channel = null)
    {
        var received = await ReceiveAsync();
        Assert.True(received is not null, $"Expected {name}, but the stream has ended.");
        Assert.Equal(name, received.Name);
        if (channel is { } number)
        {
            Assert.Equal(number, received.Channel);
        }

        return received;
    }

    /// <summary>Expects the end of the client's stream.</summary>
    public async Task ExpectEndAsync() => Assert.Null(await ReceiveAsync());

    /// <summary>The next method with its content; null at the end of the stream. Heartbeats are skipped unless asked for.</summary>
    public async Task<Received?> ReceiveAsync()
    {
        while (true)
        {
            var frame = await ReadFrameAsync();
            if (frame is null)
            {
                return null;
            }

            if (frame.Value.Type == 8)
            {
                continue;
            }

            Assert.Equal(1, frame.Value.Type);
            byte[] payload = frame.Value.Payload;
            var received = new Received(
                frame.Value.Channel,
                BinaryPrimitives.ReadUInt16BigEndian(payload),
                BinaryPrimitives.ReadUInt16BigEndian(payload.AsSpan(2)),
                payload[4..]);
            return received.HasContent ? await ReceiveContentAsync(received) : received;
        }
    }

    /// <summary>The next frame; null at the end of the stream.</summary>
    public async Task<(byte Type, ushort Channel, byte[] Payload)?> ReadFrameAsync()
    {
        byte[]? header = await ReadAsync(7);
        if (header is null)
        {
            return null;
        }

        int octets = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(3));
        byte[]? rest = await ReadAsync(octets + 1);
        if (rest is null)
        {
            return null;
        }

        Assert.Equal(0xCE, rest[^1]);
        return (header[0], BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(1)), rest[..^1]);
    }

    public async Task SendAsync(params byte[][] frames)
    {
        foreach (byte[] frame in frames)
        {
            int octets = (int)Math.Min(frame.Length, RemainingOctets);
            if (octets > 0)
            {
                await _transport.SendAsync([new ArraySegment<byte>(frame, 0, octets)]).AsTask().WaitAsync(Patience);
            }

            SentOctets += octets;
            RemainingOctets -= octets;
            if (RemainingOctets == 0 || octets < frame.Length)
            {
                _transport.ShutdownSend();
                throw new EndOfScriptException();
            }
        }
    }

    /// <summary>Sends a frame so that its last octet comes by itself.</summary>
    public async Task SendOctetwiseAsync(byte[] octets)
    {
        foreach (byte octet in octets)
        {
            await SendAsync([octet]);
        }
    }

    /// <summary>Sends without looking.</summary>
    public ValueTask SendRawAsync(List<ArraySegment<byte>> segments) => _transport.SendAsync(segments);

    /// <summary>Takes what comes and says nothing, until the stream ends.</summary>
    public async Task DrainAsync()
    {
        while (await ReceiveRawAsync() > 0)
        {
            // Nothing is said.
        }
    }

    /// <summary>Confirms every publish on channel 1 up to the last that has come, one answer a read; allocates nothing a message.</summary>
    public async Task ConfirmAllAsync()
    {
        byte[] ack = Wire.Ack(1, 0, multiple: true);
        var segments = new List<ArraySegment<byte>> { ack };
        int count = 0;
        ulong tag = 0;
        int received;
        while ((received = await ReceiveRawAsync(count)) > 0)
        {
            count += received;
            int at = 0;
            ulong before = tag;
            while (count - at >= 8 && BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(at + 3)) + 8 is var octets && octets <= count - at)
            {
                tag += _buffer[at] == 2 ? 1u : 0u;
                at += octets;
            }

            _buffer.AsSpan(at, count - at).CopyTo(_buffer);
            count -= at;
            if (tag > before)
            {
                // An answer before the body has come in whole is early, and the client does not mind.
                BinaryPrimitives.WriteUInt64BigEndian(ack.AsSpan(11), tag);
                try
                {
                    await SendRawAsync(segments);
                }
                catch (IOException)
                {
                    // The test has ended the stream while the last answer was on its way.
                    return;
                }
            }
        }
    }

    /// <summary>Ends the server's direction.</summary>
    public void EndStream() => _transport.ShutdownSend();

    /// <summary>Ends both directions, as a lost machine does once it is noticed.</summary>
    public void Abort() => _transport.Abort();

    public void Dispose() => _transport.Dispose();

    private async ValueTask<int> ReceiveRawAsync(int start = 0)
    {
        try
        {
            return await _transport.ReceiveAsync(_buffer.AsMemory(start));
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private async Task<Received> ReceiveContentAsync(Received method)
    {
        var header = await ReadFrameAsync() ?? throw new UnreachableException();
        Assert.Equal(2, header.Type);
        Assert.Equal(method.Channel, header.Channel);
        method.BodyOctets = BinaryPrimitives.ReadUInt64BigEndian(header.Payload.AsSpan(4));
        method.Properties = header.Payload[12..];
        var body = new List<byte>();
        while ((ulong)body.Count < method.BodyOctets)
        {
            var part = await ReadFrameAsync() ?? throw new UnreachableException();
            Assert.Equal(3, part.Type);
            Assert.Equal(method.Channel, part.Channel);
            body.AddRange(part.Payload);
        }

        method.Body = [.. body];
        return method;
    }

    private async Task<byte[]?> ReadAsync(int octets)
    {
        while (_input.Length < octets)
        {
            int received;
            try
            {
                received = await _transport.ReceiveAsync(_buffer).AsTask().WaitAsync(Patience);
            }
            catch (IOException)
            {
                return null;
            }

            if (received == 0)
            {
                return null;
            }

            _input = [.. _input, .. _buffer.AsSpan(0, received)];
        }

        byte[] taken = _input[..octets];
        _input = _input[octets..];
        return taken;
    }
}
