namespace AmqpToolkit.Broker.Selectors;

/// <summary>NOT.</summary>
internal sealed class NotCondition(Expression condition) : Condition
{
    public override Truth Test(ref SelectedMessage message) => Not(condition.Test(ref message));
}
