using System.Net;
using AmqpToolkit.Broker;

namespace AmqpToolkit.Samples;

/// <summary>A broker inside this process, on a port that is free, and a client of it.</summary>
internal static class EmbeddedSample
{
    public static async Task RunAsync()
    {
        var options = new AmqpBrokerOptions { Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)] }; // 0: a free port
        await using AmqpBroker broker = await AmqpBroker.StartAsync(options);
        string url = $"amqp://guest:guest@{broker.Endpoints[0]}/";
        Console.WriteLine($"A broker of my own at {url}");

        await ClientSample.RunAsync(url);
    }
}
