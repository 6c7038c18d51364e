using System.Text;
using AmqpToolkit.Broker;
using AmqpToolkit.Broker.Testing;
using AmqpToolkit.Client.V0_9_1;
using AmqpToolkit.Hosting;
using AmqpToolkit.Protocol.Classic;
using AmqpToolkit.Transport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AmqpToolkit.Samples;

/// <summary>What the pages of the packages show and no other sample has.</summary>
internal static class PageSamples
{
    public static async Task RunAsync()
    {
        Protocol();
        await TransportAsync();
        await TestingAsync();
        await FaultsAsync();
        await HostingAsync();
        await StorageAsync(Directory.CreateTempSubdirectory("amqp-toolkit-samples-").FullName);
    }

    private static void Protocol()
    {
        var unsettled = new DeliveryTagWindow<int>();
        ulong tag = unsettled.Add(42);
        Console.WriteLine($"{tag} is outstanding, {unsettled.TryRemove(tag, out int order)}: it was {order}");
        Console.WriteLine(unsettled.TryRemove(tag, out _)); // settled twice: a mistake of the other end's
    }

    private static async Task TransportAsync()
    {
        (TransportConnection near, TransportConnection far) = InMemoryTransport.CreatePair();
        await near.SendAsync([new ArraySegment<byte>("hello"u8.ToArray())]);
        byte[] buffer = new byte[16];
        int octets = await far.ReceiveAsync(buffer);
        Console.WriteLine(Encoding.UTF8.GetString(buffer, 0, octets));

        near.Dispose();
        far.Dispose();
    }

    private static async Task TestingAsync()
    {
        await using AmqpBroker broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [] }); // no socket at all
        await using AmqpConnection connection = await broker.ConnectAsync();
        await using AmqpChannel channel = await connection.OpenChannelAsync();
        await channel.QueueDeclareAsync("orders");
        await channel.PublishAsync("", "orders", "42"u8.ToArray());
        await broker.Queues["orders"].WaitUntilAsync(queue => queue.ReadyCount == 1);
        Console.WriteLine(broker.Queues["orders"].Messages[0].Text);
    }

    private static async Task FaultsAsync()
    {
        var time = new ManualTimeProvider();
        var tap = new ConnectionTap(time, seed: 42); // the clock that delays go by, and what chance begins with
        tap.Faults.At(TrafficPoint.Ack, 3, Fault.Drop);
        tap.Faults.Every(TrafficPoint.Delivery, 10, Fault.Close(320, "CONNECTION_FORCED - by the test"));
        tap.Faults.Sometimes(TrafficPoint.Publish, 0.01, Fault.Delay(TimeSpan.FromSeconds(5)));
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [], TimeProvider = time, WrapTransport = tap.Wrap });
        Console.WriteLine($"{tap.Faults.Applied.Count} faults so far");
    }

    private static async Task HostingAsync()
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Services.AddAmqpBroker(builder.Configuration.GetSection("Broker"));
        builder.Services.AddHealthChecks().AddCheck<AmqpBrokerHealthCheck>("amqp-broker");
        using IHost host = builder.Build();
        await host.StartAsync();
        AmqpBroker broker = host.Services.GetRequiredService<HostedAmqpBroker>().Broker;

        Console.WriteLine(broker.Endpoints[0]);
        await host.StopAsync();
    }

    private static async Task StorageAsync(string folder)
    {
        var options = new AmqpBrokerOptions { DataDirectory = folder, Durability = DurabilityLevel.Fsync };

        await using AmqpBroker broker = await AmqpBroker.StartAsync(options);
        Console.WriteLine($"Kept in {folder}");
    }
}
