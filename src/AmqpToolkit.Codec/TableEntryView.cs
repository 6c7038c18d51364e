namespace AmqpToolkit.Codec;

/// <summary>One entry of a <see cref="TableView"/>.</summary>
public readonly ref struct TableEntryView
{
    internal TableEntryView(ReadOnlySpan<byte> key, FieldValueView value)
    {
        Key = key;
        Value = value;
    }

    /// <summary>The key, 0 to 255 octets; UTF-8 by convention, any octets in fact.</summary>
    public ReadOnlySpan<byte> Key { get; }

    /// <summary>The value.</summary>
    public FieldValueView Value { get; }
}
