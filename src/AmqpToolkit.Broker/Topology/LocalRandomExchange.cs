using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// Gives each message to one of its queues by chance, whatever its key (RabbitMQ's x-local-random, since 4.0). Its bindings have no key and lead to classic
/// queues; in a cluster they would have to be on the publisher's node, and here all are.
/// </summary>
internal sealed class LocalRandomExchange(VirtualHost virtualHost, byte[] name, in ExchangeProperties properties) : Exchange(virtualHost, name, properties)
{
    private readonly BindingList _all = new();

    public override ExchangeType Type => ExchangeType.LocalRandom;

    public override bool RoutesByKeyAlone => false;

    public override void Match(ReadOnlySpan<byte> routingKey, scoped in RoutedMessage message, RouteCollector collector)
    {
        if (_all.Pick((ulong)Random.Shared.NextInt64()) is { } binding)
        {
            collector.Add(binding.Destination);
        }
    }

    public override ProtocolError? Validate(ReadOnlySpan<byte> routingKey, TableView arguments) => routingKey.IsEmpty
        ? null
        : ProtocolError.PreconditionFailed($"Non empty binding '{System.Text.Encoding.UTF8.GetString(routingKey)}' key not permitted");

    public override ProtocolError? ValidateDestination(BindingDestination destination)
    {
        if (destination is not MessageQueue queue)
        {
            return ProtocolError.PreconditionFailed("Destination not found");
        }

        QueueTypes type = QueueArguments.TypeOf(queue.Definition.Arguments.View);
        return type == QueueTypes.Classic
            ? null
            : ProtocolError.PreconditionFailed($"Queue type {QueueArguments.ModuleOf(type)} not valid for this exchange type");
    }

    internal override void Attach(Binding binding) => _all.Add(binding);

    internal override void Detach(Binding binding) => _all.Remove(binding);
}
