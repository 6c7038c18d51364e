using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace AmqpToolkit.Samples.MassTransit;

/// <summary>The service's parts.</summary>
public static class OrderServices
{
    /// <summary>Adds the consumers, and the bus at a broker.</summary>
    public static IServiceCollection AddOrders(this IServiceCollection services, Uri broker) =>
        services.AddMassTransit(bus =>
        {
            bus.AddConsumer<OrderPlacedConsumer>();
            bus.UsingRabbitMq((context, rabbit) =>
            {
                rabbit.Host(broker);
                rabbit.ConfigureEndpoints(context);
            });
        });
}
