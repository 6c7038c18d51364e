namespace AmqpToolkit.Codec.V1_0;

/// <summary>The elements of an array (1.6.24), which share one constructor, valid as long as the octets are. Walks without allocating.</summary>
public readonly ref struct EncodedArrayView
{
    private readonly ReadOnlySpan<byte> _contents;
    private readonly int _start;

    internal EncodedArrayView(byte constructor, ReadOnlySpan<byte> contents)
    {
        AmqpReader.ReadCompound(contents, constructor, out _start, out int count);
        _contents = contents;
        Count = count;
    }

    /// <summary>How many elements there are.</summary>
    public int Count { get; }

    /// <summary>The type of every element.</summary>
    public AmqpType ElementType => _start < _contents.Length ? AmqpReader.TypeOf(_contents[_start]) : AmqpType.Null;

    /// <summary>Walks over the elements.</summary>
    public Enumerator GetEnumerator() => new(_contents, _start, Count);

    /// <summary>Walks over elements.</summary>
    public ref struct Enumerator
    {
        private readonly ReadOnlySpan<byte> _contents;
        private readonly ReadOnlySpan<byte> _constructor;
        private readonly byte _last;
        private int _at;
        private int _remaining;

        internal Enumerator(ReadOnlySpan<byte> contents, int start, int count)
        {
            _contents = contents;
            _at = start;
            if (count > 0 && AmqpReader.SkipConstructor(contents, ref _at, 0, out _last) == DecodeError.None)
            {
                _constructor = contents[start.._at];
                _remaining = count;
            }
        }

        /// <summary>The element at hand.</summary>
        public EncodedValueView Current { get; private set; }

        /// <summary>Goes to the next element.</summary>
        public bool MoveNext()
        {
            int start = _at;
            if (_remaining <= 0 || AmqpReader.SkipContents(_contents, _last, ref _at) != DecodeError.None)
            {
                return false;
            }

            Current = new EncodedValueView(_constructor, _contents[start.._at]);
            _remaining--;
            return true;
        }
    }
}
