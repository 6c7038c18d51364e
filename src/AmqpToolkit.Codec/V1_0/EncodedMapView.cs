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
        Count = count / 2;
    }

    /// <summary>How many pairs there are; on the wire stands the number of keys and values together (1.6.23).</summary>
    public int Count { get; }

    /// <summary>Looks for the value of a key that is a symbol or a string.</summary>
    public bool TryGetValue(ReadOnlySpan<byte> key, out EncodedValueView value)
    {
        int at = _start;
        for (int remaining = Count; remaining > 0; remaining--)
        {
            int keyAt = at;
            if (AmqpReader.Measure(_contents, keyAt, out int valueAt) != DecodeError.None || AmqpReader.Measure(_contents, valueAt, out at) != DecodeError.None)
            {
                break;
            }

            if (IsText(_contents[keyAt]) && AmqpReader.VariableAt(_contents, keyAt).SequenceEqual(key))
            {
                value = new EncodedValueView(_contents[valueAt..at]);
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>Walks over the pairs.</summary>
    public Enumerator GetEnumerator() => new(new EncodedListView.Enumerator(_contents, _start, 2 * Count));

    private static bool IsText(byte constructor) => constructor is 0xA1 or 0xA3 or 0xB1 or 0xB3;

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
