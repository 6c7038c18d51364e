using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Conversion;

/// <summary>
/// The decimal of a field table (0-9-1, 4.2.5.5: places after the point, 32 bits of digits) and the decimals of 1.0 (1.6.13 to 1.6.15: IEEE 754, the digits as one binary number).
/// <code>
///   sign(1) exponent(8 | 10 | 14) digits(23 | 53 | 113)
/// </code>
/// Each of the former is a decimal64, exactly. Of the latter those are taken that fit exactly; the second form of the digits, which begins with 11, holds numbers far above.
/// </summary>
internal static class DecimalBits
{
    private const int Bias64 = 398;
    private const int DigitBits64 = 53;

    /// <summary>The bits of a decimal64.</summary>
    public static ulong ToDecimal64(byte scale, int digits) =>
        (digits < 0 ? 1UL << 63 : 0) | ((ulong)(Bias64 - scale) << DigitBits64) | (ulong)Math.Abs((long)digits);

    /// <summary>Reads a decimal of any width.</summary>
    /// <returns>False when it is none, or has no exact partner.</returns>
    public static bool TryRead(EncodedValueView value, out byte scale, out int digits)
    {
        scale = 0;
        digits = 0;
        return value.TryGetDecimal32(out uint few) ? TrySplit(few, 32, 23, 101, out scale, out digits)
            : value.TryGetDecimal64(out ulong some) ? TrySplit(some, 64, DigitBits64, Bias64, out scale, out digits)
            : value.TryGetDecimal128(out var many) && TrySplit(many, 128, 113, 6176, out scale, out digits);
    }

    private static bool TrySplit(UInt128 bits, int width, int digitBits, int bias, out byte scale, out int digits)
    {
        scale = 0;
        digits = 0;
        bool isNegative = bits >> (width - 1) != 0;
        bool isSecondForm = (uint)(bits >> (width - 3) & 3u) == 3;
        var magnitude = bits & ((UInt128.One << digitBits) - 1);
        int exponent = (int)(bits >> digitBits & (UInt128)((1u << (width - 1 - digitBits)) - 1)) - bias;
        if (isSecondForm || magnitude > int.MaxValue || exponent < -byte.MaxValue)
        {
            return false;
        }

        long number = (long)magnitude;
        for (; exponent > 0 && number is > 0 and <= int.MaxValue; exponent--)
        {
            number *= 10;
        }

        if (number > int.MaxValue)
        {
            return false;
        }

        digits = (int)(isNegative ? -number : number);
        scale = (byte)(exponent < 0 ? -exponent : 0);
        return true;
    }
}
