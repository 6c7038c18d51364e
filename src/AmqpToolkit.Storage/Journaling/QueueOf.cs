namespace AmqpToolkit.Storage.Journaling;

/// <summary>Tells which queue a definition declares.</summary>
/// <returns>The queue's number, or 0 when it declares none.</returns>
internal delegate uint QueueOf(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value);
