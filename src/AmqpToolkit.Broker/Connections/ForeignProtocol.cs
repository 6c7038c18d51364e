namespace AmqpToolkit.Broker.Connections;

/// <summary>What clients of other protocols begin with, who have the wrong port: the log is to say so in words.</summary>
internal static class ForeignProtocol
{
    private const byte TlsHandshake = 22;
    private const byte TlsMajor = 3;

    private static readonly byte[][] s_httpMethods = [[.. "GET "u8], [.. "POST "u8], [.. "HEAD "u8], [.. "PUT "u8], [.. "OPTIONS "u8], [.. "CONNECT "u8], [.. "PRI * HTTP"u8]];

    /// <summary>The protocol that the first octets are of; null when they may be AMQP, or nobody knows.</summary>
    /// <param name="octets">Eight of them at least.</param>
    public static string? NameOf(ReadOnlySpan<byte> octets)
    {
        if (octets[0] == TlsHandshake && octets[1] == TlsMajor)
        {
            return "TLS (a ClientHello)";
        }

        foreach (byte[] method in s_httpMethods)
        {
            if (octets.StartsWith(method.AsSpan(0, Math.Min(method.Length, octets.Length))))
            {
                return "HTTP";
            }
        }

        return null;
    }
}
