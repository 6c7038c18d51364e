namespace AmqpToolkit.Protocol.Sasl;

/// <summary>Who decides, during one client's SASL exchange, whether it is who it says.</summary>
public interface ISaslAuthority
{
    /// <summary>Whether the credentials hold for this connection.</summary>
    bool Authenticate(SaslCredentials credentials);

    /// <summary>Whether the client may come in as who is known from below AMQP, from its certificate (EXTERNAL, RFC 4422 appendix A).</summary>
    /// <param name="userName">Who it says it is; empty where it leaves that to what is known.</param>
    /// <returns>Who it is; null when it is nobody, or not who it says.</returns>
    string? AuthenticateExternally(string userName);

    /// <summary>
    /// What a user's proof is checked with. Of a user who has none, or is not there, one that looks alike and that nobody can prove; null to refuse the client at once.
    /// </summary>
    ScramVerifier? FindVerifier(ScramHash hash, string userName);

    /// <summary>Whether the user of <see cref="FindVerifier"/> may come in, now that it is known whether its proof is right.</summary>
    bool Conclude(bool isProven);

    /// <summary>The server's part of a nonce: printable ASCII without a comma, never the same again (RFC 5802 section 5.1).</summary>
    string CreateNonce();
}
