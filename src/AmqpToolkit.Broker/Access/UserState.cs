using System.Collections.Immutable;

namespace AmqpToolkit.Broker.Access;

/// <summary>All that is known of a user at one moment. Immutable: a change makes another, and whoever compares references notices.</summary>
internal sealed record UserState
{
    public required PasswordHash? Password { get; init; }

    /// <summary>What SCRAM proofs are checked with; null where only a hash of the password was ever known.</summary>
    public ScramCredentials? Scram { get; init; }

    public ImmutableArray<string> Tags { get; init; } = [];

    public bool LoopbackOnly { get; init; }

    /// <summary>Connections that the user may have at a time; below 0 for any number.</summary>
    public int MaxConnections { get; init; } = -1;

    /// <summary>Channels that the user may have at a time; below 0 for any number.</summary>
    public int MaxChannels { get; init; } = -1;

    /// <summary>By virtual host.</summary>
    public ImmutableDictionary<string, PermissionPatterns> Permissions { get; init; } = ImmutableDictionary<string, PermissionPatterns>.Empty;

    /// <summary>By virtual host and exchange.</summary>
    public ImmutableDictionary<(string VirtualHost, string Exchange), TopicPatterns> TopicPermissions { get; init; } =
        ImmutableDictionary<(string VirtualHost, string Exchange), TopicPatterns>.Empty;
}
