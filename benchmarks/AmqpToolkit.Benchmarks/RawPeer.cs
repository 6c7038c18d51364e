using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Benchmarks;

/// <summary>
/// The other end of one connection of 1.0 that costs little: it accepts all transfers that come, in a disposition a read, and sends prebuilt ones as far as credit and window go. It checks nothing; a process of its own, so that
/// what the client costs stands alone.
/// </summary>
internal sealed class RawPeer(Socket socket)
{
    private const uint Plenty = int.MaxValue;
    private const int BatchOctets = 64 * 1024;
    private const uint FirstId = 0x10000;

    private readonly byte[] _input = new byte[1024 * 1024];
    private readonly byte[] _output = new byte[BatchOctets + 4096];

    // role receiver, first, last, settled, accepted
    private readonly byte[] _accepted = [0, 0, 0, 30, 2, 0, 0, 0, 0, 0x53, 0x15, 0xC0, 17, 5, 0x41, 0x70, 0, 0, 0, 0, 0x70, 0, 0, 0, 0, 0x41, 0, 0x53, 0x24, 0x45];
    private int _count;
    private int _pending;
    private uint _handle;
    private bool _isSource;
    private bool _isSettled;
    private uint _received;
    private uint _accepts;
    private uint _sent;
    private uint _creditEnd;
    private uint _windowEnd;
    private byte[] _batch = [];
    private int _octets;
    private int _idAt;

    /// <summary>Serves connections one after the other until the input ends; prints the port.</summary>
    public static void Serve()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        Console.WriteLine(((IPEndPoint)listener.LocalEndPoint!).Port);
        while (true)
        {
            using var socket = listener.Accept();
            socket.NoDelay = true;
            try
            {
                new RawPeer(socket).Run();
            }
            catch (SocketException)
            {
                // The client is gone.
            }
        }
    }

    private void Run()
    {
        while (true)
        {
            uint sendable = _isSource ? Math.Min(_creditEnd - _sent, _windowEnd - _sent) : 0;
            if (sendable == 0 || sendable > Plenty || socket.Available > 0)
            {
                int received = socket.Receive(_input, _count, _input.Length - _count, SocketFlags.None);
                if (received == 0)
                {
                    return;
                }

                _count += received;
                Take();
                Flush();
                continue;
            }

            SendTransfers(sendable);
        }
    }

    private void Take()
    {
        int at = 0;
        while (_count - at >= 8)
        {
            var rest = _input.AsSpan(at, _count - at);
            int octets = rest.StartsWith("AMQP"u8) ? 8 : BinaryPrimitives.ReadInt32BigEndian(rest);
            if (octets > rest.Length)
            {
                break;
            }

            TakeFrame(rest[..octets]);
            at += octets;
        }

        _input.AsSpan(at, _count - at).CopyTo(_input);
        _count -= at;
        if (_received != _accepts)
        {
            if (!_isSettled)
            {
                BinaryPrimitives.WriteUInt32BigEndian(_accepted.AsSpan(16), _accepts);
                BinaryPrimitives.WriteUInt32BigEndian(_accepted.AsSpan(21), _received - 1);
                Write(_accepted);
            }

            _accepts = _received;
        }
    }

    private void TakeFrame(ReadOnlySpan<byte> frame)
    {
        if (frame.StartsWith("AMQP"u8))
        {
            Write(frame);
            if (frame[4] == 3)
            {
                WriteSasl(new SaslMechanisms { SaslServerMechanisms = EncodedValue.Symbols("PLAIN", "ANONYMOUS") });
            }
            else
            {
                WriteFrame(new Open { ContainerId = "raw", MaxFrameSize = 256 * 1024 });
            }

            return;
        }

        var body = frame[8..];
        switch (body.IsEmpty ? 0 : body[2])
        {
            case 0x14:
                _received++;
                break;

            case 0x41:
                WriteSasl(new SaslOutcome { Code = SaslCode.Ok });
                break;

            case (byte)BeginView.DescriptorCode:
                BeginView.TryParse(body, out var begin, out _);
                _windowEnd = begin.IncomingWindow;
                WriteFrame(new Begin { RemoteChannel = 0, NextOutgoingId = 0, IncomingWindow = Plenty, OutgoingWindow = Plenty, HandleMax = 10 });
                break;

            case (byte)AttachView.DescriptorCode:
                TakeAttach(body);
                break;

            case (byte)FlowView.DescriptorCode when _isSource:
                FlowView.TryParse(body, out var flow, out _);
                _windowEnd = flow.NextIncomingId + flow.IncomingWindow;
                _creditEnd = flow.HasHandle ? flow.DeliveryCount + flow.LinkCredit : _creditEnd;
                break;

            case (byte)CloseView.DescriptorCode:
                WriteFrame(default(Close));
                break;
        }
    }

    private void TakeAttach(ReadOnlySpan<byte> body)
    {
        AttachView.TryParse(body, out var view, out _);
        var attach = view.ToOwned();
        _isSource = attach.Role == Role.Receiver;
        _isSettled = attach.SndSettleMode == SenderSettleMode.Settled;
        _handle = attach.Handle;
        WriteFrame(attach with { Role = _isSource ? Role.Sender : Role.Receiver, InitialDeliveryCount = 0 });
        if (!_isSource)
        {
            WriteFrame(new Flow { NextIncomingId = 0, IncomingWindow = Plenty, NextOutgoingId = 0, OutgoingWindow = Plenty, Handle = _handle, DeliveryCount = 0, LinkCredit = Plenty });
            return;
        }

        // 12 octets of data, as amqp1bench sends them.
        byte[] message = [0, 0x53, 0x75, 0xA0, 12, .. "twelveoctets"u8];
        var transfer = new Transfer { Handle = _handle, DeliveryId = FirstId, DeliveryTag = new byte[4], MessageFormat = 0, Settled = _isSettled };
        byte[] one = new byte[FrameReader.HeaderOctets + transfer.MaxOctets + message.Length];
        _octets = FrameWriter.WritePerformative(one, 0, in transfer, message);
        ReadOnlySpan<byte> id = [0x70, 0, 1, 0, 0];
        _idAt = one.AsSpan().IndexOf(id) + 1;
        _batch = [.. Enumerable.Repeat(one[.._octets], BatchOctets / _octets).SelectMany(some => some)];
    }

    private void SendTransfers(uint sendable)
    {
        int count = (int)Math.Min(sendable, (uint)(_batch.Length / _octets));
        for (int index = 0; index < count; index++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(_batch.AsSpan((index * _octets) + _idAt), FirstId + _sent++);
        }

        SendAll(_batch.AsSpan(0, count * _octets));
    }

    private void WriteFrame<T>(T performative)
        where T : struct, IDescribedType => _pending += FrameWriter.WritePerformative(_output.AsSpan(_pending), 0, in performative);

    private void WriteSasl<T>(T performative)
        where T : struct, IDescribedType => _pending += FrameWriter.WriteSasl(_output.AsSpan(_pending), in performative);

    private void Write(ReadOnlySpan<byte> octets)
    {
        octets.CopyTo(_output.AsSpan(_pending));
        _pending += octets.Length;
    }

    private void Flush()
    {
        SendAll(_output.AsSpan(0, _pending));
        _pending = 0;
    }

    private void SendAll(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            octets = octets[socket.Send(octets)..];
        }
    }
}
