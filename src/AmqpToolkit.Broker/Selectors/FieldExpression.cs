namespace AmqpToolkit.Broker.Selectors;

/// <summary>A field of the message.</summary>
internal sealed class FieldExpression(MessageField field) : Expression
{
    public override bool CanBeCondition => true;

    public override void Evaluate(ref SelectedMessage message, out Operand value) => message.GetField(field, out value);
}
