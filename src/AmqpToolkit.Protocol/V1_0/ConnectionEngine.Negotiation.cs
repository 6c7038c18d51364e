using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Protocol.V1_0;

/// <content>Protocol headers and SASL (1.0 sections 2.2 and 5.3).</content>
public sealed partial class ConnectionEngine
{
    private const int HeaderOctets = 8;
    private const byte AmqpId = 0;
    private const byte SaslId = 3;

    private bool _usesSasl;
    private bool _isAuthenticated;
    private bool _hasSentHeader;
    private bool _awaitsSaslAnswer;
    private bool _hasSaslBegun;

    private static ReadOnlySpan<byte> AmqpHeader => "AMQP\u0000\u0001\u0000\u0000"u8;

    private static ReadOnlySpan<byte> SaslHeader => "AMQP\u0003\u0001\u0000\u0000"u8;

    /// <summary>A client begins: with SASL, or without when <paramref name="usesSasl"/> is false.</summary>
    public void Start(bool usesSasl)
    {
        if (IsServer)
        {
            throw new InvalidOperationException("A server is begun with.");
        }

        _usesSasl = usesSasl;
        SendHeader(usesSasl ? SaslHeader : AmqpHeader);
        _hasSentHeader = !usesSasl;
    }

    /// <summary>A client chooses a mechanism (1.0 section 5.3.3.2).</summary>
    /// <param name="mechanism">One of those that are offered.</param>
    /// <param name="initialResponse">The first response; null for none.</param>
    /// <param name="hostname">The host that is meant; null for none.</param>
    public void SendSaslInit(string mechanism, byte[]? initialResponse, string? hostname)
    {
        var init = new SaslInit { Mechanism = mechanism };
        if (initialResponse is not null)
        {
            init = init with { InitialResponse = initialResponse };
        }

        if (hostname is not null)
        {
            init = init with { Hostname = hostname };
        }

        _hasSaslBegun = true;
        SendSasl(in init);
    }

    /// <summary>A client answers a challenge (1.0 section 5.3.3.4).</summary>
    public void SendSaslResponse(byte[] response) => SendSasl(new SaslResponse { Response = response });

    /// <summary>A server asks on (1.0 section 5.3.3.3).</summary>
    public void SendSaslChallenge(byte[] challenge)
    {
        _awaitsSaslAnswer = false;
        SendSasl(new SaslChallenge { Challenge = challenge });
    }

    /// <summary>A server ends the exchange (1.0 section 5.3.3.5). Unless it went well, nothing follows.</summary>
    /// <param name="code">How it went.</param>
    /// <param name="additionalData">What the mechanism adds; null for nothing.</param>
    public void SendSaslOutcome(SaslCode code, byte[]? additionalData = null)
    {
        _awaitsSaslAnswer = false;
        var outcome = new SaslOutcome { Code = code };
        SendSasl(additionalData is null ? outcome : outcome with { AdditionalData = additionalData });
        _isAuthenticated = code == SaslCode.Ok;
        Phase = _isAuthenticated ? ConnectionPhase.HeaderAfterSasl : ConnectionPhase.Closed;
    }

    private bool TryReadHeader(ReadOnlySpan<byte> input, scoped ref int consumed, out EngineEvent found)
    {
        found = default;
        if (input.Length < HeaderOctets)
        {
            // Whatever is no beginning of a header will never be one.
            if (!AmqpHeader[..Math.Min(4, input.Length)].SequenceEqual(input[..Math.Min(4, input.Length)]))
            {
                found = RefuseHeader(ref consumed, input.Length);
            }

            return false;
        }

        var header = input[..HeaderOctets];
        bool isAmqp = header.SequenceEqual(AmqpHeader);
        bool isSasl = Phase == ConnectionPhase.Header && header.SequenceEqual(SaslHeader);
        bool isWanted = IsServer
            ? isSasl || (isAmqp && (_isAuthenticated || !_settings.RequiresSasl))
            : _usesSasl && !_isAuthenticated ? isSasl : isAmqp;
        if (!isWanted)
        {
            found = RefuseHeader(ref consumed, input.Length);
            return false;
        }

        consumed += HeaderOctets;
        if (isSasl)
        {
            Phase = ConnectionPhase.Sasl;
            if (IsServer)
            {
                SendHeader(SaslHeader);
                SendSasl(new SaslMechanisms { SaslServerMechanisms = EncodedValue.Symbols([.. _settings.SaslMechanisms]) });
            }

            return true;
        }

        if (!_hasSentHeader)
        {
            _hasSentHeader = true;
            SendHeader(AmqpHeader);
        }

        Phase = ConnectionPhase.Open;
        return true;
    }

    /// <summary>The peer's header cannot be: it hears of one that can, and that is all (1.0 section 2.2).</summary>
    private EngineEvent RefuseHeader(scoped ref int consumed, int octets)
    {
        consumed += octets;
        if (IsServer)
        {
            SendHeader(_settings.RequiresSasl && !_isAuthenticated ? SaslHeader : AmqpHeader);
        }

        Phase = ConnectionPhase.Closed;
        return new EngineEvent { Kind = EngineEventKind.HeaderRefused };
    }

    private EngineEvent HandleSaslFrame(scoped in Frame frame)
    {
        var body = frame.Body;
        if (frame.Type != FrameType.Sasl || body.IsEmpty || frame.Octets > Constants.MinMaxFrameSize * SaslFrameFactor)
        {
            return BreakFraming("SASL frames are awaited");
        }

        return new AnySaslFrame(body).Kind switch
        {
            AnySaslFrame.Member.SaslInit when IsServer && !_hasSaslBegun && SaslInitView.TryParse(body, out _, out _) == DecodeError.None => Ask(EngineEventKind.SaslInit, body),
            AnySaslFrame.Member.SaslResponse when IsServer && _hasSaslBegun && !_awaitsSaslAnswer && SaslResponseView.TryParse(body, out _, out _) == DecodeError.None => Ask(EngineEventKind.SaslResponse, body),
            AnySaslFrame.Member.SaslMechanisms when !IsServer && !_hasSaslBegun && SaslMechanismsView.TryParse(body, out _, out _) == DecodeError.None => Tell(EngineEventKind.SaslMechanisms, body),
            AnySaslFrame.Member.SaslChallenge when !IsServer && _hasSaslBegun && SaslChallengeView.TryParse(body, out _, out _) == DecodeError.None => Tell(EngineEventKind.SaslChallenge, body),
            AnySaslFrame.Member.SaslOutcome when !IsServer && _hasSaslBegun && SaslOutcomeView.TryParse(body, out var outcome, out _) == DecodeError.None => TakeOutcome(outcome.Code, body),
            _ => BreakFraming("a SASL frame that is not due"),
        };
    }

    private EngineEvent Ask(EngineEventKind kind, ReadOnlySpan<byte> body)
    {
        _awaitsSaslAnswer = _hasSaslBegun = true;
        return Tell(kind, body);
    }

    private static EngineEvent Tell(EngineEventKind kind, ReadOnlySpan<byte> body) => new() { Kind = kind, Performative = body };

    private EngineEvent TakeOutcome(SaslCode code, ReadOnlySpan<byte> body)
    {
        _isAuthenticated = code == SaslCode.Ok;
        if (_isAuthenticated)
        {
            Phase = ConnectionPhase.HeaderAfterSasl;
            _hasSentHeader = true;
            SendHeader(AmqpHeader);
        }
        else
        {
            Phase = ConnectionPhase.Closed;
        }

        return Tell(EngineEventKind.SaslOutcome, body);
    }

    /// <summary>SASL frames are of 512 octets at most by the letter (5.3.1); tokens of deployed clients are longer.</summary>
    private const uint SaslFrameFactor = 16;

    private void SendHeader(ReadOnlySpan<byte> header)
    {
        header.CopyTo(_output.Reserve(header.Length));
        _output.Advance(header.Length);
    }

    private void SendSasl<T>(in T performative)
        where T : struct, IDescribedType =>
        _output.Advance(FrameWriter.WriteSasl(_output.Reserve(FrameReader.HeaderOctets + performative.MaxOctets), in performative));
}
