using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace AmqpToolkit.Broker;

/// <summary>Names that the broker gives: a prefix and 22 random characters, 128 bits in base64url.</summary>
internal static class GeneratedName
{
    public static byte[] Create(string prefix)
    {
        Span<byte> random = stackalloc byte[16];
        RandomNumberGenerator.Fill(random);
        return Encoding.UTF8.GetBytes(prefix + Base64Url.EncodeToString(random));
    }
}
