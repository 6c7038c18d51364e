using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace AmqpToolkit.Protocol.Sasl;

/// <summary>The client's side of one SCRAM exchange (RFC 5802, 7677) without channel binding. One an exchange, used by one thread.</summary>
/// <param name="hash">The mechanism's.</param>
/// <param name="credentials">Who; the password is one of printable ASCII.</param>
/// <param name="nonce">The client's part of the nonce: new for each exchange.</param>
internal sealed class ScramClientExchange(ScramHash hash, SaslCredentials credentials, string nonce)
{
    /// <summary>A server that asks for more iterations keeps the client busy for seconds.</summary>
    public const int MaxIterations = 1_000_000;

    /// <summary>No binding to a channel, and nobody else to act for.</summary>
    private const string Header = "n,,";

    private byte[]? _serverSignature;

    /// <summary>The first message.</summary>
    public byte[] First => Encoding.UTF8.GetBytes(Header + FirstBare);

    /// <summary>Whether the proof was said.</summary>
    public bool HasAnswered => _serverSignature is not null;

    /// <summary>Whether the server has shown that it knows of the password.</summary>
    public bool IsProven { get; private set; }

    private string FirstBare => $"n={credentials.UserName.Replace("=", "=3D", StringComparison.Ordinal).Replace(",", "=2C", StringComparison.Ordinal)},r={nonce}";

    /// <summary>Answers <c>r=nonce,s=salt,i=iterations</c> by the proof.</summary>
    /// <returns>Why it cannot; null when it has.</returns>
    public string? Answer(ReadOnlySpan<byte> challenge, out byte[] response)
    {
        response = [];
        string text = Encoding.UTF8.GetString(challenge);
        string[] attributes = text.Split(',');
        if (attributes.Length < 3 || !attributes[0].StartsWith("r=", StringComparison.Ordinal) || !attributes[1].StartsWith("s=", StringComparison.Ordinal) || !attributes[2].StartsWith("i=", StringComparison.Ordinal)
            || !ScramVerifier.TryReadBase64(attributes[1][2..], out byte[] salt) || salt.Length == 0
            || !int.TryParse(attributes[2].AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out int iterations))
        {
            return "the server's challenge is none of SCRAM";
        }

        if (attributes.Skip(3).Any(static attribute => attribute.StartsWith("m=", StringComparison.Ordinal)))
        {
            return "the server demands an extension of SCRAM that is not known here";
        }

        string both = attributes[0][2..];
        if (both.Length <= nonce.Length || !both.StartsWith(nonce, StringComparison.Ordinal))
        {
            return "the server's nonce does not go on with the client's";
        }

        // Fewer would make the password easier to guess for whoever asks, or listens (RFC 7677 section 4).
        if (iterations is < ScramVerifier.MinIterations or > MaxIterations)
        {
            return $"the server asks for {iterations} iterations, and {ScramVerifier.MinIterations} to {MaxIterations} are taken";
        }

        string without = $"c={Convert.ToBase64String(Encoding.UTF8.GetBytes(Header))},r={both}";
        byte[] proof = ScramVerifier.Prove(hash, credentials.Password, salt, iterations, Encoding.UTF8.GetBytes($"{FirstBare},{text},{without}"), out _serverSignature);
        response = Encoding.UTF8.GetBytes($"{without},p={Convert.ToBase64String(proof)}");
        return null;
    }

    /// <summary>Takes <c>v=signature</c>: whoever knows nothing of the password cannot say it.</summary>
    /// <returns>Why it is not believed; null when it is.</returns>
    public string? End(ReadOnlySpan<byte> data)
    {
        string text = Encoding.UTF8.GetString(data);
        string signature = text.Split(',')[0];
        bool isRight = _serverSignature is not null && !IsProven && signature.StartsWith("v=", StringComparison.Ordinal) && ScramVerifier.TryReadBase64(signature[2..], out byte[] given)
            && CryptographicOperations.FixedTimeEquals(given, _serverSignature);
        IsProven |= isRight;
        return isRight ? null : "the server has not proved that it knows of the password";
    }
}
