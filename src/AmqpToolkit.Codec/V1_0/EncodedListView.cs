namespace AmqpToolkit.Codec.V1_0;

/// <summary>The values of a list (1.6.22), valid as long as the octets are. Walks without allocating.</summary>
public readonly ref struct EncodedListView
{
    private readonly ReadOnlySpan<byte> _contents;
    private readonly int _start;

    internal EncodedListView(byte constructor, ReadOnlySpan<byte> contents)
    {
        AmqpReader.ReadCompound(contents, constructor, out _start, out int count);
        _contents = contents;
        Count = count;
    }

    /// <summary>How many values there are.</summary>
    public int Count { get; }

    /// <summary>Walks over the values.</summary>
    public Enumerator GetEnumerator() => new(_contents, _start, Count);

    /// <summary>Walks over values that stand one after the other.</summary>
    public ref struct Enumerator
    {
        private readonly ReadOnlySpan<byte> _contents;
        private int _at;
        private int _remaining;

        internal Enumerator(ReadOnlySpan<byte> contents, int at, int count)
        {
            _contents = contents;
            _at = at;
            _remaining = count;
        }

        /// <summary>The value at hand.</summary>
        public EncodedValueView Current { get; private set; }

        /// <summary>Goes to the next value.</summary>
        public bool MoveNext()
        {
            if (_remaining <= 0 || AmqpReader.Measure(_contents, _at, out int end) != DecodeError.None)
            {
                return false;
            }

            Current = new EncodedValueView(_contents[_at..end]);
            _at = end;
            _remaining--;
            return true;
        }
    }
}
