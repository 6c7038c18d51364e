namespace AmqpToolkit.Broker.Testing.Traffic;

/// <summary>One direction of a connection of 1.0.</summary>
/// <param name="IsFromClient">Whether it is the client's.</param>
/// <param name="Messages">What its transfers are counted as.</param>
/// <param name="Words">What its dispositions are counted as.</param>
/// <param name="Own">The deliveries that go this way,</param>
/// <param name="Others">and those that come the other way.</param>
/// <param name="HandOn">Lets something go on.</param>
internal sealed record PeerWay(bool IsFromClient, TrafficPoint Messages, TrafficPoint Words, PeerDeliveries Own, PeerDeliveries Others, Func<TrafficUnit, Task> HandOn);
