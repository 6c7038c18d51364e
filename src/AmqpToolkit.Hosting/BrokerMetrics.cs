using System.Diagnostics.Metrics;
using AmqpToolkit.Broker;

namespace AmqpToolkit.Hosting;

/// <summary>Sums of a broker (<c>System.Diagnostics.Metrics</c>). They are looked at when somebody collects; nothing is counted otherwise.</summary>
internal sealed class BrokerMetrics
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "AmqpToolkit.Broker";

    private AmqpBroker? _broker;

    public BrokerMetrics(IMeterFactory? factory)
    {
        var meter = factory?.Create(MeterName) ?? new Meter(MeterName);
        meter.CreateObservableUpDownCounter("amqp.broker.connections", () => Measure(static host => host.ConnectionCount), "{connection}", "Connections that are open.");
        meter.CreateObservableUpDownCounter("amqp.broker.queues", () => Measure(static host => host.QueueCount), "{queue}", "Queues.");
        meter.CreateObservableUpDownCounter("amqp.broker.consumers", () => Measure(static host => host.Queues.Sum(static queue => queue.ConsumerCount)), "{consumer}", "Consumers.");
        meter.CreateObservableUpDownCounter("amqp.broker.messages.ready", () => Measure(static host => host.Queues.Sum(static queue => queue.ReadyCount)), "{message}", "Messages that wait to be delivered.");
        meter.CreateObservableUpDownCounter("amqp.broker.messages.unacknowledged", () => Measure(static host => host.Queues.Sum(static queue => queue.UnackedCount)), "{message}", "Messages that were delivered and are not settled.");
    }

    /// <summary>Shows this broker from now on, or none.</summary>
    public void Observe(AmqpBroker? broker) => Volatile.Write(ref _broker, broker);

    private IEnumerable<Measurement<long>> Measure(Func<BrokerVirtualHost, long> value)
    {
        if (Volatile.Read(ref _broker) is not { } broker)
        {
            return [];
        }

        var measurements = new List<Measurement<long>>();
        foreach (string name in broker.VirtualHosts.Names)
        {
            if (broker.VirtualHosts.Find(name) is { } virtualHost)
            {
                measurements.Add(new Measurement<long>(value(virtualHost), new KeyValuePair<string, object?>("amqp.virtual_host", name)));
            }
        }

        return measurements;
    }
}
