using AmqpToolkit.Broker.Conversion;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>
/// What stands before the body of a delivery: a header of the broker's own (section 3.2.1), and the other sections as they came, or as a message of 0-9-1 gets
/// them. Each thread has one; an answer holds until the thread asks again. Allocates only to grow.
/// </summary>
internal sealed class DeliveryHead
{
    [ThreadStatic]
    private static DeliveryHead? t_ofThread;

    private byte[] _octets = new byte[512];

    /// <summary>The thread's own.</summary>
    public static DeliveryHead OfThread => t_ofThread ??= new DeliveryHead();

    /// <summary>The octets before the body.</summary>
    public ReadOnlySpan<byte> Write(in MessageContent message, in DeliveryInfo info)
    {
        bool isDurable = (message.Flags & MessageFlags.Persistent) != 0;
        if ((message.Flags & MessageFlags.Sections) != 0)
        {
            var header = SectionHeader.Of(in message);
            long milliseconds = info.Milliseconds >= 0 || (message.Flags & MessageFlags.Expires) == 0 ? info.Milliseconds : header.Milliseconds ?? -1;
            return Write(
                message.Properties[header.Octets..], isDurable, header.Priority, milliseconds, in info, header.DeliveryCount + (uint)info.DeliveryCount);
        }

        byte? priority = null;
        long rest = -1;
        if (message.Properties is not [0, 0] && BasicPropertiesView.TryParse(message.Properties, out var properties) == DecodeError.None)
        {
            priority = properties.HasPriority ? properties.Priority : null;
            rest = !properties.HasExpiration ? -1 : info.Milliseconds >= 0 ? info.Milliseconds : Expiration.TryRead(properties.Expiration, out long own) ? own : -1;
        }

        return Write(SectionWriter.OfThread.FromBasic(in message), isDurable, priority, rest, in info, (uint)info.DeliveryCount);
    }

    private ReadOnlySpan<byte> Write(ReadOnlySpan<byte> sections, bool isDurable, byte? priority, long milliseconds, in DeliveryInfo info, uint deliveryCount)
    {
        if (_octets.Length < SectionHeader.MaxOctets + sections.Length)
        {
            _octets = new byte[Math.Max(SectionHeader.MaxOctets + sections.Length, _octets.Length * 2)];
        }

        int octets = SectionHeader.Write(_octets, isDurable, priority, milliseconds, !info.IsRedelivered, deliveryCount);
        sections.CopyTo(_octets.AsSpan(octets));
        return _octets.AsSpan(0, octets + sections.Length);
    }
}
