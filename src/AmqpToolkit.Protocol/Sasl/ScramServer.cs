using System.Globalization;
using System.Text;

namespace AmqpToolkit.Protocol.Sasl;

/// <summary>
/// The server's side of one SCRAM exchange (RFC 5802, 7677) without channel binding: responses in, challenges out. One an exchange, used by one thread.
/// </summary>
internal sealed class ScramServer(ScramHash hash, ISaslAuthority authority)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ScramVerifier? _verifier;
    private ScramClientFirst _first;
    private string _nonce = string.Empty;
    private string _challenge = string.Empty;
    private bool _isOver;

    /// <summary>Who, from the first message on.</summary>
    public string UserName => _first.UserName ?? string.Empty;

    /// <summary>The next challenge, or, once the client is accepted, what proves the server to it.</summary>
    public byte[] Data { get; private set; } = [];

    /// <summary>Takes the client's next message.</summary>
    public SaslStep Take(ReadOnlySpan<byte> message)
    {
        if (_isOver || !TryReadText(message, out string text))
        {
            _isOver = true;
            return SaslStep.Malformed;
        }

        var step = _verifier is null ? TakeFirst(text) : TakeFinal(text);
        _isOver = step != SaslStep.Challenge;
        return step;
    }

    private SaslStep TakeFirst(string message)
    {
        var step = ScramClientFirst.Read(message, out _first);
        if (step != SaslStep.Challenge)
        {
            return step;
        }

        _verifier = authority.FindVerifier(hash, _first.UserName);
        if (_verifier is null)
        {
            return SaslStep.Refused;
        }

        _nonce = _first.Nonce + authority.CreateNonce();
        _challenge = string.Create(CultureInfo.InvariantCulture, $"r={_nonce},s={_verifier.Salt},i={_verifier.Iterations}");
        Data = Encoding.ASCII.GetBytes(_challenge);
        return SaslStep.Challenge;
    }

    private SaslStep TakeFinal(string message)
    {
        Data = [];
        int proofAt = message.LastIndexOf(",p=", StringComparison.Ordinal);
        string[] attributes = proofAt < 0 ? [] : message[..proofAt].Split(',');
        if (attributes.Length < 2 || !attributes[0].StartsWith("c=", StringComparison.Ordinal) || !attributes[1].StartsWith("r=", StringComparison.Ordinal)
            || !attributes.Skip(2).All(ScramClientFirst.IsExtension) || !ScramVerifier.TryReadBase64(message[(proofAt + 3)..], out byte[] proof))
        {
            authority.Conclude(isProven: false);
            return SaslStep.Malformed;
        }

        // The header comes back as it was said first, so that nobody between the two has changed it; the nonce, so that nobody says again what another has said.
        bool isContinued = attributes[0][2..] == Convert.ToBase64String(Encoding.UTF8.GetBytes(_first.Header)) && attributes[1][2..] == _nonce
            && !attributes.Any(attribute => attribute.StartsWith("m=", StringComparison.Ordinal));
        byte[] authMessage = Encoding.UTF8.GetBytes($"{_first.Bare},{_challenge},{message[..proofAt]}");
        bool isProven = _verifier!.Check(authMessage, proof, out byte[] signature) && isContinued;
        if (!authority.Conclude(isProven) || !isProven)
        {
            return SaslStep.Refused;
        }

        Data = Encoding.ASCII.GetBytes($"v={Convert.ToBase64String(signature)}");
        return SaslStep.Accepted;
    }

    private static bool TryReadText(ReadOnlySpan<byte> message, out string text)
    {
        try
        {
            text = StrictUtf8.GetString(message);
            return true;
        }
        catch (DecoderFallbackException)
        {
            text = string.Empty;
            return false;
        }
    }
}
