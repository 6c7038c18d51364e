using System.Runtime.InteropServices;
using AmqpToolkit.Broker.Conversion;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>Merges what the outcome modified says into the annotations of messages (1.0 section 3.4.5). What the message itself has stays, unless it is said anew.</summary>
internal static class AnnotationMerger
{
    /// <summary>Replaces messages by others with more annotations. A message of 0-9-1 has none, and stays.</summary>
    public static void Merge(MessageArena arena, List<Unsettled> deliveries, EncodedMapView added)
    {
        var builder = new EncodedValueBuilder();
        foreach (ref var delivery in CollectionsMarshal.AsSpan(deliveries))
        {
            if (delivery.Message.Message.IsNone)
            {
                // A stream's stay what they are.
                continue;
            }

            var content = arena.Read(delivery.Message.Message);
            if ((content.Flags & MessageFlags.Sections) == 0)
            {
                continue;
            }

            byte[] properties = Merge(builder, content.Properties, added);
            delivery = delivery with { Message = delivery.Message with { Message = arena.ReplaceProperties(delivery.Message.Message, properties) } };
        }
    }

    private static byte[] Merge(EncodedValueBuilder builder, ReadOnlySpan<byte> sections, EncodedMapView added)
    {
        MessageSections.TryParse(sections, out var found);
        builder.Clear().Describe(MessageAnnotationsView.DescriptorCode).BeginMap();
        if (!found.MessageAnnotations.IsEmpty && MessageAnnotationsView.TryParse(found.MessageAnnotations, out var present, out _) == DecodeError.None)
        {
            foreach (var entry in present.Value)
            {
                if (!entry.Key.TryGetSymbol(out var symbol) || AnnotationNames.IsBrokers(symbol) || !added.TryGetValue(symbol, out _))
                {
                    builder.Add(entry.Key).Add(entry.Value);
                }
            }
        }

        foreach (var entry in added)
        {
            // All other keys are the protocol's, or the broker's.
            if (entry.Key.TryGetSymbol(out var symbol) && symbol.StartsWith(AnnotationNames.Prefix) && !AnnotationNames.IsBrokers(symbol))
            {
                builder.Add(entry.Key).Add(entry.Value);
            }
        }

        builder.End();
        int header = found.Header.Length;
        return [.. sections[..header], .. builder.Span, .. sections[(header + found.MessageAnnotations.Length)..]];
    }
}
