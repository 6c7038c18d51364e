using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Access;

/// <summary>What one connection takes of the limits of the node, its virtual host and its user (rows 14 and 34). Used by the connection's reader.</summary>
internal sealed class Admission
{
    private readonly AmqpBroker _broker;
    private readonly VirtualHost _virtualHost;
    private readonly UserAccount _account;
    private int _channels;
    private bool _hasLeft;

    private Admission(AmqpBroker broker, VirtualHost virtualHost, UserAccount account)
    {
        _broker = broker;
        _virtualHost = virtualHost;
        _account = account;
    }

    /// <summary>Takes a connection's place, in RabbitMQ's order of refusals; nothing is taken when one refuses.</summary>
    public static ProtocolError? TryEnter(AmqpBroker broker, string virtualHostName, UserAccount account, out VirtualHost? virtualHost, out Admission? admission)
    {
        admission = null;
        virtualHost = null;
        if (!broker.Occupancy.TryAddConnection())
        {
            return ProtocolError.NotAllowed($"connection refused: node connection limit ({broker.Options.ConnectionMax}) is reached");
        }

        virtualHost = broker.FindVirtualHost(virtualHostName);
        if (virtualHost is null)
        {
            broker.Occupancy.RemoveConnection();
            return ProtocolError.NotAllowed($"vhost {virtualHostName} not found");
        }

        if (!virtualHost.TryAddConnection())
        {
            broker.Occupancy.RemoveConnection();
            return ProtocolError.NotAllowed(
                $"access to vhost '{virtualHostName}' refused for user '{account.Name}': connection limit ({virtualHost.Settings.MaxConnections}) is reached");
        }

        if (!account.TryAddConnection())
        {
            broker.Occupancy.RemoveConnection();
            virtualHost.RemoveConnection();
            return ProtocolError.NotAllowed($"connection refused for user '{account.Name}': user connection limit ({account.State?.MaxConnections ?? 0}) is reached");
        }

        admission = new Admission(broker, virtualHost, account);
        return null;
    }

    /// <summary>Takes a channel's place.</summary>
    public ProtocolError? TryAddChannel()
    {
        if (!_broker.Occupancy.TryAddChannel())
        {
            return ProtocolError.NotAllowed(
                $"number of channels opened on node '{AmqpBroker.NodeName}' has reached the maximum allowed limit of ({_broker.Options.ChannelMaxPerNode})");
        }

        if (!_account.TryAddChannel())
        {
            _broker.Occupancy.RemoveChannels(1);
            return ProtocolError.NotAllowed(
                $"number of channels opened for user '{_account.Name}' has reached the maximum allowed user limit of ({_account.State?.MaxChannels ?? 0})");
        }

        _channels++;
        return null;
    }

    /// <summary>Gives a channel's place back.</summary>
    public void RemoveChannel() => RemoveChannels(1);

    /// <summary>Gives everything back; once.</summary>
    public void Leave()
    {
        if (_hasLeft)
        {
            return;
        }

        _hasLeft = true;
        RemoveChannels(_channels);
        _account.RemoveConnection();
        _virtualHost.RemoveConnection();
        _broker.Occupancy.RemoveConnection();
    }

    /// <summary>Gives the places of all channels back.</summary>
    public void RemoveAllChannels() => RemoveChannels(_channels);

    private void RemoveChannels(int count)
    {
        _channels -= count;
        _account.RemoveChannels(count);
        _broker.Occupancy.RemoveChannels(count);
    }
}
