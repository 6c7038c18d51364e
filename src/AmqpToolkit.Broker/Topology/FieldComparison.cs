using System.Buffers.Binary;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// Compares field values by content, as RabbitMQ does: what counts is the number, text or truth value, not the type that carried it. Whole numbers
/// differ from floating-point numbers. Timestamps are numbers, binaries are text; decimals, tables and arrays are equal to their like, types included.
/// </summary>
internal static class FieldComparison
{
    /// <summary>Milliseconds of a second: RabbitMQ counts in these in a message, and in seconds in a binding's arguments.</summary>
    private const int MillisecondsASecond = 1000;

    /// <summary>For headers: a timestamp of the message counts in milliseconds there, as it does in RabbitMQ since 3.13.</summary>
    /// <param name="argument">What a binding asks for.</param>
    /// <param name="header">What the message has.</param>
    public static bool AreEqual(FieldValueView argument, FieldValueView header) =>
        header.Type == FieldType.Timestamp
            ? TryGetInteger(header, out Int128 seconds) && TryGetInteger(argument, out Int128 asked) && asked == seconds * MillisecondsASecond
            : AreSame(argument, header);

    /// <summary>For arguments of a redeclaration.</summary>
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

    /// <summary>A hash that is the same for values that <see cref="AreEqual"/> calls equal.</summary>
    /// <param name="value">The value.</param>
    /// <param name="isHeader">Whether it is a message's; else a binding's.</param>
    public static uint HashOf(FieldValueView value, bool isHeader)
    {
        if (TryGetInteger(value, out Int128 integer))
        {
            return HashOf((double)(isHeader && value.Type == FieldType.Timestamp ? integer * MillisecondsASecond : integer));
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
}
