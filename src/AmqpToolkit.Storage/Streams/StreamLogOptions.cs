namespace AmqpToolkit.Storage.Streams;

/// <summary>Sizes and bounds of a stream's log.</summary>
internal sealed record StreamLogOptions
{
    /// <summary>Octets of a segment unless its stream says otherwise. What is written in one go is not cut, so that a segment may have a little more.</summary>
    public const long UsualSegmentOctets = 64 * 1024 * 1024;

    /// <summary>Octets that gather in a row; a longer record gets a block of its own.</summary>
    public int BlockOctets { get; init; } = 64 * 1024;

    /// <summary>Octets of blocks at the end of the log that are kept in memory for who reads there.</summary>
    public int TailOctets { get; init; } = 256 * 1024;
}
