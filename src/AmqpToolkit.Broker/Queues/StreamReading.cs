using AmqpToolkit.Broker.Selectors;
using AmqpToolkit.Storage.Streams;

namespace AmqpToolkit.Broker.Queues;

/// <summary>What a consumer wants of a stream; what is not said is everything that comes from now on.</summary>
/// <param name="Start">From where on.</param>
/// <param name="Filter">Which messages; null for all.</param>
/// <param name="Selectors">Which of those, by what they say: all have to pick them; null for all.</param>
internal readonly record struct StreamReading(StreamPosition Start, StreamFilter? Filter, Selector[]? Selectors = null);
