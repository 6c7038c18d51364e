using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace AmqpToolkit.Codec.V0_10;

/// <summary>Ranges of numbers to be written. One range is held without an array. Equality is that of the ranges in their order. <c>default</c> has none.</summary>
public readonly struct SequenceSet : IEquatable<SequenceSet>
{
    private readonly ReadOnlyMemory<SequenceRange> _ranges;
    private readonly SequenceRange _only;
    private readonly bool _isOne;

    /// <summary>One range.</summary>
    public SequenceSet(SequenceRange range) => (_only, _isOne) = (range, true);

    /// <summary>Numbers from the first to the last, both counted.</summary>
    public SequenceSet(uint first, uint last)
        : this(new SequenceRange(first, last))
    {
    }

    /// <summary>Ranges, which are not copied.</summary>
    public SequenceSet(ReadOnlyMemory<SequenceRange> ranges) => _ranges = ranges;

    /// <inheritdoc cref="SequenceSet(ReadOnlyMemory{SequenceRange})"/>
    public SequenceSet(SequenceRange[] ranges) => _ranges = ranges;

    /// <summary>How many ranges there are.</summary>
    public int Count => _isOne ? 1 : _ranges.Length;

    /// <summary>What <see cref="Write"/> writes.</summary>
    public int MaxOctets => Count * SequenceSetView.RangeOctets;

    /// <summary>A range by its index.</summary>
    public SequenceRange this[int index] => _isOne && index == 0 ? _only : _ranges.Span[index];

    /// <summary>Whether both have the same ranges.</summary>
    public static bool operator ==(SequenceSet left, SequenceSet right) => left.Equals(right);

    /// <summary>Whether their ranges differ.</summary>
    public static bool operator !=(SequenceSet left, SequenceSet right) => !left.Equals(right);

    /// <summary>Writes the ranges, without a length.</summary>
    /// <returns>The number of octets written.</returns>
    public int Write(Span<byte> destination)
    {
        for (int i = 0; i < Count; i++)
        {
            SequenceRange range = this[i];
            Span<byte> octets = destination.Slice(i * SequenceSetView.RangeOctets, SequenceSetView.RangeOctets);
            BinaryPrimitives.WriteUInt32BigEndian(octets, range.First);
            BinaryPrimitives.WriteUInt32BigEndian(octets[sizeof(uint)..], range.Last);
        }

        return MaxOctets;
    }

    /// <inheritdoc/>
    public bool Equals(SequenceSet other)
    {
        if (Count != other.Count)
        {
            return false;
        }

        for (int i = 0; i < Count; i++)
        {
            if (this[i] != other[i])
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is SequenceSet other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        for (int i = 0; i < Count; i++)
        {
            hash.Add(this[i]);
        }

        return hash.ToHashCode();
    }
}
