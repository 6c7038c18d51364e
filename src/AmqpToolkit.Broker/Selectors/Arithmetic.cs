namespace AmqpToolkit.Broker.Selectors;

/// <summary>What is done with two numbers.</summary>
internal enum Arithmetic : byte
{
    Add = 0,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}
