namespace AmqpToolkit.Broker.Selectors;

/// <summary>A number with the other sign.</summary>
internal sealed class NegationExpression(Expression operand) : Expression
{
    public override bool CanBeCondition => false;

    public override void Evaluate(ref SelectedMessage message, out Operand value)
    {
        operand.Evaluate(ref message, out value);
        value = value.Kind switch
        {
            OperandKind.Integer => value.Integer == long.MinValue ? Operand.Of(-(double)long.MinValue) : Operand.Of(-value.Integer),
            OperandKind.Float => Operand.Of(-value.Number),
            _ => default,
        };
    }
}
