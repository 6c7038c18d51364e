namespace AmqpToolkit.Conformance.Tests.Own;

/// <summary>Tests that measure the process: nothing else runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    /// <summary>The name that test classes give.</summary>
    public const string Name = "alone";
}
