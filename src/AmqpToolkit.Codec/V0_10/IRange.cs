namespace AmqpToolkit.Codec.V0_10;

/// <summary>A first and a last one of something, as they stand in a list of ranges.</summary>
/// <typeparam name="TSelf">The range itself.</typeparam>
internal interface IRange<TSelf>
    where TSelf : struct, IRange<TSelf>
{
    /// <summary>Octets of a range.</summary>
    static abstract int Octets { get; }

    /// <summary>Whether the last one does not come before the first one.</summary>
    bool IsOrdered { get; }

    /// <summary>Reads a range.</summary>
    static abstract TSelf Read(ReadOnlySpan<byte> octets);

    /// <summary>Writes the range.</summary>
    void Write(Span<byte> octets);
}
