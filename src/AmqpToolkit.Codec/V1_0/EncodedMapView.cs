namespace AmqpToolkit.Codec.V1_0;

/// <summary>The pairs of a map (1.6.23), in their order on the wire, valid as long as the octets are. Walks without allocating.</summary>
public readonly ref struct EncodedMapView
{
    private readonly ReadOnlySpan<byte> _contents;
    private readonly int _start;

    internal EncodedMapView(byte constructor, ReadOnlySpan<byte> contents)
    {
        AmqpReader.ReadCompound(contents, constructor, out _start, out int count);
        _contents = contents;
        Count = count;
    }

    /// <summary>How many keys and values together there are.</summary>
    public int Count { get; }

    /// <summary>Looks for the value of a key that is a symbol or a string.</summary>
    public bool TryGetValue(ReadOnlySpan<byte> key, out EncodedValueView value)
    {
        foreach (EncodedMapEntryView entry in this)
        {
            if ((entry.Key.TryGetSymbol(out ReadOnlySpan<byte> name) || entry.Key.TryGetString(out name)) && name.SequenceEqual(key))
            {
                value = entry.Value;
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>Walks over the pairs.</summary>
    public Enumerator GetEnumerator() => new(new EncodedListView.Enumerator(_contents, _start, Count));

    /// <summary>Walks over pairs.</summary>
    public ref struct Enumerator
    {
        private EncodedListView.Enumerator _values;

        internal Enumerator(EncodedListView.Enumerator values) => _values = values;

        /// <summary>The pair at hand.</summary>
        public EncodedMapEntryView Current { get; private set; }

        /// <summary>Goes to the next pair.</summary>
        public bool MoveNext()
        {
            if (!_values.MoveNext())
            {
                return false;
            }

            EncodedValueView key = _values.Current;
            if (!_values.MoveNext())
            {
                return false;
            }

            Current = new EncodedMapEntryView(key, _values.Current);
            return true;
        }
    }
}
