namespace AmqpToolkit.Broker.Selectors;

/// <summary>BETWEEN: not less than one, not greater than the other.</summary>
internal sealed class BetweenCondition(bool isNegated, Expression operand, Expression low, Expression high) : Condition
{
    public override Truth Test(ref SelectedMessage message)
    {
        operand.Evaluate(ref message, out var value);
        low.Evaluate(ref message, out var from);
        high.Evaluate(ref message, out var to);
        var first = Operand.Compare(Comparison.GreaterOrEqual, in value, in from, ref message.Steps);
        var second = Operand.Compare(Comparison.LessOrEqual, in value, in to, ref message.Steps);
        var truth = first == Truth.False || second == Truth.False ? Truth.False
            : first == Truth.True && second == Truth.True ? Truth.True
            : Truth.Unknown;
        return isNegated ? Not(truth) : truth;
    }
}
