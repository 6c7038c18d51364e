using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Topology;

/// <summary>A binding of a headers exchange.</summary>
internal sealed class HeadersBinding : Binding
{
    private readonly HeadersMatch _match;

    public HeadersBinding(Exchange source, BindingDestination destination, byte[] routingKey, byte[] arguments)
        : base(source, destination, routingKey, arguments)
    {
        _match = new TableView(arguments).TryGetValue(ExchangeArguments.Match, out FieldValueView value)
            && value.TryGetString(out ReadOnlySpan<byte> word) && TryParse(word, out HeadersMatch match)
                ? match
                : HeadersMatch.All;
    }

    /// <summary>Whether one equal header is enough.</summary>
    public bool IsAny => (_match & HeadersMatch.Any) != 0;

    /// <summary>The binding at each place where messages find it, itself the first; null when it is at none. Under the topology lock.</summary>
    internal HeadersBinding[]? Parts { get; set; }

    /// <summary>The name of its place in the <see cref="HeadersIndex"/>.</summary>
    internal ulong Place { get; set; }

    /// <summary>Whether that place is named by a header's name alone.</summary>
    internal bool IsAtName { get; set; }

    /// <summary>Reads a value of x-match.</summary>
    public static bool TryParse(ReadOnlySpan<byte> word, out HeadersMatch match)
    {
        (bool known, match) = word.SequenceEqual("all"u8) ? (true, HeadersMatch.All)
            : word.SequenceEqual("any"u8) ? (true, HeadersMatch.Any)
            : word.SequenceEqual("all-with-x"u8) ? (true, HeadersMatch.AllWithX)
            : word.SequenceEqual("any-with-x"u8) ? (true, HeadersMatch.AnyWithX)
            : (false, HeadersMatch.All);
        return known;
    }

    /// <summary>Whether a message with these headers goes here. Without arguments to match, "all" takes every message and "any" none.</summary>
    public bool Matches(TableView headers)
    {
        bool any = IsAny;
        foreach (TableEntryView argument in new TableView(Arguments))
        {
            if (Asks(argument.Key) && Matches(argument, headers) == any)
            {
                return any;
            }
        }

        return !any;
    }

    /// <summary>The same binding for one more place.</summary>
    internal HeadersBinding Clone() => new(Source, Destination, RoutingKey, Arguments);

    private static bool Matches(TableEntryView argument, TableView headers) =>
        headers.TryGetValue(argument.Key, out FieldValueView header)
        && (argument.Value.IsVoid || FieldComparison.AreEqual(argument.Value, header));

    /// <summary>Whether a header of this name is asked for by the argument of the same name.</summary>
    public bool Asks(ReadOnlySpan<byte> key) => (_match & HeadersMatch.AllWithX) != 0
        ? !key.SequenceEqual(ExchangeArguments.Match)
        : !key.StartsWith(ExchangeArguments.ReservedPrefix);
}
