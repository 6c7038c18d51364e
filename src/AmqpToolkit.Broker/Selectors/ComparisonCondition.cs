namespace AmqpToolkit.Broker.Selectors;

/// <summary>Two operands compared.</summary>
internal sealed class ComparisonCondition(Comparison comparison, Expression left, Expression right) : Condition
{
    public override Truth Test(ref SelectedMessage message)
    {
        left.Evaluate(ref message, out var a);
        right.Evaluate(ref message, out var b);
        return Operand.Compare(comparison, in a, in b, ref message.Steps);
    }
}
