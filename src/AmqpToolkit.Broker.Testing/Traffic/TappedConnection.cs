using System.Net;
using System.Security.Cryptography.X509Certificates;
using AmqpToolkit.Broker.Testing.Strict;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Broker.Testing.Traffic;

/// <summary>
/// The broker's end of a connection with a tap in it. What the client sends is read, looked at and handed on by the broker's reading task; what the broker sends by whoever sends it. Both may put words of their own between
/// what goes to the client, one at a time, between whole units.
/// </summary>
internal sealed partial class TappedConnection : TransportConnection
{
    private const int ReadOctets = 64 * 1024;

    /// <summary>How long a client has for connection.close-ok.</summary>
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromMinutes(1);

    private readonly TransportConnection _inner;
    private readonly ConnectionTap _tap;
    private readonly int _number;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly CancellationTokenSource _cut = new();
    private readonly UnitReader _fromClient = new(UnitReader.HandshakeOctets);
    private readonly UnitReader _fromBroker = new();
    private readonly ClientInspector _inspector;
    private readonly Dictionary<ushort, TappedChannel> _channels = [];
    private readonly int[] _counts = new int[Enum.GetValues<TrafficPoint>().Length];
    private readonly Queue<ReadOnlyMemory<byte>> _toBroker = new();
    private readonly byte[] _read = new byte[ReadOctets];
    private volatile bool _hasEnded;
    private bool _takesBlocked;
    private volatile bool _isClosing;
    private volatile bool _isAborted;

    public TappedConnection(TransportConnection inner, ConnectionTap tap, int number)
    {
        _inner = inner;
        _tap = tap;
        _number = number;
        _inspector = new ClientInspector(tap.Report, number);
        var published = new PeerDeliveries();
        var delivered = new PeerDeliveries();
        _fromPeer = new PeerWay(IsFromClient: true, TrafficPoint.Publish, TrafficPoint.Ack, published, delivered, HandToBroker);
        _toPeer = new PeerWay(IsFromClient: false, TrafficPoint.Delivery, TrafficPoint.Confirm, delivered, published, unit => ToClientAsync(unit.Octets));
        tap.Conversation.Begin(number, inner.RemoteEndPoint?.ToString() ?? "client in this process", inner.LocalEndPoint?.ToString() ?? "broker");
    }

    public override EndPoint? LocalEndPoint => _inner.LocalEndPoint;

    public override EndPoint? RemoteEndPoint => _inner.RemoteEndPoint;

    public override bool IsLoopback => _inner.IsLoopback;

    public override bool IsInMemory => _inner.IsInMemory;

    public override bool IsProtected => _inner.IsProtected;

    public override X509Certificate2? PeerCertificate => _inner.PeerCertificate;

    public override bool IsPeerGone => _inner.IsPeerGone;

    public override ValueTask WaitForDataAsync() => _toBroker.Count > 0 || _hasEnded || _fromClient.HasOctets ? ValueTask.CompletedTask : _inner.WaitForDataAsync();

    public override async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        while (_toBroker.Count == 0)
        {
            if (_hasEnded)
            {
                return 0;
            }

            // One after the other: what is late, or breaks the stream, leaves what came before it alone.
            if (_fromClient.Read() is { } unit)
            {
                await HandleFromClientAsync(unit).ConfigureAwait(false);
                continue;
            }

            await ReadAsync().ConfigureAwait(false);
        }

        var next = _toBroker.Peek();
        int taken = Math.Min(next.Length, buffer.Length);
        next.Span[..taken].CopyTo(buffer.Span);
        _toBroker.Dequeue();
        if (taken < next.Length)
        {
            PutBack(next[taken..]);
        }

        return taken;
    }

    private async Task ReadAsync()
    {
        int octets;
        try
        {
            octets = await _inner.ReceiveAsync(_read).ConfigureAwait(false);
        }
        catch (IOException) when (!_isAborted && !_isClosing)
        {
            _inspector.End();
            throw;
        }

        if (octets == 0)
        {
            await EndInputAsync().ConfigureAwait(false);
            return;
        }

        _tap.Conversation.Add(_number, isFromClient: true, _read.AsSpan(0, octets));
        _fromClient.Append(_read.AsSpan(0, octets));
    }

    public override async ValueTask SendAsync(List<ArraySegment<byte>> segments)
    {
        ArgumentNullException.ThrowIfNull(segments);
        await _sending.WaitAsync().ConfigureAwait(false);
        try
        {
            foreach (var segment in segments)
            {
                _fromBroker.Append(segment);
            }

            while (_fromBroker.Read() is { } unit)
            {
                await HandleFromBrokerAsync(unit).ConfigureAwait(false);
            }
        }
        finally
        {
            _sending.Release();
        }
    }

    public override void ShutdownSend()
    {
        if (!_isClosing)
        {
            _inner.ShutdownSend();
        }
    }

    public override void Abort()
    {
        _isAborted = true;

        // Whoever waits goes on elsewhere: the caller may hold locks.
        _ = _cut.CancelAsync();
        _inner.Abort();
        _tap.Conversation.End(_number);
    }

    private void PutBack(ReadOnlyMemory<byte> rest)
    {
        var others = _toBroker.ToArray();
        _toBroker.Clear();
        _toBroker.Enqueue(rest);
        foreach (var other in others)
        {
            _toBroker.Enqueue(other);
        }
    }

    /// <summary>The client says nothing more: what was kept for its next word goes now.</summary>
    private async Task EndInputAsync()
    {
        _hasEnded = true;
        if (!_isClosing && !_isAborted)
        {
            _inspector.End();
            ReleaseAll();
            await ReleaseAllAsync(_fromPeer).ConfigureAwait(false);
        }
    }

    /// <summary>Hands on what was kept, of all channels.</summary>
    private void ReleaseAll()
    {
        TappedChannel[] channels;
        lock (_gate)
        {
            channels = [.. _channels.Values];
        }

        foreach (var unit in channels.SelectMany(static channel => channel.TakeAllHeld()))
        {
            ToBroker(unit);
        }
    }

    private TappedChannel ChannelOf(ushort number)
    {
        lock (_gate)
        {
            if (!_channels.TryGetValue(number, out var channel))
            {
                _channels.Add(number, channel = new TappedChannel());
            }

            return channel;
        }
    }

    private void ToBroker(TrafficUnit unit)
    {
        if (unit is { IsClassic: true, Key: BasicPublish.MethodKey })
        {
            var channel = ChannelOf(unit.Channel);
            lock (_gate)
            {
                channel.Forward(unit);
            }
        }

        if (unit is { IsClassic: true, Key: BasicAck.MethodKey or BasicNack.MethodKey or BasicReject.MethodKey, Arguments.Length: > sizeof(ulong) })
        {
            foreach (var word in ChannelOf(unit.Channel).Deliveries.Translate(unit))
            {
                _toBroker.Enqueue(word.Octets);
            }

            return;
        }

        _toBroker.Enqueue(unit.Octets);
    }

    private Task HandToBroker(TrafficUnit unit)
    {
        ToBroker(unit);
        return Task.CompletedTask;
    }

    /// <summary>Sends to the client. By who holds the semaphore.</summary>
    private async Task ToClientAsync(byte[] octets)
    {
        _tap.Conversation.Add(_number, isFromClient: false, octets);
        await _inner.SendAsync([octets]).ConfigureAwait(false);
    }

    /// <summary>Says something to the client that the broker has not said.</summary>
    private async Task TellClientAsync(params byte[][] words)
    {
        await _sending.WaitAsync().ConfigureAwait(false);
        try
        {
            foreach (byte[] octets in words)
            {
                await ToClientAsync(octets).ConfigureAwait(false);
            }
        }
        finally
        {
            _sending.Release();
        }
    }

    private void Cut()
    {
        _hasEnded = true;
        Abort();
    }

    private async Task DelayAsync(TimeSpan time)
    {
        try
        {
            await Task.Delay(time, _tap.Time, _cut.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            throw new IOException("The stream is closed.");
        }
    }

    /// <summary>Tells the client that it may not publish, and later that it may.</summary>
    /// <param name="isSending">Whether the caller is the one who sends.</param>
    private async Task BlockAsync(Fault fault, bool isSending)
    {
        if (!_takesBlocked)
        {
            return;
        }

        byte[] blocked = ClassicOctets.Of(0, new ConnectionBlocked { Reason = fault.Text });
        await (isSending ? ToClientAsync(blocked) : TellClientAsync(blocked)).ConfigureAwait(false);
        _ = UnblockLaterAsync(fault.Time);
    }

    private async Task UnblockLaterAsync(TimeSpan time)
    {
        try
        {
            await DelayAsync(time).ConfigureAwait(false);
            await TellClientAsync(ClassicOctets.Of(0, default(ConnectionUnblocked))).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The connection has gone before its time was over: nobody is blocked any more.
        }
    }

    /// <summary>The connection is closed as if the broker had done so; what the broker says from here on is lost, and a client that does not answer is cut.</summary>
    private void BeginClose()
    {
        _isClosing = true;
        _ = CutLaterAsync();
    }

    private byte[] BeginClose(Fault fault)
    {
        BeginClose();
        return CloseOf(fault);
    }

    private async Task CutLaterAsync()
    {
        try
        {
            await Task.Delay(CloseTimeout, TimeProvider.System, _cut.Token).ConfigureAwait(false);
            Abort();
        }
        catch (OperationCanceledException)
        {
            // It has answered, or gone.
        }
    }

    private static byte[] CloseOf(Fault fault) => ClassicOctets.Of(0, new ConnectionClose { ReplyCode = fault.Code, ReplyText = fault.Text });
}
