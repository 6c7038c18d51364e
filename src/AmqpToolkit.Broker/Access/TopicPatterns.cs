using System.Text.RegularExpressions;

namespace AmqpToolkit.Broker.Access;

/// <summary>
/// With which routing keys one user may use one topic exchange. A pattern may name the variables {username}, {vhost} and {client_id}; what they stand for is
/// taken literally, whatever it contains. It is compiled when it is set, so that whoever sets it hears what is wrong with it, and a connection never does. Immutable.
/// </summary>
internal sealed partial class TopicPatterns
{
    private readonly NamePattern _write;
    private readonly NamePattern _read;

    /// <summary>Puts the names in and compiles.</summary>
    /// <exception cref="ArgumentException">A pattern is none, or is too large with the names in it.</exception>
    public TopicPatterns(string write, string read, string userName, string virtualHost)
    {
        Write = write;
        Read = read;
        _write = NamePattern.ParsePermission(Expand(write, userName, virtualHost));
        _read = NamePattern.ParsePermission(Expand(read, userName, virtualHost));
    }

    /// <summary>As it was written.</summary>
    public string Write { get; }

    /// <summary>As it was written.</summary>
    public string Read { get; }

    public NamePattern For(AccessKind kind) => kind == AccessKind.Write ? _write : _read;

    // A 0-9-1 client has no client id; RabbitMQ leaves the word alone, too.
    private static string Expand(string pattern, string userName, string virtualHost) => Variable().Replace(pattern, variable => Regex.Escape(variable.Value switch
    {
        "{username}" => userName,
        "{vhost}" => virtualHost,
        _ => variable.Value,
    }));

    [GeneratedRegex(@"\{(username|vhost|client_id)\}", RegexOptions.CultureInvariant)]
    private static partial Regex Variable();
}
