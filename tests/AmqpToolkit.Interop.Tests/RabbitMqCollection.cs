namespace AmqpToolkit.Interop.Tests;

/// <summary>All who talk to a RabbitMQ of their own share one: it takes its time to start.</summary>
[CollectionDefinition(Name)]
public sealed class RabbitMqCollection : ICollectionFixture<RabbitMqServer>
{
    /// <summary>The name that test classes give.</summary>
    public const string Name = "one RabbitMQ";
}
