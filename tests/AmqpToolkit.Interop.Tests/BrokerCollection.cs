namespace AmqpToolkit.Interop.Tests;

/// <summary>All clients share one broker.</summary>
[CollectionDefinition(Name)]
public sealed class BrokerCollection : ICollectionFixture<BrokerFixture>
{
    /// <summary>The name that test classes give.</summary>
    public const string Name = "one broker";
}
