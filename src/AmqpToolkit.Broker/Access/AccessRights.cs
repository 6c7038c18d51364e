using System.Text;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Access;

/// <summary>
/// What the user of one connection may do in its virtual host. Answers that allow are remembered until something of the user changes.
/// Used by the connection's reader.
/// </summary>
internal sealed class AccessRights(UserAccount account, VirtualHost virtualHost)
{
    /// <summary>Answers that are remembered at most: a client names few things, and one that names many asks the engine.</summary>
    private const int MaxRemembered = 32;

    private readonly List<(AccessKind Kind, byte[] Name)> _allowed = [];
    private Dictionary<(AccessKind Kind, byte[] Exchange), NamePattern?>? _topics;
    private UserState? _state;
    private PermissionPatterns? _patterns;
    private int _oldest;

    private static ReadOnlySpan<byte> DefaultExchangeName => "amq.default"u8;

    public UserAccount Account => account;

    /// <summary>Whether the user may publish in other users' names.</summary>
    public bool IsImpersonator => account.State is { } state && state.Tags.Contains("impersonator");

    /// <summary>Whether the user may use the virtual host at all.</summary>
    public bool MayEnter => account.State is { } state && state.Permissions.ContainsKey(virtualHost.Name);

    /// <summary>Refuses what the user may not do with a queue; null when it is allowed.</summary>
    public ProtocolError? CheckQueue(AccessKind kind, ReadOnlySpan<byte> name) =>
        IsAllowed(kind, name) ? null : Refuse(kind, TopologyErrors.QueueText(virtualHost.Name, name));

    /// <summary>Refuses what the user may not do with an exchange; null when it is allowed. The default exchange is called amq.default here.</summary>
    public ProtocolError? CheckExchange(AccessKind kind, ReadOnlySpan<byte> name)
    {
        name = name.IsEmpty ? DefaultExchangeName : name;
        return IsAllowed(kind, name) ? null : Refuse(kind, TopologyErrors.ExchangeText(virtualHost.Name, name));
    }

    /// <summary>Refuses a routing key that the user may not use with a topic exchange; null when it is allowed, as it is where nothing is said.</summary>
    public ProtocolError? CheckTopic(AccessKind kind, Exchange exchange, ReadOnlySpan<byte> routingKey)
    {
        if (exchange.Type != ExchangeType.Topic)
        {
            return null;
        }

        Refresh();
        if (_state?.TopicPermissions is not { Count: > 0 } permissions)
        {
            return null;
        }

        if (_topics is null || _topics.Count >= MaxRemembered)
        {
            _topics = [];
        }

        if (!_topics.TryGetValue((kind, exchange.Name), out var pattern))
        {
            pattern = permissions.GetValueOrDefault((virtualHost.Name, exchange.NameText))?.For(kind);
            _topics.Add((kind, exchange.Name), pattern);
        }

        return pattern is null || pattern.IsMatch(routingKey, virtualHost.Timers.Logger)
            ? null
            : Refuse(kind, $"topic '{Encoding.UTF8.GetString(routingKey)}' in {TopologyErrors.ExchangeText(virtualHost.Name, exchange.Name)}");
    }

    /// <summary>Refuses a user-id property that is not the user's name (row 47); null when it is, or when the user may say what it likes.</summary>
    public ProtocolError? CheckUserId(ReadOnlySpan<byte> userId)
    {
        string given = Encoding.UTF8.GetString(userId);
        return given == account.Name || IsImpersonator
            ? null
            : ProtocolError.PreconditionFailed($"user_id property set to '{given}' but authenticated user was '{account.Name}'");
    }

    /// <summary>Refuses to look at a queue to which the user has no permission of any kind (RabbitMQ 4.3).</summary>
    public ProtocolError? CheckAnyQueue(ReadOnlySpan<byte> name) =>
        IsAllowed(AccessKind.Read, name) || IsAllowed(AccessKind.Write, name) ? null : CheckQueue(AccessKind.Configure, name);

    /// <summary>Refuses to look at an exchange to which the user has no permission of any kind (RabbitMQ 4.3).</summary>
    public ProtocolError? CheckAnyExchange(ReadOnlySpan<byte> name) =>
        IsAllowed(AccessKind.Read, name) || IsAllowed(AccessKind.Write, name) ? null : CheckExchange(AccessKind.Configure, name);

    /// <summary>The refusal of the virtual host as a whole (row 12).</summary>
    public ProtocolError NoEntry() => ProtocolError.NotAllowed($"access to vhost '{virtualHost.Name}' refused for user '{account.Name}'");

    private bool IsAllowed(AccessKind kind, ReadOnlySpan<byte> name)
    {
        Refresh();
        if (_patterns is null)
        {
            return false;
        }

        var pattern = _patterns.For(kind);
        if (pattern.IsEverything)
        {
            return true;
        }

        foreach (var (allowedKind, allowedName) in _allowed)
        {
            if (allowedKind == kind && name.SequenceEqual(allowedName))
            {
                return true;
            }
        }

        if (!pattern.IsMatch(name, virtualHost.Timers.Logger))
        {
            return false;
        }

        Remember(kind, name.ToArray());
        return true;
    }

    private void Remember(AccessKind kind, byte[] name)
    {
        if (_allowed.Count < MaxRemembered)
        {
            _allowed.Add((kind, name));
            return;
        }

        _allowed[_oldest] = (kind, name);
        _oldest = (_oldest + 1) % MaxRemembered;
    }

    private void Refresh()
    {
        var state = account.State;
        if (ReferenceEquals(state, _state))
        {
            return;
        }

        _state = state;
        _patterns = state?.Permissions.GetValueOrDefault(virtualHost.Name);
        _allowed.Clear();
        _topics = null;
        _oldest = 0;
    }

    private ProtocolError Refuse(AccessKind kind, string resource)
    {
        string word = kind switch
        {
            AccessKind.Configure => "configure",
            AccessKind.Write => "write",
            _ => "read",
        };
        return ProtocolError.AccessRefused($"{word} access to {resource} refused for user '{account.Name}'");
    }
}
