namespace AmqpToolkit.Codec;

/// <summary>
/// A field array as it stands on the wire, read in place: tagged values one after the other, without a count. Safe over any octets: where the array is
/// malformed, enumeration ends. <see cref="Validate"/> tells.
/// </summary>
public readonly ref struct ArrayView
{
    private readonly ReadOnlySpan<byte> _wire;

    /// <summary>A view of the octets after the length of an array.</summary>
    public ArrayView(ReadOnlySpan<byte> wire) => _wire = wire;

    /// <summary>The octets of the array, without its length.</summary>
    public ReadOnlySpan<byte> Span => _wire;

    /// <summary>Whether the array has no element.</summary>
    public bool IsEmpty => _wire.IsEmpty;

    /// <summary>Checks tags, lengths and depth of a whole array, as <see cref="TableView.Validate"/> does for a table.</summary>
    public static DecodeError Validate(ReadOnlySpan<byte> wire) => FieldLayout.Validate(wire, isArray: true, depth: 1);

    /// <summary>Enumerates the elements.</summary>
    public Enumerator GetEnumerator() => new(_wire);

    /// <summary>The elements as objects, see <see cref="FieldValueView.ToObject()"/>.</summary>
    public object?[] ToArray() => ToArray(depth: 1);

    internal object?[] ToArray(int depth)
    {
        if (depth > TableView.MaxDepth)
        {
            return [];
        }

        var elements = new List<object?>();
        foreach (FieldValueView element in this)
        {
            elements.Add(element.ToObject(depth));
        }

        return [.. elements];
    }

    /// <summary>Walks the elements of an array.</summary>
    public ref struct Enumerator
    {
        private readonly ReadOnlySpan<byte> _wire;
        private int _tagAt;
        private int _start;
        private int _end;

        internal Enumerator(ReadOnlySpan<byte> wire) => _wire = wire;

        /// <summary>The current element.</summary>
        public readonly FieldValueView Current => new(_wire[_tagAt], _wire[_start.._end]);

        /// <summary>Goes to the next element; false at the end, or where the array is malformed.</summary>
        public bool MoveNext()
        {
            int tagAt = _end;
            if (tagAt >= _wire.Length || FieldLayout.Measure(_wire, tagAt, out int start, out int length) != DecodeError.None)
            {
                return false;
            }

            _tagAt = tagAt;
            _start = start;
            _end = start + length;
            return true;
        }
    }
}
