using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Broker.Tests.Conversion;
using static AmqpToolkit.Broker.Tests.Conversion.Octets;

namespace AmqpToolkit.Broker.Tests.Selectors;

/// <summary>One message in either version, for expressions to look at.</summary>
internal static class SelectorMessages
{
    /// <summary>The properties of the message of 0-9-1.</summary>
    public static byte[] BasicOctets { get; } = Octets.Of(new BasicProperties
    {
        ContentType = "text/plain", DeliveryMode = 2, Priority = 7, CorrelationId = "c-1", ReplyTo = "replies", Expiration = "60000", MessageId = "ID:1", Timestamp = 9,
        Type = "order", UserId = "guest", AppId = "group",
        Headers = Table.Create(t => t
            .Add("colour", "red").Add("weight", 5).Add("price", 2.5).Add("ok", true).Add("bad", false).Add("nothing", FieldValue.Void).Add("name", "O'Neil").Add("big", long.MaxValue)
            .Add("low", long.MinValue).Add("tiny", (sbyte)-3).Add("ubyte", (byte)200).Add("short", (short)-300).Add("ushort", (ushort)60000).Add("uint", 4_000_000_000u).Add("half", 0.5f)
            .Add("dec", 3.25m).Add("time", new AmqpTimestamp(2)).Add("raw", new byte[] { 1, 2 }).AddArray("list", list => list.Add(1)).Add("text", "aXbXc").Add("umlaut", "grün")
            .Add("colour", "blue").Add("empty", "").Add("x-note", "n").Add("percent", "100%").Add("a.b", 1)),
    });

    /// <summary>The sections before the body of the message of 1.0.</summary>
    public static byte[] SectionOctets { get; } = Join(
        Octets.Of(new Header { Durable = true, Priority = 7, Ttl = 60000 }),
        Map(0x72, (SymbolOf("x-other"), "41")),
        Octets.Of(new Properties
        {
            MessageId = EncodedValue.String("ID:1"), UserId = "guest"u8.ToArray(), To = EncodedValue.String("there"), Subject = "order", ReplyTo = EncodedValue.String("replies"),
            CorrelationId = EncodedValue.String("c-1"), ContentType = "text/plain", CreationTime = 9000, GroupId = "group", GroupSequence = 3,
        }),
        Map(
            0x74, (StringOf("colour"), StringOf("red")), (StringOf("weight"), "5405"), (StringOf("price"), "82 4004000000000000"), (StringOf("ok"), "41"), (StringOf("bad"), "56 00"),
            (StringOf("nothing"), "40"), (StringOf("name"), StringOf("O'Neil")), (StringOf("big"), "81 7FFFFFFFFFFFFFFF"), (StringOf("low"), "81 8000000000000000"), (StringOf("tiny"), "51 FD"),
            (StringOf("ubyte"), "50 C8"), (StringOf("short"), "61 FED4"), (StringOf("ushort"), "60 EA60"), (StringOf("uint"), "70 EE6B2800"), (StringOf("half"), "72 3F000000"),
            (StringOf("dec"), "84 3180000000000145"), (StringOf("time"), "83 00000000000007D0"), (StringOf("raw"), "A0 02 0102"), (StringOf("list"), "C0 02 01 41"),
            (StringOf("text"), StringOf("aXbXc")), (StringOf("umlaut"), "A1 05 6772C3BC6E"), (StringOf("colour"), StringOf("blue")), (StringOf("empty"), "A1 00"), (StringOf("x-note"), "A3 01 6E"),
            (StringOf("percent"), StringOf("100%")), (StringOf("a.b"), "52 01")));

    public static MessageContent Basic => Of(BasicOctets, MessageFlags.Persistent);

    public static MessageContent Sections => Of(SectionOctets, MessageFlags.Persistent | MessageFlags.Sections);

    public static MessageContent Of(byte[] properties, MessageFlags flags) =>
        new() { Exchange = "ex"u8, RoutingKey = "key"u8, Properties = properties, Body = default, Flags = flags };
}
