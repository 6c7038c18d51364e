using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Connections;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Protocol.Sasl;
using AmqpToolkit.Protocol.V1_0;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>
/// One connection of 1.0. Its rules are the <see cref="ConnectionEngine"/>'s, which is used under the gate of the output alone: the reader takes one event at a
/// time under it and acts on the event without it; deliveries and dispositions of other threads are written under it.
/// </summary>
internal sealed partial class PeerConnection : IVersionConnection, IOutputOwner, IFrameOutput, IEndingConnection, IHeldConnection
{
    /// <summary>Messages that are read under one taking of the gate.</summary>
    private const int MessagesInARow = 64;

    [ThreadStatic]
    private static ReceivedMessage[]? t_row;

    private readonly TransportConnection _transport;
    private readonly ConnectionEnding _ending;
    private readonly LoginAttempt _login;
    private SaslServer? _sasl;
    private readonly ConnectionEngine _engine;
    private readonly ConnectionProfile _profile;
    private readonly List<BrokerSession> _sessions = [];
    private readonly List<OutgoingLink> _woken = [];
    private VirtualHost? _virtualHost;
    private Admission? _admission;
    private Caller? _caller;
    private IdleMonitor _idle;
    private long _receiveCount;

    public PeerConnection(AmqpBroker broker, TransportConnection transport, ConnectionProfile profile, string name, long handshakeEndsAt)
    {
        Broker = broker;
        _transport = transport;
        _profile = profile;
        Name = name;
        Output = new Output(transport, this, broker.Options.OutputBoundOctets);
        _login = new LoginAttempt(broker, transport, name);
        var offer = profile.OfferFor(transport, broker.OffersScram);
        _sasl = new SaslServer(_login, offer.AcceptedFromPeers, MayBeAnonymous ? profile.Anonymous : null);
        _engine = new ConnectionEngine(offer.SettingsFor(MayBeAnonymous), this, isServer: true);
        _batch = new Queues.IncomingBatch(broker.Arena);
        _ending = new ConnectionEnding(broker, transport, Output, this, name, handshakeEndsAt);
        Holding = new ConnectionHolding(broker, transport, Output, _ending, this, profile.MaxMessageOctets);
    }

    public AmqpBroker Broker { get; }

    /// <summary>For logs: both addresses.</summary>
    public string Name { get; }

    public Output Output { get; }

    /// <summary>Who waits for whom.</summary>
    public ConnectionHolding Holding { get; }

    /// <summary>The largest message, in octets.</summary>
    public long MaxMessageOctets => _profile.MaxMessageOctets;

    /// <summary>The turn of the reading task.</summary>
    public Turn Turn { get; } = new();

    public VirtualHost VirtualHost => _virtualHost!;

    /// <inheritdoc/>
    public VirtualHost? OpenedVirtualHost => Volatile.Read(ref _virtualHost);

    /// <inheritdoc/>
    public UserAccount? Account => _login.Account;

    /// <summary>The user and its rights, from open on.</summary>
    public Caller Caller => _caller!;

    /// <inheritdoc/>
    public bool HasPaused { get; private set; }

    /// <summary>Whether a protocol header is one of 1.0: AMQP itself, SASL, or TLS within the stream, which is answered by another.</summary>
    public static bool IsMeant(ReadOnlySpan<byte> header) => header.StartsWith("AMQP"u8) && header[4] is 0 or 2 or 3 && header[5..].SequenceEqual("\u0001\u0000\u0000"u8);

    /// <inheritdoc/>
    Span<byte> IFrameOutput.Reserve(int octets) => Output.Reserve(octets);

    /// <inheritdoc/>
    void IFrameOutput.Advance(int octets) => Output.Advance(octets);

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
        var row = t_row ??= new ReceivedMessage[MessagesInARow];
        HasPaused = false;
        int taken = 0;
        while (!HasPaused && !_ending.IgnoresInput && _ending.State != ConnectionState.Ended)
        {
            EngineEvent found;
            Link? link;
            int messages;
            int consumed;
            var input = buffer.AsSpan(start + taken, count - taken);
            if (HasGathered && _engine.IsEndNext(input))
            {
                FlushBatch();
            }

            lock (Output.Gate)
            {
                found = _engine.ReadRow(input, row, out messages, out link, out consumed);
            }

            taken += consumed;
            if (messages > 0)
            {
                Handle(link!, input, row.AsSpan(0, messages));
            }

            if (found.Kind != EngineEventKind.None)
            {
                Handle(in found);
            }
            else if (messages == 0)
            {
                break;
            }
        }

        EndBatch();
        return _ending.State == ConnectionState.Ended ? -1 : _ending.IgnoresInput ? count : taken;
    }

    /// <inheritdoc/>
    public void HandleOutputEnded(Exception? cause)
    {
        if (cause is null)
        {
            return;
        }

        if (cause is not IOException)
        {
            Log.Defect(Broker.Logger, cause, Name);
        }

        Abort();
    }

    /// <summary>Writes what the engine has put together. Under the gate.</summary>
    public void FlushUnderGate() => _engine.Flush();

    private void Handle(Link link, ReadOnlySpan<byte> input, ReadOnlySpan<ReceivedMessage> messages)
    {
        if (link.Owner is IncomingLink incoming)
        {
            incoming.HandleMessages(input, messages);
            return;
        }

        FlushBatch();
        foreach (var message in messages)
        {
            (link.Owner as ManagementPair)?.HandleRequest(link, input.Slice(message.Start, message.Octets), message.Sequence, message.IsSettled);
        }
    }

    private void Handle(scoped in EngineEvent found)
    {
        if (found.Kind == EngineEventKind.Transferred)
        {
            if (found.Link!.Owner is IncomingLink link)
            {
                link.HandleTransfer(in found);
            }
            else
            {
                FlushBatch();
                (found.Link.Owner as ManagementPair)?.HandleTransfer(in found);
            }

            return;
        }

        Turn.Touch(Output);
        switch (found.Kind)
        {
            case EngineEventKind.Disposed:
                HandleDisposed(in found);
                break;

            case EngineEventKind.Flowed:
                if (_settledOutcome != Queues.Outcome.Accept)
                {
                    // What came back before goes again in its place.
                    FlushSettled();
                }

                HandleFlowed(in found);
                break;

            default:
                FlushBatch();
                HandleRare(in found);
                break;
        }

        HasPaused |= Holding.IsSaturated || Holding.WaitsForRoom;
    }

    private void HandleRare(scoped in EngineEvent found)
    {
        switch (found.Kind)
        {
            case EngineEventKind.HeaderRefused:
                _ending.BeginDrain(ConnectionEnding.RefusalMilliseconds);
                break;

            case EngineEventKind.SaslInit:
            case EngineEventKind.SaslResponse:
                HandleSasl(in found);
                break;

            case EngineEventKind.Opened:
                HandleOpened(in found);
                break;

            case EngineEventKind.Begun:
                HandleBegun(found.Session!);
                break;

            case EngineEventKind.Attached:
                HandleAttached(in found);
                break;

            case EngineEventKind.Detached:
                HandleDetached(found.Link!, found.IsClosed);
                break;

            case EngineEventKind.LinkFailed:
                Log.LinkFailed(Broker.Logger, Name, found.Link!.Name, $"{found.Fault}");
                ReleaseClosed(found.Link);
                break;

            case EngineEventKind.Ended:
                ReleaseSession(found.Session!);
                break;

            case EngineEventKind.SessionFailed:
                Log.ChannelFailed(Broker.Logger, Name, found.Session!.Channel, $"{found.Fault}");
                ReleaseSession(found.Session);
                break;

            case EngineEventKind.Closed:
                HandleClosed();
                break;

            case EngineEventKind.ConnectionFailed:
                HandleConnectionFailed(found.Fault!);
                break;
        }
    }

    private void HandleBegun(Session engine)
    {
        if (_admission!.TryAddChannel() is { } refused)
        {
            lock (Output.Gate)
            {
                engine.End(refused.ToFault());
            }

            return;
        }

        var session = new BrokerSession(this, engine);
        engine.Owner = session;
        _sessions.Add(session);
    }

    /// <summary>Credit or a window have changed: deliveries that waited for it go now.</summary>
    private void HandleFlowed(scoped in EngineEvent found)
    {
        if (found.Session!.Owner is not BrokerSession session)
        {
            return;
        }

        session.TakeWaiting(_woken);
        foreach (var link in _woken)
        {
            link.Resume(Turn);
        }

        _woken.Clear();
        if (found.Link?.Owner is OutgoingLink outgoing)
        {
            // Before the queue's lock the gate may not be held.
            uint available = outgoing.Queue.ReadyCount;
            lock (Output.Gate)
            {
                outgoing.Link.SetAvailable(available);
            }

            outgoing.Resume(Turn);
        }

        // Room in the window counts as well as credit.
        if (session.Management is { } pairs)
        {
            lock (Output.Gate)
            {
                foreach (var pair in pairs.Values)
                {
                    pair.SendAnswers();
                }
            }
        }
    }

    /// <summary>Where a span of the receive buffer begins in it.</summary>
    private int OffsetInInput(ReadOnlySpan<byte> octets) =>
        (int)Unsafe.ByteOffset(ref MemoryMarshal.GetArrayDataReference(_input), ref MemoryMarshal.GetReference(octets));
}
