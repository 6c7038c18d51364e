using System.Text;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Protocol.Sasl;

/// <summary>
/// The mechanisms that carry a name and a password in one response: PLAIN (RFC 4616) and AMQPLAIN (a field table without its
/// length, with LOGIN and PASSWORD); and the names of all that are known. Stateless.
/// </summary>
public static class SaslMechanisms
{
    /// <summary>PLAIN's name.</summary>
    public const string Plain = "PLAIN";

    /// <summary>AMQPLAIN's name.</summary>
    public const string AmqPlain = "AMQPLAIN";

    /// <summary>ANONYMOUS's name (RFC 4505): no name and no password; the server's settings say who it is.</summary>
    public const string Anonymous = "ANONYMOUS";

    /// <summary>The name of SCRAM with SHA-256 (RFC 7677).</summary>
    public const string ScramSha256 = "SCRAM-SHA-256";

    /// <summary>The name of SCRAM with SHA-512.</summary>
    public const string ScramSha512 = "SCRAM-SHA-512";

    /// <summary>EXTERNAL's name (RFC 4422 appendix A): who it is is known from a certificate.</summary>
    public const string External = "EXTERNAL";

    /// <summary>All that a server can offer beside ANONYMOUS, in the order in which it does.</summary>
    public static IReadOnlyList<string> All { get; } = [Plain, AmqPlain, ScramSha256, ScramSha512, External];

    /// <summary>Reads a response.</summary>
    /// <param name="mechanism">A known mechanism's name.</param>
    /// <param name="response">The octets of start-ok's or secure-ok's response.</param>
    /// <param name="credentials">What it holds.</param>
    public static SaslOutcome Read(ReadOnlySpan<byte> mechanism, ReadOnlySpan<byte> response, out SaslCredentials credentials) =>
        mechanism.SequenceEqual("PLAIN"u8) ? ReadPlain(response, out credentials) : ReadAmqPlain(response, out credentials);

    /// <summary>Writes PLAIN's response: an empty authorization identity, the name, the password, each before it a zero.</summary>
    public static byte[] WritePlain(SaslCredentials credentials) => Encoding.UTF8.GetBytes($"\0{credentials.UserName}\0{credentials.Password}");

    private static SaslOutcome ReadPlain(ReadOnlySpan<byte> response, out SaslCredentials credentials)
    {
        credentials = default;
        if (response.IsEmpty || response[0] != 0)
        {
            // An authorization identity: nobody may act for somebody else here.
            return SaslOutcome.Malformed;
        }

        var rest = response[1..];
        int second = rest.IndexOf((byte)0);
        if (second < 0)
        {
            return SaslOutcome.Malformed;
        }

        credentials = new SaslCredentials(Encoding.UTF8.GetString(rest[..second]), Encoding.UTF8.GetString(rest[(second + 1)..]));
        return SaslOutcome.Credentials;
    }

    private static SaslOutcome ReadAmqPlain(ReadOnlySpan<byte> response, out SaslCredentials credentials)
    {
        credentials = default;
        if (TableView.Validate(response) != DecodeError.None)
        {
            return SaslOutcome.Malformed;
        }

        var table = new TableView(response);
        if (!table.TryGetValue("LOGIN"u8, out var login) || !login.TryGetString(out var name) ||
            !table.TryGetValue("PASSWORD"u8, out var secret) || !secret.TryGetString(out var password))
        {
            return SaslOutcome.Malformed;
        }

        credentials = new SaslCredentials(Encoding.UTF8.GetString(name), Encoding.UTF8.GetString(password));
        return SaslOutcome.Credentials;
    }
}
