using System.Text;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Client.V1_0;

/// <summary>Why a connection, a session or a link ended: its first cause. Immutable (1.0 sections 2.4.3, 2.5.2, 2.6.6, 2.8.14).</summary>
public sealed record CloseReason
{
    internal CloseReason(CloseScope scope, CloseInitiator initiator, string condition, string description, bool isOrderly = false, Exception? exception = null)
    {
        Scope = scope;
        Initiator = initiator;
        Condition = condition;
        Description = description;
        IsOrderly = isOrderly;
        Exception = exception;
    }

    /// <summary>What ended first: a link goes with its session, and that with its connection.</summary>
    public CloseScope Scope { get; }

    /// <summary>Who ended it, or refused.</summary>
    public CloseInitiator Initiator { get; }

    /// <summary>Whether the end was asked for, here or by the peer, and nothing failed.</summary>
    public bool IsOrderly { get; }

    /// <summary>The symbol of the error (1.0 section 2.8.15), such as <c>amqp:not-found</c>; empty where there was none: the stream was lost, or the end was asked for.</summary>
    public string Condition { get; }

    /// <summary>What happened, for people.</summary>
    public string Description { get; }

    /// <summary>What the peer says beside (error.info): null or a map, where a redirect has its address, for example.</summary>
    public EncodedValue Info { get; private init; }

    /// <summary>What the transport reported, where it did.</summary>
    public Exception? Exception { get; }

    /// <inheritdoc/>
    public override string ToString()
    {
        string who = Initiator switch
        {
            CloseInitiator.Local => "ended here",
            CloseInitiator.Peer => "ended by the peer",
            _ => "the stream was lost",
        };
        return Condition.Length == 0 ? $"{who}: {Description}" : $"{who}: {Condition} {Description}";
    }

    /// <summary>Asked for by the application.</summary>
    internal static CloseReason Here(CloseScope scope, string description = "closed by the application") => new(scope, CloseInitiator.Local, string.Empty, description, isOrderly: true);

    /// <summary>Asked for by the peer.</summary>
    internal static CloseReason There(CloseScope scope, string description) => new(scope, CloseInitiator.Peer, string.Empty, description, isOrderly: true);

    /// <summary>A mistake of the peer's that was found here, or something that was given up.</summary>
    internal static CloseReason Local(CloseScope scope, string condition, string description) => new(scope, CloseInitiator.Local, condition, description);

    /// <summary>The peer says what went wrong.</summary>
    internal static CloseReason Of(CloseScope scope, in ErrorView error)
    {
        var owned = error.ToOwned();
        return new(scope, CloseInitiator.Peer, Encoding.ASCII.GetString(error.Condition), Encoding.UTF8.GetString(error.Description)) { Info = owned.Info };
    }
}
