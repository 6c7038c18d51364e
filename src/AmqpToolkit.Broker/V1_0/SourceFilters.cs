using System.Text;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Selectors;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;
using AmqpToolkit.Storage.Streams;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>
/// The filters of a source (1.0 section 3.5.8), told apart by their descriptors: the selector of JMS, and RabbitMQ's of streams. Streams alone have any; what is not in force is not in the answer.
/// </summary>
internal static class SourceFilters
{
    private const ulong SelectorCode = SelectorFilterView.DescriptorCode;

    private static ReadOnlySpan<byte> StreamPrefix => "rabbitmq:stream-"u8;

    /// <summary>Reads the filters of a source that is a stream.</summary>
    /// <param name="filters">The filters.</param>
    /// <param name="time">The time now.</param>
    /// <param name="reading">What they ask for.</param>
    /// <param name="inForce">Those that are in force.</param>
    /// <returns>What is wrong with one; null when nothing is.</returns>
    public static AmqpFault? Read(EncodedMapView filters, TimeProvider time, out StreamReading reading, out EncodedValue inForce)
    {
        var start = StreamPosition.Next;
        var values = new List<byte[]>();
        bool matchesUnfiltered = false;
        Selector? selector = null;
        var answer = new EncodedValueBuilder().BeginMap();
        int count = 0;
        reading = default;
        inForce = default;
        foreach (var entry in filters)
        {
            if (!entry.Value.TryGetDescribed(out var descriptor, out var value))
            {
                continue;
            }

            descriptor.TryGetSymbol(out var symbol);
            if ((descriptor.TryGetUInt64(out ulong code) && code == SelectorCode) || symbol.SequenceEqual(SelectorFilterView.DescriptorSymbol))
            {
                string? error = "it is no text";
                if (!value.TryGetString(out var text) || !Selector.TryParse(Encoding.UTF8.GetString(text), out selector, out error))
                {
                    return new AmqpFault(AmqpError.Texts.InvalidField, $"the selector cannot be used: {error}");
                }
            }
            else if (!symbol.StartsWith(StreamPrefix) || !TryReadStreams(symbol[StreamPrefix.Length..], value, time, ref start, values, ref matchesUnfiltered))
            {
                continue;
            }

            answer.Add(entry.Key).Add(entry.Value);
            count++;
        }

        reading = new StreamReading(start, values.Count > 0 ? new StreamFilter(values, matchesUnfiltered) : null, selector);
        inForce = count > 0 ? answer.End().ToValue() : default;
        return null;
    }

    private static bool TryReadStreams(ReadOnlySpan<byte> name, EncodedValueView value, TimeProvider time, ref StreamPosition start, List<byte[]> values, ref bool matchesUnfiltered)
    {
        if (name.SequenceEqual("offset-spec"u8))
        {
            return TryReadStart(value, time, ref start);
        }

        if (name.SequenceEqual("match-unfiltered"u8))
        {
            return value.TryGetBoolean(out matchesUnfiltered);
        }

        if (!name.SequenceEqual("filter"u8))
        {
            return false;
        }

        if (value.TryGetString(out var one))
        {
            values.Add(one.ToArray());
            return true;
        }

        if (!value.TryGetList(out var several))
        {
            return false;
        }

        foreach (var element in several)
        {
            if (element.TryGetString(out var text))
            {
                values.Add(text.ToArray());
            }
        }

        return true;
    }

    private static bool TryReadStart(EncodedValueView value, TimeProvider time, ref StreamPosition start)
    {
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

        if (!value.TryGetString(out var word) && !value.TryGetSymbol(out word))
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
