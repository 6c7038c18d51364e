using System.Diagnostics.CodeAnalysis;

namespace AmqpToolkit.Codec.V0_10;

/// <summary>Ranges of numbers to be written. One range is held without an array. Equality is that of the ranges in their order. <c>default</c> has none.</summary>
public readonly struct SequenceSet : IEquatable<SequenceSet>
{
    private readonly RangeList<SequenceRange> _ranges;

    /// <summary>One range.</summary>
    public SequenceSet(SequenceRange range) => _ranges = new RangeList<SequenceRange>(range);

    /// <summary>Numbers from the first to the last, both counted.</summary>
    public SequenceSet(uint first, uint last)
        : this(new SequenceRange(first, last))
    {
    }

    /// <summary>Ranges, which are not copied.</summary>
    public SequenceSet(ReadOnlyMemory<SequenceRange> ranges) => _ranges = new RangeList<SequenceRange>(ranges);

    /// <inheritdoc cref="SequenceSet(ReadOnlyMemory{SequenceRange})"/>
    public SequenceSet(SequenceRange[] ranges) => _ranges = new RangeList<SequenceRange>(ranges.AsMemory());

    internal SequenceSet(RangeList<SequenceRange> ranges) => _ranges = ranges;

    /// <summary>How many ranges there are.</summary>
    public int Count => _ranges.Count;

    /// <summary>What <see cref="Write"/> writes.</summary>
    public int MaxOctets => _ranges.MaxOctets;

    /// <summary>A range by its index.</summary>
    public SequenceRange this[int index] => _ranges[index];

    /// <summary>Whether both have the same ranges.</summary>
    public static bool operator ==(SequenceSet left, SequenceSet right) => left.Equals(right);

    /// <summary>Whether their ranges differ.</summary>
    public static bool operator !=(SequenceSet left, SequenceSet right) => !left.Equals(right);

    /// <summary>Writes the ranges, without a length.</summary>
    /// <returns>The number of octets written.</returns>
    public int Write(Span<byte> destination) => _ranges.Write(destination);

    /// <inheritdoc/>
    public bool Equals(SequenceSet other) => _ranges.Equals(other._ranges);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is SequenceSet other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _ranges.GetHashCode();
}
