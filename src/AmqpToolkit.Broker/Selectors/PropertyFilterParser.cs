using System.Text;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Selectors;

/// <summary>
/// Makes an expression of a property filter of the draft of filter expressions (4.2.4, 4.2.5): a map of names and the values that a message must have, all of them. Null takes any value; text may say
/// <c>&amp;p:</c> for the beginning, <c>&amp;s:</c> for the end, and <c>&amp;&amp;</c> for an ampersand that begins it.
/// </summary>
internal static class PropertyFilterParser
{
    private const byte Mark = (byte)'&';

    /// <summary>Parses a filter.</summary>
    /// <param name="reference">Its map.</param>
    /// <param name="isOfApplication">Whether it looks at application-properties; else at the section properties.</param>
    /// <param name="names">Takes the names of the application-properties that it asks for.</param>
    /// <param name="error">What is wrong.</param>
    /// <returns>The expression; null when it is none.</returns>
    public static Expression? Parse(EncodedMapView reference, bool isOfApplication, List<string> names, out string? error)
    {
        var conditions = new List<Expression>();
        foreach (var entry in reference)
        {
            if (!(entry.Key.TryGetSymbol(out var octets) || entry.Key.TryGetString(out octets)))
            {
                error = "a name is text";
                return null;
            }

            string name = Encoding.UTF8.GetString(octets);
            if (Operand(name, isOfApplication, names) is not { } operand)
            {
                error = isOfApplication ? $"more than {Selector.MaxNames} properties are asked for" : $"'{name}' is no property";
                return null;
            }

            if (Condition(operand, entry.Value, isOfApplication, !isOfApplication && IsId(name), out error) is not { } condition)
            {
                error = $"{error} for '{name}'";
                return null;
            }

            conditions.Add(condition);
        }

        error = conditions.Count == 0 ? "the filter names no property" : null;
        return conditions.Count == 0 ? null : new LogicCondition(isAnd: true, [.. conditions]);
    }

    private static Expression? Operand(string name, bool isOfApplication, List<string> names)
    {
        if (!isOfApplication)
        {
            // Ids of any type are compared as their text.
            string identifier = name switch
            {
                "message-id" => "JMSMessageID",
                "correlation-id" => "JMSCorrelationID",
                _ => $"properties.{name.Replace('-', '_')}",
            };
            return MessageFieldNames.TryGet(identifier, SelectorDialect.Jms, out var field) ? new FieldExpression(field) : null;
        }

        int number = names.IndexOf(name);
        if (number < 0 && names.Count < Selector.MaxNames)
        {
            number = names.Count;
            names.Add(name);
        }

        return number < 0 ? null : new PropertyExpression(number);
    }

    private static bool IsId(string name) => name is "message-id" or "correlation-id";

    private static Expression? Condition(Expression operand, EncodedValueView value, bool isOfApplication, bool isId, out string? error)
    {
        error = null;
        if (value.IsNull)
        {
            return isOfApplication ? new IsNullCondition(isNegated: true, operand) : new ConstantExpression(true);
        }

        if (value.TryGetString(out var text) || value.TryGetSymbol(out text))
        {
            return OfText(operand, text, out error);
        }

        var constant = value.TryGetBinary(out var octets) && !isOfApplication ? new ConstantExpression(octets.ToArray())
            : value.TryGetBoolean(out bool boolean) ? new ConstantExpression(boolean)
            : value.TryGetInt64(out long integer) || value.TryGetTimestamp(out integer) ? new ConstantExpression(integer)
            : value.TryGetFloat(out float few) ? new ConstantExpression((double)few)
            : value.TryGetDouble(out double number) ? new ConstantExpression(number)
            : Other(value, isId);
        error = constant is null ? $"a value of the type {value.Type} cannot be compared" : null;
        return constant is null ? null : new ComparisonCondition(Comparison.Equal, operand, constant);
    }

    /// <summary>Unsigned numbers, and uuids, which are ids mostly.</summary>
    private static ConstantExpression? Other(EncodedValueView value, bool isId) =>
        value.TryGetUInt64(out ulong number) ? isId ? new ConstantExpression(Encoding.ASCII.GetBytes(number.ToString())) : number <= long.MaxValue ? new ConstantExpression((long)number) : new ConstantExpression((double)number)
        : value.TryGetUuid(out var uuid) ? new ConstantExpression(Encoding.ASCII.GetBytes($"urn:uuid:{uuid}"))
        : null;

    private static Expression? OfText(Expression operand, ReadOnlySpan<byte> text, out string? error)
    {
        error = null;
        if (text is [Mark, Mark, ..])
        {
            text = text[1..];
        }
        else if (text.StartsWith("&p:"u8) || text.StartsWith("&s:"u8))
        {
            return new AffixCondition(operand, text[3..].ToArray(), isSuffix: text[1] == 's');
        }
        else if (text is [Mark, ..])
        {
            error = "& is followed by p:, s: or &";
            return null;
        }

        return new ComparisonCondition(Comparison.Equal, operand, new ConstantExpression(text.ToArray()));
    }
}
