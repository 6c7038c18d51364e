using System.Text;
using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Durability;

/// <content>
/// Virtual hosts, users, permissions and policies. Their values are field tables behind the version, so that one more key breaks nothing. Users are written under the users'
/// lock, policies and limits under the topology lock.
/// </content>
internal sealed partial class BrokerStore
{
    /// <summary>A virtual host is new, or something else is said of it.</summary>
    public void DefineVirtualHost(VirtualHost virtualHost)
    {
        var settings = virtualHost.Settings;
        var value = DefinitionFields.Value;
        value.Add(DefinitionFields.Version);
        value.AddInt32((int)virtualHost.StoreNumber);
        value.Add(Table.Create(new Dictionary<string, object?>
        {
            ["max-connections"] = settings.MaxConnections,
            ["max-queues"] = settings.MaxQueues,
            ["durability"] = settings.Durability?.ToString(),
            ["default-queue-type"] = settings.DefaultQueueType,
            ["description"] = settings.Description,
            ["tags"] = settings.Tags.ToArray(),
        }).Span);
        Define(DefinitionKind.VirtualHost, Encoding.UTF8.GetBytes(virtualHost.Name), value.Written);
    }

    /// <summary>A virtual host is gone, and what was in it counts no longer; its definitions follow one by one.</summary>
    public void RemoveVirtualHost(VirtualHost virtualHost) => Remove(DefinitionKind.VirtualHost, Encoding.UTF8.GetBytes(virtualHost.Name), RemovedValue(virtualHost.StoreNumber));

    /// <summary>A policy is new or another.</summary>
    public void DefinePolicy(VirtualHost virtualHost, Policy policy, bool isOperator) => DefineTable(
        KindOf(isOperator),
        DefinitionFields.NameIn(virtualHost.StoreNumber, Encoding.UTF8.GetBytes(policy.Name)),
        new Dictionary<string, object?>
        {
            ["pattern"] = policy.Pattern,
            ["apply-to"] = policy.ApplyTo.ToString(),
            ["priority"] = policy.Priority,
            ["definition"] = policy.Definition,
        });

    /// <summary>A policy is gone.</summary>
    public void RemovePolicy(VirtualHost virtualHost, string name, bool isOperator) =>
        Remove(KindOf(isOperator), DefinitionFields.NameIn(virtualHost.StoreNumber, Encoding.UTF8.GetBytes(name)));

    /// <summary>A user is new, has changed, or (<paramref name="now"/> is null) is gone: writes what differs.</summary>
    /// <param name="name">The user.</param>
    /// <param name="before">What was known.</param>
    /// <param name="now">What is known now.</param>
    /// <param name="virtualHost">Where alone permissions may differ; null for anywhere.</param>
    /// <param name="exchange">Of which alone there the topic permission may differ; null for any.</param>
    public void DefineUser(string name, UserState? before, UserState? now, string? virtualHost = null, string? exchange = null)
    {
        if (now is null)
        {
            Remove(DefinitionKind.User, Encoding.UTF8.GetBytes(name));
        }
        else if (before is null || !IsSameUser(before, now))
        {
            DefineTable(DefinitionKind.User, Encoding.UTF8.GetBytes(name), new Dictionary<string, object?>
            {
                ["password_hash"] = now.Password?.Text,
                ["hashing_algorithm"] = now.Password?.Algorithm,
                ["scram"] = now.Scram?.ToSecretTexts() ?? [],
                ["tags"] = now.Tags.ToArray(),
                ["loopback-only"] = now.LoopbackOnly,
                ["max-connections"] = now.MaxConnections,
                ["max-channels"] = now.MaxChannels,
            });
        }

        DefineDifference(
            before?.Permissions, now?.Permissions, DefinitionKind.Permission, virtualHost => DefinitionFields.Names(name, virtualHost),
            static one => new Dictionary<string, object?> { ["configure"] = one.Configure.Text, ["write"] = one.Write.Text, ["read"] = one.Read.Text },
            virtualHost is null ? null : [virtualHost]);
        DefineDifference(
            before?.TopicPermissions, now?.TopicPermissions, DefinitionKind.TopicPermission, key => DefinitionFields.Names(name, key.VirtualHost, key.Exchange),
            static one => new Dictionary<string, object?> { ["write"] = one.Write, ["read"] = one.Read },
            virtualHost is null || exchange is null ? null : [(virtualHost, exchange)]);
    }

    private static DefinitionKind KindOf(bool isOperator) => isOperator ? DefinitionKind.OperatorPolicy : DefinitionKind.Policy;

    private static bool IsSameUser(UserState one, UserState other) =>
        ReferenceEquals(one.Password, other.Password) && ReferenceEquals(one.Scram, other.Scram) && one.Tags.SequenceEqual(other.Tags) && one.LoopbackOnly == other.LoopbackOnly
        && one.MaxConnections == other.MaxConnections && one.MaxChannels == other.MaxChannels;

    private void DefineDifference<TKey, TValue>(
        IReadOnlyDictionary<TKey, TValue>? before, IReadOnlyDictionary<TKey, TValue>? now, DefinitionKind kind, NameOfKey<TKey> nameOf,
        Func<TValue, Dictionary<string, object?>> fieldsOf, TKey[]? mayDiffer)
        where TKey : notnull
        where TValue : class
    {
        if (ReferenceEquals(before, now))
        {
            return;
        }

        foreach (var key in mayDiffer ?? (now?.Keys ?? []).Union(before?.Keys ?? []))
        {
            var old = before?.GetValueOrDefault(key);
            var value = now?.GetValueOrDefault(key);
            if (value is null && old is not null)
            {
                Remove(kind, nameOf(key));
            }
            else if (value is not null && !ReferenceEquals(old, value))
            {
                DefineTable(kind, nameOf(key), fieldsOf(value));
            }
        }
    }

    private void DefineTable(DefinitionKind kind, ReadOnlySpan<byte> name, Dictionary<string, object?> fields)
    {
        var value = DefinitionFields.Value;
        value.Add(DefinitionFields.Version);
        value.Add(Table.Create(fields).Span);
        Define(kind, name, value.Written);
    }

    private delegate ReadOnlySpan<byte> NameOfKey<TKey>(TKey key);
}
