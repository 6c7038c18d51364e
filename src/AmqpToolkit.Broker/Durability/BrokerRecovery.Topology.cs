using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker.Durability;

/// <content>Makes what the journal declares.</content>
internal sealed partial class BrokerRecovery
{
    private void Build()
    {
        _stored.Resolve();
        foreach (var host in _stored.VirtualHosts)
        {
            var virtualHost = broker.VirtualHosts.Restore(host.Name, host.Number).Topology;
            virtualHost.RestoreSettings(host.Settings);
            if (host.IsMadeAgain)
            {
                _madeAgain.Add(virtualHost);
                VisitDamage(host.Loss());
            }
        }

        foreach (var (name, state) in _stored.Users)
        {
            broker.Users.Restore(name, state with { Scram = state.Scram ?? broker.Users.ScramOfHash(name, state.Password) });
        }

        foreach (var host in _stored.VirtualHosts)
        {
            Fill(broker.VirtualHosts.Find(host.Name)!.Topology, host);
        }

        _stored.Forget();
    }

    /// <summary>Policies first: what is made later looks for its own.</summary>
    private void Fill(VirtualHost virtualHost, StoredVirtualHost host)
    {
        foreach (bool isOperator in (ReadOnlySpan<bool>)[false, true])
        {
            host.Policies(isOperator).ForEach(rule => virtualHost.SetPolicy(rule, isOperator));
        }

        foreach (var (number, name, type, properties) in host.Exchanges)
        {
            _destinations.Add(number, virtualHost.RestoreExchange(name, type, properties, number) ?? throw StoredDefinitions.Unreadable(DefinitionKind.Exchange));
            _exchangeCount++;
        }

        foreach (var (number, definition) in host.Queues)
        {
            _destinations.Add(number, virtualHost.RestoreQueue(definition, number));
            _queueCount++;
        }

        foreach (var (source, destination, key, arguments) in host.Bindings)
        {
            virtualHost.RestoreBinding((Exchange)FindDestination(virtualHost, source), FindDestination(virtualHost, destination), key, arguments.View);
            _bindingCount++;
        }
    }

    private BindingDestination FindDestination(VirtualHost virtualHost, uint number) => number < BrokerStore.FirstNumber ? virtualHost.FindPredeclared(number)! : _destinations[number];
}
