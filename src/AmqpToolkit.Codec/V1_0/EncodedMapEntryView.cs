namespace AmqpToolkit.Codec.V1_0;

/// <summary>A pair of a map, valid as long as the octets are.</summary>
public readonly ref struct EncodedMapEntryView
{
    internal EncodedMapEntryView(EncodedValueView key, EncodedValueView value)
    {
        Key = key;
        Value = value;
    }

    /// <summary>The key.</summary>
    public EncodedValueView Key { get; }

    /// <summary>The value.</summary>
    public EncodedValueView Value { get; }
}
