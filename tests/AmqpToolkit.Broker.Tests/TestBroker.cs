using System.Net;

namespace AmqpToolkit.Broker.Tests;

/// <summary>Brokers on a free port of the loopback.</summary>
internal static class TestBroker
{
    public static Task<AmqpBroker> StartAsync(
        TimeProvider? timeProvider = null, long? memoryLimitOctets = null, int outputBoundOctets = 1024 * 1024, BrokerProfile profile = BrokerProfile.V4_2) =>
        AmqpBroker.StartAsync(new AmqpBrokerOptions
        {
            Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)],
            TimeProvider = timeProvider ?? TimeProvider.System,
            MemoryLimitOctets = memoryLimitOctets,
            OutputBoundOctets = outputBoundOctets,
            Profile = profile,
        });
}
