namespace AmqpToolkit.Decode.Captures;

/// <summary>One packet of a capture, valid until the next one is read.</summary>
/// <param name="nanoseconds">Since 1970; negative when the capture does not say.</param>
/// <param name="linkType">LINKTYPE_ number of the interface.</param>
/// <param name="octets">What was captured, which may be less than what was sent.</param>
internal readonly ref struct CapturedPacket(long nanoseconds, ushort linkType, ReadOnlySpan<byte> octets)
{
    public long Nanoseconds { get; } = nanoseconds;

    public ushort LinkType { get; } = linkType;

    public ReadOnlySpan<byte> Octets { get; } = octets;
}
