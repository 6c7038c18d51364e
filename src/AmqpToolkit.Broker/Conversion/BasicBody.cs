using AmqpToolkit.Broker.Messages;

namespace AmqpToolkit.Broker.Conversion;

/// <summary>The body that a message of 1.0 has for a reader of 0-9-1.</summary>
internal readonly ref struct BasicBody
{
    /// <summary>The body, unless <see cref="Large"/> has it.</summary>
    public ReadOnlySpan<byte> Octets { get; init; }

    /// <summary>What the body lies in, from <see cref="Start"/>.</summary>
    public LargeBody? Large { get; init; }

    /// <summary>Where the body begins in <see cref="Large"/>.</summary>
    public long Start { get; init; }

    /// <summary>How many octets of <see cref="Large"/> it has.</summary>
    public long LargeOctets { get; init; }

    /// <summary>Whether <see cref="Large"/> was made for this answer: the caller releases it.</summary>
    public bool IsNew { get; init; }

    /// <summary>How many octets the body has.</summary>
    public long Count => Large is null ? Octets.Length : LargeOctets;
}
