namespace AmqpToolkit.Protocol.Sasl;

/// <summary>The first message of a SCRAM client (RFC 5802 section 7): <c>n,,n=user,r=nonce</c>.</summary>
/// <param name="Header">The part about channel binding and whom to act for, with its commas; comes again in the last message.</param>
/// <param name="Bare">What is behind it.</param>
/// <param name="UserName">Who.</param>
/// <param name="Nonce">The client's part of the nonce.</param>
internal readonly record struct ScramClientFirst(string Header, string Bare, string UserName, string Nonce)
{
    /// <summary>A nonce of more characters is nobody's; it comes back in the challenge, which has to fit a frame.</summary>
    private const int MaxNonceCharacters = 256;

    /// <summary>Reads the message.</summary>
    /// <returns>Challenge to go on; else why not.</returns>
    public static SaslStep Read(string message, out ScramClientFirst first)
    {
        first = default;
        int flagEnd = message.IndexOf(',');
        int headerEnd = flagEnd < 0 ? -1 : message.IndexOf(',', flagEnd + 1);
        if (headerEnd < 0)
        {
            return SaslStep.Malformed;
        }

        string flag = message[..flagEnd];
        string identity = message[(flagEnd + 1)..headerEnd];
        string bare = message[(headerEnd + 1)..];
        string[] attributes = bare.Split(',');
        if (flag.StartsWith("p=", StringComparison.Ordinal) || attributes.Any(attribute => attribute.StartsWith("m=", StringComparison.Ordinal)))
        {
            // A binding to a channel was not offered, and what an extension demands is not known here, wherever it stands (RFC 5802 section 5.1).
            return SaslStep.Refused;
        }

        if (flag is not ("n" or "y") || attributes.Length < 2 || !TryReadName(attributes[0], "n=", out string user)
            || !attributes[1].StartsWith("r=", StringComparison.Ordinal) || !IsNonce(attributes[1][2..]) || !attributes.Skip(2).All(IsExtension))
        {
            return SaslStep.Malformed;
        }

        if (identity.Length > 0 && !TryReadName(identity, "a=", out identity))
        {
            return SaslStep.Malformed;
        }

        first = new ScramClientFirst(message[..(headerEnd + 1)], bare, user, attributes[1][2..]);

        // Nobody may act for somebody else here.
        return identity.Length == 0 || identity == user ? SaslStep.Challenge : SaslStep.Refused;
    }

    /// <summary>Whether it is an attribute that may be passed over: a letter, an equals sign and a value.</summary>
    public static bool IsExtension(string attribute) => attribute.Length > 2 && char.IsAsciiLetter(attribute[0]) && attribute[1] == '=' && !attribute.Contains('\0', StringComparison.Ordinal);

    private static bool IsNonce(string nonce) => nonce.Length is > 0 and <= MaxNonceCharacters && nonce.All(character => character is >= '!' and <= '~');

    /// <summary>A name, in which =2C and =3D stand for a comma and an equals sign.</summary>
    private static bool TryReadName(string attribute, string prefix, out string name)
    {
        name = string.Empty;
        if (!attribute.StartsWith(prefix, StringComparison.Ordinal) || attribute.Length == prefix.Length || attribute.Contains('\0', StringComparison.Ordinal))
        {
            return false;
        }

        string[] parts = attribute[prefix.Length..].Split('=');
        for (int index = 1; index < parts.Length; index++)
        {
            if (parts[index].StartsWith("2C", StringComparison.Ordinal))
            {
                parts[index] = $",{parts[index][2..]}";
            }
            else if (parts[index].StartsWith("3D", StringComparison.Ordinal))
            {
                parts[index] = $"={parts[index][2..]}";
            }
            else
            {
                return false;
            }
        }

        name = string.Concat(parts);
        return true;
    }
}
