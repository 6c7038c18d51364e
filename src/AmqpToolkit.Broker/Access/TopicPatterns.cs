using System.Text.RegularExpressions;

namespace AmqpToolkit.Broker.Access;

/// <summary>
/// With which routing keys a user may use one topic exchange. A pattern may name the variables {username}, {vhost} and {client_id};
/// what they stand for is taken literally. Immutable.
/// </summary>
internal sealed record TopicPatterns(string Write, string Read)
{
    /// <summary>Refuses what is no pattern, whatever the variables stand for.</summary>
    /// <exception cref="ArgumentException">One is none.</exception>
    public void Validate()
    {
        _ = Expand(Write, "user", "vhost");
        _ = Expand(Read, "user", "vhost");
    }

    public NamePattern For(AccessKind kind, string userName, string virtualHost) => Expand(kind == AccessKind.Write ? Write : Read, userName, virtualHost);

    // A 0-9-1 client has no client id; RabbitMQ leaves the word alone, too.
    private static NamePattern Expand(string pattern, string userName, string virtualHost) => NamePattern.ParsePermission(pattern
        .Replace("{username}", Regex.Escape(userName), StringComparison.Ordinal)
        .Replace("{vhost}", Regex.Escape(virtualHost), StringComparison.Ordinal)
        .Replace("{client_id}", @"\{client_id\}", StringComparison.Ordinal));
}
