using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Host.Tests;

/// <summary>An open connection without a client library's own view of how it ends: it sees every octet in its order.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 60_000 };

    private RawConnection(int port) => _socket.Connect(IPAddress.Loopback, port);

    public static RawConnection Open(int port)
    {
        RawConnection connection = new(port);
        connection._socket.Send(ProtocolHeader.V0_9_1);
        connection.Expect(ConnectionStartView.MethodKey);
        connection.Send(new ConnectionStartOk { Mechanism = "PLAIN", Response = "\0guest\0guest", Locale = "en_US" });
        connection.Expect(ConnectionTuneView.MethodKey);
        connection.Send(new ConnectionTuneOk { ChannelMax = 2047, FrameMax = 131072 });
        connection.Send(new ConnectionOpen { VirtualHost = "/" });
        connection.Expect(ConnectionOpenOkView.MethodKey);
        return connection;
    }

    public void Send<TMethod>(in TMethod method)
        where TMethod : struct, IMethod
    {
        byte[] frame = new byte[method.MaxOctets + FrameWriter.OverheadOctets];
        _socket.Send(frame.AsSpan(0, FrameWriter.WriteMethod(frame, 0, in method)));
    }

    /// <summary>Reads the next frame, which is this method.</summary>
    /// <returns>Its arguments.</returns>
    public byte[] Expect(uint methodKey)
    {
        byte[] header = Read(7);
        byte[] rest = Read(BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(3)) + 1);
        Assert.Equal(methodKey, BinaryPrimitives.ReadUInt32BigEndian(rest));
        return rest[4..^1];
    }

    /// <summary>Whether the broker has ended the stream in order, without another octet.</summary>
    /// <exception cref="SocketException">It was reset.</exception>
    public bool HasEnded() => _socket.Receive(new byte[1]) == 0;

    public void Dispose() => _socket.Dispose();

    private byte[] Read(int octets)
    {
        byte[] read = new byte[octets];
        for (int at = 0; at < octets;)
        {
            int count = _socket.Receive(read.AsSpan(at));
            Assert.True(count > 0, "The broker ended the stream.");
            at += count;
        }

        return read;
    }
}
