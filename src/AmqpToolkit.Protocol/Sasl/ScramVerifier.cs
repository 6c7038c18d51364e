using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace AmqpToolkit.Protocol.Sasl;

/// <summary>
/// What a server keeps of a password to check SCRAM proofs with (RFC 5802 section 3): whoever reads it can neither log in with it nor read the password in it.
/// Never shows what it holds. Immutable.
/// </summary>
public sealed class ScramVerifier
{
    /// <summary>As few iterations are sound (RFC 7677 section 4).</summary>
    public const int MinIterations = 4096;

    /// <summary>More than anybody would wait for.</summary>
    public const int MaxIterations = 10_000_000;

    private const int SaltOctets = 16;

    private readonly byte[] _salt;
    private readonly byte[] _storedKey;
    private readonly byte[] _serverKey;

    private ScramVerifier(ScramHash hash, byte[] salt, int iterations, byte[] storedKey, byte[] serverKey)
    {
        Hash = hash;
        _salt = salt;
        Iterations = iterations;
        _storedKey = storedKey;
        _serverKey = serverKey;
    }

    /// <summary>Which mechanism it is for.</summary>
    public ScramHash Hash { get; }

    /// <summary>How often the client has to hash.</summary>
    public int Iterations { get; }

    /// <summary>The salt as the client is told: base64.</summary>
    public string Salt => Convert.ToBase64String(_salt);

    /// <summary>The mechanism's name.</summary>
    public static string NameOf(ScramHash hash) => hash == ScramHash.Sha512 ? SaslMechanisms.ScramSha512 : SaslMechanisms.ScramSha256;

    /// <summary>
    /// Whether a password becomes here what it becomes with every client (RFC 4013): one of printable ASCII stays as it is. Others clients prepare, each with the tables that it has, or do not take at all.
    /// </summary>
    public static bool CanPrepare(string password)
    {
        ArgumentNullException.ThrowIfNull(password);
        return password.Length > 0 && password.All(character => character is >= ' ' and <= '~');
    }

    /// <summary>Makes the verifier of a password with a new salt.</summary>
    public static ScramVerifier Create(ScramHash hash, string password, int iterations) =>
        Create(hash, password, RandomNumberGenerator.GetBytes(SaltOctets), iterations);

    /// <summary>Makes the verifier of a password.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The iterations are fewer than <see cref="MinIterations"/> or more than <see cref="MaxIterations"/>.</exception>
    public static ScramVerifier Create(ScramHash hash, string password, byte[] salt, int iterations)
    {
        ArgumentNullException.ThrowIfNull(password);
        ArgumentOutOfRangeException.ThrowIfLessThan(iterations, MinIterations);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(iterations, MaxIterations);
        var verifier = Create(hash, password, salt, iterations, out byte[] clientKey);
        CryptographicOperations.ZeroMemory(clientKey);
        return verifier;
    }

    private static ScramVerifier Create(ScramHash hash, string password, byte[] salt, int iterations, out byte[] clientKey)
    {
        var algorithm = AlgorithmOf(hash);
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, iterations, algorithm, OctetsOf(hash));
        clientKey = CryptographicOperations.HmacData(algorithm, salted, "Client Key"u8);
        byte[] serverKey = CryptographicOperations.HmacData(algorithm, salted, "Server Key"u8);
        var verifier = new ScramVerifier(hash, [.. salt], iterations, CryptographicOperations.HashData(algorithm, clientKey), serverKey);
        CryptographicOperations.ZeroMemory(salted);
        return verifier;
    }

    /// <summary>
    /// What a user is asked who is not there: always the same for a name, as with a user who is, and impossible to prove.
    /// </summary>
    /// <param name="hash">The mechanism's.</param>
    /// <param name="secret">Known to the server alone.</param>
    /// <param name="userName">The name that a client has given.</param>
    /// <param name="iterations">As many as real users have.</param>
    public static ScramVerifier Imitate(ScramHash hash, byte[] secret, string userName, int iterations)
    {
        // Nobody knows what these would be the hashes of.
        return new ScramVerifier(hash, ImitatedSalt(hash, secret, userName), iterations, RandomNumberGenerator.GetBytes(OctetsOf(hash)), RandomNumberGenerator.GetBytes(OctetsOf(hash)));
    }

    /// <summary>The salt that a user is asked with who is not there.</summary>
    /// <param name="hash">The mechanism's.</param>
    /// <param name="secret">Known to the server alone.</param>
    /// <param name="userName">The name.</param>
    internal static byte[] ImitatedSalt(ScramHash hash, byte[] secret, string userName) =>
        CryptographicOperations.HmacData(AlgorithmOf(hash), secret, Encoding.UTF8.GetBytes($"{NameOf(hash)}\0{userName}"))[..SaltOctets];

    /// <summary>The form in which it is kept: <c>SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey</c> (RFC 5803), octets in base64. A secret.</summary>
    public string ToSecretText() =>
        string.Create(CultureInfo.InvariantCulture, $"{NameOf(Hash)}${Iterations}:{Salt}${Convert.ToBase64String(_storedKey)}:{Convert.ToBase64String(_serverKey)}");

    /// <summary>Reads what <see cref="ToSecretText"/> wrote.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ScramVerifier? verifier)
    {
        ArgumentNullException.ThrowIfNull(text);
        verifier = null;
        string[] parts = text.Split('$', ':');
        if (parts.Length != 5 || !TryReadHash(parts[0], out var hash)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int iterations) || iterations is < MinIterations or > MaxIterations
            || !TryReadBase64(parts[2], out byte[] salt) || salt.Length == 0
            || !TryReadBase64(parts[3], out byte[] storedKey) || storedKey.Length != OctetsOf(hash)
            || !TryReadBase64(parts[4], out byte[] serverKey) || serverKey.Length != OctetsOf(hash))
        {
            return false;
        }

        verifier = new ScramVerifier(hash, salt, iterations, storedKey, serverKey);
        return true;
    }

    /// <summary>Checks a client's proof, in a time that does not depend on it.</summary>
    /// <param name="authMessage">The three messages that the proof is of.</param>
    /// <param name="proof">ClientProof.</param>
    /// <param name="serverSignature">What the server proves itself with.</param>
    internal bool Check(ReadOnlySpan<byte> authMessage, ReadOnlySpan<byte> proof, out byte[] serverSignature)
    {
        var algorithm = AlgorithmOf(Hash);
        byte[] clientKey = CryptographicOperations.HmacData(algorithm, _storedKey, authMessage);
        serverSignature = CryptographicOperations.HmacData(algorithm, _serverKey, authMessage);
        bool hasLength = proof.Length == clientKey.Length;
        for (int index = 0; hasLength && index < clientKey.Length; index++)
        {
            clientKey[index] ^= proof[index];
        }

        byte[] given = CryptographicOperations.HashData(algorithm, clientKey);
        CryptographicOperations.ZeroMemory(clientKey);
        return CryptographicOperations.FixedTimeEquals(given, _storedKey) && hasLength;
    }

    /// <summary>A client's proof that it has the password, and what the server has to say to it (RFC 5802 section 3).</summary>
    /// <param name="hash">The mechanism's.</param>
    /// <param name="password">In printable ASCII.</param>
    /// <param name="salt">The server's.</param>
    /// <param name="iterations">The server's.</param>
    /// <param name="authMessage">The three messages that the proof is of.</param>
    /// <param name="serverSignature">What proves the server.</param>
    internal static byte[] Prove(ScramHash hash, string password, byte[] salt, int iterations, ReadOnlySpan<byte> authMessage, out byte[] serverSignature)
    {
        var verifier = Create(hash, password, salt, iterations, out byte[] proof);
        var algorithm = AlgorithmOf(hash);
        serverSignature = CryptographicOperations.HmacData(algorithm, verifier._serverKey, authMessage);
        byte[] clientSignature = CryptographicOperations.HmacData(algorithm, verifier._storedKey, authMessage);
        for (int index = 0; index < proof.Length; index++)
        {
            proof[index] ^= clientSignature[index];
        }

        return proof;
    }

    /// <summary>Whether a name is one of the mechanisms'.</summary>
    internal static bool TryReadHash(string mechanism, out ScramHash hash)
    {
        hash = mechanism == SaslMechanisms.ScramSha512 ? ScramHash.Sha512 : ScramHash.Sha256;
        return mechanism is SaslMechanisms.ScramSha256 or SaslMechanisms.ScramSha512;
    }

    /// <summary>Base64 without anything else in it.</summary>
    internal static bool TryReadBase64(string text, out byte[] octets)
    {
        octets = [];
        if (text.Any(char.IsWhiteSpace) || !Base64.IsValid(text, out int length))
        {
            return false;
        }

        octets = new byte[length];
        return Convert.TryFromBase64String(text, octets, out int written) && written == length;
    }

    /// <inheritdoc/>
    public override string ToString() => NameOf(Hash);

    private static HashAlgorithmName AlgorithmOf(ScramHash hash) => hash == ScramHash.Sha512 ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256;

    private static int OctetsOf(ScramHash hash) => hash == ScramHash.Sha512 ? SHA512.HashSizeInBytes : SHA256.HashSizeInBytes;
}
