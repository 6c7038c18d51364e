namespace AmqpToolkit.Broker.Access;

/// <summary>What somebody wants with a resource.</summary>
internal enum AccessKind : byte
{
    /// <summary>Make, change or delete it.</summary>
    Configure,

    /// <summary>Put something into it.</summary>
    Write,

    /// <summary>Take something out of it.</summary>
    Read,
}
