namespace AmqpToolkit.Broker.Selectors;

/// <summary>A literal.</summary>
internal sealed class ConstantExpression : Expression
{
    private readonly OperandKind _kind;
    private readonly byte[] _text = [];
    private readonly long _integer;
    private readonly double _number;

    public ConstantExpression(bool value) => (_kind, _integer) = (OperandKind.Boolean, value ? 1 : 0);

    public ConstantExpression(long value) => (_kind, _integer) = (OperandKind.Integer, value);

    public ConstantExpression(double value) => (_kind, _number) = (OperandKind.Float, value);

    public ConstantExpression(byte[] text) => (_kind, _text) = (OperandKind.Text, text);

    public override bool CanBeCondition => _kind == OperandKind.Boolean;

    /// <summary>What it is.</summary>
    public OperandKind Kind => _kind;

    /// <summary>Its octets, if it is text.</summary>
    public byte[] Text => _text;

    /// <summary>The same number with the other sign.</summary>
    public ConstantExpression Negated => _kind == OperandKind.Float
        ? _number == -(double)long.MinValue ? new(long.MinValue) : new(-_number)
        : _integer == long.MinValue ? new(-(double)long.MinValue) : new(-_integer);

    public override void Evaluate(ref SelectedMessage message, out Operand value) => value = _kind switch
    {
        OperandKind.Text => Operand.Of(_text),
        OperandKind.Integer => Operand.Of(_integer),
        OperandKind.Float => Operand.Of(_number),
        _ => Operand.Of(_integer != 0),
    };
}
