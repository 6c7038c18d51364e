using System.Text;
using AmqpToolkit.Client.V0_9_1;

namespace AmqpToolkit.Samples;

/// <summary>Publishes a message and consumes it.</summary>
internal static class ClientSample
{
    public static async Task RunAsync(string url)
    {
        await using AmqpConnection connection = await AmqpConnection.ConnectAsync(url);
        await using AmqpChannel channel = await connection.OpenChannelAsync();
        await channel.QueueDeclareAsync("samples");

        PublishOutcome outcome = await channel.PublishAsync("", "samples", "hello"u8.ToArray());
        Console.WriteLine(outcome.Status); // Confirmed, Nacked, Returned or InDoubt

        await foreach (Delivery delivery in await channel.ConsumeAsync("samples"))
        {
            Console.WriteLine(Encoding.UTF8.GetString(delivery.Body.Span));
            delivery.Ack();
            break;
        }
    }
}
