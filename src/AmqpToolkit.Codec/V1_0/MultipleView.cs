namespace AmqpToolkit.Codec.V1_0;

/// <summary>The values of a field that may have several (1.4): null, one value, or an array. Valid as long as the octets are.</summary>
public readonly ref struct MultipleView
{
    private readonly EncodedValueView _value;

    /// <summary>The values of what a field holds.</summary>
    public MultipleView(EncodedValueView value) => _value = value;

    /// <summary>How many values there are.</summary>
    public int Count => _value.TryGetArray(out EncodedArrayView array) ? array.Count : _value.IsNull ? 0 : 1;

    /// <summary>The field as it came.</summary>
    public EncodedValueView Value => _value;

    /// <summary>Whether every value is of a type.</summary>
    public bool IsOf(AmqpType type) => _value.TryGetArray(out EncodedArrayView array)
        ? array.Count == 0 || array.ElementType == type
        : _value.IsNull || _value.Type == type;

    /// <summary>Whether a symbol is among the values.</summary>
    public bool ContainsSymbol(ReadOnlySpan<byte> symbol)
    {
        foreach (EncodedValueView value in this)
        {
            if (value.TryGetSymbol(out ReadOnlySpan<byte> name) && name.SequenceEqual(symbol))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Walks over the values.</summary>
    public Enumerator GetEnumerator() => new(_value);

    /// <summary>Walks over values.</summary>
    public ref struct Enumerator
    {
        private readonly EncodedValueView _single;
        private EncodedArrayView.Enumerator _elements;
        private bool _hasSingle;

        internal Enumerator(EncodedValueView value)
        {
            if (value.TryGetArray(out EncodedArrayView array))
            {
                _elements = array.GetEnumerator();
            }
            else
            {
                _single = value;
                _hasSingle = !value.IsNull;
            }
        }

        /// <summary>The value at hand.</summary>
        public EncodedValueView Current { get; private set; }

        /// <summary>Goes to the next value.</summary>
        public bool MoveNext()
        {
            if (_hasSingle)
            {
                _hasSingle = false;
                Current = _single;
                return true;
            }

            if (!_elements.MoveNext())
            {
                return false;
            }

            Current = _elements.Current;
            return true;
        }
    }
}
