using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Storage.Streams;

namespace AmqpToolkit.Broker.Queues;

/// <summary>How much a stream keeps, from its arguments and the policies that match it: of what both say the smaller counts. Immutable.</summary>
/// <param name="MaxAgeMilliseconds">How old messages may be (x-max-age); null for any age.</param>
/// <param name="MaxOctets">Octets that the log may have (x-max-length-bytes); null for any number.</param>
/// <param name="SegmentOctets">Octets of a segment (x-stream-max-segment-size-bytes).</param>
internal sealed record StreamSettings(long? MaxAgeMilliseconds, long? MaxOctets, long SegmentOctets)
{
    /// <summary>No segment is begun before the last one has this much: each is a file, and costs syncs.</summary>
    private const long MinSegmentOctets = 16 * 1024;

    public static StreamSettings From(QueueDefinition definition, EffectivePolicy? policy)
    {
        var arguments = definition.Arguments.View;
        var definedByPolicy = policy is null ? default : policy.Definition.View;
        return new StreamSettings(
            Smaller(Age(arguments, "x-max-age"u8), Age(definedByPolicy, "max-age"u8)),
            Smaller(Number(arguments, "x-max-length-bytes"u8), Number(definedByPolicy, "max-length-bytes"u8)),
            Math.Max(
                MinSegmentOctets,
                Smaller(Number(arguments, "x-stream-max-segment-size-bytes"u8), Number(definedByPolicy, "stream-max-segment-size-bytes"u8))
                    ?? StreamLogOptions.UsualSegmentOctets));
    }

    private static long? Age(TableView table, ReadOnlySpan<byte> key) =>
        table.TryGetValue(key, out var value) && value.TryGetString(out var text) && StreamAge.TryParse(text, out long milliseconds) ? milliseconds : null;

    private static long? Number(TableView table, ReadOnlySpan<byte> key) =>
        table.TryGetValue(key, out var value) && value.TryGetInt64(out long number) ? number : null;

    private static long? Smaller(long? one, long? other) => one is null ? other : other is null ? one : Math.Min(one.Value, other.Value);
}
