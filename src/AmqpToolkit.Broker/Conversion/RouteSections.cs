using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Conversion;

/// <summary>Routes a message of 1.0 through exchanges that look into messages: they see it as one of 0-9-1, and its annotation x-cc names more keys.</summary>
internal static class RouteSections
{
    /// <summary>Adds the queues of a message to the collector.</summary>
    public static void Route(VirtualHost virtualHost, Exchange exchange, in MessageContent message, RouteCollector collector)
    {
        var properties = ShownProperties.Of(in message);
        var headers = ShownProperties.HeadersOf(properties);
        scoped ArrayView copies = default;
        if (headers.TryGetValue("CC"u8, out var value))
        {
            value.TryGetArray(out copies);
        }

        virtualHost.Route(exchange, new RoutedMessage { RoutingKey = message.RoutingKey, Headers = headers, Properties = properties, Copies = copies }, collector);
    }
}
