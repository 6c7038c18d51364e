namespace AmqpToolkit.Broker.Testing;

/// <summary>What a <see cref="Fault"/> does.</summary>
internal enum FaultKind
{
    Cut,
    Close,
    Drop,
    Delay,
    Nack,
    Return,
    Block,
    Reorder,
}
