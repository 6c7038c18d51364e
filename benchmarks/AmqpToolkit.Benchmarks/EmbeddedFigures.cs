using System.Diagnostics;
using System.Net;
using AmqpToolkit.Broker;
using AmqpToolkit.Client.V0_9_1;

namespace AmqpToolkit.Benchmarks;

/// <summary>A broker in this process: how long from its start to the first delivery, how long for two hundred one after the other, how much memory a hundred take.</summary>
internal static class EmbeddedFigures
{
    private const int WarmRounds = 50;
    private const int Suite = 200;
    private const int AtOnce = 100;

    public static async Task RunAsync()
    {
        foreach (bool listens in new[] { false, true })
        {
            string how = listens ? "socket   " : "in memory";
            Console.WriteLine($"{how}  the first          {await RoundAsync(listens),8:0.00} ms from the start to the first delivery");
            var times = new List<double>();
            for (int n = 0; n < WarmRounds; n++)
            {
                times.Add(await RoundAsync(listens));
            }

            times.Sort();
            Console.WriteLine($"{how}  {WarmRounds} more, median    {times[WarmRounds / 2],8:0.00} ms, longest {times[^1]:0.00} ms");
            long start = Stopwatch.GetTimestamp();
            for (int n = 0; n < Suite; n++)
            {
                await RoundAsync(listens);
            }

            Console.WriteLine($"{how}  {Suite} in a row       {Stopwatch.GetElapsedTime(start).TotalSeconds,8:0.00} s with start, client, publish, delivery and stop");
        }

        await ManyAsync();
    }

    private static AmqpBrokerOptions Options(bool listens) => new() { Endpoints = listens ? [new IPEndPoint(IPAddress.Loopback, 0)] : [] };

    private static Task<AmqpConnection> ConnectAsync(AmqpBroker broker) => broker.Endpoints is [var endpoint, ..]
        ? AmqpConnection.ConnectAsync(new AmqpConnectionOptions { Host = "127.0.0.1", Port = endpoint.Port })
        : AmqpConnection.ConnectAsync(broker.ConnectInMemory(), new AmqpConnectionOptions());

    /// <summary>Starts a broker, publishes, takes the message, and stops it.</summary>
    /// <returns>Milliseconds from the start to the delivery.</returns>
    private static async Task<double> RoundAsync(bool listens)
    {
        double milliseconds = 0;
        long start = Stopwatch.GetTimestamp();
        await using var broker = await AmqpBroker.StartAsync(Options(listens));
        await using var connection = await ConnectAsync(broker);
        await using var channel = await connection.OpenChannelAsync();
        await channel.QueueDeclareAsync("q");
        await channel.PublishAsync("", "q", new byte[16]);
        await foreach (var delivery in await channel.ConsumeAsync("q"))
        {
            milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            delivery.Ack();
            break;
        }

        return milliseconds;
    }

    /// <summary>A hundred brokers at once, each with a client, a queue and ten messages.</summary>
    private static async Task ManyAsync()
    {
        GC.Collect();
        long before = WorkingSetOctets();
        var brokers = new List<AmqpBroker>();
        var connections = new List<AmqpConnection>();
        for (int n = 0; n < AtOnce; n++)
        {
            brokers.Add(await AmqpBroker.StartAsync(Options(listens: true)));
            connections.Add(await ConnectAsync(brokers[n]));
            var channel = await connections[n].OpenChannelAsync();
            await channel.QueueDeclareAsync("q");
            for (int m = 0; m < 10; m++)
            {
                await channel.PublishAsync("", "q", new byte[100]);
            }
        }

        long after = WorkingSetOctets();
        Console.WriteLine($"{AtOnce} brokers at once     {after / 1e6,8:0} MB in the whole process, {(after - before) / 1e6:0} MB more than before them");
        foreach (var connection in connections)
        {
            await connection.DisposeAsync();
        }

        foreach (var broker in brokers)
        {
            await broker.DisposeAsync();
        }
    }

    private static long WorkingSetOctets()
    {
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }
}
