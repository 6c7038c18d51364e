using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol.Sasl;

namespace AmqpToolkit.Protocol.Classic;

/// <summary>
/// The server's side of opening a connection: a state machine without input or output of its own. One a connection, used by its
/// reader, given up when <see cref="Phase"/> is <see cref="HandshakePhase.Done"/>.
/// </summary>
/// <remarks>
/// <code>
///   ProtocolHeader --"AMQP" .. .. .. ..--> start -> StartOk --start-ok--> tune -> Tune --tune-ok--> Open --open--> open-ok -> Done
///                                                      \--start-ok--> secure -> SecureOk --secure-ok--> secure, or tune
/// </code>
/// </remarks>
public sealed class ServerHandshake
{
    /// <summary>Octets of a protocol header.</summary>
    public const int ProtocolHeaderOctets = 8;

    private readonly ServerHandshakeOptions _options;
    private readonly IServerAuthority _authority;
    private readonly SaslServer _sasl;
    private bool _answersRefusal;
    private bool _isProven;

    /// <summary>Creates the state machine of one connection.</summary>
    public ServerHandshake(ServerHandshakeOptions options, IServerAuthority authority)
    {
        _options = options;
        _authority = authority;
        _sasl = new SaslServer(authority, options.Accepted ?? options.Mechanisms, options.Anonymous);
    }

    /// <summary>Where the handshake stands.</summary>
    public HandshakePhase Phase { get; private set; }

    /// <summary>The limits agreed on, from tune-ok on.</summary>
    public Tuning Tuning { get; private set; }

    /// <summary>The authenticated user, from tune on.</summary>
    public string UserName { get; private set; } = string.Empty;

    /// <summary>The virtual host, from open on.</summary>
    public string VirtualHost { get; private set; } = string.Empty;

    /// <summary>The client's peer-properties, from start-ok on.</summary>
    public Table ClientProperties { get; private set; }

    /// <summary>The client wants to hear of a broker that takes no publishes (capability connection.blocked).</summary>
    public bool ClientTakesBlocked { get; private set; }

    /// <summary>The client wants to hear of cancelled consumers (capability consumer_cancel_notify).</summary>
    public bool ClientTakesConsumerCancel { get; private set; }

    /// <summary>A client of 0-8 takes channel.alert without having asked for anything (capability channel.alert, our own).</summary>
    public bool ClientTakesAlert { get; private set; }

    /// <summary>The edition that the protocol header named; from then on.</summary>
    public ClassicEdition Edition { get; private set; }

    /// <summary>Whether an error is answered with connection.close; before the tuning the stream is dropped instead, as RabbitMQ does.</summary>
    public bool AnswersErrors { get; private set; }

    /// <summary>Judges the first eight octets.</summary>
    /// <param name="header">Eight octets, or the start of them.</param>
    /// <param name="sink">Gets connection.start when the header is one of this family.</param>
    /// <returns>True to go on; false when <see cref="ProtocolHeader.V0_9_1"/> is to be answered and the stream closed.</returns>
    public bool TakeProtocolHeader(ReadOnlySpan<byte> header, IMethodSink sink)
    {
        if (!TryReadEdition(header, out var edition))
        {
            Phase = HandshakePhase.Failed;
            return false;
        }

        Edition = edition;
        bool isOldest = edition == ClassicEdition.V0_8;
        Phase = HandshakePhase.StartOk;

        // connection.start has the same octets in all three; 0-8 calls itself 8-0 in it.
        sink.Send(0, new ConnectionStart
        {
            VersionMajor = (byte)(isOldest ? 8 : 0),
            VersionMinor = (byte)(isOldest ? 0 : 9),
            ServerProperties = isOldest ? _options.ServerPropertiesOf0_8!.Value : _options.ServerProperties,
            Mechanisms = string.Join(' ', _options.Anonymous is null ? _options.Mechanisms : _options.Mechanisms.Append(SaslMechanisms.Anonymous)),
            Locales = "en_US",
        });
        return true;
    }

    /// <summary>Takes connection.start-ok and answers tune.</summary>
    public ProtocolError? HandleStartOk(in ConnectionStartOkView method, IMethodSink sink)
    {
        if (Phase != HandshakePhase.StartOk)
        {
            return OutOfTurn(ConnectionStartOkView.MethodKey);
        }

        ClientProperties = method.ClientProperties.ToOwned();
        if (method.ClientProperties.TryGetValue("capabilities"u8, out var value) && value.TryGetTable(out var capabilities))
        {
            _answersRefusal = Has(capabilities, "authentication_failure_close"u8);

            // 0-8 has no word for it: what 0-9-1 calls connection.blocked is its connection.close.
            ClientTakesBlocked = Edition != ClassicEdition.V0_8 && Has(capabilities, "connection.blocked"u8);
            ClientTakesConsumerCancel = Has(capabilities, "consumer_cancel_notify"u8);
            ClientTakesAlert = Edition == ClassicEdition.V0_8 && HasNumber(capabilities, "channel.alert"u8);
        }

        return Follow(_sasl.Begin(method.Mechanism, method.Response), sink);
    }

    /// <summary>Takes connection.secure-ok: the answer to a mechanism's challenge.</summary>
    public ProtocolError? HandleSecureOk(in ConnectionSecureOkView method, IMethodSink sink)
    {
        if (Phase != HandshakePhase.SecureOk)
        {
            return OutOfTurn(ConnectionSecureOkView.MethodKey);
        }

        if (_isProven)
        {
            // The server has proved itself, too: there is nothing to answer (RFC 4422 section 3.6).
            return method.Response.IsEmpty ? Tune(sink) : Unreadable();
        }

        return Follow(_sasl.Continue(method.Response), sink);
    }

    /// <summary>Takes connection.tune-ok.</summary>
    public ProtocolError? HandleTuneOk(in ConnectionTuneOkView method)
    {
        if (Phase != HandshakePhase.Tune)
        {
            return OutOfTurn(ConnectionTuneOkView.MethodKey);
        }

        var answer = new Tuning(method.ChannelMax, method.FrameMax, method.Heartbeat);
        AnswersErrors = true;
        if (_options.Offer.CheckAnswer(answer, _options.MinFrameMax) is { } error)
        {
            return Fail(error.At(ConnectionTuneView.MethodKey));
        }

        Tuning = answer;
        Phase = HandshakePhase.Open;
        return null;
    }

    /// <summary>Takes connection.open and answers open-ok.</summary>
    public ProtocolError? HandleOpen(in ConnectionOpenView method, IMethodSink sink)
    {
        if (Phase != HandshakePhase.Open)
        {
            return OutOfTurn(ConnectionOpenView.MethodKey);
        }

        string name = Encoding.UTF8.GetString(method.VirtualHost);
        if (_authority.OpenVirtualHost(UserName, name) is { } error)
        {
            return Fail(error.At(ConnectionOpenView.MethodKey));
        }

        VirtualHost = name;
        Phase = HandshakePhase.Done;
        sink.Send(0, default(ConnectionOpenOk));
        return null;
    }

    /// <summary>The mistake of a method of class connection that is not due.</summary>
    public ProtocolError OutOfTurn(uint methodKey) => Fail(ProtocolError.ChannelError($"unexpected method in connection state {StateName}").At(methodKey));

    private ProtocolError? Follow(SaslStep step, IMethodSink sink)
    {
        switch (step)
        {
            case SaslStep.Unknown:
                return Fail(ProtocolError.CommandInvalid($"unknown authentication mechanism '{_sasl.Mechanism}'"));
            case SaslStep.Malformed:
                return Unreadable();
            case SaslStep.Refused:
                AnswersErrors = _answersRefusal;
                return Fail(new ProtocolError(
                    ErrorScope.Connection,
                    Constants.AccessRefused,
                    $"Login was refused using authentication mechanism {_sasl.Mechanism}. For details see the broker logfile."));
            case SaslStep.Accepted when _sasl.Data.Length == 0:
                return Tune(sink);
            default:
                // tune has no room for what proves the server: it is a challenge that is answered by nothing.
                _isProven = step == SaslStep.Accepted;
                Phase = HandshakePhase.SecureOk;
                sink.Send(0, new ConnectionSecure { Challenge = _sasl.Data });
                return null;
        }
    }

    private ProtocolError? Tune(IMethodSink sink)
    {
        UserName = _sasl.UserName;
        Phase = HandshakePhase.Tune;
        sink.Send(0, new ConnectionTune
        {
            ChannelMax = _options.Offer.ChannelMax,
            FrameMax = _options.Offer.FrameMax,
            Heartbeat = _options.Offer.HeartbeatSeconds,
        });
        return null;
    }

    private ProtocolError Unreadable() => Fail(ProtocolError.SyntaxError("the authentication response cannot be read"));

    private bool TryReadEdition(ReadOnlySpan<byte> header, out ClassicEdition edition)
    {
        edition = header.SequenceEqual(ProtocolHeader.V0_9) ? ClassicEdition.V0_9
            : header.SequenceEqual(ProtocolHeader.V0_8) || header.SequenceEqual(ProtocolHeader.V0_8Alternative) ? ClassicEdition.V0_8
            : ClassicEdition.V0_9_1;
        return edition switch
        {
            ClassicEdition.V0_9 => _options.Takes0_9,
            ClassicEdition.V0_8 => _options.ServerPropertiesOf0_8 is not null,
            _ => header.SequenceEqual(ProtocolHeader.V0_9_1),
        };
    }

    private string StateName => Phase switch
    {
        HandshakePhase.ProtocolHeader or HandshakePhase.StartOk => "starting",
        HandshakePhase.SecureOk => "securing",
        HandshakePhase.Tune => "tuning",
        HandshakePhase.Open => "opening",
        _ => "running",
    };

    private ProtocolError Fail(ProtocolError error)
    {
        if (Phase != HandshakePhase.Done)
        {
            Phase = HandshakePhase.Failed;
        }

        return error;
    }

    /// <summary>The same of a client whose tables have no booleans: any number but 0.</summary>
    private static bool HasNumber(TableView capabilities, ReadOnlySpan<byte> name) =>
        Has(capabilities, name) || (capabilities.TryGetValue(name, out var value) && value.TryGetInt64(out long number) && number != 0);

    private static bool Has(TableView capabilities, ReadOnlySpan<byte> name) =>
        capabilities.TryGetValue(name, out var value) && value.TryGetBoolean(out bool announced) && announced;
}
