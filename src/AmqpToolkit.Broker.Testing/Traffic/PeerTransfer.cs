namespace AmqpToolkit.Broker.Testing.Traffic;

/// <summary>A frame of a delivery of 1.0.</summary>
/// <param name="Handle">Its link.</param>
/// <param name="DeliveryId">Its number; null where a later frame leaves it out.</param>
/// <param name="IsSettled">Whether its sender has settled it.</param>
/// <param name="IsLast">Whether the delivery ends with it.</param>
internal readonly record struct PeerTransfer(uint Handle, uint? DeliveryId, bool IsSettled, bool IsLast);
