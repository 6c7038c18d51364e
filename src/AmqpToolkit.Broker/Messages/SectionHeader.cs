using System.Buffers.Binary;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Messages;

/// <summary>
/// The header of a message of 1.0 (section 3.2.1): the one section that is the network's own. It is kept as it came and written anew for each delivery.
/// </summary>
internal readonly struct SectionHeader
{
    /// <summary>Octets of the largest header that is written here.</summary>
    public const int MaxOctets = 3 + 3 + 1 + 2 + 5 + 1 + 5;

    private const byte SmallULong = 0x53;
    private const byte Null = 0x40;
    private const byte True = 0x41;
    private const byte False = 0x42;

    /// <summary>Whether the message is to survive a restart.</summary>
    public bool IsDurable { get; private init; }

    /// <summary>Its priority; null where none is said.</summary>
    public byte? Priority { get; private init; }

    /// <summary>How long it may wait, in milliseconds; null for ever.</summary>
    public long? Milliseconds { get; private init; }

    /// <summary>Attempts that had failed when it came.</summary>
    public uint DeliveryCount { get; private init; }

    /// <summary>Octets of the section; 0 when there is none.</summary>
    public int Octets { get; private init; }

    /// <summary>The header of a message that has come in sections.</summary>
    public static SectionHeader Of(in MessageContent content)
    {
        TryRead(content.Properties, out var header);
        return header;
    }

    /// <summary>Reads the header at the start of a message, if there is one.</summary>
    public static DecodeError TryRead(ReadOnlySpan<byte> message, out SectionHeader header)
    {
        header = default;
        if (message.Length < 4 || (message[1] == SmallULong && message[2] != HeaderView.DescriptorCode))
        {
            return DecodeError.None;
        }

        var error = HeaderView.TryParse(message, out var view, out int octets);
        if (error != DecodeError.None)
        {
            // Some other section, in an unusual form.
            return error == DecodeError.UnexpectedDescriptor ? DecodeError.None : error;
        }

        header = new SectionHeader
        {
            IsDurable = view.Durable,
            Priority = view.HasPriority ? view.Priority : null,
            Milliseconds = view.HasTtl ? view.Ttl : null,
            DeliveryCount = view.DeliveryCount,
            Octets = octets,
        };
        return DecodeError.None;
    }

    /// <summary>Writes a header.</summary>
    /// <param name="destination">At least <see cref="MaxOctets"/> long.</param>
    /// <param name="isDurable">Whether the message is to survive a restart.</param>
    /// <param name="priority">Its priority; null to say none.</param>
    /// <param name="milliseconds">How long it may wait; below 0 for ever.</param>
    /// <param name="isFirst">Whether nobody had it before.</param>
    /// <param name="deliveryCount">Attempts that failed.</param>
    /// <returns>Octets written.</returns>
    public static int Write(Span<byte> destination, bool isDurable, byte? priority, long milliseconds, bool isFirst, uint deliveryCount)
    {
        // descriptor, list8: size, count 5.
        int at = 6;
        destination[at++] = isDurable ? True : False;
        if (priority is { } said)
        {
            destination[at++] = 0x50;
            destination[at++] = said;
        }
        else
        {
            destination[at++] = Null;
        }

        if (milliseconds >= 0)
        {
            destination[at++] = 0x70;
            BinaryPrimitives.WriteUInt32BigEndian(destination[at..], (uint)Math.Min(milliseconds, uint.MaxValue));
            at += sizeof(uint);
        }
        else
        {
            destination[at++] = Null;
        }

        destination[at++] = isFirst ? True : False;
        at += AmqpWriter.WriteUInt(destination[at..], deliveryCount);
        destination[0] = 0;
        destination[1] = SmallULong;
        destination[2] = (byte)HeaderView.DescriptorCode;
        destination[3] = 0xC0;
        destination[4] = (byte)(at - 5);
        destination[5] = 5;
        return at;
    }
}
