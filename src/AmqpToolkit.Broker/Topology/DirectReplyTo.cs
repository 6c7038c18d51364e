namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// Direct reply-to, RabbitMQ's extension: who consumes from the queue <c>amq.rabbitmq.reply-to</c>, which does not exist, gets a queue of its own
/// under a name that nobody can guess. Requests carry that name, and what is published to it through the default exchange is the answer.
/// </summary>
internal static class DirectReplyTo
{
    private const string TokenPrefix = "amq.rabbitmq.reply-to.";

    /// <summary>The name that clients consume from and put into reply-to.</summary>
    public static ReadOnlySpan<byte> QueueName => "amq.rabbitmq.reply-to"u8;

    private static ReadOnlySpan<byte> Prefix => "amq.rabbitmq.reply-to."u8;

    /// <summary>Whether a queue's name is the one that stands for each client's own.</summary>
    public static bool IsQueueName(ReadOnlySpan<byte> name) => name.SequenceEqual(QueueName);

    /// <summary>Whether a queue's name can be that of a client's replies.</summary>
    public static bool IsToken(ReadOnlySpan<byte> name) => name.StartsWith(Prefix);

    public static byte[] CreateToken() => GeneratedName.Create(TokenPrefix);
}
