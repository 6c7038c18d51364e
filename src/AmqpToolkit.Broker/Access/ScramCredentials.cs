using AmqpToolkit.Protocol.Sasl;

namespace AmqpToolkit.Broker.Access;

/// <summary>
/// What is known of a user's password for SCRAM: a verifier a hash function, reckoned when somebody wants it for the first time. Never shows what it holds. Any thread.
/// </summary>
internal sealed class ScramCredentials
{
    /// <summary>
    /// How often a client has to hash; the least that RFC 7677 takes. More would keep nobody who has the folder longer: RabbitMQ's hash of the same password, a single one, stands beside it.
    /// Strangers are asked for as many: whoever changes this keeps those of older journals from being told from them.
    /// </summary>
    public const int Iterations = ScramVerifier.MinIterations;

    /// <summary>The user, and its password, that everybody knows.</summary>
    public const string Guest = "guest";

    [ThreadStatic]
    private static long t_made;

    private readonly Lazy<ScramVerifier[]> _verifiers;

    private ScramCredentials(Lazy<ScramVerifier[]> verifiers, bool isKept = true, bool isPutOff = false)
    {
        _verifiers = verifiers;
        IsKept = isKept;
        IsPutOff = isPutOff;
    }

    /// <summary>Verifiers that this thread has reckoned, for tests.</summary>
    internal static long Made => t_made;

    /// <summary>Whether they belong into the journal.</summary>
    public bool IsKept { get; }

    /// <summary>Whether they are still to be reckoned, and written where something is kept: somebody may have asked for them, and they are there, but are written nowhere.</summary>
    public bool IsPutOff { get; }

    /// <summary>Whether they are there already.</summary>
    public bool IsReckoned => _verifiers.IsValueCreated;

    /// <summary>Those of a new password, with new salts; null for a password that clients may prepare in another way than is possible here (RFC 4013). Reckoned later.</summary>
    public static ScramCredentials? Create(string password) =>
        ScramVerifier.CanPrepare(password) ? new ScramCredentials(new Lazy<ScramVerifier[]>(() => Make(hash => ScramVerifier.Create(hash, password, Iterations))), isPutOff: true) : null;

    /// <summary>
    /// Those of guest with the password that everybody knows: no secret, so that nothing is kept of them and a broker begins without them. Their salt is what a stranger of that name would be asked with.
    /// </summary>
    /// <param name="imitationSecret">Known to the broker alone; asked for when they are reckoned.</param>
    public static ScramCredentials OfGuest(Func<byte[]> imitationSecret) => new(
        new Lazy<ScramVerifier[]>(() => Make(hash => ScramVerifier.Create(hash, Guest, ScramVerifier.ImitatedSalt(hash, imitationSecret(), Guest), Iterations))), isKept: false);

    /// <summary>Reads what <see cref="ToSecretTexts"/> gave, and passes over what another program may have written, with other hashes or as many iterations as no stranger is asked for; null when nothing is left.</summary>
    public static ScramCredentials? Parse(string[] texts)
    {
        var verifiers = new List<ScramVerifier>(texts.Length);
        foreach (string text in texts)
        {
            if (ScramVerifier.TryParse(text, out var verifier) && verifier.Iterations == Iterations)
            {
                verifiers.Add(verifier);
            }
        }

        // All or nothing: a user with one of the two would be asked otherwise than a stranger by the other.
        return Array.TrueForAll(Enum.GetValues<ScramHash>(), hash => verifiers.Exists(verifier => verifier.Hash == hash)) ? new ScramCredentials(Reckoned([.. verifiers])) : null;
    }

    /// <summary>The one for a mechanism; null when there is none. Reckons.</summary>
    public ScramVerifier? For(ScramHash hash) => Array.Find(_verifiers.Value, verifier => verifier.Hash == hash);

    /// <summary>As they are kept; nothing where they are not, or not yet.</summary>
    public string[] ToSecretTexts() => IsKept && !IsPutOff ? [.. _verifiers.Value.Select(verifier => verifier.ToSecretText())] : [];

    /// <summary>The same, reckoned and to be written, as another object: what is kept of it is another. The verifiers are the same objects.</summary>
    public ScramCredentials Reckon() => new(Reckoned(_verifiers.Value), IsKept);

    /// <summary>Takes as long as those of a user that are reckoned now.</summary>
    public static void Spend() => Make(hash => ScramVerifier.Create(hash, Guest, Iterations));

    private static ScramVerifier[] Make(Func<ScramHash, ScramVerifier> make) => [.. Enum.GetValues<ScramHash>().Select(hash =>
    {
        t_made++;
        return make(hash);
    })];

    private static Lazy<ScramVerifier[]> Reckoned(ScramVerifier[] verifiers)
    {
        var lazy = new Lazy<ScramVerifier[]>(() => verifiers);
        _ = lazy.Value;
        return lazy;
    }
}
