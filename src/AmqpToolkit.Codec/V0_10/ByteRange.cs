namespace AmqpToolkit.Codec.V0_10;

/// <summary>Octets from the first to the last one, both counted.</summary>
/// <param name="First">Offset of the first octet.</param>
/// <param name="Last">Offset of the last octet.</param>
public readonly record struct ByteRange(ulong First, ulong Last);
