using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Channels;

/// <summary>Class exchange (0-9-1 section 1.3), with RabbitMQ's bind and unbind.</summary>
internal static class ExchangeMethods
{
    public static ProtocolError? HandleDeclare(BrokerChannel channel, in ExchangeDeclareView method)
    {
        var error = channel.VirtualHost.DeclareExchange(
            method.Exchange, method.Type, method.Passive, method.Durable, method.AutoDelete, method.Internal, method.Arguments, channel.Caller);
        if (error is null && !method.NoWait)
        {
            channel.SendDefined(default(ExchangeDeclareOk));
        }

        return error;
    }

    public static ProtocolError? HandleDelete(BrokerChannel channel, in ExchangeDeleteView method)
    {
        var error = channel.VirtualHost.DeleteExchange(method.Exchange, method.IfUnused, channel.Caller);
        if (error is null && !method.NoWait)
        {
            channel.SendDefined(default(ExchangeDeleteOk));
        }

        return error;
    }

    public static ProtocolError? HandleBind(BrokerChannel channel, in ExchangeBindView method)
    {
        var error = channel.VirtualHost.BindExchange(method.Destination, method.Source, method.RoutingKey, method.Arguments, channel.Caller);
        if (error is null && !method.NoWait)
        {
            channel.SendDefined(default(ExchangeBindOk));
        }

        return error;
    }

    public static ProtocolError? HandleUnbind(BrokerChannel channel, in ExchangeUnbindView method)
    {
        var error = channel.VirtualHost.UnbindExchange(method.Destination, method.Source, method.RoutingKey, method.Arguments, channel.Caller);
        if (error is null && !method.NoWait)
        {
            channel.SendDefined(default(ExchangeUnbindOk));
        }

        return error;
    }
}
