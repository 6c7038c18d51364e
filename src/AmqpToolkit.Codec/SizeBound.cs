namespace AmqpToolkit.Codec;

/// <summary>Sums of upper bounds, for emitted code.</summary>
public static class SizeBound
{
    /// <summary>A sum of octets as the upper bound that <c>MaxOctets</c> is.</summary>
    /// <returns>The sum; what no span can hold is <see cref="int.MaxValue"/>, and does not turn around into a small or negative number.</returns>
    public static int Of(long octets) => (int)Math.Min(octets, int.MaxValue);
}
