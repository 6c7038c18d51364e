using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Broker.Tests;

/// <summary>The least of a client, over a blocking socket: it allocates nothing of its own while it sends and receives.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 60_000, SendTimeout = 60_000 };
    private readonly byte[] _buffer = new byte[1 << 20];
    private int _start;
    private int _end;

    public RawClient(IPEndPoint endpoint) => _socket.Connect(endpoint);

    public Socket Socket => _socket;

    public uint FrameMax { get; private set; } = 131072;

    public static RawClient Open(AmqpBroker broker, ushort heartbeat = 0, uint frameMax = 131072, bool takesBlocked = false, IPEndPoint? endpoint = null)
    {
        var client = new RawClient(endpoint ?? broker.Endpoints[0]) { FrameMax = frameMax };
        client.Send(ProtocolHeader.V0_9_1);
        client.Expect(ConnectionStartView.MethodKey);
        var properties = Table.Create(table => table.AddTable("capabilities", capabilities =>
        {
            capabilities.Add("consumer_cancel_notify", true);
            capabilities.Add("connection.blocked", takesBlocked);
        }));
        client.Send(0, new ConnectionStartOk { ClientProperties = properties, Mechanism = "PLAIN", Response = "\0guest\0guest", Locale = "en_US" });
        client.Expect(ConnectionTuneView.MethodKey);
        client.Send(0, new ConnectionTuneOk { ChannelMax = 2047, FrameMax = frameMax, Heartbeat = heartbeat });
        client.Send(0, new ConnectionOpen { VirtualHost = "/" });
        client.Expect(ConnectionOpenOkView.MethodKey);
        return client;
    }

    public void OpenChannel(ushort channel)
    {
        Send(channel, default(ChannelOpen));
        Expect(ChannelOpenOkView.MethodKey);
    }

    public void DeclareQueue(ushort channel, string name)
    {
        Send(channel, new QueueDeclare { Queue = name });
        Expect(QueueDeclareOkView.MethodKey);
    }

    public void Send<TMethod>(ushort channel, in TMethod method)
        where TMethod : struct, IMethod
    {
        byte[] frame = new byte[method.MaxOctets + FrameWriter.OverheadOctets];
        Send(frame.AsSpan(0, FrameWriter.WriteMethod(frame, channel, in method)));
    }

    public void Send(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            octets = octets[_socket.Send(octets)..];
        }
    }

    public static byte[] RenderPublish(ushort channel, string exchange, string routingKey, byte[] body, bool mandatory = false, uint frameMax = 131072)
    {
        byte[] octets = new byte[1024 + ContentWriter.CountOctets(2, body.Length, frameMax)];
        int at = FrameWriter.WriteMethod(octets, channel, new BasicPublish { Exchange = exchange, RoutingKey = routingKey, Mandatory = mandatory });
        at += ContentWriter.Write(octets.AsSpan(at), channel, BasicProperties.ClassId, [0, 0], body, frameMax);
        return octets[..at];
    }

    public void Publish(ushort channel, string exchange, string routingKey, byte[] body, bool mandatory = false) =>
        Send(RenderPublish(channel, exchange, routingKey, body, mandatory, FrameMax));

    /// <summary>The next frame's type and payload; heartbeats are frames, too.</summary>
    public (byte Type, ushort Channel, byte[] Payload) ReadFrame()
    {
        while (true)
        {
            var status = FrameReader.TryRead(_buffer.AsSpan(_start, _end - _start), 0, out var frame);
            if (status == FrameReadStatus.Complete)
            {
                _start += frame.Octets;
                return (frame.Type, frame.Channel, frame.Payload.ToArray());
            }

            Assert.Equal(FrameReadStatus.Incomplete, status);
            if (Receive() == 0)
            {
                throw new EndOfStreamException("The broker ended the stream.");
            }
        }
    }

    /// <summary>Reads the next frame, which is this method.</summary>
    /// <returns>Its arguments.</returns>
    public byte[] Expect(uint methodKey)
    {
        var (type, _, payload) = ReadFrame();
        Assert.Equal((byte)Constants.FrameMethod, type);
        uint key = BinaryPrimitives.ReadUInt32BigEndian(payload);
        Assert.True(key == methodKey, $"expected {Methods.NameOf(methodKey)}, got {Methods.NameOf(key)}: {Convert.ToHexString(payload)}");
        return payload[4..];
    }

    /// <summary>Reads the next frame, which is a method.</summary>
    /// <returns>Which one.</returns>
    public uint ExpectAny()
    {
        var (type, _, payload) = ReadFrame();
        Assert.Equal((byte)Constants.FrameMethod, type);
        return BinaryPrimitives.ReadUInt32BigEndian(payload);
    }

    /// <summary>Reads a header and its body.</summary>
    public byte[] ExpectContent()
    {
        var (type, _, payload) = ReadFrame();
        Assert.Equal((byte)Constants.FrameHeader, type);
        Assert.Equal(DecodeError.None, ContentHeaderView.TryParse(payload, out var header));
        byte[] body = new byte[header.BodyOctets];
        for (int at = 0; at < body.Length;)
        {
            var part = ReadFrame();
            Assert.Equal((byte)Constants.FrameBody, part.Type);
            part.Payload.CopyTo(body, at);
            at += part.Payload.Length;
        }

        return body;
    }

    /// <summary>Receives as many octets as there is room for, whatever they are.</summary>
    public void Take(Span<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            if (_start == _end)
            {
                Assert.True(Receive() > 0, "The broker ended the stream.");
            }

            int taken = Math.Min(octets.Length, _end - _start);
            _buffer.AsSpan(_start, taken).CopyTo(octets);
            _start += taken;
            octets = octets[taken..];
        }
    }

    /// <summary>Receives and drops this many octets, without looking.</summary>
    public void Skip(long octets)
    {
        long left = octets - (_end - _start);
        Assert.True(left >= 0, "more octets than were expected");
        _start = _end = 0;
        while (left > 0)
        {
            int received = _socket.Receive(_buffer.AsSpan(0, (int)Math.Min(left, _buffer.Length)));
            Assert.True(received > 0, "The broker ended the stream.");
            left -= received;
        }
    }

    /// <summary>Whether the broker ends the stream without another octet.</summary>
    public bool IsEnded()
    {
        try
        {
            return _start == _end && Receive() == 0;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            return true;
        }
    }

    public void Dispose() => _socket.Dispose();

    private int Receive()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        int received = _socket.Receive(_buffer.AsSpan(_end));
        _end += received;
        return received;
    }
}
