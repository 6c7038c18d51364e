using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Selectors;

/// <summary>A message of 0-9-1.</summary>
internal ref partial struct SelectedMessage
{
    private const long MillisecondsASecond = 1000;

    private void WalkHeaders()
    {
        if (!TryFindBasic(BasicProperty.Headers, out var headers))
        {
            return;
        }

        _table = headers;
        int left = _names.Length;
        foreach (var entry in new TableView(headers))
        {
            // The tag stands after the name; strings and tables have their length between it and their octets.
            Steps -= StepsOfEntry;
            int at = OffsetOf(headers, entry.Key) + entry.Key.Length;
            int end = OffsetOf(headers, entry.Value.Payload) + entry.Value.Payload.Length;
            if (Note(entry.Key, at, end, ref left))
            {
                return;
            }
        }
    }

    /// <summary>Finds a property by passing those before it: short strings mostly (0-9-1, 4.2.6.1).</summary>
    /// <param name="property">Its place in the order.</param>
    /// <param name="octets">Its octets, without the length of a string or table.</param>
    private readonly bool TryFindBasic(BasicProperty property, out ReadOnlySpan<byte> octets)
    {
        octets = default;
        var properties = _properties;
        if (properties.Length < sizeof(ushort))
        {
            return false;
        }

        int flags = BinaryPrimitives.ReadUInt16BigEndian(properties);
        if ((flags & (0x8000 >> (int)property)) == 0)
        {
            return false;
        }

        int at = sizeof(ushort);
        for (var passed = BasicProperty.ContentType; passed <= property; passed++)
        {
            if ((flags & (0x8000 >> (int)passed)) == 0)
            {
                continue;
            }

            if (!TryMeasure(properties, passed, ref at, out int length))
            {
                return false;
            }

            if (passed == property)
            {
                octets = properties.Slice(at, length);
                return true;
            }

            at += length;
        }

        return false;
    }

    private static bool TryMeasure(ReadOnlySpan<byte> properties, BasicProperty property, ref int at, out int length)
    {
        switch (property)
        {
            case BasicProperty.Headers:
                length = properties.Length - at < sizeof(uint) ? -1 : BinaryPrimitives.ReadInt32BigEndian(properties[at..]);
                at += sizeof(uint);
                break;
            case BasicProperty.DeliveryMode or BasicProperty.Priority:
                length = 1;
                break;
            case BasicProperty.Timestamp:
                length = sizeof(ulong);
                break;
            default:
                length = at < properties.Length ? properties[at] : -1;
                at++;
                break;
        }

        return length >= 0 && length <= properties.Length - at;
    }

    private readonly Operand BasicField(MessageField field)
    {
        switch (field)
        {
            case MessageField.JmsMessageId or MessageField.MessageId:
                return BasicText(BasicProperty.MessageId);
            case MessageField.JmsCorrelationId or MessageField.CorrelationId:
                return BasicText(BasicProperty.CorrelationId);
            case MessageField.JmsType:
                return BasicText(BasicProperty.Type);
            case MessageField.JmsDeliveryCount:
                return Operand.Of((long)_deliveryCount + 1);
            case MessageField.DeliveryCount:
                return Operand.Of((long)_deliveryCount);
            case MessageField.Priority:
                return Operand.Of(TryFindBasic(BasicProperty.Priority, out var priority) ? (long)priority[0] : DefaultPriority);
            case MessageField.Ttl:
                return TryFindBasic(BasicProperty.Expiration, out var text) && Expiration.TryRead(text, out long milliseconds) ? Operand.Of(milliseconds) : default;
            case MessageField.UserId:
                return BasicText(BasicProperty.UserId);
            case MessageField.ReplyTo:
                return BasicText(BasicProperty.ReplyTo);
            case MessageField.ContentType:
                return BasicText(BasicProperty.ContentType);
            case MessageField.ContentEncoding:
                return BasicText(BasicProperty.ContentEncoding);
            case MessageField.CreationTime:
                return TryFindBasic(BasicProperty.Timestamp, out var time) ? Milliseconds(time) : default;
            case MessageField.GroupId:
                return BasicText(BasicProperty.AppId);
            default:
                return default;
        }
    }

    private readonly Operand BasicText(BasicProperty property) => TryFindBasic(property, out var text) ? Operand.Of(text) : default;

    /// <summary>What a tagged value is as an operand; its octets are all there. Times are milliseconds.</summary>
    private static Operand BasicOperand(ReadOnlySpan<byte> octets)
    {
        var payload = octets[1..];
        switch ((FieldType)octets[0])
        {
            case FieldType.LongString:
                return Operand.Of(payload[sizeof(uint)..]);
            case FieldType.Int32:
                return Operand.Of((long)BinaryPrimitives.ReadInt32BigEndian(payload));
            case FieldType.Int64 or FieldType.Int64Alternative:
                return Operand.Of(Int64(payload));
            case FieldType.Boolean:
                return Operand.Of(payload[0] != 0);
            case FieldType.Int16:
                return Operand.Of((long)BinaryPrimitives.ReadInt16BigEndian(payload));
            case FieldType.UInt16:
                return Operand.Of((long)BinaryPrimitives.ReadUInt16BigEndian(payload));
            case FieldType.UInt32:
                return Operand.Of((long)BinaryPrimitives.ReadUInt32BigEndian(payload));
            case FieldType.Int8:
                return Operand.Of((long)(sbyte)payload[0]);
            case FieldType.UInt8:
                return Operand.Of((long)payload[0]);
            case FieldType.Single:
                return Operand.Of((double)BinaryPrimitives.ReadSingleBigEndian(payload));
            case FieldType.Double:
                return Operand.Of(BinaryPrimitives.ReadDoubleBigEndian(payload));
            case FieldType.Decimal:
                return Operand.Of(BinaryPrimitives.ReadInt32BigEndian(payload[1..]) / Math.Pow(10, payload[0]));
            case FieldType.Timestamp:
                return Milliseconds(payload);
            case FieldType.Void:
                return default;
            default:
                return Operand.Opaque;
        }
    }

    private static Operand Milliseconds(ReadOnlySpan<byte> seconds)
    {
        ulong value = BinaryPrimitives.ReadUInt64BigEndian(seconds);
        return value <= long.MaxValue / MillisecondsASecond ? Operand.Of((long)value * MillisecondsASecond) : Operand.Of((double)value * MillisecondsASecond);
    }

    private static int OffsetOf(ReadOnlySpan<byte> whole, ReadOnlySpan<byte> part) =>
        (int)Unsafe.ByteOffset(ref MemoryMarshal.GetReference(whole), ref MemoryMarshal.GetReference(part));

    /// <summary>The properties of 0-9-1 in their order, the highest flag first.</summary>
    private enum BasicProperty
    {
        ContentType = 0,
        ContentEncoding,
        Headers,
        DeliveryMode,
        Priority,
        CorrelationId,
        ReplyTo,
        Expiration,
        MessageId,
        Timestamp,
        Type,
        UserId,
        AppId,
    }
}
