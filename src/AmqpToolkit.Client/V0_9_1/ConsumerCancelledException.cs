namespace AmqpToolkit.Client.V0_9_1;

/// <summary>The server cancelled a consumer, as it does when the queue is deleted; the channel goes on (basic.cancel from the server).</summary>
public sealed class ConsumerCancelledException : AmqpException
{
    internal ConsumerCancelledException(string consumerTag, CloseReason reason)
        : base($"Consumer '{consumerTag}' has ended", reason) => ConsumerTag = consumerTag;

    /// <summary>Which consumer.</summary>
    public string ConsumerTag { get; }
}
