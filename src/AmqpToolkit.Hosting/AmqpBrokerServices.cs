using System.Diagnostics.Metrics;
using AmqpToolkit.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>A broker as a service of the host: it starts before the services that are added after it, and stops after them.</summary>
public static class AmqpBrokerServices
{
    /// <summary>Adds a broker whose options the container makes. Ask for <see cref="HostedAmqpBroker"/> to get at it.</summary>
    /// <param name="services">The services; one broker has room in them.</param>
    /// <param name="options">Its options, asked for when the host starts.</param>
    public static IServiceCollection AddAmqpBroker(this IServiceCollection services, Func<IServiceProvider, AmqpToolkit.Broker.AmqpBrokerOptions> options)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);
        if (services.Any(static service => service.ServiceType == typeof(HostedAmqpBroker)))
        {
            throw new InvalidOperationException("The services have a broker already.");
        }

        services.AddSingleton(provider => new HostedAmqpBroker(() => options(provider), new BrokerMetrics(provider.GetService<IMeterFactory>())));
        services.AddSingleton<IHostedService>(static provider => provider.GetRequiredService<HostedAmqpBroker>());
        return services;
    }

    /// <summary>Adds a broker with the settings of a section of the configuration; it logs to the host's log, and has the host's <see cref="TimeProvider"/> if there is one.</summary>
    /// <param name="services">The services; one broker has room in them.</param>
    /// <param name="section">
    /// The section: <c>Endpoints</c> (a list of address:port; an empty one for none), <c>DataDirectory</c>, <c>Durability</c>, <c>Profile</c>, <c>HeartbeatSeconds</c>, <c>ConsumerTimeout</c>, <c>MaxMessageOctets</c>,
    /// <c>MemoryLimitOctets</c>, <c>ConnectionMax</c>, <c>QueueMax</c>, <c>VirtualHosts</c> (a list), <c>Users</c> (a list of Name, Password, Tags, LoopbackOnly), <c>AutoCreateNodes</c>. What is left out has the
    /// default of <see cref="AmqpToolkit.Broker.AmqpBrokerOptions"/>; a key that is unknown, or a value that cannot be read, fails the start.
    /// </param>
    public static IServiceCollection AddAmqpBroker(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return services.AddAmqpBroker(provider => BrokerSection.Read(section, provider.GetService<ILoggerFactory>(), provider.GetService<TimeProvider>()));
    }
}
