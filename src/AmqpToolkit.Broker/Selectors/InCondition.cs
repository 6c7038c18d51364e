namespace AmqpToolkit.Broker.Selectors;

/// <summary>IN: equal to one of some literals.</summary>
internal sealed class InCondition(bool isNegated, Expression operand, Expression[] values) : Condition
{
    public override Truth Test(ref SelectedMessage message)
    {
        operand.Evaluate(ref message, out var value);
        if (value.Kind == OperandKind.Unknown)
        {
            return Truth.Unknown;
        }

        foreach (var candidate in values)
        {
            candidate.Evaluate(ref message, out var one);
            if (Operand.Compare(Comparison.Equal, in value, in one, ref message.Steps) == Truth.True)
            {
                return isNegated ? Truth.False : Truth.True;
            }
        }

        return message.Steps < 0 ? Truth.Unknown : isNegated ? Truth.True : Truth.False;
    }
}
