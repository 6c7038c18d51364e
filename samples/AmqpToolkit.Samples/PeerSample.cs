using AmqpToolkit.Client.V1_0;

namespace AmqpToolkit.Samples;

/// <summary>Sends a message with AMQP 1.0 and receives it. The queue <c>samples</c> is there (the sample <c>client</c> declares it).</summary>
internal static class PeerSample
{
    public static async Task RunAsync(string url)
    {
        await using AmqpConnection connection = await AmqpConnection.ConnectAsync(url);
        await using AmqpSession session = await connection.OpenSessionAsync();

        AmqpSender sender = await session.OpenSenderAsync("/queues/samples");
        DeliveryOutcome outcome = await sender.SendAsync(AmqpMessage.Of("hello"));
        Console.WriteLine(outcome.Kind); // Accepted, Rejected, Released, Modified or InDoubt; None when the receiver said nothing

        await using AmqpReceiver receiver = await session.OpenReceiverAsync("/queues/samples");
        await foreach (AmqpDelivery delivery in receiver)
        {
            Console.WriteLine(delivery.Message.Text);
            delivery.Accept();
            break;
        }
    }
}
