using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace AmqpToolkit.Broker.Access;

/// <summary>
/// A password as RabbitMQ keeps it: base64 of four octets of salt and the hash of salt and password (UTF-8). Never shows what it holds.
/// Immutable.
/// </summary>
internal sealed class PasswordHash
{
    /// <summary>The algorithm of new hashes.</summary>
    public const string Sha256 = "rabbit_password_hashing_sha256";

    private const string Sha512 = "rabbit_password_hashing_sha512";
    private const string Md5 = "rabbit_password_hashing_md5";
    private const int SaltOctets = 4;

    /// <summary>What is compared with where there is no user, so that it takes the same time.</summary>
    private static readonly PasswordHash NobodysHash = Create(RandomNumberGenerator.GetBytes(18));

    [ThreadStatic]
    private static long t_reckoned;

    private readonly byte[] _salted;

    private PasswordHash(byte[] salted, string algorithm)
    {
        _salted = salted;
        Algorithm = algorithm;
    }

    /// <summary>Hashes that this thread has reckoned, for tests.</summary>
    internal static long Reckoned => t_reckoned;

    /// <summary>RabbitMQ's name of the algorithm.</summary>
    public string Algorithm { get; }

    /// <summary>Base64 of salt and hash.</summary>
    public string Text => Convert.ToBase64String(_salted);

    /// <summary>
    /// Loads what hashes: the system's library takes longer than all else that a start does, and whoever has a thread to spare can begin with it.
    /// </summary>
    public static void Prepare() => _ = NobodysHash;

    /// <summary>Hashes a password with a new salt.</summary>
    public static PasswordHash Create(string password) => Create(Encoding.UTF8.GetBytes(password));

    private static PasswordHash Create(byte[] password)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(SaltOctets);
        return new PasswordHash([.. salt, .. Compute(Sha256, salt, password)], Sha256);
    }

    /// <summary>Reads a hash that was made elsewhere.</summary>
    /// <param name="text">Base64 of salt and hash.</param>
    /// <param name="algorithm">RabbitMQ's name of the algorithm; null for SHA-256.</param>
    /// <exception cref="ArgumentException">It is no hash of that algorithm.</exception>
    public static PasswordHash Parse(string text, string? algorithm)
    {
        algorithm ??= Sha256;
        int octets = algorithm switch
        {
            Sha256 => SHA256.HashSizeInBytes,
            Sha512 => SHA512.HashSizeInBytes,
            Md5 => MD5.HashSizeInBytes,
            _ => throw new ArgumentException($"'{algorithm}' is no hashing algorithm that is known here: {Sha256}, {Sha512}, {Md5}"),
        };
        byte[] salted = new byte[SaltOctets + octets + 3];
        if (!Convert.TryFromBase64String(text, salted, out int written) || written != SaltOctets + octets)
        {
            throw new ArgumentException($"a password hash of {algorithm} is base64 of {SaltOctets + octets} octets: four of salt and the hash");
        }

        return new PasswordHash(salted[..written], algorithm);
    }

    /// <summary>Whether the password is the one; takes as long where there is no hash. An empty password is nobody's.</summary>
    public static bool Verify(PasswordHash? hash, string password)
    {
        var expected = hash ?? NobodysHash;
        byte[] given = Compute(expected.Algorithm, expected._salted.AsSpan(0, SaltOctets), Encoding.UTF8.GetBytes(password));
        bool isSame = CryptographicOperations.FixedTimeEquals(given, expected._salted.AsSpan(SaltOctets));
        return isSame && hash is not null && password.Length > 0;
    }

    /// <inheritdoc/>
    public override string ToString() => Algorithm;

    [SuppressMessage("Security", "CA5351", Justification = "Reads what old installations have; nothing new is made with it.")]
    private static byte[] Compute(string algorithm, ReadOnlySpan<byte> salt, byte[] password)
    {
        t_reckoned++;
        byte[] input = [.. salt, .. password];
        return algorithm switch
        {
            Sha512 => SHA512.HashData(input),
            Md5 => MD5.HashData(input),
            _ => SHA256.HashData(input),
        };
    }
}
