using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace AmqpToolkit.Protocol.Tests.Sasl;

/// <summary>The client's side of SCRAM (RFC 5802 section 3), written from the formulas and sharing nothing with the server's.</summary>
internal sealed class ScramClient(string mechanism, string userName, string password, string nonce = "rOprNGfwEbeRWgbNEkqO", string header = "n,,")
{
    private readonly HashAlgorithmName _hash = mechanism.EndsWith("512", StringComparison.Ordinal) ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256;
    private string _serverSignature = string.Empty;

    public string FirstBare => $"n={userName.Replace("=", "=3D", StringComparison.Ordinal).Replace(",", "=2C", StringComparison.Ordinal)},r={nonce}";

    public byte[] First => Encoding.UTF8.GetBytes(header + FirstBare);

    /// <summary>The last message; what a test gives instead of a part stands there in a message whose proof is right for it.</summary>
    public byte[] Final(byte[] challenge, string? binding = null, string? answeredNonce = null, string extensions = "")
    {
        string text = Encoding.UTF8.GetString(challenge);
        string[] attributes = text.Split(',');
        byte[] salt = Convert.FromBase64String(attributes[1][2..]);
        int iterations = int.Parse(attributes[2][2..], CultureInfo.InvariantCulture);
        string without = $"c={Convert.ToBase64String(Encoding.UTF8.GetBytes(binding ?? header))},r={answeredNonce ?? attributes[0][2..]}{extensions}";
        byte[] message = Encoding.UTF8.GetBytes($"{FirstBare},{text},{without}");
        using var block = IncrementalHash.CreateHMAC(_hash, Encoding.UTF8.GetBytes(password));

        // Hi (section 2.2): the sum of all rounds.
        block.AppendData(salt);
        block.AppendData([0, 0, 0, 1]);
        byte[] round = block.GetHashAndReset();
        byte[] salted = [.. round];
        for (int index = 1; index < iterations; index++)
        {
            block.AppendData(round);
            round = block.GetHashAndReset();
            Xor(salted, round);
        }

        byte[] clientKey = Hmac(salted, "Client Key"u8);
        byte[] signature = Hmac(CryptographicOperations.HashData(_hash, clientKey), message);
        Xor(clientKey, signature);
        _serverSignature = Convert.ToBase64String(Hmac(Hmac(salted, "Server Key"u8), message));
        return Encoding.UTF8.GetBytes($"{without},p={Convert.ToBase64String(clientKey)}");
    }

    /// <summary>Whether the server has proved itself.</summary>
    public bool Believes(byte[] data) => Encoding.UTF8.GetString(data) == $"v={_serverSignature}";

    private byte[] Hmac(byte[] key, ReadOnlySpan<byte> data) => CryptographicOperations.HmacData(_hash, key, data);

    private static void Xor(byte[] octets, byte[] other)
    {
        for (int index = 0; index < octets.Length; index++)
        {
            octets[index] ^= other[index];
        }
    }
}
