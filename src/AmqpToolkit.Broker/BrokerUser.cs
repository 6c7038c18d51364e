namespace AmqpToolkit.Broker;

/// <summary>Somebody who may log in. Immutable.</summary>
public sealed class BrokerUser
{
    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>The password, in clear; it is kept as a hash only and stands in no log. Null where <see cref="PasswordHash"/> says it, or where nobody may log in as the user.</summary>
    public string? Password { get; init; }

    /// <summary>The password as RabbitMQ keeps it, if not in clear: base64 of four octets of salt and the hash of salt and password.</summary>
    public string? PasswordHash { get; init; }

    /// <summary>What the hash was made with: rabbit_password_hashing_sha256 (null means it), rabbit_password_hashing_sha512 or rabbit_password_hashing_md5.</summary>
    public string? HashingAlgorithm { get; init; }

    /// <summary>administrator, monitoring, policymaker, management, impersonator (who may publish with any user-id), or others.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Whether the user may come from this machine alone.</summary>
    public bool LoopbackOnly { get; init; }

    /// <summary>Connections that the user may have at a time; null for any number.</summary>
    public int? MaxConnections { get; init; }

    /// <summary>Channels that the user may have at a time, over all connections; null for any number.</summary>
    public int? MaxChannels { get; init; }

    /// <summary>
    /// In which virtual hosts the user may do what. Null, where a broker starts with the user, for everything in each of its virtual hosts; null, where
    /// a user is set later, to leave things as they are.
    /// </summary>
    public IReadOnlyList<UserPermission>? Permissions { get; init; }
}
