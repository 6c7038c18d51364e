namespace AmqpToolkit.Broker.Selectors;

/// <summary>A part of a selector. Immutable, for any number of threads.</summary>
internal abstract class Expression
{
    /// <summary>Whether it can only be a condition or the name of one: what is no condition for sure is refused as such.</summary>
    public abstract bool CanBeCondition { get; }

    /// <summary>Its value for a message.</summary>
    public abstract void Evaluate(ref SelectedMessage message, out Operand value);

    /// <summary>What it says as a condition.</summary>
    public virtual Truth Test(ref SelectedMessage message)
    {
        Evaluate(ref message, out var value);
        return value.Truth;
    }
}
