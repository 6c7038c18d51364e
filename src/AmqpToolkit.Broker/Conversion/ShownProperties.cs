using System.Runtime.InteropServices;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Conversion;

/// <summary>What exchanges look at in a message, of whatever version: its properties as 0-9-1 has them. For 1.0 the answer holds until the thread asks again.</summary>
internal static class ShownProperties
{
    /// <summary>The properties in the wire form of 0-9-1.</summary>
    public static ReadOnlySpan<byte> Of(scoped in MessageContent message)
    {
        if ((message.Flags & MessageFlags.Sections) == 0)
        {
            return message.Properties;
        }

        // They lie in the thread's own buffer, and outlive this view of the message.
        var octets = BasicWriter.OfThread.PropertiesOf(in message);
        return MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetReference(octets), octets.Length);
    }

    /// <summary>The headers; none where there are none.</summary>
    public static TableView HeadersOf(ReadOnlySpan<byte> properties) =>
        BasicPropertiesView.TryParse(properties, out var view) == DecodeError.None && view.HasHeaders ? view.Headers : default;
}
