using AmqpToolkit.Broker.Conversion;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// Which messages of a stream a consumer wants (x-stream-filter): those whose publisher gave them one of these values (header x-stream-filter-value). RabbitMQ looks at
/// groups of messages and leaves the rest to the client; here each message is looked at. Immutable.
/// </summary>
/// <param name="values">The values, UTF-8.</param>
/// <param name="matchesUnfiltered">Whether messages without a value are wanted, too (x-stream-match-unfiltered).</param>
internal sealed class StreamFilter(IReadOnlyList<byte[]> values, bool matchesUnfiltered)
{
    /// <summary>Reads what a consumer asks for; null when it asks for nothing.</summary>
    public static StreamFilter? From(TableView arguments)
    {
        var values = new List<byte[]>();
        if (!arguments.TryGetValue("x-stream-filter"u8, out var filter))
        {
            return null;
        }

        if (filter.TryGetString(out var one))
        {
            values.Add(one.ToArray());
        }
        else if (filter.TryGetArray(out var several))
        {
            foreach (var element in several)
            {
                if (element.TryGetString(out var text))
                {
                    values.Add(text.ToArray());
                }
            }
        }
        else
        {
            return null;
        }

        return new StreamFilter(
            values, arguments.TryGetValue("x-stream-match-unfiltered"u8, out var match) && match.TryGetBoolean(out bool matches) && matches);
    }

    /// <summary>Whether a message is wanted.</summary>
    public bool IsMatch(in MessageContent content)
    {
        if (BasicPropertiesView.TryParse(ShownProperties.Of(in content), out var properties) != DecodeError.None || !properties.HasHeaders
            || !properties.Headers.TryGetValue("x-stream-filter-value"u8, out var value) || !value.TryGetString(out var text))
        {
            return matchesUnfiltered;
        }

        foreach (byte[] wanted in values)
        {
            if (text.SequenceEqual(wanted))
            {
                return true;
            }
        }

        return false;
    }
}
