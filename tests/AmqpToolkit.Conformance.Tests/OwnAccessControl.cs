using AmqpToolkit.Broker;

namespace AmqpToolkit.Conformance.Tests;

/// <summary>Our broker's, by the library.</summary>
internal sealed class OwnAccessControl(AmqpBroker broker) : AccessControl
{
    public override void AddUser(string name, params string[] tags) => broker.Users.Set(new BrokerUser { Name = name, Password = name, Tags = tags });

    public override void DeleteUser(string name) => broker.Users.Delete(name);

    public override void SetPermissions(string user, string configure, string write, string read, string virtualHost = "/") =>
        broker.Users.SetPermission(user, new UserPermission(virtualHost, configure, write, read));

    public override void ClearPermissions(string user, string virtualHost = "/") => broker.Users.ClearPermission(user, virtualHost);

    public override void SetTopicPermissions(string user, string exchange, string write, string read, string virtualHost = "/") =>
        broker.Users.SetTopicPermission(user, new UserTopicPermission(virtualHost, exchange, write, read));

    public override void ClearTopicPermissions(string user, string virtualHost = "/") => broker.Users.ClearTopicPermissions(user, virtualHost);

    public override void LimitUser(string name, int maxConnections, int maxChannels) => broker.Users.SetLimits(name, Limit(maxConnections), Limit(maxChannels));

    public override void AddVirtualHost(string name) => broker.VirtualHosts.Create(name);

    public override void DeleteVirtualHost(string name) => broker.VirtualHosts.Delete(name);

    public override void LimitVirtualHost(string name, int maxConnections, int maxQueues)
    {
        var virtualHost = broker.VirtualHosts.Find(name)!;
        virtualHost.MaxConnections = Limit(maxConnections);
        virtualHost.MaxQueues = Limit(maxQueues);
    }

    private static int? Limit(int value) => value < 0 ? null : value;
}
