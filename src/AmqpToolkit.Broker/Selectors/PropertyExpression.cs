namespace AmqpToolkit.Broker.Selectors;

/// <summary>An application-property, or header, by the number that its name has in the selector.</summary>
internal sealed class PropertyExpression(int number) : Expression
{
    public override bool CanBeCondition => true;

    public override void Evaluate(ref SelectedMessage message, out Operand value) => message.GetProperty(number, out value);
}
