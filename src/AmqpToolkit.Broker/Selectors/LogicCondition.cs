namespace AmqpToolkit.Broker.Selectors;

/// <summary>Conditions joined by AND, or by OR: the first that is false, or true, decides; else one that is unknown.</summary>
internal sealed class LogicCondition(bool isAnd, Expression[] conditions) : Condition
{
    public override Truth Test(ref SelectedMessage message)
    {
        var deciding = isAnd ? Truth.False : Truth.True;
        var result = isAnd ? Truth.True : Truth.False;
        foreach (var condition in conditions)
        {
            var truth = condition.Test(ref message);
            if (truth == deciding)
            {
                return deciding;
            }

            if (truth == Truth.Unknown)
            {
                result = Truth.Unknown;
            }
        }

        return result;
    }
}
