using System.Buffers.Binary;
using System.Text;

namespace AmqpToolkit.Client.Tests.Scripted;

/// <summary>A plain codec of the scripted server's own, so that a mistake of the library's cannot hide itself.</summary>
internal static class Wire
{
    public static readonly byte[] Heartbeat = [8, 0, 0, 0, 0, 0, 0, 0xCE];

    /// <summary>
    /// A method frame. Arguments by their .NET type: byte (octet or bits), ushort, uint, ulong, string (shortstr), byte[] (longstr, or a table's entries).
    /// </summary>
    public static byte[] Method(ushort channel, ushort classId, ushort methodId, params object[] arguments)
    {
        var payload = new List<byte>();
        Add(payload, classId);
        Add(payload, methodId);
        foreach (object argument in arguments)
        {
            Add(payload, argument);
        }

        return Frame(1, channel, [.. payload]);
    }

    public static byte[] Header(ushort channel, ulong bodyOctets, params byte[] flagsAndList)
    {
        var payload = new List<byte>();
        Add(payload, (ushort)60);
        Add(payload, (ushort)0);
        Add(payload, bodyOctets);
        payload.AddRange(flagsAndList.Length == 0 ? [0, 0] : flagsAndList);
        return Frame(2, channel, [.. payload]);
    }

    public static byte[] Body(ushort channel, params byte[] octets) => Frame(3, channel, octets);

    /// <summary>Method, header and one body frame.</summary>
    public static byte[] Content(byte[] method, ushort channel, string body) =>
        [.. method, .. Header(channel, (ulong)body.Length), .. body.Length == 0 ? [] : Body(channel, Encoding.ASCII.GetBytes(body))];

    public static byte[] Deliver(ushort channel, string consumerTag, ulong deliveryTag, string body, string exchange = "", string routingKey = "q") =>
        Content(Method(channel, 60, 60, consumerTag, deliveryTag, (byte)0, exchange, routingKey), channel, body);

    public static byte[] Ack(ushort channel, ulong tag, bool multiple = false) => Method(channel, 60, 80, tag, (byte)(multiple ? 1 : 0));

    public static byte[] Nack(ushort channel, ulong tag, bool multiple = false) => Method(channel, 60, 120, tag, (byte)(multiple ? 1 : 0));

    /// <summary>basic.return with the headers that a published message had.</summary>
    public static byte[] Return(ushort channel, Received published) =>
    [
        .. Method(channel, 60, 50, (ushort)312, "NO_ROUTE", "", "nowhere"),
        .. Header(channel, (ulong)published.Body.Length, published.Properties),
        .. published.Body.Length == 0 ? [] : Body(channel, published.Body),
    ];

    public static byte[] Start(string mechanisms = "PLAIN AMQPLAIN") => Method(0, 10, 10, (byte)0, (byte)9, Array.Empty<byte>(), Encoding.ASCII.GetBytes(mechanisms), "en_US"u8.ToArray());

    public static byte[] Tune(ushort channelMax = 2047, uint frameMax = 131072, ushort heartbeat = 60) => Method(0, 10, 30, channelMax, frameMax, heartbeat);

    public static byte[] OpenOk() => Method(0, 10, 41, "");

    public static byte[] ChannelOpenOk(ushort channel) => Method(channel, 20, 11, Array.Empty<byte>());

    public static byte[] ChannelClose(ushort channel, ushort code, string text, ushort classId = 0, ushort methodId = 0) => Method(channel, 20, 40, code, text, classId, methodId);

    public static byte[] ConnectionClose(ushort code, string text) => Method(0, 10, 50, code, text, (ushort)0, (ushort)0);

    public static byte[] Frame(byte type, ushort channel, byte[] payload)
    {
        var frame = new byte[payload.Length + 8];
        frame[0] = type;
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(1), channel);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(3), payload.Length);
        payload.CopyTo(frame, 7);
        frame[^1] = 0xCE;
        return frame;
    }

    private static void Add(List<byte> to, object argument)
    {
        Span<byte> scratch = stackalloc byte[8];
        switch (argument)
        {
            case byte value:
                to.Add(value);
                break;
            case ushort value:
                BinaryPrimitives.WriteUInt16BigEndian(scratch, value);
                to.AddRange(scratch[..2]);
                break;
            case uint value:
                BinaryPrimitives.WriteUInt32BigEndian(scratch, value);
                to.AddRange(scratch[..4]);
                break;
            case ulong value:
                BinaryPrimitives.WriteUInt64BigEndian(scratch, value);
                to.AddRange(scratch);
                break;
            case string value:
                to.Add((byte)value.Length);
                to.AddRange(Encoding.ASCII.GetBytes(value));
                break;
            case byte[] value:
                BinaryPrimitives.WriteInt32BigEndian(scratch, value.Length);
                to.AddRange(scratch[..4]);
                to.AddRange(value);
                break;
            default:
                throw new ArgumentException($"No field of type {argument.GetType()}.", nameof(argument));
        }
    }
}
