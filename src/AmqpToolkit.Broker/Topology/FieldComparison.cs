using System.Buffers.Binary;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// Compares field values by content, as RabbitMQ does: what counts is the number, text or truth value, not the type that carried it.
/// Timestamps are numbers, binaries are text; decimals, tables and arrays are equal to their like, types included.
/// </summary>
internal static class FieldComparison
{
    /// <summary>For headers: whole numbers and floating-point numbers of equal value are equal.</summary>
    public static bool AreEqual(FieldValueView left, FieldValueView right)
    {
        bool isDouble = left.TryGetDouble(out double leftNumber);
        if (isDouble != right.TryGetDouble(out double rightNumber))
        {
            return isDouble
                ? TryGetInteger(right, out Int128 rightInteger) && AreEqual(leftNumber, rightInteger)
                : TryGetInteger(left, out Int128 leftInteger) && AreEqual(rightNumber, leftInteger);
        }

        return AreSame(left, right);
    }

    /// <summary>For arguments of a redeclaration: whole numbers differ from floating-point numbers.</summary>
    public static bool AreSame(FieldValueView left, FieldValueView right)
    {
        if (TryGetInteger(left, out Int128 leftInteger))
        {
            return TryGetInteger(right, out Int128 rightInteger) && leftInteger == rightInteger;
        }

        if (left.TryGetDouble(out double leftNumber))
        {
            return right.TryGetDouble(out double rightNumber) && leftNumber.Equals(rightNumber);
        }

        if (left.TryGetBoolean(out bool leftBoolean))
        {
            return right.TryGetBoolean(out bool rightBoolean) && leftBoolean == rightBoolean;
        }

        return KindOf(left.Type) == KindOf(right.Type) && left.Payload.SequenceEqual(right.Payload);
    }

    /// <summary>A hash that is the same for values that <see cref="AreEqual(FieldValueView, FieldValueView)"/> calls equal.</summary>
    public static uint HashOf(FieldValueView value)
    {
        if (TryGetInteger(value, out Int128 integer))
        {
            return HashOf((double)integer);
        }

        if (value.TryGetDouble(out double number))
        {
            return HashOf(number);
        }

        return value.TryGetBoolean(out bool boolean) ? (boolean ? 1u : 2u)
            : (uint)Utf8Hash.Of(value.Payload) + (uint)KindOf(value.Type);
    }

    /// <summary>Whole numbers beyond 2^53 that share a double share a hash.</summary>
    private static uint HashOf(double number) => (uint)StableHash.Mix((ulong)BitConverter.DoubleToInt64Bits(number == 0 ? 0 : number));

    private static FieldType KindOf(FieldType type) => type == FieldType.Binary ? FieldType.LongString : type;

    private static bool TryGetInteger(FieldValueView value, out Int128 integer)
    {
        if (value.Type == FieldType.Timestamp && value.Payload.Length == sizeof(ulong))
        {
            integer = BinaryPrimitives.ReadUInt64BigEndian(value.Payload);
            return true;
        }

        bool matches = value.TryGetInt64(out long signed);
        integer = signed;
        return matches;
    }

    /// <summary>Exact: a number too large for 53 bits is not rounded to fit.</summary>
    private static bool AreEqual(double number, Int128 integer) =>
        double.IsInteger(number) && Math.Abs(number) < 1e20 && (Int128)number == integer;
}
