namespace AmqpToolkit.Broker.Selectors;

/// <summary>How two operands are compared.</summary>
internal enum Comparison : byte
{
    Equal = 0,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}
