namespace AmqpToolkit.Codec.V0_10;

/// <summary>
/// A map as it stands on the wire, read in place: <c>count, then keys with coded values</c>. Safe over any octets: where they are malformed, enumeration and
/// lookup end as if the map did. <see cref="Validate"/> tells.
/// </summary>
public readonly ref struct PackedMapView
{
    private readonly ReadOnlySpan<byte> _contents;

    /// <summary>A view of the octets after the length of a map.</summary>
    public PackedMapView(ReadOnlySpan<byte> contents) => _contents = contents;

    /// <summary>The octets of the map, without its length.</summary>
    public ReadOnlySpan<byte> Span => _contents;

    /// <summary>How many entries it says to have; never more than it has octets.</summary>
    public int Count => PackedLayout.CountOf(_contents);

    /// <summary>Checks codes, lengths, counts and depth of a whole map in one walk without allocation. Keys and strings may hold any octets.</summary>
    public static DecodeError Validate(ReadOnlySpan<byte> contents) => PackedLayout.Validate(TypeCodes.Map, contents);

    /// <summary>Finds the first entry with the key, compared octet by octet.</summary>
    public bool TryGetValue(ReadOnlySpan<byte> utf8Key, out PackedValueView value)
    {
        foreach (PackedEntryView entry in this)
        {
            if (entry.Key.SequenceEqual(utf8Key))
            {
                value = entry.Value;
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>Walks over the entries in their order on the wire.</summary>
    public Enumerator GetEnumerator() => new(_contents);

    /// <summary>Copies the map.</summary>
    public PackedValue ToOwned() => new(TypeCodes.Map, _contents.ToArray());

    /// <summary>Walks over the entries of a map.</summary>
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

        /// <summary>The entry at hand.</summary>
        public PackedEntryView Current { get; private set; }

        /// <summary>Goes to the next entry; false at the end, or where the map is malformed.</summary>
        public bool MoveNext()
        {
            if (_left == 0 || _at >= _contents.Length)
            {
                return false;
            }

            int keyAt = _at + 1;
            int codeAt = keyAt + _contents[_at];
            if (codeAt >= _contents.Length
                || PackedLayout.Measure(_contents[codeAt], _contents, codeAt + 1, out int start, out int length) != DecodeError.None)
            {
                return false;
            }

            Current = new PackedEntryView(_contents[keyAt..codeAt], new PackedValueView(_contents[codeAt], _contents.Slice(start, length)));
            _at = start + length;
            _left--;
            return true;
        }
    }
}
