using System.Collections.Concurrent;

namespace AmqpToolkit.Conformance.Tests;

/// <summary>Users who may do little, made once in each broker that is asked with them. Their passwords are their names.</summary>
internal static class TestUsers
{
    /// <summary>May do everything with what begins with bob-, and nothing else.</summary>
    public const string Bob = "conf-bob";

    /// <summary>May enter, and do nothing: its patterns are empty.</summary>
    public const string Nobody = "conf-nobody";

    /// <summary>May not enter.</summary>
    public const string Stranger = "conf-stranger";

    /// <summary>May do everything, save on amq.topic: there it publishes to keys under its name, and binds one key.</summary>
    public const string Topic = "conf-topic";

    /// <summary>May publish in others' names.</summary>
    public const string Impersonator = "conf-impersonator";

    /// <summary>May have no connection.</summary>
    public const string Limited = "conf-limited";

    /// <summary>May have three channels.</summary>
    public const string ThreeChannels = "conf-three-channels";

    /// <summary>May do everything in <see cref="SmallHost"/>.</summary>
    public const string Small = "conf-small";

    /// <summary>A virtual host that takes no connection.</summary>
    public const string FullHost = "conf-full";

    /// <summary>A virtual host that takes no queue.</summary>
    public const string SmallHost = "conf-small";

    private static readonly ConcurrentDictionary<System.Net.IPEndPoint, Lazy<bool>> Made = new();

    public static string VirtualHostOf(string user) => user == Small ? SmallHost : "/";

    public static void Ensure(BrokerUnderTest broker) => _ = Made.GetOrAdd(broker.Endpoint, _ => new(() => Make(broker.AccessControl))).Value;

    private static bool Make(AccessControl control)
    {
        control.AddVirtualHost(FullHost);
        control.LimitVirtualHost(FullHost, 0, -1);
        control.AddVirtualHost(SmallHost);
        control.LimitVirtualHost(SmallHost, -1, 0);
        foreach (var user in new[] { Bob, Nobody, Stranger, Topic, Limited, ThreeChannels, Small })
        {
            control.AddUser(user);
        }

        control.AddUser(Impersonator, "impersonator");
        control.SetPermissions(Bob, "^bob-", "^bob-", "^bob-");
        control.SetPermissions(Nobody, "", "", "");
        foreach (var user in new[] { Topic, Impersonator, Limited, ThreeChannels })
        {
            control.SetPermissions(user, ".*", ".*", ".*");
        }

        control.SetPermissions(Small, ".*", ".*", ".*", SmallHost);
        control.SetPermissions(Topic, ".*", ".*", ".*", FullHost);
        control.SetTopicPermissions(Topic, "amq.topic", @"^{username}\.", "^{username}.{vhost}$");
        control.LimitUser(Limited, 0, -1);
        control.LimitUser(ThreeChannels, -1, 3);
        return true;
    }
}
