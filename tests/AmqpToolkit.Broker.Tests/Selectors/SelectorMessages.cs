using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;
using static AmqpToolkit.Broker.Tests.Conversion.Octets;

namespace AmqpToolkit.Broker.Tests.Selectors;

/// <summary>One message in either version, for expressions to look at.</summary>
internal static class SelectorMessages
{
    /// <summary>The properties of the message of 0-9-1.</summary>
    public static byte[] BasicOctets { get; } = Of(new BasicProperties
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
        Of(new Header { Durable = true, Priority = 7, Ttl = 60000 }),
        Map(0x72, (Symbol("x-other"), "41")),
        Of(new Properties
        {
            MessageId = EncodedValue.String("ID:1"), UserId = "guest"u8.ToArray(), To = EncodedValue.String("there"), Subject = "order", ReplyTo = EncodedValue.String("replies"),
            CorrelationId = EncodedValue.String("c-1"), ContentType = "text/plain", CreationTime = 9000, GroupId = "group", GroupSequence = 3,
        }),
        Map(
            0x74, (String("colour"), String("red")), (String("weight"), "5405"), (String("price"), "82 4004000000000000"), (String("ok"), "41"), (String("bad"), "56 00"),
            (String("nothing"), "40"), (String("name"), String("O'Neil")), (String("big"), "81 7FFFFFFFFFFFFFFF"), (String("low"), "81 8000000000000000"), (String("tiny"), "51 FD"),
            (String("ubyte"), "50 C8"), (String("short"), "61 FED4"), (String("ushort"), "60 EA60"), (String("uint"), "70 EE6B2800"), (String("half"), "72 3F000000"),
            (String("dec"), "84 3180000000000145"), (String("time"), "83 00000000000007D0"), (String("raw"), "A0 02 0102"), (String("list"), "C0 02 01 41"),
            (String("text"), String("aXbXc")), (String("umlaut"), "A1 05 6772C3BC6E"), (String("colour"), String("blue")), (String("empty"), "A1 00"), (String("x-note"), "A3 01 6E"),
            (String("percent"), String("100%")), (String("a.b"), "52 01")));

    public static MessageContent Basic => Of(BasicOctets, MessageFlags.Persistent);

    public static MessageContent Sections => Of(SectionOctets, MessageFlags.Persistent | MessageFlags.Sections);

    public static MessageContent Of(byte[] properties, MessageFlags flags) =>
        new() { Exchange = "ex"u8, RoutingKey = "key"u8, Properties = properties, Body = default, Flags = flags };
}
