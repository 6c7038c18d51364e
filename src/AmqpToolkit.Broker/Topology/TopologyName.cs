using System.Buffers.Text;
using System.Security.Cryptography;

namespace AmqpToolkit.Broker.Topology;

/// <summary>What holds for the names of exchanges and queues.</summary>
internal static class TopologyName
{
    /// <summary>Octets of chance in a name that the server makes up: as many as a GUID has.</summary>
    private const int RandomOctets = 16;

    private static ReadOnlySpan<byte> ReservedPrefix => "amq."u8;

    private static ReadOnlySpan<byte> NewQueuePrefix => "amq.gen-"u8;

    /// <summary>True when only the server may give the name.</summary>
    public static bool IsReserved(ReadOnlySpan<byte> name) => name.StartsWith(ReservedPrefix);

    /// <summary>The name without carriage returns and line feeds, which RabbitMQ drops, so that they cannot forge lines of logs and replies.</summary>
    public static ReadOnlySpan<byte> Clean(ReadOnlySpan<byte> name) => name.ContainsAny((byte)'\r', (byte)'\n') ? WithoutLineBreaks(name) : name;

    /// <summary>A name for a queue that came without: "amq.gen-" and 22 characters of base64url.</summary>
    public static byte[] NewQueueName()
    {
        Span<byte> random = stackalloc byte[RandomOctets];
        RandomNumberGenerator.Fill(random);
        byte[] name = new byte[NewQueuePrefix.Length + Base64Url.GetEncodedLength(RandomOctets)];
        NewQueuePrefix.CopyTo(name);
        Base64Url.EncodeToUtf8(random, name.AsSpan(NewQueuePrefix.Length));
        return name;
    }

    private static byte[] WithoutLineBreaks(ReadOnlySpan<byte> name)
    {
        byte[] clean = new byte[name.Length];
        int length = 0;
        foreach (byte octet in name)
        {
            if (octet is not ((byte)'\r' or (byte)'\n'))
            {
                clean[length++] = octet;
            }
        }

        return clean[..length];
    }
}
