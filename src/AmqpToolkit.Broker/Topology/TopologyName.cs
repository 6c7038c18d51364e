namespace AmqpToolkit.Broker.Topology;

/// <summary>What holds for the names of exchanges and queues.</summary>
internal static class TopologyName
{
    /// <summary>How the names begin that the server gives to queues which came without.</summary>
    public const string NewQueuePrefix = "amq.gen-";

    private static ReadOnlySpan<byte> ReservedPrefix => "amq."u8;

    /// <summary>True when only the server may give the name.</summary>
    public static bool IsReserved(ReadOnlySpan<byte> name) => name.StartsWith(ReservedPrefix);

    /// <summary>The name without carriage returns and line feeds, which RabbitMQ drops, so that they cannot forge lines of logs and replies.</summary>
    public static ReadOnlySpan<byte> Clean(ReadOnlySpan<byte> name) => name.ContainsAny((byte)'\r', (byte)'\n') ? WithoutLineBreaks(name) : name;

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
