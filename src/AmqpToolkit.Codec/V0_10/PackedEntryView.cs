namespace AmqpToolkit.Codec.V0_10;

/// <summary>One entry of a <see cref="PackedMapView"/>.</summary>
public readonly ref struct PackedEntryView
{
    internal PackedEntryView(ReadOnlySpan<byte> key, PackedValueView value)
    {
        Key = key;
        Value = value;
    }

    /// <summary>The key, 0 to 255 octets; UTF-8 by the specification, any octets in fact.</summary>
    public ReadOnlySpan<byte> Key { get; }

    /// <summary>The value.</summary>
    public PackedValueView Value { get; }
}
