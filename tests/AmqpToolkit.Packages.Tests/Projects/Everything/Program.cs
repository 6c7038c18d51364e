using AmqpToolkit.Broker;
using AmqpToolkit.Broker.Testing;
using AmqpToolkit.Client.V0_9_1;
using AmqpToolkit.Hosting;
using AmqpToolkit.Protocol.Classic;
using AmqpToolkit.Transport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

string folder = Directory.CreateDirectory("data").FullName;
HostApplicationBuilder builder = Host.CreateApplicationBuilder();
builder.Logging.ClearProviders();
builder.Services.AddAmqpBroker(_ => new AmqpBrokerOptions { Endpoints = [], DataDirectory = folder });
using IHost host = builder.Build();
await host.StartAsync();

AmqpBroker broker = host.Services.GetRequiredService<HostedAmqpBroker>().Broker;
using (TransportConnection stream = broker.ConnectInMemory())
{
    Console.WriteLine($"in memory: {stream.IsInMemory}");
}

await using (AmqpConnection connection = await broker.ConnectAsync())
{
    await using AmqpChannel channel = await connection.OpenChannelAsync();
    await channel.QueueDeclareAsync("orders");
    Console.WriteLine((await channel.PublishAsync("", "orders", "42"u8.ToArray())).Status);
}

Console.WriteLine(broker.Queues["orders"].Messages[0].Text);
Console.WriteLine(new DeliveryTagWindow<int>().Add(7));
await host.StopAsync();
