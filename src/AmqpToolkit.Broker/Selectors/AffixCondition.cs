namespace AmqpToolkit.Broker.Selectors;

/// <summary>Text that begins, or ends, with other text.</summary>
internal sealed class AffixCondition(Expression operand, byte[] affix, bool isSuffix) : Condition
{
    public override Truth Test(ref SelectedMessage message)
    {
        operand.Evaluate(ref message, out var value);
        return value.Kind == OperandKind.Unknown ? Truth.Unknown
            : value.Kind == OperandKind.Text && (isSuffix ? value.Text.EndsWith(affix) : value.Text.StartsWith(affix)) ? Truth.True
            : Truth.False;
    }
}
