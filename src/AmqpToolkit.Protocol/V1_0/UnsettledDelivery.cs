namespace AmqpToolkit.Protocol.V1_0;

/// <summary>A delivery that is not settled.</summary>
/// <param name="Link">The link that it goes over.</param>
/// <param name="Cookie">What its sender knows it by; 0 for a delivery of the peer.</param>
public readonly record struct UnsettledDelivery(Link Link, ulong Cookie);
