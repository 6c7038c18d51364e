namespace AmqpToolkit.Broker;

/// <summary>Somebody who may log in.</summary>
public sealed class BrokerUser
{
    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>The password, in clear. It stands in no log.</summary>
    public required string Password { get; init; }

    /// <summary>Whether the user may come from this machine alone.</summary>
    public bool LoopbackOnly { get; init; }
}
