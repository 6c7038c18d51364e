using System.Buffers.Binary;

namespace AmqpToolkit.Codec.V0_10;

/// <summary>
/// An array as it stands on the wire, read in place: <c>type code, count, then values without codes</c>. Safe over any octets: where they are malformed,
/// enumeration ends as if the array did. <see cref="Validate"/> tells.
/// </summary>
public readonly ref struct PackedArrayView
{
    private readonly ReadOnlySpan<byte> _contents;

    /// <summary>A view of the octets after the length of an array.</summary>
    public PackedArrayView(ReadOnlySpan<byte> contents) => _contents = contents;

    /// <summary>The octets of the array, without its length.</summary>
    public ReadOnlySpan<byte> Span => _contents;

    /// <summary>The code of the type of every element; that of void when nothing is there.</summary>
    public byte ElementCode => _contents.IsEmpty ? TypeCodes.Void : _contents[0];

    /// <summary>How many elements it says to have; never more than it has octets, or 1024 elements without any.</summary>
    public int Count => _contents.Length < PackedLayout.ArrayHeadOctets
        ? 0
        : (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(_contents[1..]), (uint)Math.Max(_contents.Length, PackedLayout.MaxZeroWidthElements));

    /// <summary>Checks code, lengths, count and depth of a whole array in one walk without allocation.</summary>
    public static DecodeError Validate(ReadOnlySpan<byte> contents) => PackedLayout.Validate(TypeCodes.Array, contents);

    /// <summary>Walks over the elements.</summary>
    public Enumerator GetEnumerator() => new(_contents, Count);

    /// <summary>Copies the array.</summary>
    public PackedValue ToOwned() => new(TypeCodes.Array, _contents.ToArray());

    /// <summary>Walks over the elements of an array.</summary>
    public ref struct Enumerator
    {
        private readonly ReadOnlySpan<byte> _contents;
        private int _left;
        private int _at;

        internal Enumerator(ReadOnlySpan<byte> contents, int count)
        {
            _contents = contents;
            _left = count;
            _at = PackedLayout.ArrayHeadOctets;
        }

        /// <summary>The element at hand.</summary>
        public PackedValueView Current { get; private set; }

        /// <summary>Goes to the next element; false at the end, or where the array is malformed.</summary>
        public bool MoveNext()
        {
            if (_left == 0 || PackedLayout.Measure(_contents[0], _contents, _at, out int start, out int length) != DecodeError.None)
            {
                return false;
            }

            Current = new PackedValueView(_contents[0], _contents.Slice(start, length));
            _at = start + length;
            _left--;
            return true;
        }
    }
}
