namespace AmqpToolkit.Codec.Classic;

/// <summary>
/// One frame, read in place (0-9-1 specification, 2.3.5 and 4.2.3).
/// <code>
/// 0      1         3             7                  7+size
/// +------+---------+-------------+  +-----------+  +------+
/// | type | channel |    size     |  |  payload  |  | 0xCE |
/// +------+---------+-------------+  +-----------+  +------+
/// </code>
/// </summary>
public readonly ref struct Frame
{
    internal Frame(byte type, ushort channel, ReadOnlySpan<byte> payload)
    {
        Type = type;
        Channel = channel;
        Payload = payload;
    }

    /// <summary>1 method, 2 content header, 3 body, 8 heartbeat; others are not rejected here.</summary>
    public byte Type { get; }

    /// <summary>The channel; zero is the connection itself.</summary>
    public ushort Channel { get; }

    /// <summary>What stands between header and end octet.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>Length of the whole frame.</summary>
    public int Octets => Payload.Length + FrameWriter.OverheadOctets;
}
