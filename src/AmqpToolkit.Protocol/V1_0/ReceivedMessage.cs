namespace AmqpToolkit.Protocol.V1_0;

/// <summary>A message that came whole, in one transfer: see <see cref="ConnectionEngine.ReadRow"/>.</summary>
/// <param name="Start">Where its octets begin in the input.</param>
/// <param name="Octets">How many there are.</param>
/// <param name="Sequence">The delivery's number in its session.</param>
/// <param name="IsSettled">Whether its sender has settled it.</param>
public readonly record struct ReceivedMessage(int Start, int Octets, ulong Sequence, bool IsSettled);
