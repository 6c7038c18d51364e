using System.Buffers.Binary;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.Classic;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>
/// What a connection receives: run by its one reading task, a batch at a time. It calls no code of the application; whoever waits goes on
/// elsewhere.
/// </summary>
internal sealed class ConnectionInput : IInputHandler, IMethodSink
{
    private readonly AmqpConnection _connection;
    private readonly List<AmqpConsumer> _touched = [];
    private readonly List<AmqpConsumer> _full = [];
    private readonly List<AmqpChannel> _settled = [];
    private FrameInput _frames = new(AmqpConnectionOptions.MaxFrameMax);
    private readonly TaskCompletionSource _letGo = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isIgnoring;
    private bool _isOver;
    private volatile bool _isHeldBack;
    private long _receiveCount;

    public ConnectionInput(AmqpConnection connection) => _connection = connection;

    /// <summary>Rises with what is received.</summary>
    public long ReceiveCount => Volatile.Read(ref _receiveCount);

    /// <summary>Whether nothing is read because a consumer without credit is full.</summary>
    public bool IsHeldBack => _isHeldBack;

    /// <summary>Takes nothing more seriously: the connection has said its last words.</summary>
    public void Ignore() => _isIgnoring = true;

    /// <summary>Reads on, whoever is full: the stream is cut. Any thread.</summary>
    public void LetGo() => _letGo.TrySetResult();

    /// <summary>What the end of the stream means, by where the connection stood.</summary>
    public string DescribeEnd() => _connection.Handshake.Phase switch
    {
        HandshakePhase.ProtocolHeader => "the server ended the stream before the handshake",
        HandshakePhase.Tune or HandshakePhase.SecureOk => "the server ended the stream at the login; the user name or the password may be wrong",
        HandshakePhase.Open => "the server ended the stream after the login; it may refuse the limits or the virtual host",
        _ => "the server ended the stream",
    };

    /// <summary>A consumer has got its first delivery of this batch.</summary>
    public void Touch(AmqpConsumer consumer) => _touched.Add(consumer);

    /// <summary>Hands consumers what has come so far, before something that ends one.</summary>
    public void FlushTouched()
    {
        foreach (var consumer in _touched)
        {
            if (consumer.Buffer.EndBatch())
            {
                _full.Add(consumer);
            }
        }

        _touched.Clear();
    }

    /// <summary>A channel has deliveries that count as settled.</summary>
    public void TouchSettled(AmqpChannel channel) => _settled.Add(channel);

    public int HandleInput(byte[] buffer, int start, int count)
    {
        _receiveCount++;
        if (_isIgnoring)
        {
            return count;
        }

        var input = buffer.AsSpan(start, count);
        if (_connection.Handshake.Phase == HandshakePhase.ProtocolHeader && input[0] == (byte)'A')
        {
            return HandleProtocolHeader(input);
        }

        var sink = new FrameSink(this);
        var error = _frames.Consume(input, ref sink, out int taken);
        if (error is not null)
        {
            _connection.Fail(error);
            taken = count;
        }

        EndBatch();
        return _isOver ? -1 : _isIgnoring ? count : taken;
    }

    public ValueTask WaitUntilReadyAsync() => _full.Count == 0 ? ValueTask.CompletedTask : HoldBackAsync();

    void IMethodSink.Send<TMethod>(ushort channel, in TMethod method)
    {
        lock (_connection.Gate)
        {
            _connection.Output.Append(channel, in method);
        }

        _connection.Output.FlushSoon();
    }

    /// <summary>A server that cannot do 0-9-1 answers with the protocol header that it can do (0-9-1 section 4.2.2).</summary>
    private int HandleProtocolHeader(ReadOnlySpan<byte> input)
    {
        if (input.Length < ProtocolHeader.V0_9_1.Length)
        {
            return 0;
        }

        _connection.Fail(input.StartsWith("AMQP"u8)
            ? ProtocolError.NotImplemented($"the server speaks another protocol: AMQP {input[4]} {input[5]} {input[6]} {input[7]}")
            : ProtocolError.FrameError($"the server speaks another protocol: {OctetText.Describe(input)}"));
        return input.Length;
    }

    private void EndBatch()
    {
        foreach (var channel in _settled)
        {
            channel.SettleReceived();
        }

        _settled.Clear();
        FlushTouched();
        _connection.Output.ServeWaiting();
    }

    private async ValueTask HoldBackAsync()
    {
        _isHeldBack = true;
        foreach (var consumer in _full)
        {
            var room = consumer.Buffer.WaitForRoomAsync();
            if (!room.IsCompleted)
            {
                await Task.WhenAny(room.AsTask(), _letGo.Task).ConfigureAwait(false);
            }
        }

        _full.Clear();
        _isHeldBack = false;
    }

    private ProtocolError? HandleMethod(ushort number, ReadOnlySpan<byte> payload)
    {
        uint key = BinaryPrimitives.ReadUInt32BigEndian(payload);
        if (number != 0)
        {
            if (_connection.Handshake.Phase != HandshakePhase.Done)
            {
                return ProtocolError.UnexpectedFrame($"type {Constants.FrameMethod}, {OctetText.Describe(payload)}");
            }

            return _connection.FindChannel(number) is { } channel
                ? channel.HandleMethod(key, payload)
                : ProtocolError.ChannelError($"channel {number} is not open").At(key);
        }

        if (key >> 16 != ConnectionStartView.MethodKey >> 16)
        {
            return ProtocolError.ChannelError($"unexpected {Methods.NameOf(key)} on channel 0").At(key);
        }

        var router = new ClientMethodRouter(_connection, this);
        var broken = ClientMethods.Dispatch(ref router, number, payload);
        _isOver = router.IsOver;
        if (_connection.Handshake.Tuning.FrameMax is var frameMax && frameMax != 0)
        {
            _frames.MaxFrameOctets = frameMax;
        }

        return broken != DecodeError.None ? Undecodable(broken, key, payload[sizeof(uint)..]) : router.Error;
    }

    /// <summary>The mistake of a method that cannot be read.</summary>
    public static ProtocolError Undecodable(DecodeError error, uint key, ReadOnlySpan<byte> arguments) => error switch
    {
        DecodeError.UnknownClass or DecodeError.UnknownMethod => ProtocolError.CommandInvalid("unknown class or method id").At(key),
        DecodeError.UnexpectedMethod => ProtocolError.CommandInvalid("unimplemented method").At(key),
        DecodeError.InvalidUtf8 => ProtocolError.FrameError("Malformed UTF-8 in shortstr").At(key),
        _ => ProtocolError.FrameError($"cannot decode {OctetText.Show(arguments)}").At(key),
    };

    /// <summary>Takes the frames of one receive.</summary>
    private readonly struct FrameSink(ConnectionInput input) : IFrameSink
    {
        public bool IsSaturated => false;

        public bool LeavesFrame => false;

        public ProtocolError? HandleMethod(ushort channel, ReadOnlySpan<byte> payload) => input._isIgnoring ? null : input.HandleMethod(channel, payload);

        public ProtocolError? HandleContentHeader(ushort channel, ReadOnlySpan<byte> payload) =>
            input._isIgnoring ? null : Find(channel) is { } found ? found.HandleContentHeader(payload) : NoContentDue();

        public ProtocolError? HandleBody(ushort channel, ReadOnlySpan<byte> octets, int remainingOctets) =>
            input._isIgnoring ? null : Find(channel) is { } found ? found.HandleBody(octets) : NoContentDue();

        public void HandleHeartbeat()
        {
            // That something came is counted already.
        }

        private AmqpChannel? Find(ushort channel) => input._connection.FindChannel(channel);

        private static ProtocolError NoContentDue() => ProtocolError.UnexpectedFrame("expected method frame, got non method frame instead");
    }
}
