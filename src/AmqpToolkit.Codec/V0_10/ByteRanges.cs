using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace AmqpToolkit.Codec.V0_10;

/// <summary>Ranges of octets to be written. One range is held without an array. Equality is that of the ranges in their order. <c>default</c> has none.</summary>
public readonly struct ByteRanges : IEquatable<ByteRanges>
{
    private readonly ReadOnlyMemory<ByteRange> _ranges;
    private readonly ByteRange _only;
    private readonly bool _isOne;

    /// <summary>One range.</summary>
    public ByteRanges(ByteRange range) => (_only, _isOne) = (range, true);

    /// <summary>Octets from the first to the last, both counted.</summary>
    public ByteRanges(ulong first, ulong last)
        : this(new ByteRange(first, last))
    {
    }

    /// <summary>Ranges, which are not copied.</summary>
    public ByteRanges(ReadOnlyMemory<ByteRange> ranges) => _ranges = ranges;

    /// <inheritdoc cref="ByteRanges(ReadOnlyMemory{ByteRange})"/>
    public ByteRanges(ByteRange[] ranges) => _ranges = ranges;

    /// <summary>How many ranges there are.</summary>
    public int Count => _isOne ? 1 : _ranges.Length;

    /// <summary>What <see cref="Write"/> writes.</summary>
    public int MaxOctets => Count * ByteRangesView.RangeOctets;

    /// <summary>A range by its index.</summary>
    public ByteRange this[int index] => _isOne && index == 0 ? _only : _ranges.Span[index];

    /// <summary>Whether both have the same ranges.</summary>
    public static bool operator ==(ByteRanges left, ByteRanges right) => left.Equals(right);

    /// <summary>Whether their ranges differ.</summary>
    public static bool operator !=(ByteRanges left, ByteRanges right) => !left.Equals(right);

    /// <summary>Writes the ranges, without a length.</summary>
    /// <returns>The number of octets written.</returns>
    public int Write(Span<byte> destination)
    {
        for (int i = 0; i < Count; i++)
        {
            ByteRange range = this[i];
            Span<byte> octets = destination.Slice(i * ByteRangesView.RangeOctets, ByteRangesView.RangeOctets);
            BinaryPrimitives.WriteUInt64BigEndian(octets, range.First);
            BinaryPrimitives.WriteUInt64BigEndian(octets[sizeof(ulong)..], range.Last);
        }

        return MaxOctets;
    }

    /// <inheritdoc/>
    public bool Equals(ByteRanges other)
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
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is ByteRanges other && Equals(other);

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
