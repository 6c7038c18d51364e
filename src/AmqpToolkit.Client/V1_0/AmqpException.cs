namespace AmqpToolkit.Client.V1_0;

/// <summary>A connection, session or link ended before, or instead of, what was asked for.</summary>
public sealed class AmqpException : Exception
{
    internal AmqpException(string what, string condition, string description, Exception? innerException = null)
        : base(condition.Length == 0 ? $"{what}: {description}" : $"{what}: {condition} {description}", innerException)
    {
        Condition = condition;
        Description = description;
    }

    /// <summary>The same in other words.</summary>
    internal AmqpException(string message, AmqpException first)
        : base(message, first)
    {
        Condition = first.Condition;
        Description = first.Description;
        Initiator = first.Initiator;
        IsOrderly = first.IsOrderly;
    }

    /// <summary>The same for another who waited: each throws one of his own.</summary>
    internal AmqpException(Exception first)
        : base(first.Message, first)
    {
        var known = first as AmqpException;
        Condition = known?.Condition ?? string.Empty;
        Description = known?.Description ?? first.Message;
        Initiator = known?.Initiator ?? CloseInitiator.Local;
        IsOrderly = known?.IsOrderly ?? false;
    }

    /// <summary>Who ended it, or refused.</summary>
    public CloseInitiator Initiator { get; internal init; }

    /// <summary>Whether the end was asked for, here or by the peer, and nothing failed.</summary>
    public bool IsOrderly { get; internal init; }

    /// <summary>The symbol of the error (1.0 section 2.8.15), such as <c>amqp:not-found</c>; empty where there was none: the stream was lost, or the end was asked for.</summary>
    public string Condition { get; }

    /// <summary>What happened, for people.</summary>
    public string Description { get; }
}
