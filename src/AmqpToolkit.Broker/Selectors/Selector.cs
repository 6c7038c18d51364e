using System.Text;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Selectors;

/// <summary>
/// Picks messages by an expression: the selector of JMS (Jakarta Messaging 3.1, 3.8.1), which is the filter <c>apache.org:selector-filter:string</c>, and the SQL filter of the draft of filter
/// expressions as far as it is the same. Three-valued: of what a message does not have nothing is said, and only what is true is picked. Looks at the octets of a
/// message of either version and allocates nothing. Immutable, for any number of threads.
/// </summary>
/// <remarks>
/// Identifiers name application-properties, or headers of 0-9-1; in double quotes they may have any letters. Others name fields: those of JMS, <c>properties.x</c> (<c>p.x</c>, <c>amqp.x</c>) and
/// <c>header.x</c> (<c>h.x</c>, <c>amqp.x</c>) with <c>_</c> for <c>-</c>. Keywords are known in any case. Beyond JMS: the operator %, text in an order, LIKE and BETWEEN for any operands.
/// </remarks>
internal sealed class Selector
{
    /// <summary>The longest text in characters: what is evaluated for each message is to be short.</summary>
    public const int MaxLength = 8192;

    /// <summary>How deep parentheses may be nested: a recursion bound.</summary>
    public const int MaxDepth = 64;

    /// <summary>How many application-properties may be asked for: each is compared with every name of a message.</summary>
    public const int MaxNames = 64;

    /// <summary>Steps that an entry of a property filter takes.</summary>
    private const int StepsOfEntry = 16;

    private readonly Expression? _expression;
    private readonly byte[][] _names;

    /// <summary>Steps that it takes whatever a message has: a character of the text is about one.</summary>
    private readonly int _weight;

    private Selector(Expression? expression, IEnumerable<string> names, int weight)
    {
        _expression = expression;
        _weight = weight;
        _names = [.. names.Select(Encoding.UTF8.GetBytes)];
    }

    /// <summary>Parses a selector; one without an expression picks every message.</summary>
    /// <param name="text">Its text.</param>
    /// <param name="selector">The selector.</param>
    /// <param name="error">What is wrong, and at which character, the first being 1.</param>
    /// <param name="dialect">Whose it is.</param>
    public static bool TryParse(string text, out Selector? selector, out string? error, SelectorDialect dialect = SelectorDialect.Jms)
    {
        selector = null;
        error = null;
        if (text.Length > MaxLength)
        {
            error = $"a selector has at most {MaxLength} characters, this one has {text.Length}";
            return false;
        }

        try
        {
            var names = new List<string>();
            selector = new Selector(string.IsNullOrWhiteSpace(text) ? null : SelectorParser.Parse(text, dialect, names), names, text.Length);
            return true;
        }
        catch (SelectorSyntaxException exception)
        {
            error = exception.Message;
            return false;
        }
    }

    /// <summary>Parses a property filter of the draft of filter expressions (4.2.4, 4.2.5): a map of names and values that a message must have.</summary>
    /// <param name="reference">The map; its octets were validated.</param>
    /// <param name="isOfApplication">Whether it is an <c>amqp:application-properties-filter</c>; else an <c>amqp:properties-filter</c>.</param>
    /// <param name="selector">What picks those messages.</param>
    /// <param name="error">What is wrong.</param>
    public static bool TryParseProperties(EncodedMapView reference, bool isOfApplication, out Selector? selector, out string? error)
    {
        var names = new List<string>();
        var expression = PropertyFilterParser.Parse(reference, isOfApplication, names, out error);
        selector = expression is null ? null : new Selector(expression, names, reference.Count * StepsOfEntry);
        return selector is not null;
    }

    /// <summary>Whether a message is picked.</summary>
    /// <param name="message">A message of either version.</param>
    /// <param name="isRedelivered">Whether it was delivered before.</param>
    /// <param name="deliveryCount">Attempts that failed here; what its header says is added.</param>
    public bool Matches(in MessageContent message, bool isRedelivered = false, uint deliveryCount = 0)
    {
        int steps = SelectedMessage.MaxSteps;
        return Matches(in message, isRedelivered, deliveryCount, ref steps);
    }

    /// <summary>The same, for who may spend so many steps on the message and no more.</summary>
    /// <param name="message">A message of either version.</param>
    /// <param name="isRedelivered">Whether it was delivered before.</param>
    /// <param name="deliveryCount">Attempts that failed here; what its header says is added.</param>
    /// <param name="steps">Steps that are left, of a few nanoseconds each; once there are none nothing is picked.</param>
    public bool Matches(in MessageContent message, bool isRedelivered, uint deliveryCount, ref int steps)
    {
        if (_expression is null)
        {
            return true;
        }

        steps -= _weight;
        if (steps < 0)
        {
            return false;
        }

        Span<SelectedMessage.Place> places = stackalloc SelectedMessage.Place[_names.Length];
        Span<byte> scratch = stackalloc byte[2 * SelectedMessage.IdOctets];
        var selected = new SelectedMessage(in message, _names, places, scratch, isRedelivered, deliveryCount, steps);
        var truth = _expression.Test(ref selected);
        steps = selected.Steps;
        return truth == Truth.True && steps >= 0;
    }
}
