using System.Diagnostics.CodeAnalysis;

namespace AmqpToolkit.Codec.V0_10;

/// <summary>Ranges of octets to be written. One range is held without an array. Equality is that of the ranges in their order. <c>default</c> has none.</summary>
public readonly struct ByteRanges : IEquatable<ByteRanges>
{
    private readonly RangeList<ByteRange> _ranges;

    /// <summary>One range.</summary>
    public ByteRanges(ByteRange range) => _ranges = new RangeList<ByteRange>(range);

    /// <summary>Octets from the first to the last, both counted.</summary>
    public ByteRanges(ulong first, ulong last)
        : this(new ByteRange(first, last))
    {
    }

    /// <summary>Ranges, which are not copied.</summary>
    public ByteRanges(ReadOnlyMemory<ByteRange> ranges) => _ranges = new RangeList<ByteRange>(ranges);

    /// <inheritdoc cref="ByteRanges(ReadOnlyMemory{ByteRange})"/>
    public ByteRanges(ByteRange[] ranges) => _ranges = new RangeList<ByteRange>(ranges.AsMemory());

    internal ByteRanges(RangeList<ByteRange> ranges) => _ranges = ranges;

    /// <summary>How many ranges there are.</summary>
    public int Count => _ranges.Count;

    /// <summary>What <see cref="Write"/> writes.</summary>
    public int MaxOctets => _ranges.MaxOctets;

    /// <summary>A range by its index.</summary>
    public ByteRange this[int index] => _ranges[index];

    /// <summary>Whether both have the same ranges.</summary>
    public static bool operator ==(ByteRanges left, ByteRanges right) => left.Equals(right);

    /// <summary>Whether their ranges differ.</summary>
    public static bool operator !=(ByteRanges left, ByteRanges right) => !left.Equals(right);

    /// <summary>Writes the ranges, without a length.</summary>
    /// <returns>The number of octets written.</returns>
    public int Write(Span<byte> destination) => _ranges.Write(destination);

    /// <inheritdoc/>
    public bool Equals(ByteRanges other) => _ranges.Equals(other._ranges);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is ByteRanges other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _ranges.GetHashCode();
}
