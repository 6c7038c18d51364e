namespace AmqpToolkit.Broker.Selectors;

/// <summary>What an operand of an expression is.</summary>
internal enum OperandKind : byte
{
    /// <summary>Not there: NULL.</summary>
    Unknown = 0,
    Boolean,

    /// <summary>An exact number.</summary>
    Integer,

    /// <summary>An approximate number.</summary>
    Float,

    /// <summary>Text in UTF-8.</summary>
    Text,

    /// <summary>There, but of a type that is equal to nothing: binary, uuid, list, map.</summary>
    Opaque,
}
