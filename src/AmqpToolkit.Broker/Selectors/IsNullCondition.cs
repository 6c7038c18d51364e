namespace AmqpToolkit.Broker.Selectors;

/// <summary>IS NULL, IS NOT NULL: whether something is there.</summary>
internal sealed class IsNullCondition(bool isNegated, Expression operand) : Condition
{
    public override Truth Test(ref SelectedMessage message)
    {
        operand.Evaluate(ref message, out var value);
        return value.Kind == OperandKind.Unknown != isNegated ? Truth.True : Truth.False;
    }
}
