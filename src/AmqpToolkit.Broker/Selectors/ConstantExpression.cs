namespace AmqpToolkit.Broker.Selectors;

/// <summary>A literal.</summary>
internal sealed class ConstantExpression : Expression
{
    private readonly OperandKind _kind;
    private readonly byte[] _text = [];
    private readonly long _bits;

    public ConstantExpression(bool value) => (_kind, _bits) = (OperandKind.Boolean, value ? 1 : 0);

    public ConstantExpression(long value) => (_kind, _bits) = (OperandKind.Integer, value);

    public ConstantExpression(double value) => (_kind, _bits) = (OperandKind.Float, BitConverter.DoubleToInt64Bits(value));

    public ConstantExpression(byte[] text) => (_kind, _text) = (OperandKind.Text, text);

    public override bool CanBeCondition => _kind == OperandKind.Boolean;

    /// <summary>What it is.</summary>
    public OperandKind Kind => _kind;

    /// <summary>Its octets, if it is text.</summary>
    public byte[] Text => _text;

    /// <summary>The same number with the other sign.</summary>
    public ConstantExpression Negated => _kind == OperandKind.Float
        ? Number == -(double)long.MinValue ? new(long.MinValue) : new(-Number)
        : _bits == long.MinValue ? new(-(double)long.MinValue) : new(-_bits);

    private double Number => BitConverter.Int64BitsToDouble(_bits);

    public override void Evaluate(ref SelectedMessage message, out Operand value) => value = new Operand(_kind, _bits, _text);
}
