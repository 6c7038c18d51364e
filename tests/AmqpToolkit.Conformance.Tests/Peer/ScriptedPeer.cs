using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace AmqpToolkit.Conformance.Tests.Peer;

/// <summary>
/// A client of 0-9-1 or an edition before it that does exactly what a test says, wrong things too, over a blocking socket. Every read has a deadline:
/// a broker that does not answer fails the test, and never hangs it.
/// </summary>
internal sealed partial class ScriptedPeer : IDisposable
{
    /// <summary>How long a broker may take for an answer.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>The same where it waits on purpose: 3 s with a stranger, 10 s for a handshake.</summary>
    public static readonly TimeSpan LongDeadline = TimeSpan.FromSeconds(90);

    public static readonly byte[] ProtocolHeader = [.. "AMQP"u8, 0, 0, 9, 1];

    private readonly Socket _socket;
    private readonly byte[] _chunk = new byte[64 * 1024];
    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;
    private List<byte>? _batch;

    private ScriptedPeer(BrokerUnderTest broker, Edition edition)
    {
        Broker = broker;
        Edition = edition;
        _socket = new Socket(broker.Endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, SendTimeout = (int)Deadline.TotalMilliseconds };
        _socket.Connect(broker.Endpoint);
    }

    public BrokerUnderTest Broker { get; }

    /// <summary>What it speaks.</summary>
    public Edition Edition { get; }

    /// <summary>What was agreed with tune-ok; contents are split by it.</summary>
    public int FrameMax { get; set; } = 131072;

    /// <summary>A bare socket: nothing was said yet.</summary>
    public static ScriptedPeer Connect(BrokerUnderTest broker, Edition edition = Edition.V0_9_1) => new(broker, edition);

    /// <summary>The first octets of an edition.</summary>
    public static byte[] HeaderOf(Edition edition) => edition switch
    {
        Edition.V0_9 => [.. "AMQP"u8, 1, 1, 0, 9],
        Edition.V0_8 => [.. "AMQP"u8, 1, 1, 8, 0],
        Edition.V0_8Alternative => [.. "AMQP"u8, 1, 1, 9, 1],
        _ => ProtocolHeader,
    };

    public void Dispose() => _socket.Dispose();

    /// <summary>Holds back what <paramref name="send"/> sends and writes it at once.</summary>
    public void InOneWrite(Action send)
    {
        _batch = [];
        send();
        var octets = _batch.ToArray();
        _batch = null;
        SendRaw(octets);
    }

    public void SendRaw(ReadOnlySpan<byte> octets)
    {
        if (_batch is { } batch)
        {
            batch.AddRange(octets);
            return;
        }

        while (!octets.IsEmpty)
        {
            octets = octets[_socket.Send(octets)..];
        }
    }

    public void SendFrame(byte type, ushort channel, ReadOnlySpan<byte> payload, byte end = 0xCE) =>
        SendRaw([type, (byte)(channel >> 8), (byte)channel, .. new PeerWriter().Long((uint)payload.Length).ToArray(), .. payload, end]);

    public void Send(ushort channel, string method, params object?[] fields) => SendFrame(1, channel, PeerWriter.Method(Edition, method, fields));

    /// <summary>A content header; the default has no property: two zero octets of flags.</summary>
    public void SendHeader(ushort channel, ulong bodyOctets, byte[]? properties = null, ushort classId = 60, ushort weight = 0) =>
        SendFrame(2, channel, new PeerWriter().Short(classId).Short(weight).LongLong(bodyOctets).Octets(properties ?? [0, 0]).ToArray());

    public void SendBody(ushort channel, ReadOnlySpan<byte> payload) => SendFrame(3, channel, payload);

    public void SendHeartbeat() => SendFrame(8, 0, []);

    /// <summary>Ends the sending half: the broker reads the end of the stream.</summary>
    public void Shutdown() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>The next thing that the broker sends; heartbeats too.</summary>
    /// <exception cref="TimeoutException">Nothing came before the deadline.</exception>
    public Incoming ReceiveAny(TimeSpan? deadline = null)
    {
        if (!Fill(7, deadline))
        {
            return new SocketClosed();
        }

        if (_buffer.AsSpan(_start, 4).SequenceEqual("AMQP"u8))
        {
            return Fill(8, deadline) ? new IncomingProtocolHeader(Take(8).ToArray()) : new SocketClosed();
        }

        var header = _buffer.AsSpan(_start, 7);
        var type = header[0];
        var channel = BinaryPrimitives.ReadUInt16BigEndian(header[1..]);
        var octets = (int)BinaryPrimitives.ReadUInt32BigEndian(header[3..]);
        Assert.True(octets + 8 <= FrameMax, $"A frame of {octets + 8} octets, frame_max is {FrameMax}.");
        if (!Fill(octets + 8, deadline))
        {
            return new SocketClosed();
        }

        var payload = Take(octets + 8)[7..];
        Assert.Equal(0xCE, payload[^1]);
        payload = payload[..^1];
        return type switch
        {
            1 => PeerReader.Method(channel, payload, Edition),
            2 => Header(channel, payload),
            3 => new IncomingBody(channel, payload.ToArray()),
            8 => new IncomingHeartbeat(channel, payload.Length),
            _ => throw new InvalidDataException($"The broker sent a frame of type {type}."),
        };
    }

    /// <summary>The octets of the next frame, from its type to its end.</summary>
    public byte[] ReceiveOctets()
    {
        Assert.True(Fill(7, null), "The socket ended.");
        var octets = (int)BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(_start + 3)) + 8;
        Assert.True(Fill(octets, null), "The socket ended within a frame.");
        return Take(octets).ToArray();
    }

    /// <summary>The next thing but heartbeats.</summary>
    public Incoming Receive(TimeSpan? deadline = null)
    {
        Incoming incoming;
        do
        {
            incoming = ReceiveAny(deadline);
        }
        while (incoming is IncomingHeartbeat);
        return incoming;
    }

    private static IncomingHeader Header(ushort channel, ReadOnlySpan<byte> payload)
    {
        var reader = new PeerReader(payload);
        var classId = reader.Short();
        Assert.Equal(0, reader.Short());
        return new IncomingHeader(channel, classId, reader.LongLong(), payload[12..].ToArray());
    }

    private Span<byte> Take(int octets)
    {
        var taken = _buffer.AsSpan(_start, octets);
        _start += octets;
        return taken;
    }

    // True when that many octets are there, false at the end of the stream.
    private bool Fill(int octets, TimeSpan? deadline)
    {
        _socket.ReceiveTimeout = (int)(deadline ?? Deadline).TotalMilliseconds;
        while (_end - _start < octets)
        {
            int received;
            try
            {
                received = _socket.Receive(_chunk);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
                throw new TimeoutException($"The broker sent nothing in {(deadline ?? Deadline).TotalSeconds} s; {_end - _start} octets of a frame are here: {Encoding.Latin1.GetString(_buffer, _start, Math.Min(_end - _start, 64))}");
            }
            catch (SocketException)
            {
                return false;
            }

            if (received == 0)
            {
                return false;
            }

            Append(_chunk.AsSpan(0, received));
        }

        return true;
    }

    private void Append(ReadOnlySpan<byte> octets)
    {
        if (_end + octets.Length > _buffer.Length)
        {
            var kept = _buffer.AsSpan(_start, _end - _start);
            var larger = kept.Length + octets.Length > _buffer.Length / 2 ? new byte[(kept.Length + octets.Length) * 2] : _buffer;
            kept.CopyTo(larger);
            _end -= _start;
            _start = 0;
            _buffer = larger;
        }

        octets.CopyTo(_buffer.AsSpan(_end));
        _end += octets.Length;
    }
}
