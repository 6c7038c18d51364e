using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Protocol.V1_0;

/// <summary>
/// One end of an AMQP 1.0 connection: the rules of negotiation, SASL, connection, sessions, links and deliveries (1.0 parts 2 and 5), for both roles,
/// without input or output of its own, tasks, clock or locks. Octets go in through <see cref="Read"/>, frames come out through
/// <see cref="IFrameOutput"/>.
/// </summary>
/// <remarks>
/// <para>
/// Used by one thread at a time. <see cref="Read"/> gives one event a call and calls nobody, so that a reader may hold the lock of
/// its output for the call alone and act on the event without it.
/// </para>
/// <para>A peer's mistake is answered here, at the scope that it has; the event says so.</para>
/// </remarks>
public sealed partial class ConnectionEngine
{
    private readonly ConnectionSettings _settings;
    private readonly IFrameOutput _output;
    private readonly List<Session> _flowing = [];
    private Session?[] _byPeerChannel = new Session?[4];
    private Session?[] _byChannel = new Session?[4];
    private bool _hasSentOpen;
    private bool _hasSentClose;

    /// <summary>Creates the engine of one connection.</summary>
    /// <param name="settings">What this end is and grants.</param>
    /// <param name="output">Takes the frames.</param>
    /// <param name="isServer">Whether the peer begins.</param>
    public ConnectionEngine(ConnectionSettings settings, IFrameOutput output, bool isServer)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.MaxFrameSize, Constants.MinMaxFrameSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(settings.HandleMax, (uint)ushort.MaxValue, nameof(settings));
        _settings = settings;
        _output = output;
        IsServer = isServer;
    }

    /// <summary>Whether the peer begins.</summary>
    public bool IsServer { get; }

    /// <summary>Where the connection stands.</summary>
    public ConnectionPhase Phase { get; private set; }

    /// <summary>The largest frame that the peer takes, in octets; 512 until its open has said more (1.0 section 2.4.1).</summary>
    public uint PeerMaxFrameSize { get; private set; } = Constants.MinMaxFrameSize;

    /// <summary>The highest channel that the peer takes.</summary>
    public ushort PeerChannelMax { get; private set; }

    /// <summary>Milliseconds without a frame after which the peer gives up; 0 for never.</summary>
    public uint PeerIdleTimeOutMilliseconds { get; private set; }

    /// <summary>What this end grants.</summary>
    public ConnectionSettings Settings => _settings;

    /// <summary>Whether nothing follows any more: the transport can go once everything is sent.</summary>
    public bool IsEnded => Phase == ConnectionPhase.Closed;

    internal IFrameOutput Output => _output;

    internal bool HasSentClose => _hasSentClose;

    /// <summary>Sends open (1.0 section 2.7.1). A client may before anything has come back.</summary>
    public void Open()
    {
        if (_hasSentClose)
        {
            // The peer, or this end, has closed meanwhile.
            return;
        }

        if (_hasSentOpen)
        {
            throw new InvalidOperationException("The connection was opened before.");
        }

        SendOpen(_settings.Properties);
    }

    /// <summary>Answers an open with a refusal: an open that says so, and a close that says why.</summary>
    public void Refuse(AmqpFault fault)
    {
        if (_hasSentClose)
        {
            return;
        }

        if (!_hasSentOpen)
        {
            SendOpen(EngineValues.EstablishmentFailed);
        }

        SendClose(fault);
        Phase = ConnectionPhase.Discarding;
    }

    /// <summary>Closes the connection (1.0 section 2.4.3). What comes up to the peer's close is passed over.</summary>
    /// <param name="fault">Why; null when all is well.</param>
    public void Close(AmqpFault? fault = null)
    {
        if (_hasSentClose || Phase == ConnectionPhase.Closed)
        {
            return;
        }

        if (Phase is ConnectionPhase.Header or ConnectionPhase.Sasl or ConnectionPhase.HeaderAfterSasl)
        {
            // No frame of AMQP may be sent yet: the stream just ends.
            Phase = ConnectionPhase.Closed;
            return;
        }

        if (!_hasSentOpen)
        {
            SendOpen(_settings.Properties);
        }

        Flush();
        SendClose(fault);
        Phase = ConnectionPhase.Discarding;
    }

    /// <summary>Begins a session (1.0 section 2.5.1).</summary>
    /// <returns>The session; null when the peer takes no more.</returns>
    public Session? Begin()
    {
        int channel = 0;
        while (channel < _byChannel.Length && _byChannel[channel] is not null)
        {
            channel++;
        }

        // Before the peer's open is there, one channel is what it must take.
        if (channel > PeerChannelMax)
        {
            return null;
        }

        var session = new Session(this, (ushort)channel, isLocal: true);
        Put(ref _byChannel, channel, session);
        session.SendBegin(remoteChannel: null);
        return session;
    }

    /// <summary>Sends a frame without a body: this end lives (1.0 section 2.4.5).</summary>
    public void SendHeartbeat()
    {
        if (!_hasSentClose)
        {
            _output.Advance(FrameWriter.WriteEmpty(_output.Reserve(FrameReader.HeaderOctets)));
        }
    }

    /// <summary>Writes what was put together for the end of a turn: flows, and dispositions of deliveries in a row.</summary>
    public void Flush()
    {
        for (int index = 0; index < _flowing.Count; index++)
        {
            _flowing[index].Flush();
        }

        _flowing.Clear();
    }

    internal void FlushLater(Session session) => _flowing.Add(session);

    /// <summary>Writes a frame unless it is larger than the peer takes.</summary>
    internal bool TrySend<T>(ushort channel, in T performative)
        where T : struct, IDescribedType
    {
        if (_hasSentClose)
        {
            return true;
        }

        int octets = FrameWriter.WritePerformative(_output.Reserve(FrameReader.HeaderOctets + performative.MaxOctets), channel, in performative);
        if ((uint)octets > PeerMaxFrameSize)
        {
            return false;
        }

        _output.Advance(octets);
        return true;
    }

    /// <summary>Whether a frame is none that is larger than the peer takes. Nothing is written.</summary>
    internal bool Fits<T>(in T performative)
        where T : struct, IDescribedType => (uint)FrameWriter.WritePerformative(_output.Reserve(FrameReader.HeaderOctets + performative.MaxOctets), 0, in performative) <= PeerMaxFrameSize;

    internal void Remove(Session session)
    {
        _byChannel[session.Channel] = null;
        if (session.PeerChannel is { } channel && channel < _byPeerChannel.Length && _byPeerChannel[channel] == session)
        {
            _byPeerChannel[channel] = null;
        }
    }

    internal EngineEvent Fail(string condition, string description)
    {
        var fault = new AmqpFault(condition, description);
        if (!_hasSentOpen)
        {
            SendOpen(_settings.Properties);
        }

        SendClose(fault);
        Phase = ConnectionPhase.Discarding;
        return new EngineEvent { Kind = EngineEventKind.ConnectionFailed, Fault = fault };
    }

    /// <summary>Octets of the frame that open makes: before the peer's has come, 512 is all that may be sent (1.0 section 2.4.1).</summary>
    public static int OpenOctetsOf(ConnectionSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var open = OpenOf(settings, settings.Properties);
        return FrameWriter.WritePerformative(new byte[FrameReader.HeaderOctets + open.MaxOctets], 0, in open);
    }

    private static Open OpenOf(ConnectionSettings settings, EncodedValue properties)
    {
        var open = new Open
        {
            ContainerId = settings.ContainerId,
            MaxFrameSize = settings.MaxFrameSize,
            ChannelMax = settings.ChannelMax,
            OfferedCapabilities = settings.OfferedCapabilities,
            DesiredCapabilities = settings.DesiredCapabilities,
            Properties = properties,
        };
        if (settings.Hostname is { } hostname)
        {
            open = open with { Hostname = hostname };
        }

        if (settings.IdleTimeOutMilliseconds > 0)
        {
            open = open with { IdleTimeOut = settings.IdleTimeOutMilliseconds };
        }

        return open;
    }

    private void SendOpen(EncodedValue properties)
    {
        _hasSentOpen = true;
        var open = OpenOf(_settings, properties);
        if (!TrySend(0, in open))
        {
            // It is this end's own open, and before the peer's has come 512 octets is all there is: what can be left out is.
            TrySend(0, open with { Properties = default, OfferedCapabilities = default, DesiredCapabilities = default });
        }
    }

    private void SendClose(AmqpFault? fault)
    {
        var close = fault is null ? default : new Close { Error = fault.ToError() };
        if (!TrySend(0, in close))
        {
            TrySend(0, new Close { Error = new AmqpFault(fault!.Condition, string.Empty).ToError() });
        }

        _hasSentClose = true;
    }

    private static void Put(ref Session?[] table, int channel, Session session)
    {
        if (channel >= table.Length)
        {
            Array.Resize(ref table, Math.Max(channel + 1, table.Length * 2));
        }

        table[channel] = session;
    }
}
