using System.Net.Sockets;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.V1_0;

/// <summary>A peer of 1.0 that says what it is told to, over a blocking socket.</summary>
internal sealed class PeerClient : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 60_000, SendTimeout = 60_000 };
    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;
    private uint _transfers;

    public PeerClient(AmqpBroker broker) => _socket.Connect(broker.Endpoints[0]);

    public static byte[] Header { get; } = [.. "AMQP"u8, 0, 1, 0, 0];

    public static byte[] SaslHeader { get; } = [.. "AMQP"u8, 3, 1, 0, 0];

    /// <summary>A peer that has logged in as nobody, opened, and begun a session on channel 0.</summary>
    public static PeerClient Begin(AmqpBroker broker, uint maxFrameSize = 65536, string? hostname = null, uint window = 2048)
    {
        var peer = new PeerClient(broker);
        peer.Send(Header);
        var open = new Open { ContainerId = "peer", MaxFrameSize = maxFrameSize };
        peer.Send(hostname is null ? open : open with { Hostname = hostname });
        peer.Send(new Begin { NextOutgoingId = 0, IncomingWindow = window, OutgoingWindow = 2048, HandleMax = 100 });
        Assert.Equal(Header, peer.ReadHeader());
        peer.Expect("open");
        peer.Expect("begin");
        return peer;
    }

    public void Send(byte[] octets) => Send(octets.AsSpan());

    public void Send<T>(T performative, byte[]? payload = null, ushort channel = 0)
        where T : struct, IDescribedType
    {
        if (typeof(T) == typeof(Transfer))
        {
            _transfers++;
        }

        Send(Frame(performative, payload, channel).AsSpan());
    }

    public static byte[] Frame<T>(T performative, byte[]? payload = null, ushort channel = 0)
        where T : struct, IDescribedType
    {
        byte[] octets = new byte[FrameReader.HeaderOctets + performative.MaxOctets + (payload?.Length ?? 0)];
        return octets[..FrameWriter.WritePerformative(octets, channel, in performative, payload)];
    }

    public void SendSasl<T>(T performative)
        where T : struct, IDescribedType
    {
        byte[] octets = new byte[FrameReader.HeaderOctets + performative.MaxOctets];
        Send(octets[..FrameWriter.WriteSasl(octets, in performative)]);
    }

    public byte[] ReadHeader()
    {
        Fill(8);
        _start += 8;
        return _buffer[(_start - 8).._start];
    }

    /// <summary>The next frame; empty ones do not count.</summary>
    public PeerFrame Read()
    {
        while (true)
        {
            Frame frame;
            while (FrameReader.TryRead(_buffer.AsSpan(_start, _end - _start), uint.MaxValue, out frame) != FrameReadStatus.Complete)
            {
                Fill(_end - _start + 1);
            }

            _start += frame.Octets;
            var found = PeerFrame.Of(in frame);
            if (found.Name != "empty")
            {
                return found;
            }
        }
    }

    public PeerFrame Expect(string name)
    {
        var frame = Read();
        Assert.True(frame.Name == name, $"{name} was expected, {frame.Name} {frame.Condition} came");
        return frame;
    }

    /// <summary>The next frame of that name; flows before it do not count.</summary>
    public PeerFrame ExpectPast(string name)
    {
        while (true)
        {
            var frame = Read();
            if (frame.Name != "flow" || name == "flow")
            {
                Assert.True(frame.Name == name, $"{name} was expected, {frame.Name} {frame.Condition} came");
                return frame;
            }
        }
    }

    /// <summary>Reads dispositions until they have spoken of so many deliveries.</summary>
    public void ExpectDisposed(uint count)
    {
        uint told = 0;
        while (told < count)
        {
            var disposition = ExpectPast("disposition").Disposition;
            told += (disposition.HasLast ? disposition.Last : disposition.First) - disposition.First + 1;
        }
    }

    /// <summary>Reads flows until one says that nothing is left.</summary>
    public FlowView ReadDrained()
    {
        while (true)
        {
            var frame = Read();
            Assert.Equal("flow", frame.Name);
            if (frame.Flow is { Drain: true, LinkCredit: 0 })
            {
                return frame.Flow;
            }
        }
    }

    /// <summary>Whether the broker has ended the stream.</summary>
    public bool IsEnded
    {
        get
        {
            try
            {
                return _socket.Receive(new byte[1]) == 0;
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
            {
                return true;
            }
        }
    }

    /// <summary>Attaches as a sender, and has credit.</summary>
    public PeerFrame AttachSender(string address, uint handle = 0, string? name = null, Func<Attach, Attach>? with = null)
    {
        var attach = new Attach
        {
            Name = name ?? $"sender-{handle}", Handle = handle, Role = Role.Sender, InitialDeliveryCount = 0, Source = new Source { Address = EncodedValue.String("here") },
            Target = new Target { Address = EncodedValue.String(address) },
        };
        Send(with is null ? attach : with(attach));
        var answer = Expect("attach");
        if (answer.Attach.Target.Kind != AnyTarget.Member.None)
        {
            Expect("flow");
        }

        return answer;
    }

    /// <summary>Attaches as a receiver, without credit.</summary>
    public PeerFrame AttachReceiver(string address, uint handle = 1, string? name = null, Func<Attach, Attach>? with = null)
    {
        var attach = new Attach
        {
            Name = name ?? $"receiver-{handle}", Handle = handle, Role = Role.Receiver, Source = new Source { Address = EncodedValue.String(address) },
            Target = new Target { Address = EncodedValue.String("here") },
        };
        Send(with is null ? attach : with(attach));
        return ExpectPast("attach");
    }

    public void Credit(uint credit, uint handle = 1, uint deliveryCount = 0, uint window = 2048, uint nextIncomingId = 0, bool drain = false, bool echo = false) => Send(new Flow
    {
        NextIncomingId = nextIncomingId, IncomingWindow = window, NextOutgoingId = _transfers, OutgoingWindow = 2048, Handle = handle, DeliveryCount = deliveryCount, LinkCredit = credit, Drain = drain,
        Echo = echo,
    });

    public void Transfer(uint id, byte[] message, uint handle = 0, bool settled = false, Func<Transfer, Transfer>? with = null)
    {
        var transfer = new Transfer { Handle = handle, DeliveryId = id, DeliveryTag = BitConverter.GetBytes(id), Settled = settled };
        Send(with is null ? transfer : with(transfer), message);
    }

    public void Settle(uint id, EncodedValue state, bool settled = true) => Send(new Disposition { Role = Role.Receiver, First = id, Settled = settled, State = state });

    /// <summary>Reads until that many deliveries have been spoken of: by transfers, or by dispositions. Allocates nothing.</summary>
    public void Skip(int transfers, uint lastDisposed = 0)
    {
        bool isDisposed = lastDisposed == 0;
        while (transfers > 0 || !isDisposed)
        {
            Frame frame;
            while (FrameReader.TryRead(_buffer.AsSpan(_start, _end - _start), uint.MaxValue, out frame) != FrameReadStatus.Complete)
            {
                Fill(_end - _start + 1);
            }

            _start += frame.Octets;
            if (frame.Body.Length > 2 && frame.Body[2] == TransferView.DescriptorCode)
            {
                transfers--;
            }
            else if (DispositionView.TryParse(frame.Body, out var disposition, out _) == Codec.DecodeError.None)
            {
                isDisposed |= (disposition.HasLast ? disposition.Last : disposition.First) == lastDisposed;
            }
        }
    }

    public void Send(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            octets = octets[_socket.Send(octets)..];
        }
    }

    public void Dispose() => _socket.Dispose();

    private void Fill(int octets)
    {
        while (_end - _start < octets)
        {
            if (_start > 0)
            {
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                (_start, _end) = (0, _end - _start);
            }

            if (_end == _buffer.Length)
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            int received = _socket.Receive(_buffer.AsSpan(_end));
            Assert.True(received > 0, "the broker has ended the stream");
            _end += received;
        }
    }
}
