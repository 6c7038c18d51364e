namespace AmqpToolkit.Protocol.Sasl;

/// <summary>
/// The client's side of one SASL exchange (RFC 4422), of either version: chooses among what the server offers, says its responses, and believes a server that has to prove itself only when it has. One an exchange, used by one
/// thread.
/// </summary>
/// <param name="wanted">The mechanisms that will do, the best first: the first that is offered is taken, and no other.</param>
/// <param name="credentials">Who.</param>
internal sealed class SaslClient(IReadOnlyList<string> wanted, SaslCredentials credentials)
{
    private ScramClientExchange? _scram;

    /// <summary>The mechanisms that a client can use.</summary>
    public static IReadOnlyList<string> Known { get; } = [SaslMechanisms.Plain, SaslMechanisms.ScramSha256, SaslMechanisms.ScramSha512, SaslMechanisms.External, SaslMechanisms.Anonymous];

    /// <summary>The mechanism that was chosen; empty before that.</summary>
    public string Mechanism { get; private set; } = string.Empty;

    /// <summary>What would do, for people.</summary>
    public string Wanted => string.Join(" or ", wanted);

    /// <summary>The first response.</summary>
    public byte[] InitialResponse { get; private set; } = [];

    /// <summary>Why the exchange cannot go on.</summary>
    public string Mistake { get; private set; } = string.Empty;

    /// <summary>Whether nothing more is due from the server: it has proved itself, or need not.</summary>
    public bool IsDone => _scram?.IsProven ?? true;

    /// <summary>Chooses.</summary>
    /// <param name="isOffered">Whether the server offers a mechanism.</param>
    /// <returns>False when none will do (<see cref="Mistake"/>).</returns>
    public bool TryChoose(Func<string, bool> isOffered)
    {
        if (wanted.FirstOrDefault(isOffered) is not { } chosen)
        {
            return Fail($"the server offers no {Wanted}");
        }

        Mechanism = chosen;
        if (ScramVerifier.TryReadHash(chosen, out var hash))
        {
            if (!ScramVerifier.CanPrepare(credentials.Password))
            {
                return Fail($"{chosen} takes a password of printable ASCII alone here (RFC 4013)");
            }

            _scram = new ScramClientExchange(hash, credentials, Nonce());
        }

        InitialResponse = chosen switch
        {
            SaslMechanisms.External => [],
            SaslMechanisms.Anonymous => [],
            SaslMechanisms.Plain => SaslMechanisms.WritePlain(credentials),
            _ => _scram!.First,
        };
        return true;
    }

    /// <summary>Answers a challenge.</summary>
    /// <returns>False when the server may not ask that (<see cref="Mistake"/>).</returns>
    public bool TryAnswer(ReadOnlySpan<byte> challenge, out byte[] response)
    {
        response = [];
        if (_scram is null)
        {
            return Fail($"the mechanism {Mechanism} has no further challenge");
        }

        string? mistake = _scram.HasAnswered ? _scram.End(challenge) : _scram.Answer(challenge, out response);
        return mistake is null || Fail(mistake);
    }

    /// <summary>The server says that all is well, and with it perhaps its last words.</summary>
    /// <param name="data">What it adds; empty for nothing.</param>
    /// <returns>False when it has not proved who it is (<see cref="Mistake"/>).</returns>
    public bool TryEnd(ReadOnlySpan<byte> data)
    {
        if (IsDone)
        {
            return true;
        }

        return _scram!.End(data) is not { } mistake || Fail(mistake);
    }

    private static string Nonce() => Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(18));

    private bool Fail(string mistake)
    {
        Mistake = mistake;
        return false;
    }
}
