using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol.Sasl;

namespace AmqpToolkit.Protocol.Classic;

/// <summary>
/// The client's side of opening a connection, without input or output of its own: the owner sends the protocol header, feeds the
/// methods of class connection in, and has a connection when <see cref="Phase"/> is <see cref="HandshakePhase.Done"/>.
/// </summary>
/// <remarks>
/// <code>
///   ProtocolHeader --start--> start-ok -> Tune --tune--> tune-ok, open -> Open --open-ok--> Done
///                                  \-> SecureOk --secure--> secure-ok, until the server has proved itself -^
/// </code>
/// </remarks>
public sealed class ClientHandshake
{
    /// <summary>The frame_max that every peer must accept (frame-min-size), in octets.</summary>
    private const uint MinFrameMax = Constants.FrameMinSize;

    private readonly ClientHandshakeOptions _options;
    private readonly SaslClient _sasl;

    /// <summary>Creates the state machine of one connection.</summary>
    public ClientHandshake(ClientHandshakeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _sasl = new SaslClient(options.Mechanisms, options.Credentials);
    }

    /// <summary>Where the handshake stands.</summary>
    public HandshakePhase Phase { get; private set; }

    /// <summary>The limits agreed on, from tune on.</summary>
    public Tuning Tuning { get; private set; }

    /// <summary>The SASL mechanism that was chosen, from start on.</summary>
    public string Mechanism => _sasl.Mechanism;

    /// <summary>The server's peer-properties, from start on.</summary>
    public Table ServerProperties { get; private set; }

    /// <summary>Takes connection.start and answers start-ok.</summary>
    /// <returns>Why this server cannot be talked to: 503 where it offers no mechanism that will do, 504 where start is not due.</returns>
    public ProtocolError? HandleStart(in ConnectionStartView method, IMethodSink sink)
    {
        if (Phase != HandshakePhase.ProtocolHeader)
        {
            return OutOfTurn(ConnectionStartView.MethodKey);
        }

        ServerProperties = method.ServerProperties.ToOwned();
        string mechanisms = Encoding.UTF8.GetString(method.Mechanisms);
        if (!_sasl.TryChoose(mechanisms.Split(' ').Contains))
        {
            Phase = HandshakePhase.Failed;
            return ProtocolError.CommandInvalid(_sasl.Mechanism.Length > 0 ? _sasl.Mistake : $"the server offers '{mechanisms}', this client uses {_sasl.Wanted}").At(ConnectionStartView.MethodKey);
        }

        Phase = _sasl.IsDone ? HandshakePhase.Tune : HandshakePhase.SecureOk;
        sink.Send(0, new ConnectionStartOk
        {
            ClientProperties = _options.ClientProperties,
            Mechanism = _sasl.Mechanism,
            Response = _sasl.InitialResponse,
            Locale = "en_US",
        });
        return null;
    }

    /// <summary>Takes connection.secure and answers secure-ok.</summary>
    /// <returns>503 where the mechanism asks nothing more, or the server does not know what it has to; 504 where secure is not due.</returns>
    public ProtocolError? HandleSecure(in ConnectionSecureView method, IMethodSink sink)
    {
        if (Phase is not (HandshakePhase.Tune or HandshakePhase.SecureOk))
        {
            return OutOfTurn(ConnectionSecureView.MethodKey);
        }

        if (!_sasl.TryAnswer(method.Challenge, out byte[] response))
        {
            Phase = HandshakePhase.Failed;
            return ProtocolError.CommandInvalid(_sasl.Mistake).At(ConnectionSecureView.MethodKey);
        }

        Phase = _sasl.IsDone ? HandshakePhase.Tune : HandshakePhase.SecureOk;
        sink.Send(0, new ConnectionSecureOk { Response = response });
        return null;
    }

    /// <summary>Takes connection.tune, answers tune-ok and asks for the virtual host.</summary>
    /// <returns>502 where the server's frame_max is below what the specification lets it be, 504 where tune is not due.</returns>
    public ProtocolError? HandleTune(in ConnectionTuneView method, IMethodSink sink)
    {
        if (Phase == HandshakePhase.SecureOk && !_sasl.TryEnd([]))
        {
            // tune has no room for a proof: whoever skips it may be anybody.
            Phase = HandshakePhase.Failed;
            return ProtocolError.CommandInvalid(_sasl.Mistake).At(ConnectionTuneView.MethodKey);
        }

        if (Phase != HandshakePhase.Tune)
        {
            return OutOfTurn(ConnectionTuneView.MethodKey);
        }

        if (method.FrameMax is not 0 and < MinFrameMax)
        {
            Phase = HandshakePhase.Failed;
            return ProtocolError.SyntaxError($"frame_max {method.FrameMax} is lower than {MinFrameMax}").At(ConnectionTuneView.MethodKey);
        }

        Tuning = new Tuning(method.ChannelMax, method.FrameMax, method.Heartbeat).Answer(_options.Wanted);
        Phase = HandshakePhase.Open;
        sink.Send(0, new ConnectionTuneOk { ChannelMax = Tuning.ChannelMax, FrameMax = Tuning.FrameMax, Heartbeat = Tuning.HeartbeatSeconds });
        sink.Send(0, new ConnectionOpen { VirtualHost = _options.VirtualHost });
        return null;
    }

    /// <summary>Takes connection.open-ok: the connection is open.</summary>
    public ProtocolError? HandleOpenOk()
    {
        if (Phase != HandshakePhase.Open)
        {
            return OutOfTurn(ConnectionOpenOkView.MethodKey);
        }

        Phase = HandshakePhase.Done;
        return null;
    }

    private ProtocolError OutOfTurn(uint methodKey)
    {
        Phase = Phase == HandshakePhase.Done ? HandshakePhase.Done : HandshakePhase.Failed;
        return ProtocolError.ChannelError($"unexpected method {Methods.NameOf(methodKey)} in the handshake").At(methodKey);
    }
}
