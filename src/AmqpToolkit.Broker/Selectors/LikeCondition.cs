namespace AmqpToolkit.Broker.Selectors;

/// <summary>LIKE: text that fits a pattern. What is no text fits none.</summary>
internal sealed class LikeCondition(bool isNegated, Expression operand, LikePattern pattern) : Condition
{
    public override Truth Test(ref SelectedMessage message)
    {
        operand.Evaluate(ref message, out var value);
        var truth = value.Kind switch
        {
            OperandKind.Text => pattern.Test(value.Text, ref message.Steps),
            OperandKind.Unknown => Truth.Unknown,
            _ => Truth.False,
        };
        return isNegated ? Not(truth) : truth;
    }
}
