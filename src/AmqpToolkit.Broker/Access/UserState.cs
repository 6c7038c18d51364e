using System.Collections.Immutable;

namespace AmqpToolkit.Broker.Access;

/// <summary>All that is known of a user at one moment. Immutable: a change makes another, and whoever compares references notices.</summary>
internal sealed record UserState
{
    public required PasswordHash? Password { get; init; }

    /// <summary>What SCRAM proofs are checked with; null where only a hash of the password was ever known.</summary>
    public ScramCredentials? Scram { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    public bool LoopbackOnly { get; init; }

    /// <summary>Connections that the user may have at a time; below 0 for any number.</summary>
    public int MaxConnections { get; init; } = -1;

    /// <summary>Channels that the user may have at a time; below 0 for any number.</summary>
    public int MaxChannels { get; init; } = -1;

    /// <summary>By virtual host.</summary>
    public ImmutableDictionary<string, PermissionPatterns> Permissions { get; init; } = s_noPermissions;

    /// <summary>By virtual host and exchange; null for none, as most users have it.</summary>
    public ImmutableDictionary<(string VirtualHost, string Exchange), TopicPatterns>? TopicPermissions { get; init; }

    private static readonly ImmutableDictionary<string, PermissionPatterns> s_noPermissions = ImmutableDictionary.Create<string, PermissionPatterns>(StringComparer.Ordinal);

    /// <summary>With a permission more, or another. What is left of the old is shared: a user may have ten thousand virtual hosts, given one by one.</summary>
    public UserState WithPermission(string virtualHost, PermissionPatterns patterns) => this with { Permissions = Permissions.SetItem(virtualHost, patterns) };

    /// <summary>Without the permission for a virtual host. What does not change is the same object.</summary>
    public UserState WithoutPermission(string virtualHost) => Permissions.ContainsKey(virtualHost) ? this with { Permissions = Permissions.Remove(virtualHost) } : this;

    /// <summary>With a topic permission more, or another.</summary>
    public UserState WithTopicPermission(string virtualHost, string exchange, TopicPatterns patterns) =>
        this with { TopicPermissions = (TopicPermissions ?? ImmutableDictionary<(string VirtualHost, string Exchange), TopicPatterns>.Empty).SetItem((virtualHost, exchange), patterns) };

    /// <summary>Without the topic permissions of a virtual host, or of one exchange there.</summary>
    public UserState WithoutTopicPermissions(string virtualHost, string? exchange = null)
    {
        if (TopicPermissions is not { } topics)
        {
            return this;
        }

        var left = exchange is not null ? topics.Remove((virtualHost, exchange)) : topics.RemoveRange(topics.Keys.Where(one => one.VirtualHost == virtualHost));
        return left.Count == topics.Count ? this : this with { TopicPermissions = left };
    }
}
