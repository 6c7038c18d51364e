using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Decode.Tests;

/// <summary>Frames of 0-9-1, written by the codec.</summary>
internal static class Classic
{
    /// <summary>The beginning of every connection: header, start, start-ok with a password, and a publish of "hello".</summary>
    public static byte[] Client => [.. ProtocolHeader.V0_9_1, .. StartOk, .. Publish];

    public static byte[] Server => Start;

    public static byte[] Start => Method(0, new ConnectionStart
    {
        VersionMajor = 0,
        VersionMinor = 9,
        ServerProperties = Table.Create(table => table.Add("product", "RabbitMQ").AddTable("capabilities", inner => inner.Add("basic.nack", true))),
        Mechanisms = "PLAIN AMQPLAIN",
        Locales = "en_US",
    });

    public static byte[] StartOk => Method(0, new ConnectionStartOk
    {
        ClientProperties = Table.Create(table => table.Add("product", "test").AddArray("list", list => list.Add(1).Add("two"))),
        Mechanism = "PLAIN",
        Response = "\0guest\0secret-word",
        Locale = "en_US",
    });

    public static byte[] Publish =>
    [
        .. Method(1, new BasicPublish { Exchange = "orders", RoutingKey = "eu.new", Mandatory = true }),
        .. Header(1, 5, new BasicProperties { ContentType = "text/plain", DeliveryMode = 2, Headers = Table.Create(table => table.Add("x", 7)) }),
        .. Body(1, "hello"u8),
    ];

    public static byte[] Method<T>(ushort channel, in T method)
        where T : struct, IMethod
    {
        byte[] frame = new byte[FrameWriter.OverheadOctets + method.MaxOctets];
        return frame[..FrameWriter.WriteMethod(frame, channel, method)];
    }

    public static byte[] Header(ushort channel, ulong bodyOctets, in BasicProperties properties)
    {
        byte[] list = new byte[properties.MaxOctets];
        int octets = properties.Write(list);
        byte[] frame = new byte[FrameWriter.OverheadOctets + 12 + octets];
        return frame[..FrameWriter.WriteContentHeader(frame, channel, BasicPropertiesView.ClassId, bodyOctets, list.AsSpan(0, octets))];
    }

    public static byte[] Body(ushort channel, ReadOnlySpan<byte> body)
    {
        byte[] frame = new byte[FrameWriter.OverheadOctets + body.Length];
        return frame[..FrameWriter.WriteBody(frame, channel, body)];
    }

    public static byte[] Heartbeat => [8, 0, 0, 0, 0, 0, 0, 0xCE];

    /// <summary>A method frame around octets.</summary>
    public static byte[] Raw(byte type, ushort channel, params byte[] payload) =>
        [type, (byte)(channel >> 8), (byte)channel, 0, 0, (byte)(payload.Length >> 8), (byte)payload.Length, .. payload, 0xCE];

    public static string Hex(byte[] octets) => Convert.ToHexString(octets);

    public static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);
}
