namespace AmqpToolkit.Conformance.Tests;

/// <summary>Changes who may do what in a broker under test. Every call may be repeated.</summary>
internal abstract class AccessControl
{
    /// <summary>Adds a user whose password is its name.</summary>
    public abstract void AddUser(string name, params string[] tags);

    public abstract void DeleteUser(string name);

    public abstract void SetPermissions(string user, string configure, string write, string read, string virtualHost = "/");

    public abstract void ClearPermissions(string user, string virtualHost = "/");

    public abstract void SetTopicPermissions(string user, string exchange, string write, string read, string virtualHost = "/");

    public abstract void ClearTopicPermissions(string user, string virtualHost = "/");

    /// <summary>Limits a user; -1 for any number.</summary>
    public abstract void LimitUser(string name, int maxConnections, int maxChannels);

    public abstract void AddVirtualHost(string name);

    public abstract void DeleteVirtualHost(string name);

    /// <summary>Limits a virtual host; -1 for any number.</summary>
    public abstract void LimitVirtualHost(string name, int maxConnections, int maxQueues);
}
