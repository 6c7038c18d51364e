namespace AmqpToolkit.Client.V0_9_1;

/// <summary>Settings of one channel. Immutable.</summary>
public sealed record ChannelOptions
{
    /// <summary>Publishes that may be unanswered at once, 1 to 2^20; one more waits. 4,096 by default.</summary>
    public int MaxUnconfirmed
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1 << 20);
            field = value;
        }
    } = 4096;

    /// <summary>
    /// Octets of memory that a consumer without credit (no-ack, or no prefetch) buffers before the connection is no longer read. A
    /// consumer with credit buffers what its prefetch allows.
    /// </summary>
    public int MaxBufferedOctets
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = 16 * 1024 * 1024;
}
