using AmqpToolkit.Decode.Values;

namespace AmqpToolkit.Decode.Output;

/// <summary>One frame, decoded.</summary>
internal sealed class DecodedFrame
{
    /// <summary>What sort of frame it is: method, header, body, control, command, performative, sasl, protocol-header, heartbeat.</summary>
    public required string Kind { get; init; }

    /// <summary>Its name in the definition.</summary>
    public required string Name { get; init; }

    /// <summary>Its channel; null for what has none.</summary>
    public int? Channel { get; init; }

    /// <summary>Octets of the whole frame.</summary>
    public required int Octets { get; init; }

    /// <summary>Its fields, as far as they could be decoded.</summary>
    public IReadOnlyList<DecodedField> Fields { get; init; } = [];

    /// <summary>What is wrong with it.</summary>
    public Problem? Problem { get; init; }
}
