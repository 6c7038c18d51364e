namespace AmqpToolkit.Protocol.Sasl;

/// <summary>A name and a password as a client gave them. Never logged.</summary>
/// <param name="UserName">Who.</param>
/// <param name="Password">The proof, in clear.</param>
public readonly record struct SaslCredentials(string UserName, string Password)
{
    /// <summary>The name alone: a password stands in no text.</summary>
    public override string ToString() => UserName;
}
