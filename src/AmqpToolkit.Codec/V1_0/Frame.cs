namespace AmqpToolkit.Codec.V1_0;

/// <summary>
/// One frame, read in place (2.3).
/// <code>
/// 0             4      5      6         8          4*doff       size
/// +-------------+------+------+---------+----------+------------+
/// |    size     | doff | type | channel | extended |    body    |
/// +-------------+------+------+---------+----------+------------+
/// </code>
/// </summary>
public readonly ref struct Frame
{
    private readonly ReadOnlySpan<byte> _octets;

    internal Frame(ReadOnlySpan<byte> octets, int bodyAt)
    {
        _octets = octets;
        Body = octets[bodyAt..];
    }

    /// <summary>What the body is, and what the channel means; unknown types are not rejected here.</summary>
    public FrameType Type => (FrameType)_octets[FrameReader.TypeAt];

    /// <summary>The channel of a frame of type <see cref="FrameType.Amqp"/>; in others these octets are ignored (5.3.1).</summary>
    public ushort Channel => (ushort)((_octets[FrameReader.ChannelAt] << 8) | _octets[FrameReader.ChannelAt + 1]);

    /// <summary>The performative, then the payload of a transfer. Empty for a frame that only says that the peer lives (2.4.5).</summary>
    public ReadOnlySpan<byte> Body { get; }

    /// <summary>Length of the whole frame.</summary>
    public int Octets => _octets.Length;
}
