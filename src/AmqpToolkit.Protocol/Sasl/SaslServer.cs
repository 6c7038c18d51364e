using System.Text;
using System.Text.Unicode;

namespace AmqpToolkit.Protocol.Sasl;

/// <summary>
/// The server's side of one SASL exchange, whatever the version of AMQP that carries it: responses in, challenges and a verdict out. One a client, used by its reader.
/// </summary>
/// <param name="authority">Who decides.</param>
/// <param name="mechanisms">What is offered, beside ANONYMOUS.</param>
/// <param name="anonymous">Who a client is that names nobody: as if it had given these; null to offer no such thing.</param>
public sealed class SaslServer(ISaslAuthority authority, IReadOnlyList<string> mechanisms, SaslCredentials? anonymous)
{
    /// <summary>As much of a mechanism's name as texts have, where it is none that is known.</summary>
    private const int MaxNameCharacters = 64;

    private ScramServer? _scram;
    private bool _awaitsFirst;

    /// <summary>The mechanism that the client has chosen, for texts.</summary>
    public string Mechanism { get; private set; } = string.Empty;

    /// <summary>Who the client says it is; its own word until it is accepted.</summary>
    public string UserName { get; private set; } = string.Empty;

    /// <summary>The challenge; or, once the client is accepted, what proves the server to it: empty for most mechanisms.</summary>
    public byte[] Data { get; private set; } = [];

    /// <summary>The client has chosen a mechanism.</summary>
    /// <param name="mechanism">Its name.</param>
    /// <param name="response">The first response.</param>
    /// <param name="hasResponse">Whether there is one: an empty one is none for SCRAM, and a mistake for others.</param>
    public SaslStep Begin(ReadOnlySpan<byte> mechanism, ReadOnlySpan<byte> response, bool hasResponse = true)
    {
        if (mechanism.SequenceEqual("ANONYMOUS"u8) && anonymous is { } nobody)
        {
            Mechanism = SaslMechanisms.Anonymous;
            return Judge(nobody);
        }

        if (!TryFind(mechanism))
        {
            return SaslStep.Unknown;
        }

        if (ScramVerifier.TryReadHash(Mechanism, out var hash))
        {
            _scram = new ScramServer(hash, authority);
            hasResponse &= !response.IsEmpty;
        }

        // EXTERNAL has nothing to say as a rule: clients leave it out, and an empty challenge would be one that many do not expect.
        if (hasResponse || Mechanism == SaslMechanisms.External)
        {
            return Take(response);
        }

        // These mechanisms begin with the client (RFC 4422 section 5): an empty challenge lets it.
        _awaitsFirst = true;
        return SaslStep.Challenge;
    }

    /// <summary>The client answers a challenge.</summary>
    public SaslStep Continue(ReadOnlySpan<byte> response)
    {
        if (!_awaitsFirst && _scram is null)
        {
            return SaslStep.Malformed;
        }

        _awaitsFirst = false;
        return Take(response);
    }

    private SaslStep Take(ReadOnlySpan<byte> response)
    {
        if (_scram is { } scram)
        {
            var step = scram.Take(response);
            UserName = scram.UserName;
            Data = scram.Data;
            return step;
        }

        if (Mechanism == SaslMechanisms.External)
        {
            return TakeExternal(response);
        }

        return SaslMechanisms.Read(Encoding.ASCII.GetBytes(Mechanism), response, out var credentials) == SaslOutcome.Malformed ? SaslStep.Malformed : Judge(credentials);
    }

    private SaslStep TakeExternal(ReadOnlySpan<byte> response)
    {
        if (!Utf8.IsValid(response) || response.Contains((byte)0))
        {
            return SaslStep.Malformed;
        }

        string given = Encoding.UTF8.GetString(response);
        string? found = authority.AuthenticateExternally(given);
        UserName = found ?? given;
        return found is null ? SaslStep.Refused : SaslStep.Accepted;
    }

    private SaslStep Judge(SaslCredentials credentials)
    {
        UserName = credentials.UserName;
        return authority.Authenticate(credentials) ? SaslStep.Accepted : SaslStep.Refused;
    }

    private bool TryFind(ReadOnlySpan<byte> mechanism)
    {
        foreach (string offered in mechanisms)
        {
            if (Ascii.Equals(mechanism, offered))
            {
                Mechanism = offered;
                return true;
            }
        }

        // Strangers say what they like; a line of the log stays a line.
        Mechanism = string.Concat(Encoding.ASCII.GetString(mechanism[..Math.Min(mechanism.Length, MaxNameCharacters)]).Select(one => char.IsControl(one) ? '?' : one));
        return false;
    }
}
