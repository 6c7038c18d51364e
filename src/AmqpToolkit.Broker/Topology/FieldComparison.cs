using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// Compares field values by content within a class of types, as RabbitMQ does: integers of all widths are one class, both widths of
/// floating point another; each other type stands alone, so the text "1" is not the number 1.
/// </summary>
internal static class FieldComparison
{
    public static bool AreEqual(FieldValueView left, FieldValueView right)
    {
        if (left.TryGetInt64(out long leftInteger))
        {
            return right.TryGetInt64(out long rightInteger) && leftInteger == rightInteger;
        }

        if (left.TryGetDouble(out double leftNumber))
        {
            return right.TryGetDouble(out double rightNumber) && leftNumber.Equals(rightNumber);
        }

        if (left.TryGetBoolean(out bool leftBoolean))
        {
            return right.TryGetBoolean(out bool rightBoolean) && leftBoolean == rightBoolean;
        }

        return left.Type == right.Type && left.Payload.SequenceEqual(right.Payload);
    }
}
