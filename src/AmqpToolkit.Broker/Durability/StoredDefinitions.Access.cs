using System.Collections.Immutable;
using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Durability;

/// <content>Virtual hosts, users, permissions and policies.</content>
internal sealed partial class StoredDefinitions
{
    private void ResolveVirtualHosts()
    {
        foreach (var (name, value) in ListOf(DefinitionKind.VirtualHost))
        {
            var reader = ReadValue(DefinitionKind.VirtualHost, value);
            uint number = reader.Long();
            var fields = ReadTable(DefinitionKind.VirtualHost, reader.Rest()).ToDictionary();
            AddVirtualHost(new StoredVirtualHost(number, Utf8(name), new VirtualHostSettings
            {
                MaxConnections = Number(fields, "max-connections"),
                MaxQueues = Number(fields, "max-queues"),
                Durability = Text(fields, "durability") is not { } durability ? null
                    : Enum.TryParse(durability, out DurabilityLevel level) ? level
                    : throw Unreadable(DefinitionKind.VirtualHost),
                DefaultQueueType = Text(fields, "default-queue-type") is null or "quorum" or "stream" ? Text(fields, "default-queue-type") : throw Unreadable(DefinitionKind.VirtualHost),
                Description = Text(fields, "description") ?? string.Empty,
                Tags = Texts(fields, "tags"),
            }));
        }
    }

    private void ResolveUsers()
    {
        foreach (var (name, fields) in Fields(DefinitionKind.User))
        {
            Users.Add(Utf8(name), new UserState
            {
                Password = Text(fields, "password_hash") is not { } hash ? null : PasswordHash.Parse(hash, Text(fields, "hashing_algorithm")),
                Scram = ScramCredentials.Parse(Texts(fields, "scram")),
                Tags = [.. Texts(fields, "tags")],
                LoopbackOnly = fields.GetValueOrDefault("loopback-only") is true,
                MaxConnections = Number(fields, "max-connections"),
                MaxChannels = Number(fields, "max-channels"),
            });
        }
    }

    private void ResolvePermissions()
    {
        var all = new Dictionary<string, Dictionary<string, PermissionPatterns>>(StringComparer.Ordinal);
        foreach (var (name, fields) in Fields(DefinitionKind.Permission))
        {
            var reader = new OctetReader(name);
            string user = reader.Text();
            string virtualHost = reader.Text();
            if (!Users.TryGetValue(user, out var state) || !_hostNames.Contains(virtualHost))
            {
                _orphans.Add((DefinitionKind.Permission, name));
                continue;
            }

            if (!all.TryGetValue(user, out var permissions))
            {
                all.Add(user, permissions = new Dictionary<string, PermissionPatterns>(StringComparer.Ordinal));
            }

            permissions[virtualHost] = PermissionPatterns.Parse(
                Text(fields, "configure") ?? string.Empty, Text(fields, "write") ?? string.Empty, Text(fields, "read") ?? string.Empty);
        }

        foreach (var (user, permissions) in all)
        {
            Users[user] = Users[user] with { Permissions = permissions.ToImmutableDictionary(StringComparer.Ordinal) };
        }
    }

    private void ResolveTopicPermissions()
    {
        foreach (var (name, fields) in Fields(DefinitionKind.TopicPermission))
        {
            var reader = new OctetReader(name);
            string user = reader.Text();
            string virtualHost = reader.Text();
            string exchange = reader.Text();
            if (!Users.TryGetValue(user, out var state) || !_hostNames.Contains(virtualHost))
            {
                _orphans.Add((DefinitionKind.TopicPermission, name));
                continue;
            }

            var patterns = new TopicPatterns(Text(fields, "write") ?? string.Empty, Text(fields, "read") ?? string.Empty, user, virtualHost);
            Users[user] = state.WithTopicPermission(virtualHost, exchange, patterns);
        }
    }

    private void ResolvePolicies()
    {
        foreach (bool isOperator in (ReadOnlySpan<bool>)[false, true])
        {
            var kind = isOperator ? DefinitionKind.OperatorPolicy : DefinitionKind.Policy;
            foreach (var (name, fields) in Fields(kind))
            {
                var reader = new OctetReader(name);
                if (FindVirtualHost(kind, name, ref reader) is { } virtualHost)
                {
                    virtualHost.Policies(isOperator).Add(ReadPolicy(kind, Utf8(reader.Rest()), fields, isOperator));
                }
            }
        }
    }

    private static PolicyRule ReadPolicy(DefinitionKind kind, string name, Dictionary<string, object?> fields, bool isOperator)
    {
        if (!Enum.TryParse(Text(fields, "apply-to"), out PolicyTarget applyTo))
        {
            throw Unreadable(kind);
        }

        try
        {
            return new PolicyRule(
                new Policy
                {
                    Name = name,
                    Pattern = Text(fields, "pattern") ?? string.Empty,
                    ApplyTo = applyTo,
                    Priority = Number(fields, "priority"),
                    Definition = fields.GetValueOrDefault("definition") as IReadOnlyDictionary<string, object?> ?? throw Unreadable(kind),
                },
                isOperator);
        }
        catch (ArgumentException)
        {
            throw Unreadable(kind);
        }
    }

    private IEnumerable<(byte[] Name, Dictionary<string, object?> Fields)> Fields(DefinitionKind kind)
    {
        foreach (var (name, value) in ListOf(kind))
        {
            yield return (name, TableOf(value).ToDictionary());
        }

        Table TableOf(byte[] value) => ReadTable(kind, ReadValue(kind, value).Rest());
    }

    private static string? Text(Dictionary<string, object?> fields, string key) => fields.GetValueOrDefault(key) as string;

    private static string[] Texts(Dictionary<string, object?> fields, string key) =>
        [.. (fields.GetValueOrDefault(key) as IEnumerable<object?> ?? []).OfType<string>()];

    private static int Number(Dictionary<string, object?> fields, string key) => fields.GetValueOrDefault(key) is int number ? number : -1;
}
