using System.Buffers.Binary;
using AmqpToolkit.Broker.Messages;

namespace AmqpToolkit.Broker.Durability;

/// <summary>
/// A message as the journal keeps it. Numbers are little-endian.
/// <code>
///   content: version (1), flags (octet), exchange octets (octet), key octets (octet), property octets (int), exchange, key, properties, body
///   content of a message that goes to a stream with a group: the same with version 2, and its place in the journal (ulong) before the exchange
///   overlay: nothing for a message that never came back and has no time; else version (1), redelivered (octet), delivery count (ushort), deadline (long)
/// </code>
/// The flags are those of <see cref="MessageFlags"/>; the deadline is in milliseconds since 1970, 0 for none. What a queue does to a message stands in its overlay alone.
/// </summary>
internal static class StoredMessageFormat
{
    /// <summary>The largest part of a content before its properties.</summary>
    public const int MaxHeadOctets = HeaderOctets + byte.MaxValue + byte.MaxValue;

    /// <summary>Octets of an overlay that says anything.</summary>
    public const int OverlayOctets = 12;

    private const int HeaderOctets = 8;
    private const byte Version = 1;
    private const byte PlacedVersion = 2;
    private const int PlaceOctets = sizeof(ulong);

    /// <summary>Writes what stands before the properties.</summary>
    /// <returns>Its octets.</returns>
    public static int WriteHead(Span<byte> destination, in MessageContent content)
    {
        destination[0] = Version;
        destination[1] = (byte)(content.Flags & ~MessageFlags.Large);
        destination[2] = (byte)content.Exchange.Length;
        destination[3] = (byte)content.RoutingKey.Length;
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], content.Properties.Length);
        content.Exchange.CopyTo(destination[HeaderOctets..]);
        content.RoutingKey.CopyTo(destination[(HeaderOctets + content.Exchange.Length)..]);
        return HeaderOctets + content.Exchange.Length + content.RoutingKey.Length;
    }

    /// <summary>Octets of a content.</summary>
    public static int CountOctets(in MessageContent content) =>
        HeaderOctets + content.Exchange.Length + content.RoutingKey.Length + content.Properties.Length + (int)content.BodyOctets;

    /// <summary>Writes a content.</summary>
    /// <param name="destination">As long as it is.</param>
    public static void Write(Span<byte> destination, in MessageContent content)
    {
        destination = destination[WriteHead(destination, in content)..];
        content.Properties.CopyTo(destination);
        destination = destination[content.Properties.Length..];
        content.Body.CopyTo(destination);
        foreach (var chunk in content.Large?.Chunks ?? [])
        {
            chunk.AsSpan().CopyTo(destination);
            destination = destination[chunk.Count..];
        }
    }

    /// <summary>Octets of a content with its place.</summary>
    public static int CountPlacedOctets(in MessageContent content) => CountOctets(in content) + PlaceOctets;

    /// <summary>Writes a content that is to have a place in the journal, by which a stream knows that it has it.</summary>
    /// <param name="destination">As long as it is.</param>
    public static void WritePlaced(Span<byte> destination, in MessageContent content)
    {
        Write(destination[PlaceOctets..], in content);
        destination.Slice(PlaceOctets, HeaderOctets).CopyTo(destination);
        destination[0] = PlacedVersion;
        SetPlace(destination, 0);
    }

    /// <summary>Sets the place of a content that has one.</summary>
    public static void SetPlace(Span<byte> octets, ulong place) => BinaryPrimitives.WriteUInt64LittleEndian(octets[HeaderOctets..], place);

    /// <summary>The place that stands in a content.</summary>
    /// <returns>False when none does.</returns>
    public static bool TryReadPlace(ReadOnlySpan<byte> octets, out ulong place)
    {
        bool hasPlace = octets.Length >= HeaderOctets + PlaceOctets && octets[0] == PlacedVersion;
        place = hasPlace ? BinaryPrimitives.ReadUInt64LittleEndian(octets[HeaderOctets..]) : 0;
        return hasPlace;
    }

    /// <summary>Reads a content. A large body is left in <see cref="MessageContent.Body"/>.</summary>
    /// <returns>False when the octets are of another version, or cut.</returns>
    public static bool TryRead(ReadOnlySpan<byte> octets, out MessageContent content)
    {
        content = default;
        bool hasPlace = TryReadPlace(octets, out _);
        if (octets.Length < HeaderOctets || (octets[0] != Version && !hasPlace))
        {
            return false;
        }

        int exchange = octets[2];
        int key = octets[3];
        int properties = BinaryPrimitives.ReadInt32LittleEndian(octets[4..]);
        var rest = octets[(hasPlace ? HeaderOctets + PlaceOctets : HeaderOctets)..];
        if (properties < 0 || rest.Length < exchange + key || rest.Length - exchange - key < properties)
        {
            return false;
        }

        content = new MessageContent
        {
            Exchange = rest[..exchange],
            RoutingKey = rest.Slice(exchange, key),
            Properties = rest.Slice(exchange + key, properties),
            Body = rest[(exchange + key + properties)..],
            Flags = (MessageFlags)octets[1],
        };
        return true;
    }

    /// <summary>Writes an overlay.</summary>
    public static ReadOnlySpan<byte> WriteOverlay(Span<byte> destination, bool isRedelivered, ushort deliveryCount, long deadline)
    {
        destination[0] = Version;
        destination[1] = isRedelivered ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[2..], deliveryCount);
        BinaryPrimitives.WriteInt64LittleEndian(destination[4..], deadline);
        return destination[..OverlayOctets];
    }

    /// <summary>Reads an overlay; an empty one says nothing.</summary>
    public static void ReadOverlay(ReadOnlySpan<byte> octets, out bool isRedelivered, out ushort deliveryCount, out long deadline)
    {
        (isRedelivered, deliveryCount, deadline) = (false, 0, 0);
        if (octets.Length >= OverlayOctets && octets[0] == Version)
        {
            isRedelivered = octets[1] != 0;
            deliveryCount = BinaryPrimitives.ReadUInt16LittleEndian(octets[2..]);
            deadline = BinaryPrimitives.ReadInt64LittleEndian(octets[4..]);
        }
    }
}
