namespace AmqpToolkit.Broker.Testing.Traffic;

/// <summary>What is wrong with frames of 0-9-1 before anybody looks into them.</summary>
internal enum FramingBreach
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A method with content, and something else came before its content was whole.</summary>
    ContentBroken,

    /// <summary>A content header too short to say what follows.</summary>
    HeaderShort,

    /// <summary>A content header or body that no method announced.</summary>
    ContentWithoutMethod,

    /// <summary>A frame that is larger than was agreed.</summary>
    FrameTooLarge,
}
