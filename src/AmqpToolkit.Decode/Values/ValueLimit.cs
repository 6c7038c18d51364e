namespace AmqpToolkit.Decode.Values;

/// <summary>How many values one frame may still turn into: a frame full of one-octet values takes a hundred times its size as objects.</summary>
internal sealed class ValueLimit
{
    public const int MaxValues = 100_000;

    private int _left = MaxValues;

    /// <summary>Takes one; false when there is none left.</summary>
    public bool Take() => _left-- > 0;
}
