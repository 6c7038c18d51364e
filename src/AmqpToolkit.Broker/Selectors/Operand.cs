using System.Runtime.CompilerServices;

namespace AmqpToolkit.Broker.Selectors;

/// <summary>An operand of an expression: a value of a message, over its octets, or of the expression.</summary>
internal readonly ref struct Operand
{
    /// <summary>Octets of text that are compared in one step.</summary>
    private const int ComparedAtOnce = 64;

    private readonly long _bits;

    private Operand(OperandKind kind, long bits)
    {
        Kind = kind;
        _bits = bits;
    }

    /// <summary>A literal: what it is of, its bits or else its text.</summary>
    public Operand(OperandKind kind, long bits, ReadOnlySpan<byte> text)
    {
        Kind = kind;
        _bits = bits;
        Text = text;
    }

    private Operand(ReadOnlySpan<byte> text)
    {
        Kind = OperandKind.Text;
        Text = text;
    }

    /// <summary>There, but comparable with nothing.</summary>
    public static Operand Opaque => new(OperandKind.Opaque, 0);

    public OperandKind Kind { get; }

    public ReadOnlySpan<byte> Text { get; }

    public bool Boolean => _bits != 0;

    public long Integer => _bits;

    public bool IsNumber => Kind is OperandKind.Integer or OperandKind.Float;

    /// <summary>A number of either kind as an approximate one.</summary>
    public double Number => Kind == OperandKind.Integer ? _bits : BitConverter.Int64BitsToDouble(_bits);

    /// <summary>What it says as a condition.</summary>
    public Truth Truth => Kind != OperandKind.Boolean ? Truth.Unknown : _bits != 0 ? Truth.True : Truth.False;

    public static Operand Of(bool value) => new(OperandKind.Boolean, value ? 1 : 0);

    public static Operand Of(long value) => new(OperandKind.Integer, value);

    public static Operand Of(double value) => new(OperandKind.Float, BitConverter.DoubleToInt64Bits(value));

    /// <summary>An unsigned number; one that no exact number holds is an approximate one.</summary>
    public static Operand Of(ulong value) => value <= long.MaxValue ? Of((long)value) : Of((double)value);

    public static Operand Of(ReadOnlySpan<byte> text) => new(text);

    public static Operand Of(Truth truth) => truth == Truth.Unknown ? default : Of(truth == Truth.True);

    /// <summary>
    /// Compares two operands. With one that is not there the answer is unknown; operands of different types are neither equal nor unequal nor in an order, but for exact and
    /// approximate numbers. Text stands in the order of its code points; once it has taken all steps that are left the answer is unknown.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Truth Compare(Comparison comparison, scoped in Operand left, scoped in Operand right, ref int steps)
    {
        if (left.Kind == OperandKind.Unknown || right.Kind == OperandKind.Unknown)
        {
            return Truth.Unknown;
        }

        steps -= Math.Min(left.Text.Length, right.Text.Length) / ComparedAtOnce;
        if (steps < 0)
        {
            return Truth.Unknown;
        }

        bool holds = left.Kind == OperandKind.Text && right.Kind == OperandKind.Text ? Holds(comparison, left.Text, right.Text)
            : left.Kind == OperandKind.Integer && right.Kind == OperandKind.Integer ? Holds(comparison, left._bits.CompareTo(right._bits))
            : HoldsOther(comparison, in left, in right);
        return holds ? Truth.True : Truth.False;
    }

    private static bool Holds(Comparison comparison, scoped ReadOnlySpan<byte> left, scoped ReadOnlySpan<byte> right) => comparison switch
    {
        Comparison.Equal => left.SequenceEqual(right),
        Comparison.NotEqual => !left.SequenceEqual(right),
        _ => Holds(comparison, left.SequenceCompareTo(right)),
    };

    private static bool Holds(Comparison comparison, int order) => comparison switch
    {
        Comparison.Equal => order == 0,
        Comparison.NotEqual => order != 0,
        Comparison.Less => order < 0,
        Comparison.LessOrEqual => order <= 0,
        Comparison.Greater => order > 0,
        _ => order >= 0,
    };

    private static bool HoldsOther(Comparison comparison, scoped in Operand left, scoped in Operand right)
    {
        if (left.IsNumber && right.IsNumber)
        {
            (double a, double b) = (left.Number, right.Number);
            return comparison switch
            {
                Comparison.Equal => a == b,
                Comparison.NotEqual => a != b,
                Comparison.Less => a < b,
                Comparison.LessOrEqual => a <= b,
                Comparison.Greater => a > b,
                _ => a >= b,
            };
        }

        return left.Kind == OperandKind.Boolean && right.Kind == OperandKind.Boolean
            && (comparison == Comparison.Equal ? left._bits == right._bits : comparison == Comparison.NotEqual && left._bits != right._bits);
    }
}
