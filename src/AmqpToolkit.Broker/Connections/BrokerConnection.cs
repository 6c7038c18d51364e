using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Channels;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.Classic;
using AmqpToolkit.Transport;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Broker.Connections;

/// <summary>
/// One connection of 0-9-1 or an edition before it: its one reading task runs everything that its octets cause, a batch at a time; its output sends. Other threads
/// append to the output under its gate, ask for a close, and look after the peer; nothing else. How it ends is the <see cref="ConnectionEnding"/>'s matter, who waits the <see cref="ConnectionHolding"/>'s.
/// </summary>
internal sealed partial class BrokerConnection : IVersionConnection, IOutputOwner, IMethodSink, IServerAuthority, IEndingConnection, IHeldConnection
{
    private readonly AmqpBroker _broker;
    private readonly TransportConnection _transport;
    private readonly ConnectionEnding _ending;
    private readonly LoginAttempt _login;
    private readonly Dictionary<ushort, BrokerChannel> _channels = [];
    private ServerHandshake? _handshake;
    private FrameInput _frames;
    private HeartbeatMonitor _heartbeat;
    private VirtualHost? _virtualHost;
    private Admission? _admission;
    private Caller? _caller;
    private BrokerChannel? _lastChannel;
    private ushort _channelMax;
    private long _receiveCount;

    public BrokerConnection(AmqpBroker broker, TransportConnection transport, ConnectionProfile profile, string name, long handshakeEndsAt)
    {
        _broker = broker;
        _transport = transport;
        Rules = profile.Rules;
        MaxMessageOctets = profile.MaxMessageOctets;
        Output = new Output(transport, this, broker.Options.OutputBoundOctets);
        _login = new LoginAttempt(broker, transport, name);
        _handshake = new ServerHandshake(profile.OfferFor(transport, broker.OffersScram).Handshake, this);

        // RabbitMQ takes no frame above 8 KiB from a stranger; tokens in start-ok need that much.
        _frames = new FrameInput(8192);
        Name = name;
        _batch = new IncomingBatch(broker.Arena);
        _ending = new ConnectionEnding(broker, transport, Output, this, name, handshakeEndsAt);
        Holding = new ConnectionHolding(broker, transport, Output, _ending, this, MaxMessageOctets);
    }

    /// <summary>For logs: both addresses.</summary>
    public string Name { get; }

    public AmqpBrokerOptions Options => _broker.Options;

    public MessageArena Arena => _broker.Arena;

    public ILogger Logger => _broker.Logger;

    public Output Output { get; }

    /// <summary>Who waits for whom.</summary>
    public ConnectionHolding Holding { get; }

    /// <summary>The turn of the reading task.</summary>
    public Turn Turn { get; } = new();

    public VirtualHost VirtualHost => _virtualHost!;

    /// <summary>The same, null before connection.open. Any thread.</summary>
    public VirtualHost? OpenedVirtualHost => Volatile.Read(ref _virtualHost);

    /// <summary>Who has logged in; null before that. Any thread.</summary>
    public UserAccount? Account => _login.Account;

    /// <summary>The user and its rights, from connection.open on.</summary>
    public Caller Caller => _caller!;

    /// <summary>The release that this connection is shown.</summary>
    public ProfileRules Rules { get; }

    /// <summary>The largest body of a message, in octets.</summary>
    public long MaxMessageOctets { get; }

    /// <summary>The agreed frame_max, in octets.</summary>
    public uint FrameMax { get; private set; }

    public bool ClientTakesConsumerCancel { get; private set; }

    public bool ClientTakesAlert { get; private set; }

    /// <inheritdoc/>
    public Task WaitUntilSentAsync() => _ending.WaitUntilSentAsync();

    /// <inheritdoc/>
    public int HandleInput(byte[] buffer, int start, int count)
    {
        _receiveCount++;
        if (_ending.State == ConnectionState.Ended)
        {
            return -1;
        }

        if (_ending.IgnoresInput)
        {
            return _ending.TakeIgnored(count);
        }

        BeginBatch(buffer);
        HasPaused = _leavesFrame = false;
        int taken = 0;
        if (_handshake is { Phase: HandshakePhase.ProtocolHeader })
        {
            if (count < ServerHandshake.ProtocolHeaderOctets)
            {
                return 0;
            }

            taken = ServerHandshake.ProtocolHeaderOctets;
            if (!_handshake.TakeProtocolHeader(buffer.AsSpan(start, taken), this))
            {
                RefuseHeader();
                return count;
            }

            TakeEdition(_handshake.Edition);
        }

        var sink = new FrameSink(this);
        ProtocolError? error;
        do
        {
            var input = buffer.AsSpan(start + taken, count - taken);
            error = _older is null ? _frames.Consume(input, ref sink, out int consumed) : ConsumeOlder(input, out consumed);
            taken += consumed;
            if (error is not null)
            {
                FlushBatch();
                Close(error);
            }
        }
        while (error is not null && !_ending.IgnoresInput && !HasPaused && _ending.State != ConnectionState.Ended);

        EndBatch();
        return _ending.State == ConnectionState.Ended ? -1 : _ending.IgnoresInput ? count : taken;
    }

    /// <inheritdoc/>
    public bool HasPaused { get; private set; }

    /// <summary>Whether connection.close is on its way, so that nothing may be delivered any more. Under the output's gate.</summary>
    public bool IsClosed { get; private set; }

    /// <inheritdoc/>
    public void HandleOutputEnded(Exception? cause)
    {
        if (cause is null)
        {
            return;
        }

        if (cause is not IOException)
        {
            Log.Defect(_broker.Logger, cause, Name);
        }

        Abort();
    }

    /// <inheritdoc/>
    public void Send<TMethod>(ushort channel, in TMethod method)
        where TMethod : struct, IMethod
    {
        lock (Output.Gate)
        {
            if (_held is { } held && held.TryAdd(channel, in method))
            {
                return;
            }

            AppendUnderGate(channel, in method);
        }

        Turn.Touch(Output);
    }

    /// <summary>Appends a method to the output, whose gate the caller holds.</summary>
    public void AppendUnderGate<TMethod>(ushort channel, in TMethod method)
        where TMethod : struct, IMethod =>
        Output.Advance(FrameWriter.WriteMethod(Output.Reserve(method.MaxOctets + FrameWriter.OverheadOctets), channel, in method));

    /// <inheritdoc/>
    long IEndingConnection.CheckPeer(long now)
    {
        // A peer that is not read because it does not read must at least take what is sent to it.
        long signs = Volatile.Read(ref _receiveCount) + (Holding.IsHeldByOutput ? Output.SendCount : 0);
        switch (_heartbeat.Check(now, signs, Output.SendCount, !Holding.IsHeldByBroker))
        {
            case HeartbeatVerdict.PeerIsGone:
                Log.ConnectionFailed(_broker.Logger, Name, "missed heartbeats from client");
                Abort();
                return -1;

            case HeartbeatVerdict.SendHeartbeat:
                lock (Output.Gate)
                {
                    Output.Advance(FrameWriter.WriteHeartbeat(Output.Reserve(FrameWriter.OverheadOctets)));
                }

                Output.Flush();
                break;
        }

        return now + _heartbeat.CheckEveryMilliseconds;
    }

    /// <summary>Where a span of the receive buffer begins in it.</summary>
    public int OffsetInInput(ReadOnlySpan<byte> octets) =>
        (int)Unsafe.ByteOffset(ref MemoryMarshal.GetArrayDataReference(_input), ref MemoryMarshal.GetReference(octets));

    /// <summary>A part of the receive buffer.</summary>
    public ReadOnlySpan<byte> Input(int start, int octets) => _input.AsSpan(start, octets);
}
