using AmqpToolkit.Broker.Queues;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>
/// A queue through which a receiver reads an exchange. It goes with its link; one whose source is durable and never expires stays when the link is detached, and goes when it is
/// closed: container and link name find it again.
/// </summary>
/// <param name="Queue">The queue.</param>
/// <param name="IsDurable">Whether it outlives its link.</param>
internal sealed record Subscription(MessageQueue Queue, bool IsDurable)
{
    /// <summary>The name of the queue of a durable subscription.</summary>
    public static string NameOf(string container, string link) => $"subscription.{container}.{link}";

    /// <summary>Whether the attach at hand has made it.</summary>
    public bool IsNew { get; init; }

    /// <summary>The attach is refused: what was there before it stays.</summary>
    public void DeleteIfNew(PeerConnection connection)
    {
        if (IsNew)
        {
            Delete(connection);
        }
    }

    /// <summary>Ends it.</summary>
    public void Delete(PeerConnection connection)
    {
        if (connection.VirtualHost.DeleteQueue(Queue.Name, ifUnused: false, ifEmpty: false, connection, out _, out var deleted) is null)
        {
            deleted?.FinishClose(connection.Turn);
        }
    }
}
