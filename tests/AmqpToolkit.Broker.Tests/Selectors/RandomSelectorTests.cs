using System.Globalization;
using System.Text.RegularExpressions;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Selectors;
using AmqpToolkit.Broker.Tests.Conversion;
using Xunit.Abstractions;

namespace AmqpToolkit.Broker.Tests.Selectors;

/// <summary>Expressions by chance against a plain interpreter, and any expression over any octets.</summary>
public sealed class RandomSelectorTests(ITestOutputHelper output)
{
    /// <summary>What the message of <see cref="SelectorMessages"/> has.</summary>
    private static readonly (string Name, object? Value)[] Properties =
    [
        ("colour", "red"), ("weight", 5L), ("price", 2.5), ("ok", true), ("bad", false), ("missing", null), ("nothing", null), ("text", "aXbXc"), ("tiny", -3L), ("umlaut", "grün"),
        ("JMSPriority", 7L), ("JMSType", "order"),
    ];

    [Fact]
    public void Matches_OfRandomExpressions_AgreesWithAPlainInterpreter()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (int round = 0; round < 3000; round++)
        {
            var (text, truth) = Condition(random, 4);

            Assert.True(Selector.TryParse(text, out var selector, out string? error), $"seed {seed}, {text}: {error}");
            Assert.True(selector!.Matches(SelectorMessages.Sections) == (truth == true), $"seed {seed}, sections: {text}");
            Assert.True(selector.Matches(SelectorMessages.Basic) == (truth == true), $"seed {seed}, basic: {text}");
            Assert.True(Selector.TryParse($"NOT ({text})", out selector, out _));
            Assert.True(selector!.Matches(SelectorMessages.Sections) == (truth == false), $"seed {seed}, NOT: {text}");
        }
    }

    [Fact]
    public void Matches_OverAnyOctets_SaysSomething()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        string[] texts =
        [
            "k = 1 AND \"x-k\" LIKE '%' AND count IS NULL", "JMSMessageID = 'x' OR JMSCorrelationID IS NULL OR JMSType LIKE 't%'", "h.ttl > 1 OR h.priority = 1 OR h.delivery_count = 1",
            "p.to = 'x' OR p.subject = 'x' OR p.user_id = 'x' OR p.creation_time > 1 OR p.group_id = 'x' OR p.reply_to_group_id IS NULL", "k + time > 1 OR NOT k LIKE '_%'",
        ];
        var selectors = texts.Select(text => Selector.TryParse(text, out var selector, out string? error) ? selector! : throw new InvalidOperationException(error)).ToArray();
        for (int round = 0; round < 1500; round++)
        {
            byte[] octets = random.Next(2) == 0 ? Dice.Sections(random) : Dice.BasicProperties(random);
            for (int damage = random.Next(3); damage > 0 && octets.Length > 0; damage--)
            {
                octets[random.Next(octets.Length)] = (byte)random.Next(256);
            }

            octets = random.Next(5) == 0 ? octets[..random.Next(octets.Length + 1)] : octets;
            foreach (var selector in selectors)
            {
                selector.Matches(SelectorMessages.Of(octets, MessageFlags.Sections));
                selector.Matches(SelectorMessages.Of(octets, MessageFlags.None));
            }
        }
    }

    [Fact]
    public void Parse_OfAnyText_EndsWithAnAnswer()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        string[] pieces = ["a", "'x'", "5", "1.5", "(", ")", "AND", "OR", "NOT", "BETWEEN", "LIKE", "IN", "IS", "NULL", "ESCAPE", "=", "<>", "<", "+", "-", "*", ",", "TRUE", "\"q\"", "'", "#", "é", "0x", "."];
        for (int round = 0; round < 1500; round++)
        {
            string text = string.Join(random.Next(3) == 0 ? "" : " ", Enumerable.Range(0, random.Next(12)).Select(_ => pieces[random.Next(pieces.Length)]));

            Assert.True(Selector.TryParse(text, out var selector, out string? error) == (error is null) && (selector is null) == (error is not null), $"seed {seed}: {text}");
        }
    }

    private static (string Text, bool? Truth) Condition(Random random, int depth)
    {
        switch (depth == 0 ? random.Next(5) : random.Next(9))
        {
            case 0:
                var one = Value(random, 1);
                var other = Value(random, 1);
                string[] operators = ["=", "<>", "<", "<=", ">", ">="];
                string symbol = operators[random.Next(operators.Length)];
                return ($"{one.Text} {symbol} {other.Text}", Compare(symbol, one.Value, other.Value));
            case 1:
                var tested = Value(random, 1);
                return random.Next(2) == 0 ? ($"{tested.Text} IS NULL", tested.Value is null) : ($"{tested.Text} IS NOT NULL", tested.Value is not null);
            case 2:
                var (between, low, high) = (Value(random, 1), Value(random, 1), Value(random, 1));
                return ($"{between.Text} BETWEEN {low.Text} AND {high.Text}", And(Compare(">=", between.Value, low.Value), Compare("<=", between.Value, high.Value)));
            case 3:
                var liked = Value(random, 0);
                string pattern = string.Concat(Enumerable.Range(0, random.Next(5)).Select(_ => "arXdc%_%_"[random.Next(9)]));
                string regex = "^" + Regex.Escape(pattern).Replace("%", ".*", StringComparison.Ordinal).Replace("_", ".", StringComparison.Ordinal) + "$";
                bool? fits = liked.Value is null ? null : liked.Value is string text && Regex.IsMatch(text, regex);
                return random.Next(2) == 0 ? ($"{liked.Text} LIKE '{pattern}'", fits) : ($"{liked.Text} NOT LIKE '{pattern}'", !fits);
            case 4:
                var sought = Value(random, 0);
                var candidates = Enumerable.Range(0, 1 + random.Next(3)).Select(_ => Literal(random)).ToArray();
                bool? isIn = sought.Value is null ? null : candidates.Any(candidate => Compare("=", sought.Value, candidate.Value) == true);
                string list = string.Join(", ", candidates.Select(candidate => candidate.Text));
                return random.Next(2) == 0 ? ($"{sought.Text} IN ({list})", isIn) : ($"{sought.Text} NOT IN ({list})", !isIn);
            case 5:
                var negated = Condition(random, depth - 1);
                return ($"NOT ({negated.Text})", !negated.Truth);
            case 6:
                string name = new[] { "ok", "bad", "missing", "TRUE", "FALSE" }[random.Next(5)];
                return (name, name is "ok" or "TRUE" ? true : name == "missing" ? null : false);
            default:
                bool isAnd = random.Next(2) == 0;
                var (left, right) = (Condition(random, depth - 1), Condition(random, depth - 1));
                return ($"({left.Text}) {(isAnd ? "AND" : "OR")} ({right.Text})", isAnd ? And(left.Truth, right.Truth) : !And(!left.Truth, !right.Truth));
        }
    }

    private static (string Text, object? Value) Value(Random random, int depth)
    {
        if (depth == 0 || random.Next(3) > 0)
        {
            return random.Next(3) == 0 ? Literal(random) : Properties[random.Next(Properties.Length)];
        }

        var (left, right) = (Value(random, depth - 1), Value(random, depth - 1));
        char symbol = "+-*/%"[random.Next(5)];
        return ($"({left.Text} {symbol} {right.Text})", Calculate(symbol, left.Value, right.Value));
    }

    private static (string Text, object? Value) Literal(Random random)
    {
        switch (random.Next(4))
        {
            case 0:
                long integer = random.Next(-8, 9);
                return (integer.ToString(CultureInfo.InvariantCulture), integer);
            case 1:
                double number = random.Next(-8, 9) / 2.0;
                return (number.ToString("0.0", CultureInfo.InvariantCulture), number);
            case 2:
                return random.Next(2) == 0 ? ("TRUE", true) : ("FALSE", false);
            default:
                string text = new[] { "red", "blue", "", "order", "grün" }[random.Next(5)];
                return ($"'{text}'", text);
        }
    }

    private static bool? And(bool? left, bool? right) => left == false || right == false ? false : left is null || right is null ? null : true;

    private static bool? Compare(string symbol, object? left, object? right)
    {
        if (left is null || right is null)
        {
            return null;
        }

        int order;
        if (left is string a && right is string b)
        {
            order = string.CompareOrdinal(a, b);
        }
        else if (left is bool c && right is bool d)
        {
            return symbol == "=" ? c == d : symbol == "<>" && c != d;
        }
        else if (left is long or double && right is long or double)
        {
            (double x, double y) = (Convert.ToDouble(left, CultureInfo.InvariantCulture), Convert.ToDouble(right, CultureInfo.InvariantCulture));
            if (double.IsNaN(x) || double.IsNaN(y))
            {
                return symbol == "<>";
            }

            order = x.CompareTo(y);
        }
        else
        {
            return false;
        }

        return symbol switch
        {
            "=" => order == 0,
            "<>" => order != 0,
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        };
    }

    private static object? Calculate(char symbol, object? left, object? right)
    {
        if (left is long a && right is long b)
        {
            return symbol switch
            {
                '+' => a + b,
                '-' => a - b,
                '*' => a * b,
                '/' => b == 0 ? null : a / b,
                _ => b == 0 ? null : a % b,
            };
        }

        if (left is not (long or double) || right is not (long or double))
        {
            return null;
        }

        (double x, double y) = (Convert.ToDouble(left, CultureInfo.InvariantCulture), Convert.ToDouble(right, CultureInfo.InvariantCulture));
        return symbol switch
        {
            '+' => x + y,
            '-' => x - y,
            '*' => x * y,
            '/' => x / y,
            _ => x % y,
        };
    }
}
