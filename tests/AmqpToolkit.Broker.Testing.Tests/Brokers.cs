using System.Net;
using AmqpToolkit.Client.V0_9_1;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Broker.Testing.Tests;

/// <summary>Brokers of a test.</summary>
internal static class Brokers
{
    /// <summary>One without a socket.</summary>
    public static Task<AmqpBroker> InMemoryAsync(TimeProvider? time = null, Func<TransportConnection, TransportConnection>? wrap = null, TimeSpan? consumerTimeout = null) =>
        AmqpBroker.StartAsync(new AmqpBrokerOptions
        {
            Endpoints = [],
            TimeProvider = time ?? TimeProvider.System,
            WrapTransport = wrap,
            ConsumerTimeout = consumerTimeout ?? TimeSpan.FromMinutes(30),
        });

    /// <summary>One on a free port.</summary>
    public static Task<AmqpBroker> ListeningAsync(Func<TransportConnection, TransportConnection>? wrap = null) =>
        AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)], WrapTransport = wrap });

    /// <summary>Publishes to a queue, and waits until the broker has it.</summary>
    public static async Task<PublishOutcome> SendAsync(this AmqpChannel channel, string queue, string text) =>
        await channel.PublishAsync("", queue, System.Text.Encoding.UTF8.GetBytes(text)).WithPatience();

    /// <summary>Declares a queue.</summary>
    public static Task DeclareAsync(this AmqpChannel channel, string queue, params (string Key, int Value)[] arguments)
    {
        var table = new Codec.TableBuilder();
        foreach (var (key, value) in arguments)
        {
            table.Add(key, value);
        }

        return channel.QueueDeclareAsync(new Codec.V0_9_1.QueueDeclare { Queue = queue, Arguments = table.ToTable() }).WithPatience();
    }
}
