using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Topology;

/// <summary>What routing may look at of a message. Spans over wherever the message lies.</summary>
internal readonly ref struct RoutedMessage
{
    /// <summary>The key that the message was published with.</summary>
    public required ReadOnlySpan<byte> RoutingKey { get; init; }

    /// <summary>The headers property; empty where the exchange depends on the key alone.</summary>
    public TableView Headers { get; init; }

    /// <summary>All properties in wire form, for exchanges that look at others than the headers.</summary>
    public ReadOnlySpan<byte> Properties { get; init; }

    /// <summary>More keys, from the header CC. Elements that are no text do not count.</summary>
    public ArrayView Copies { get; init; }

    /// <summary>More keys, from the header BCC, which nobody gets to see. Elements that are no text do not count.</summary>
    public ArrayView BlindCopies { get; init; }

    public bool HasCopies => !Copies.IsEmpty || !BlindCopies.IsEmpty;
}
