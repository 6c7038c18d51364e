using System.Text;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Selectors;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;
using AmqpToolkit.Storage.Streams;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>
/// The filters of a source (1.0 section 3.5.8), told apart by their descriptors: the selector of JMS, those of the draft of filter expressions, no-local for subscriptions, RabbitMQ's for streams. What is not
/// in force is not in the answer.
/// </summary>
internal sealed class SourceFilters
{
    /// <summary>Filters that look at each message, at most.</summary>
    private const int MostSelectors = 8;

    private readonly List<Selector> _selectors = [];
    private readonly List<byte[]> _values = [];
    private readonly List<string> _meanings = [];
    private StreamPosition _start = StreamPosition.Next;
    private bool _matchesUnfiltered;

    /// <summary>What picks messages; all of them have to.</summary>
    public Selector[] Selectors => [.. _selectors];

    /// <summary>Whether what came over the same connection is not wanted.</summary>
    public bool IsNoLocal { get; private set; }

    /// <summary>Those that are in force.</summary>
    public EncodedValue InForce { get; private set; }

    /// <summary>What these pick, whatever they are called and however they are encoded; empty where that is everything.</summary>
    public string Meaning { get; private set; } = string.Empty;

    /// <summary>What a stream is asked for.</summary>
    public StreamReading Reading => new(_start, _values.Count > 0 ? new StreamFilter(_values, _matchesUnfiltered) : null, _selectors.Count > 0 ? Selectors : null);

    private static ReadOnlySpan<byte> StreamPrefix => "rabbitmq:stream-"u8;

    /// <summary>Reads the filters of a source.</summary>
    /// <param name="filters">The filters.</param>
    /// <param name="isStream">Whether the source is a stream.</param>
    /// <param name="isSubscription">Whether it is a subscription of the link's own.</param>
    /// <param name="time">The time now.</param>
    /// <returns>What is wrong with one; null when nothing is.</returns>
    public AmqpFault? Read(EncodedMapView filters, bool isStream, bool isSubscription, TimeProvider time)
    {
        var answer = new EncodedValueBuilder().BeginMap();
        int count = 0;
        foreach (var entry in filters)
        {
            if (!entry.Value.TryGetDescribed(out var descriptor, out var value))
            {
                continue;
            }

            descriptor.TryGetSymbol(out var symbol);
            ulong code = descriptor.TryGetUInt64(out ulong number) ? number : CodeOf(symbol);
            bool isInForce = false;
            if (symbol.StartsWith(StreamPrefix))
            {
                string? expected = null;
                isInForce = isStream && TryReadStreams(symbol[StreamPrefix.Length..], value, time, out expected);
                if (expected is not null)
                {
                    return new AmqpFault(AmqpError.Texts.InvalidField, $"the filter {Encoding.UTF8.GetString(symbol)} is to be {expected}");
                }
            }
            else if (code == NoLocalFilterView.DescriptorCode)
            {
                isInForce = IsNoLocal = isSubscription;
            }
            else if (TryReadSelector(code, value, out var fault))
            {
                isInForce = true;
            }
            else if (fault is not null)
            {
                return fault;
            }

            if (isInForce)
            {
                answer.Add(entry.Key).Add(entry.Value);
                count++;
            }
        }

        if (count > 0)
        {
            InForce = answer.End().ToValue();
            _meanings.Sort(StringComparer.Ordinal);
            Meaning = string.Join('\n', _meanings);
        }

        return null;
    }

    private static ulong CodeOf(ReadOnlySpan<byte> symbol) =>
        symbol.SequenceEqual(SelectorFilterView.DescriptorSymbol) ? SelectorFilterView.DescriptorCode
        : symbol.SequenceEqual(SqlFilterView.DescriptorSymbol) ? SqlFilterView.DescriptorCode
        : symbol.SequenceEqual(PropertiesFilterView.DescriptorSymbol) ? PropertiesFilterView.DescriptorCode
        : symbol.SequenceEqual(ApplicationPropertiesFilterView.DescriptorSymbol) ? ApplicationPropertiesFilterView.DescriptorCode
        : symbol.SequenceEqual(NoLocalFilterView.DescriptorSymbol) ? NoLocalFilterView.DescriptorCode
        : 0;

    /// <returns>False when it is none, or cannot be used.</returns>
    private bool TryReadSelector(ulong code, EncodedValueView value, out AmqpFault? fault)
    {
        fault = null;
        Selector? selector = null;
        string? error = "it is no text";
        switch (code)
        {
            case SelectorFilterView.DescriptorCode or SqlFilterView.DescriptorCode:
                if (value.TryGetString(out var text))
                {
                    _ = Selector.TryParse(Encoding.UTF8.GetString(text), out selector, out error, code == SqlFilterView.DescriptorCode ? SelectorDialect.Sql : SelectorDialect.Jms);
                }

                break;

            case PropertiesFilterView.DescriptorCode or ApplicationPropertiesFilterView.DescriptorCode:
                error = "it is no map";
                if (value.TryGetMap(out var map))
                {
                    _ = Selector.TryParseProperties(map, code == ApplicationPropertiesFilterView.DescriptorCode, out selector, out error);
                }

                break;

            default:
                return false;
        }

        if (selector is null || _selectors.Count == MostSelectors)
        {
            fault = new AmqpFault(AmqpError.Texts.InvalidField, selector is null ? $"the selector cannot be used: {error}" : $"a source has at most {MostSelectors} selectors");
            return false;
        }

        _selectors.Add(selector);
        _meanings.Add(FilterMeaning.Of(code, value));
        return true;
    }

    /// <returns>Whether it is in force. Not if nobody knows it, or it says something else than <paramref name="expected"/>.</returns>
    private bool TryReadStreams(ReadOnlySpan<byte> name, EncodedValueView value, TimeProvider time, out string? expected)
    {
        expected = null;
        bool isUsable;
        if (name.SequenceEqual("offset-spec"u8))
        {
            isUsable = TryReadStart(value, time, out _start);
            expected = "an offset from 0 on, a timestamp, 'first', 'last', 'next', or how long ago, such as '10m'";
        }
        else if (name.SequenceEqual("match-unfiltered"u8))
        {
            isUsable = value.TryGetBoolean(out _matchesUnfiltered);
            expected = "a boolean";
        }
        else if (name.SequenceEqual("filter"u8))
        {
            isUsable = TryReadValues(value);
            expected = "a text, or a list of texts";
        }
        else
        {
            return false;
        }

        expected = isUsable ? null : expected;
        return isUsable;
    }

    private bool TryReadValues(EncodedValueView value)
    {
        if (TryGetText(value, out var one))
        {
            _values.Add(one.ToArray());
            return true;
        }

        if (!value.TryGetList(out var several))
        {
            return false;
        }

        foreach (var element in several)
        {
            if (!TryGetText(element, out var text))
            {
                return false;
            }

            _values.Add(text.ToArray());
        }

        return true;
    }

    private static bool TryGetText(EncodedValueView value, out ReadOnlySpan<byte> text) => value.TryGetString(out text) || value.TryGetSymbol(out text);

    /// <summary>Where to begin. An offset may be an integer of any type, as libraries choose one by the number, or by their language.</summary>
    private static bool TryReadStart(EncodedValueView value, TimeProvider time, out StreamPosition start)
    {
        start = StreamPosition.Next;
        if (value.TryGetTimestamp(out long milliseconds))
        {
            start = StreamPosition.From(milliseconds);
            return true;
        }

        if (value.TryGetUInt64(out ulong offset))
        {
            start = StreamPosition.At((long)Math.Min(offset, long.MaxValue));
            return true;
        }

        if (value.TryGetInt64(out long signed))
        {
            start = StreamPosition.At(Math.Max(signed, 0));
            return signed >= 0;
        }

        if (!TryGetText(value, out var word))
        {
            return false;
        }

        (bool isKnown, start) = word.SequenceEqual("first"u8) ? (true, StreamPosition.First)
            : word.SequenceEqual("last"u8) ? (true, StreamPosition.Last)
            : word.SequenceEqual("next"u8) ? (true, StreamPosition.Next)
            : Topology.StreamAge.TryParse(word, out long age) ? (true, StreamPosition.From(Math.Max(0, time.GetUtcNow().ToUnixTimeMilliseconds() - age)))
            : (false, start);
        return isKnown;
    }
}
