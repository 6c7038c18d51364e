using System.Buffers;
using System.Globalization;
using System.Text;

namespace AmqpToolkit.Broker.Selectors;

/// <summary>
/// Makes an expression of the text of a selector (Jakarta Messaging 3.1, 3.8.1.1), top down. Owned by one call.
/// <code>
///   or         = and *( OR and )                       and     = not *( AND not )
///   not        = *NOT comparison                       sum     = product *( (+ | -) product )
///   comparison = sum [ (= | &lt;> | &lt; | &lt;= | > | >=) sum | IS [NOT] NULL | [NOT] BETWEEN sum AND sum
///              | [NOT] LIKE text [ESCAPE text] | [NOT] IN ( literal *( , literal ) ) ]
///   product    = sign *( (* | / | %) sign )            sign    = *(+ | -) primary
///   primary    = literal | identifier | ( or )
/// </code>
/// </summary>
internal sealed class SelectorParser
{
    /// <summary>What makes a number approximate.</summary>
    private static readonly SearchValues<char> ApproximateLetters = SearchValues.Create(".eEdDfF");

    private readonly SelectorScanner _scanner;
    private readonly List<string> _names;
    private readonly SelectorDialect _dialect;
    private SelectorToken _token;
    private int _depth;

    private SelectorParser(string text, SelectorDialect dialect, List<string> names)
    {
        _scanner = new SelectorScanner(text, dialect);
        _names = names;
        _dialect = dialect;
        _token = _scanner.Next();
    }

    /// <summary>Parses a selector.</summary>
    /// <param name="text">Its text, not empty.</param>
    /// <param name="dialect">Whose it is.</param>
    /// <param name="names">Takes the names of the application-properties that it asks for.</param>
    /// <exception cref="SelectorSyntaxException">It is none.</exception>
    public static Expression Parse(string text, SelectorDialect dialect, List<string> names)
    {
        var parser = new SelectorParser(text, dialect, names);
        var expression = parser.ParseCondition(parser.ParseOr);
        return parser._token.Kind == SelectorTokenKind.End ? expression : throw parser.Unexpected("AND, OR or the end");
    }

    private Expression ParseOr() => ParseJoined("OR", ParseAnd);

    private Expression ParseAnd() => ParseJoined("AND", ParseNot);

    /// <summary>One operand, or conditions with a word between them, however many: in a row, so that a long one is not a deep one.</summary>
    private Expression ParseJoined(string word, Func<Expression> parse)
    {
        int position = _token.Position;
        var first = parse();
        if (!_token.Is(word))
        {
            return first;
        }

        var conditions = new List<Expression> { Condition(first, position) };
        while (TryTake(word))
        {
            conditions.Add(ParseCondition(parse));
        }

        return new LogicCondition(word == "AND", [.. conditions]);
    }

    private Expression ParseNot()
    {
        bool isNegated = false;
        bool isAny = false;
        while (TryTake("NOT"))
        {
            isNegated = !isNegated;
            isAny = true;
        }

        if (!isAny)
        {
            return ParseComparison();
        }

        var condition = ParseCondition(ParseComparison);
        return isNegated ? new NotCondition(condition) : condition;
    }

    private Expression ParseCondition(Func<Expression> parse)
    {
        int position = _token.Position;
        return Condition(parse(), position);
    }

    private static Expression Condition(Expression expression, int position) =>
        expression.CanBeCondition ? expression : throw new SelectorSyntaxException(position, "a condition is expected, not a value");

    private Expression ParseComparison()
    {
        var left = ParseSum();
        Comparison? comparison = _token.Kind != SelectorTokenKind.Symbol ? null : _token.Value switch
        {
            "=" => Comparison.Equal,
            "<>" => Comparison.NotEqual,
            "<" => Comparison.Less,
            "<=" => Comparison.LessOrEqual,
            ">" => Comparison.Greater,
            ">=" => Comparison.GreaterOrEqual,
            _ => null,
        };
        if (comparison is { } how)
        {
            Take();
            return new ComparisonCondition(how, left, ParseSum());
        }

        if (TryTake("IS"))
        {
            bool isNot = TryTake("NOT");
            Expect("NULL");
            return new IsNullCondition(isNot, left);
        }

        bool isNegated = TryTake("NOT");
        return TryTake("BETWEEN") ? ParseBetween(isNegated, left)
            : TryTake("LIKE") ? ParseLike(isNegated, left)
            : TryTake("IN") ? ParseIn(isNegated, left)
            : isNegated ? throw Unexpected("BETWEEN, LIKE or IN") : left;
    }

    private BetweenCondition ParseBetween(bool isNegated, Expression operand)
    {
        var low = ParseSum();
        Expect("AND");
        return new BetweenCondition(isNegated, operand, low, ParseSum());
    }

    private LikeCondition ParseLike(bool isNegated, Expression operand)
    {
        var text = TakeText("a pattern in quotes");
        Rune? escape = null;
        if (TryTake("ESCAPE"))
        {
            var token = TakeText("an escape character in quotes");
            escape = Rune.DecodeFromUtf16(token.Value, out var letter, out int length) == OperationStatus.Done && length == token.Value.Length
                ? letter
                : throw new SelectorSyntaxException(token.Position, "ESCAPE takes one character");
        }

        return LikePattern.TryParse(Encoding.UTF8.GetBytes(text.Value), escape, out var pattern)
            ? new LikeCondition(isNegated, operand, pattern!)
            : throw new SelectorSyntaxException(text.Position, "the pattern ends with its escape character");
    }

    private InCondition ParseIn(bool isNegated, Expression operand)
    {
        Expect("(");
        var values = new List<Expression>();
        do
        {
            int position = _token.Position;
            values.Add(ParseSign() is ConstantExpression constant ? constant : throw new SelectorSyntaxException(position, "IN takes literals"));
        }
        while (TryTake(","));
        Expect(")");
        return new InCondition(isNegated, operand, [.. values]);
    }

    private Expression ParseSum() => ParseArithmetic("+-", ParseProduct);

    private Expression ParseProduct() => ParseArithmetic("*/%", ParseSign);

    private Expression ParseArithmetic(string symbols, Func<Expression> parse)
    {
        var first = parse();
        if (!IsOneOf(symbols))
        {
            return first;
        }

        var operators = new List<Arithmetic>();
        var operands = new List<Expression>();
        while (IsOneOf(symbols))
        {
            operators.Add(Take().Value switch
            {
                "+" => Arithmetic.Add,
                "-" => Arithmetic.Subtract,
                "*" => Arithmetic.Multiply,
                "/" => Arithmetic.Divide,
                _ => Arithmetic.Remainder,
            });
            operands.Add(parse());
        }

        return new ArithmeticExpression(first, [.. operators], [.. operands]);
    }

    private Expression ParseSign()
    {
        bool isNegative = false;
        bool isAny = false;
        int position = _token.Position;
        while (IsOneOf("+-"))
        {
            isNegative ^= Take().Value == "-";
            isAny = true;
        }

        var operand = ParsePrimary();
        if (!isAny)
        {
            return operand;
        }

        return operand is not ConstantExpression constant ? isNegative ? new NegationExpression(operand) : new NegationExpression(new NegationExpression(operand))
            : constant.Kind is not (OperandKind.Integer or OperandKind.Float) ? throw new SelectorSyntaxException(position, "a sign stands before a number")
            : isNegative ? constant.Negated : constant;
    }

    private Expression ParsePrimary()
    {
        if (_token.Is("("))
        {
            return ParseNested();
        }

        var token = Take();
        return token.Kind switch
        {
            SelectorTokenKind.Text => new ConstantExpression(Encoding.UTF8.GetBytes(token.Value)),
            SelectorTokenKind.Number => Number(token),
            SelectorTokenKind.Identifier when MessageFieldNames.TryGet(token.Value, _dialect, out var field) => new FieldExpression(field),
            SelectorTokenKind.Identifier => Property(MessageFieldNames.ApplicationProperty(token.Value), token.Position),
            SelectorTokenKind.QuotedIdentifier => Property(token.Value, token.Position),
            SelectorTokenKind.Keyword when token.Value is "TRUE" or "FALSE" => new ConstantExpression(token.Value == "TRUE"),
            _ => throw new SelectorSyntaxException(token.Position, $"a value is expected, not {token.Shown}"),
        };
    }

    private Expression ParseNested()
    {
        if (++_depth > Selector.MaxDepth)
        {
            throw new SelectorSyntaxException(_token.Position, $"parentheses are nested over {Selector.MaxDepth} deep");
        }

        Take();
        var nested = ParseOr();
        Expect(")");
        _depth--;
        return nested;
    }

    private PropertyExpression Property(string name, int position)
    {
        int number = _names.IndexOf(name);
        if (number >= 0)
        {
            return new PropertyExpression(number);
        }

        if (_names.Count == Selector.MaxNames)
        {
            throw new SelectorSyntaxException(position, $"more than {Selector.MaxNames} properties are asked for");
        }

        _names.Add(name);
        return new PropertyExpression(_names.Count - 1);
    }

    private static ConstantExpression Number(SelectorToken token)
    {
        string text = token.Value;
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return long.TryParse(text.AsSpan(2).TrimEnd("lL"), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long hex)
                ? new ConstantExpression(hex)
                : throw new SelectorSyntaxException(token.Position, $"{token.Shown} is no number of 64 bits");
        }

        bool isExact = text.AsSpan().IndexOfAny(ApproximateLetters) < 0;
        var digits = text.AsSpan().TrimEnd("lLdDfF");
        if (isExact && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long exact))
        {
            return new ConstantExpression(exact);
        }

        return double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            ? new ConstantExpression(number)
            : throw new SelectorSyntaxException(token.Position, $"{token.Shown} is no number");
    }

    private SelectorToken TakeText(string what) => _token.Kind == SelectorTokenKind.Text ? Take() : throw Unexpected(what);

    private bool IsOneOf(string symbols) => _token.Kind == SelectorTokenKind.Symbol && symbols.Contains(_token.Value, StringComparison.Ordinal);

    private SelectorToken Take()
    {
        var token = _token;
        _token = _scanner.Next();
        return token;
    }

    private bool TryTake(string word)
    {
        bool isIt = _token.Is(word);
        if (isIt)
        {
            Take();
        }

        return isIt;
    }

    private void Expect(string word)
    {
        if (!TryTake(word))
        {
            throw Unexpected(word);
        }
    }

    private SelectorSyntaxException Unexpected(string expected) => new(_token.Position, $"{expected} is expected, not {_token.Shown}");
}
