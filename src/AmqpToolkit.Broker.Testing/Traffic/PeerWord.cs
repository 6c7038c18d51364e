namespace AmqpToolkit.Broker.Testing.Traffic;

/// <summary>A disposition of 1.0: a word on deliveries.</summary>
/// <param name="IsOfReceiver">Whether it is the receiver's, on what it got; else the sender's, on what it sent.</param>
/// <param name="First">The first delivery that it means.</param>
/// <param name="Last">The last.</param>
internal readonly record struct PeerWord(bool IsOfReceiver, uint First, uint Last);
