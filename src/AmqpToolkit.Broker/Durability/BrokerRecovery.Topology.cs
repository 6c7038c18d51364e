using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker.Durability;

/// <content>Exchanges, queues and bindings.</content>
internal sealed partial class BrokerRecovery
{
    private void BuildExchanges()
    {
        foreach (var (name, value) in ListOf(DefinitionKind.Exchange))
        {
            var nameReader = new OctetReader(name);
            if (FindVirtualHost(DefinitionKind.Exchange, name, ref nameReader) is not { } virtualHost)
            {
                NoteRemoved(value);
                continue;
            }

            var reader = ReadValue(DefinitionKind.Exchange, value);
            uint number = reader.Long();
            byte flags = reader.Octet();
            var type = reader.ShortText();
            var arguments = ReadTable(DefinitionKind.Exchange, reader.Rest());
            bool autoDelete = (flags & BrokerStore.AutoDeleteFlag) != 0;
            bool isInternal = (flags & BrokerStore.InternalFlag) != 0;
            if (reader.IsBroken || virtualHost.RestoreExchange(nameReader.Rest().ToArray(), type, autoDelete, isInternal, arguments, number) is not { } exchange)
            {
                throw Unreadable(DefinitionKind.Exchange);
            }

            _destinations.Add(number, exchange);
            _exchangeCount++;
        }
    }

    private void BuildQueues()
    {
        foreach (var (name, value) in ListOf(DefinitionKind.Queue))
        {
            var nameReader = new OctetReader(name);
            if (FindVirtualHost(DefinitionKind.Queue, name, ref nameReader) is not { } virtualHost)
            {
                NoteRemoved(value);
                continue;
            }

            var reader = ReadValue(DefinitionKind.Queue, value);
            uint number = reader.Long();
            byte flags = reader.Octet();
            var definition = new QueueDefinition
            {
                Name = nameReader.Rest().ToArray(),
                Durable = true,
                AutoDelete = (flags & BrokerStore.AutoDeleteFlag) != 0,
                Arguments = ReadTable(DefinitionKind.Queue, reader.Rest()),
            };
            if (reader.IsBroken)
            {
                throw Unreadable(DefinitionKind.Queue);
            }

            _destinations.Add(number, virtualHost.RestoreQueue(definition, number));
            _queueCount++;
        }
    }

    private void BuildBindings()
    {
        foreach (var (name, value) in ListOf(DefinitionKind.Binding))
        {
            var nameReader = new OctetReader(name);
            if (FindVirtualHost(DefinitionKind.Binding, name, ref nameReader) is not { } virtualHost)
            {
                continue;
            }

            var source = FindDestination(virtualHost, nameReader.Long()) as Exchange;
            var destination = FindDestination(virtualHost, nameReader.Long());
            var key = nameReader.ShortText();
            var arguments = ReadTable(DefinitionKind.Binding, ReadValue(DefinitionKind.Binding, value).Rest());
            if (nameReader.IsBroken)
            {
                throw Unreadable(DefinitionKind.Binding);
            }

            if (source is null || destination is null)
            {
                _orphans.Add((DefinitionKind.Binding, name));
                continue;
            }

            virtualHost.RestoreBinding(source, destination, key, arguments.View);
            _bindingCount++;
        }
    }

    private BindingDestination? FindDestination(VirtualHost virtualHost, uint number) =>
        number < BrokerStore.FirstNumber ? virtualHost.FindPredeclared(number) : _destinations.GetValueOrDefault(number);
}
