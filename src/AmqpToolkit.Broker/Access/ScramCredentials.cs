using AmqpToolkit.Protocol.Sasl;

namespace AmqpToolkit.Broker.Access;

/// <summary>What is kept of a user's password for SCRAM: a verifier a hash function. Immutable; never shows what it holds.</summary>
internal sealed class ScramCredentials
{
    /// <summary>How often a client has to hash: a few milliseconds of its time, none of the broker's at a login.</summary>
    public const int Iterations = 15_000;

    private const string Guest = "guest";

    /// <summary>The password that everybody knows is no secret: what it takes is made once in a process, when somebody wants it, so that a broker in a test begins without it.</summary>
    private static readonly ScramCredentials GuestsOwn = new(new Lazy<ScramVerifier[]>(() => Make(Guest)));

    private readonly Lazy<ScramVerifier[]> _verifiers;

    private ScramCredentials(Lazy<ScramVerifier[]> verifiers) => _verifiers = verifiers;

    /// <summary>Makes them, with new salts.</summary>
    public static ScramCredentials Create(string userName, string password) =>
        userName == Guest && password == Guest ? GuestsOwn : new ScramCredentials(new Lazy<ScramVerifier[]>(Make(password)));

    /// <summary>Reads what <see cref="ToSecretTexts"/> gave; nothing makes null.</summary>
    /// <returns>False when it is something else.</returns>
    public static bool TryParse(string[] texts, out ScramCredentials? credentials)
    {
        credentials = null;
        var verifiers = new List<ScramVerifier>(texts.Length);
        foreach (string text in texts)
        {
            if (!ScramVerifier.TryParse(text, out var verifier))
            {
                return false;
            }

            verifiers.Add(verifier);
        }

        credentials = verifiers.Count == 0 ? null : new ScramCredentials(new Lazy<ScramVerifier[]>([.. verifiers]));
        return true;
    }

    /// <summary>The one for a mechanism; null when there is none.</summary>
    public ScramVerifier? For(ScramHash hash) => Array.Find(_verifiers.Value, verifier => verifier.Hash == hash);

    /// <summary>As they are kept.</summary>
    public string[] ToSecretTexts() => [.. _verifiers.Value.Select(verifier => verifier.ToSecretText())];

    private static ScramVerifier[] Make(string password) =>
        [.. Enum.GetValues<ScramHash>().Select(hash => ScramVerifier.Create(hash, password, Iterations))];
}
