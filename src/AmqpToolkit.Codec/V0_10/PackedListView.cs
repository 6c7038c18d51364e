namespace AmqpToolkit.Codec.V0_10;

/// <summary>
/// A list as it stands on the wire, read in place: <c>count, then coded values</c>. Safe over any octets: where they are malformed, enumeration ends as if
/// the list did. <see cref="Validate"/> tells.
/// </summary>
public readonly ref struct PackedListView
{
    private readonly ReadOnlySpan<byte> _contents;

    /// <summary>A view of the octets after the length of a list.</summary>
    public PackedListView(ReadOnlySpan<byte> contents) => _contents = contents;

    /// <summary>The octets of the list, without its length.</summary>
    public ReadOnlySpan<byte> Span => _contents;

    /// <summary>How many values it says to have; never more than it has octets.</summary>
    public int Count => PackedLayout.CountOf(_contents);

    /// <summary>Checks codes, lengths, counts and depth of a whole list in one walk without allocation.</summary>
    public static DecodeError Validate(ReadOnlySpan<byte> contents) => PackedLayout.Validate(TypeCodes.List, contents);

    /// <summary>Walks over the values.</summary>
    public Enumerator GetEnumerator() => new(_contents);

    /// <summary>Copies the list.</summary>
    public PackedValue ToOwned() => new(TypeCodes.List, _contents.ToArray());

    /// <summary>Walks over the values of a list.</summary>
    public ref struct Enumerator
    {
        private readonly ReadOnlySpan<byte> _contents;
        private int _left;
        private int _at;

        internal Enumerator(ReadOnlySpan<byte> contents)
        {
            _contents = contents;
            _left = PackedLayout.CountOf(contents);
            _at = PackedLayout.CountOctets;
        }

        /// <summary>The value at hand.</summary>
        public PackedValueView Current { get; private set; }

        /// <summary>Goes to the next value; false at the end, or where the list is malformed.</summary>
        public bool MoveNext()
        {
            if (_left == 0 || _at >= _contents.Length)
            {
                return false;
            }

            byte code = _contents[_at];
            if (PackedLayout.Measure(code, _contents, _at + 1, out int start, out int length) != DecodeError.None)
            {
                return false;
            }

            Current = new PackedValueView(code, _contents.Slice(start, length));
            _at = start + length;
            _left--;
            return true;
        }
    }
}
