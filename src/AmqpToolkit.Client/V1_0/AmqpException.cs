namespace AmqpToolkit.Client.V1_0;

/// <summary>A connection, session or link ended before, or instead of, what was asked for. <see cref="Reason"/> is its first cause. Whoever waits gets one of his own.</summary>
public sealed class AmqpException : Exception
{
    internal AmqpException(string what, CloseReason reason)
        : base($"{what}: {reason}", reason.Exception) => Reason = reason;

    /// <summary>Why.</summary>
    public CloseReason Reason { get; }

    /// <summary>The symbol of the error, such as <c>amqp:not-found</c>; empty where there was none.</summary>
    public string Condition => Reason.Condition;

    /// <summary>What happened, for people.</summary>
    public string Description => Reason.Description;
}
