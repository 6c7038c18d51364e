namespace AmqpToolkit.Broker.Selectors;

/// <summary>
/// Numbers joined by operators of one rank, from left to right. Exact numbers give exact ones, a quotient is cut towards zero; a result that is too large becomes approximate.
/// With what is no number, and for a division of exact numbers by zero, the result is unknown.
/// </summary>
internal sealed class ArithmeticExpression(Expression first, Arithmetic[] operators, Expression[] operands) : Expression
{
    public override bool CanBeCondition => false;

    public override void Evaluate(ref SelectedMessage message, out Operand value)
    {
        first.Evaluate(ref message, out value);
        for (int index = 0; index < operands.Length; index++)
        {
            operands[index].Evaluate(ref message, out var operand);
            value = Calculate(operators[index], in value, in operand);
        }
    }

    private static Operand Calculate(Arithmetic operation, scoped in Operand left, scoped in Operand right)
    {
        if (!left.IsNumber || !right.IsNumber)
        {
            return default;
        }

        if (left.Kind == OperandKind.Integer && right.Kind == OperandKind.Integer)
        {
            return Calculate(operation, left.Integer, right.Integer);
        }

        (double a, double b) = (left.Number, right.Number);
        return Operand.Of(operation switch
        {
            Arithmetic.Add => a + b,
            Arithmetic.Subtract => a - b,
            Arithmetic.Multiply => a * b,
            Arithmetic.Divide => a / b,
            _ => a % b,
        });
    }

    private static Operand Calculate(Arithmetic operation, long left, long right)
    {
        if (operation is Arithmetic.Divide or Arithmetic.Remainder)
        {
            // The quotient of the least number and -1 is too large by one, and the processor refuses both.
            return right == 0 ? default
                : right == -1 ? operation == Arithmetic.Remainder ? Operand.Of(0L) : Exact(-(Int128)left)
                : Operand.Of(operation == Arithmetic.Divide ? left / right : left % right);
        }

        return Exact(operation switch
        {
            Arithmetic.Add => (Int128)left + right,
            Arithmetic.Subtract => (Int128)left - right,
            _ => (Int128)left * right,
        });
    }

    private static Operand Exact(Int128 value) => value >= long.MinValue && value <= long.MaxValue ? Operand.Of((long)value) : Operand.Of((double)value);
}
