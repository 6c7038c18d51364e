namespace AmqpToolkit.Client.V1_0;

/// <summary>One message of a <see cref="ReceivedRow"/>.</summary>
/// <param name="Sequence">The number of its delivery in the session.</param>
/// <param name="MessageFormat">Its format.</param>
/// <param name="IsSettled">Whether its sender has settled it.</param>
internal record struct ReceivedEntry(ulong Sequence, uint MessageFormat, bool IsSettled)
{
    /// <summary>Its own memory; null where it lies in the row's.</summary>
    public byte[]? Own { get; set; }

    /// <summary>Where it begins.</summary>
    public int Start { get; set; }

    /// <summary>How long it is.</summary>
    public int Octets { get; set; }

    /// <summary>What it holds, in octets: memory of its own counts in full.</summary>
    public readonly int HeldOctets => Own?.Length ?? Octets;

    /// <summary>Whether an outcome was said.</summary>
    public bool IsSaid { get; set; }
}
