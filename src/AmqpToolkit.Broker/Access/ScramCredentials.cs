using AmqpToolkit.Protocol.Sasl;

namespace AmqpToolkit.Broker.Access;

/// <summary>What is kept of a user's password for SCRAM: a verifier a hash function. Immutable; never shows what it holds.</summary>
internal sealed class ScramCredentials
{
    /// <summary>
    /// How often a client has to hash; the least that RFC 7677 takes. More would keep nobody who has the folder longer: RabbitMQ's hash of the same password, a single one, stands beside it.
    /// </summary>
    public const int Iterations = ScramVerifier.MinIterations;

    private const string Guest = "guest";

    /// <summary>The password that everybody knows is no secret: what it takes is made once in a process, when somebody wants it, so that a broker in a test begins without it.</summary>
    private static readonly ScramCredentials GuestsOwn = new(new Lazy<ScramVerifier[]>(() => Make(Guest)));

    private readonly Lazy<ScramVerifier[]> _verifiers;

    private ScramCredentials(Lazy<ScramVerifier[]> verifiers) => _verifiers = verifiers;

    /// <summary>Makes them, with new salts; null for a password that clients may prepare in another way than is possible here (RFC 4013).</summary>
    public static ScramCredentials? Create(string userName, string password) =>
        !ScramVerifier.CanPrepare(password) ? null
        : userName == Guest && password == Guest ? GuestsOwn : new ScramCredentials(new Lazy<ScramVerifier[]>(Make(password)));

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
