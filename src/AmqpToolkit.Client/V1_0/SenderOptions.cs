using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Client.V1_0;

/// <summary>How messages are sent over a link. Immutable.</summary>
public sealed record SenderOptions
{
    /// <summary>The name of the link, unique among those of this container that send; null for one that is made up.</summary>
    public string? Name { get; init; }

    /// <summary>Whether messages are sent settled: nobody says what became of them.</summary>
    public bool IsSettled { get; init; }

    /// <summary>Octets of memory that messages may take which wait for credit here, half a KiB each at least: past them a message is refused, and nothing is sent of it. One always may. 64 MiB by default.</summary>
    public long WaitingBoundOctets
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = 64 * 1024 * 1024;

    /// <summary>Whether the peer is to make a node for this link (1.0 section 3.5.4, dynamic); the address is the peer's to choose then.</summary>
    public bool IsDynamic { get; init; }

    /// <summary>What attach.properties says: null or a map.</summary>
    public EncodedValue Properties { get; init; }
}
