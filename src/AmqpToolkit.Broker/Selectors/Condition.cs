namespace AmqpToolkit.Broker.Selectors;

/// <summary>An expression whose value is a truth.</summary>
internal abstract class Condition : Expression
{
    public override bool CanBeCondition => true;

    public abstract override Truth Test(ref SelectedMessage message);

    public override void Evaluate(ref SelectedMessage message, out Operand value) => value = Operand.Of(Test(ref message));

    protected static Truth Not(Truth truth) => truth switch
    {
        Truth.True => Truth.False,
        Truth.False => Truth.True,
        _ => Truth.Unknown,
    };
}
