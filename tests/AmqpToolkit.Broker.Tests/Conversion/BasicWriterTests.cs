using System.Text;
using AmqpToolkit.Broker.Conversion;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;
using static AmqpToolkit.Broker.Tests.Conversion.Octets;

namespace AmqpToolkit.Broker.Tests.Conversion;

/// <summary>1.0 to 0-9-1, row by row.</summary>
public sealed class BasicWriterTests
{
    private const byte MessageAnnotationsCode = 0x72;
    private const byte ApplicationPropertiesCode = 0x74;

    private readonly BasicWriter _writer = new();
    private readonly MessageArena _arena = new();

    /// <summary>A value of 1.0, and what it is in a field table; null where it has no place there.</summary>
    public static TheoryData<string, string?> Values => new()
    {
        { "40", "56" },
        { "41", "74 01" },
        { "42", "74 00" },
        { "56 01", "74 01" },
        { "50 C8", "42 C8" },
        { "60 FFFE", "75 FFFE" },
        { "70 FFFFFFFF", "69 FFFFFFFF" },
        { "52 07", "69 00000007" },
        { "43", "69 00000000" },
        { "80 7FFFFFFFFFFFFFFF", "6C 7FFFFFFFFFFFFFFF" },
        { "53 07", "6C 0000000000000007" },
        { "44", "6C 0000000000000000" },
        { "80 FFFFFFFFFFFFFFFF", LongString("18446744073709551615") },
        { "51 FB", "62 FB" },
        { "61 FFFE", "73 FFFE" },
        { "71 80000000", "49 80000000" },
        { "54 FF", "49 FFFFFFFF" },
        { "81 8000000000000000", "6C 8000000000000000" },
        { "55 FF", "6C FFFFFFFFFFFFFFFF" },
        { "72 3FC00000", "66 3FC00000" },
        { "82 BFF8000000000000", "64 BFF8000000000000" },
        { "74 3180013A", "44 02 0000013A" },                            // 3.14
        { "84 318000000000013A", "44 02 0000013A" },
        { "84 B1C0000000000001", "44 00 FFFFFFFF" },                    // -1
        { "84 3200000000000003", "44 00 0000012C" },                    // 3E+2
        { "94 303C000000000000000000000000013A", "44 02 0000013A" },
        { "84 3440000000000003", null },                                // 3E+20
        { "84 31C0000080000000", null },                                // 2^31
        { "84 7800000000000000", null },                                // infinity
        { "84 6C74000000000001", null },                                // digits in the second form
        { "84 0000000000000001", null },                                // 398 places after the point
        { "73 000020AC", "53 00000003 E282AC" },
        { "83 00000000000007CF", "54 0000000000000001" },
        { "83 FFFFFFFFFFFFFFFF", null },                                // before 1970
        { "98 00112233445566778899AABBCCDDEEFF", LongString("urn:uuid:00112233-4455-6677-8899-aabbccddeeff") },
        { "A0 02 6869", "78 00000002 6869" },
        { "B0 00000002 6869", "78 00000002 6869" },
        { "A1 02 6869", "53 00000002 6869" },
        { "B1 00000002 6869", "53 00000002 6869" },
        { "A3 02 6869", "53 00000002 6869" },
        { "45", "41 00000000" },
        { "C0 05 03 5401 41 40", "41 00000008 49 00000001 7401 56" },
        { "D0 00000007 00000002 A000 40", "41 00000006 78 00000000 56" },
        { "C0 0B 02 83 FFFFFFFFFFFFFFFF 41", "41 00000003 56 7401" },   // what cannot be told keeps its place
        { "E0 04 02 50 0102", "41 00000004 42 01 42 02" },
        { "E0 02 02 41", "41 00000004 7401 7401" },
        { "F0 0000000A 00000002 A1 01 61 02 6263", "41 0000000D 53 00000001 61 53 00000002 6263" },
        { "E0 06 02 C0 01 00 01 00", "41 0000000A 41 00000000 41 00000000" },
        { "C1 01 00", "46 00000000" },
        { "C1 06 02 A30161 540A", "46 00000007 01 61 49 0000000A" },
        { "C1 06 02 A10161 540A", "46 00000007 01 61 49 0000000A" },
        { "C1 05 02 5307 5201", "46 00000007 01 37 69 00000001" },      // a number as key
        { "C1 05 02 54FF 5201", "46 00000008 02 2D31 69 00000001" },
        { "C1 03 02 41 41", "46 00000000" },                            // a key that has no text
        { "C1 0D 02 A30161 83 FFFFFFFFFFFFFFFF", "46 00000000" },
        { "C1 0B 02 A30161 C1 05 02 A30162 45", "46 0000000E 01 61 46 00000007 01 62 41 00000000" },
        { "00 53 24 41", "74 01" },                                     // described: the value alone
        { "00 A3 01 61 00 53 24 5401", "49 00000001" },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void ApplicationProperty_OfEachType_BecomesHeader(string value, string? expected)
    {
        Assert.Equal(HeadersHex("k", expected), HeadersHex(Map(ApplicationPropertiesCode, (StringOf("k"), value))));
    }

    [Theory]
    [MemberData(nameof(Values))]
    public void Annotation_OfEachType_BecomesHeader(string value, string? expected)
    {
        Assert.Equal(HeadersHex("x-k", expected), HeadersHex(Map(MessageAnnotationsCode, (SymbolOf("x-k"), value))));
    }

    /// <summary>Properties of 1.0, and flags and list of 0-9-1 without delivery-mode.</summary>
    public static TheoryData<string, string> PropertyRows => new()
    {
        { "A1 01 6D", "0080 016D" },                                                                // message-id
        { "A1 00", "0080 00" },
        { "53 07", "0080 0137" },
        { "80 FFFFFFFFFFFFFFFF", "0080 14" + Text("18446744073709551615") },
        { "98 00112233445566778899AABBCCDDEEFF", "0080 2D" + Text("urn:uuid:00112233-4455-6677-8899-aabbccddeeff") },
        { "A0 02 FF00", "2000 00000014 0C" + Text("x-message-id") + "78 00000002 FF00" },
        { "40 A0 05 6775657374", "0010 05 6775657374" },                                            // user-id
        { "40 A0 01 FF", "" },
        { "40 40 A1 01 74", "" },                                                                   // to
        { "40 40 40 A1 01 73", "" },                                                                // subject
        { "40 40 40 40 A1 09" + Text("/queues/q"), "0200 01 71" },                                  // reply-to
        { "40 40 40 40 A1 11" + Text("/queues/a%2Fb%20c"), "0200 05" + Text("a/b c") },
        { "40 40 40 40 A1 0B" + Text("/queues/%zz"), "0200 0B" + Text("/queues/%zz") },
        { "40 40 40 40 A1 08" + Text("/queues/"), "0200 08" + Text("/queues/") },
        { "40 40 40 40 A1 0E" + Text("/exchanges/e/k"), "0200 0E" + Text("/exchanges/e/k") },
        { "40 40 40 40 53 07", "" },
        { "40 40 40 40 40 A1 01 63", "0400 01 63" },                                                // correlation-id
        { "40 40 40 40 40 44", "0400 01 30" },
        { "40 40 40 40 40 A0 00", "2000 00000016 10" + Text("x-correlation-id") + "78 00000000" },
        { "40 40 40 40 40 40 A3 02 6374", "8000 02 6374" },                                         // content-type
        { "40 40 40 40 40 40 40 A3 02 6365", "4000 02 6365" },                                      // content-encoding
        { "40 40 40 40 40 40 40 40 83 0000000000000001", "" },                                      // absolute-expiry-time
        { "40 40 40 40 40 40 40 40 40 83 00000000000007CF", "0040 0000000000000001" },              // creation-time
        { "40 40 40 40 40 40 40 40 40 83 FFFFFFFFFFFFFFFF", "" },
        { "40 40 40 40 40 40 40 40 40 40 A1 01 67", "0008 01 67" },                                 // group-id
        { "40 40 40 40 40 40 40 40 40 40 40 52 01", "" },                                           // group-sequence
        { "40 40 40 40 40 40 40 40 40 40 40 40 A1 01 67", "" },                                     // reply-to-group-id
        { "A1 01 6D 41", "" },                                                                      // a user-id that is none: no property counts
    };

    [Theory]
    [MemberData(nameof(PropertyRows))]
    public void Property_OfEachKind_BecomesPropertyOrNothing(string fields, string expected)
    {
        byte[] octets = Hex(fields);
        byte[] section = Join([0, 0x53, 0x73, 0xD0], Length(octets.Length + 4), Length(Count(octets)), octets);

        Assert.Equal(expected.Length == 0 ? "0000" : Convert.ToHexString(Hex(expected)), WithoutDeliveryMode(Sections(section)));
    }

    [Theory]
    [InlineData(0, true, "1000 02")]
    [InlineData(0, false, "1000 01")]
    [InlineData(1, false, "1800 01 07")]
    [InlineData(2, false, "1100 01 05" + "3630303030")]
    [InlineData(3, true, "1900 02 00 0A" + "34323934393637323935")]
    public void Header_BecomesDeliveryModePriorityAndExpiration(int number, bool isPersistent, string expected)
    {
        byte[] header = number switch
        {
            0 => [],
            1 => Of(new Header { Priority = 7 }),
            2 => Of(new Header { Durable = true, Ttl = 60000 }), // the flag counts: the header is as the publisher wrote it
            _ => Of(new Header { Durable = true, Priority = 0, Ttl = uint.MaxValue, FirstAcquirer = true, DeliveryCount = 2 }),
        };

        Assert.Equal(Convert.ToHexString(Hex(expected)), Convert.ToHexString(_writer.PropertiesOf(Sections(header, flags: isPersistent ? MessageFlags.Persistent : MessageFlags.None))));
    }

    [Fact]
    public void EverythingAtOnce_IsWellFormed()
    {
        byte[] sections = Join(
            Of(new Header { Durable = true, Priority = 3, Ttl = 5 }),
            Map(MessageAnnotationsCode, (SymbolOf("x-basic-type"), StringOf("t")), (SymbolOf("x-note"), "41"), (SymbolOf("x-cc"), "C0 04 01 A10161")),
            Of(new Properties
            {
                MessageId = EncodedValue.String("m"), UserId = "u"u8.ToArray(), To = EncodedValue.String("to"), Subject = "s", ReplyTo = EncodedValue.String("/queues/r"),
                CorrelationId = EncodedValue.ULong(7), ContentType = "ct", ContentEncoding = "ce", CreationTime = 9999, GroupId = "a", GroupSequence = 1,
            }),
            Map(ApplicationPropertiesCode, (StringOf("k"), "5401")));

        Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse(_writer.PropertiesOf(Sections(sections, flags: MessageFlags.Persistent)), out var view));

        Assert.True(view.ContentType.SequenceEqual("ct"u8) && view.ContentEncoding.SequenceEqual("ce"u8) && view is { DeliveryMode: 2, Priority: 3, Timestamp: 9 });
        Assert.True(view.CorrelationId.SequenceEqual("7"u8) && view.ReplyTo.SequenceEqual("r"u8) && view.Expiration.SequenceEqual("5"u8) && view.MessageId.SequenceEqual("m"u8));
        Assert.True(view.Type.SequenceEqual("t"u8) && view.UserId.SequenceEqual("u"u8) && view.AppId.SequenceEqual("a"u8));
        var headers = view.Headers.ToDictionary();
        Assert.Equal(["CC", "k", "x-note"], headers.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(1, headers["k"]);
        Assert.Equal(new object[] { "a" }, headers["CC"]);
    }

    [Theory]
    [InlineData("A3 0A" + "782D65786368616E6765")]      // x-exchange
    [InlineData("A3 0D" + "782D726F7574696E672D6B6579")] // x-routing-key
    [InlineData("A3 05" + "6F74686572")]                // other: not ours to tell
    [InlineData("53 07")]
    public void Annotation_OfTheHopOrReserved_IsLost(string key)
    {
        Assert.Equal("", HeadersHex(Map(MessageAnnotationsCode, (key, "A1 01 61"))));
    }

    [Fact]
    public void Deaths_BecomeTables()
    {
        string death = "C1 62 0E A3 05 7175657565 A1 01 71 A3 06 726561736F6E A3 07 65787069726564 A3 05 636F756E74 53 03 A3 0A 66697273742D74696D65 83 0000000000001388"
            + "A3 09 6C6173742D74696D65 83 0000000000001388 A3 03 74746C 52 64 A3 0C 726F7574696E672D6B657973 E0 04 01 A1 01 6B";
        byte[] octets = Hex(death);
        octets[1] = (byte)(octets.Length - 2);

        Assert.Equal(
            DecodeError.None,
            BasicPropertiesView.TryParse(
                _writer.PropertiesOf(Sections(Map(MessageAnnotationsCode, (SymbolOf("x-opt-deaths"), $"C0 {octets.Length + 1:X2} 01 {Convert.ToHexString(octets)}")))), out var view));

        var deaths = Assert.IsType<object[]>(view.Headers.ToDictionary()["x-death"]);
        var table = Assert.IsType<Dictionary<string, object?>>(Assert.Single(deaths));
        Assert.Equal(["count", "original-expiration", "queue", "reason", "routing-keys", "time"], table.Keys.Order(StringComparer.Ordinal));
        object?[] found = [table["queue"], table["reason"], table["count"], table["time"], table["original-expiration"]];
        Assert.Equal(new object?[] { "q", "expired", 3L, new AmqpTimestamp(5), "100" }, found);
        Assert.Equal(new object[] { "k" }, table["routing-keys"]);
    }

    [Fact]
    public void Name_InBothMaps_IsThatOfTheApplication()
    {
        byte[] sections = Join(Map(MessageAnnotationsCode, (SymbolOf("x-k"), "5401")), Map(ApplicationPropertiesCode, (StringOf("x-k"), "5402"), (StringOf("x-k"), "5403")));

        Assert.Equal(HeadersHex("x-k", "49 00000002"), HeadersHex(sections));
    }

    [Fact]
    public void Name_OverAShortString_IsLost()
    {
        byte[] section = Map(ApplicationPropertiesCode, ("B1 00000100" + Text(new string('n', 256)), "41"), (StringOf("k"), "41"));

        Assert.Equal(HeadersHex("k", "7401"), HeadersHex(section));
    }

    [Theory]
    [InlineData("A1", "53")]
    [InlineData("A0", "78")]
    public void Id_LongerThanAShortString_IsAHeader(string constructor, string tag)
    {
        string text = Text(new string('i', 256));
        string large = $"{Convert.ToByte(constructor, 16) + 0x10:X2} 00000100 {text}";
        byte[] fields = Hex($"{large} 40 40 40 40 {large}");
        byte[] section = Join([0, 0x53, 0x73, 0xD0], Length(fields.Length + 4), Length(6), fields);

        string expected = $"0C {Text("x-message-id")} {tag} 00000100 {text} 10 {Text("x-correlation-id")} {tag} 00000100 {text}";
        Assert.Equal("2000" + Convert.ToHexString(Length(Hex(expected).Length)) + Convert.ToHexString(Hex(expected)), WithoutDeliveryMode(Sections(section)));
    }

    [Fact]
    public void Headers_BeyondAFrame_AreLeftOut()
    {
        byte[] section = Map(
            ApplicationPropertiesCode, (StringOf("a"), "41"), (StringOf("big"), "B1 00001000" + Text(new string('v', 4096))), (StringOf("z"), "41"));

        var few = _writer.PropertiesOf(Sections(section), 4076).ToArray();
        Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse(few, out var view));
        Assert.Equal(["a", "z"], view.Headers.ToDictionary().Keys);
        Assert.True(few.Length <= 4076);
        Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse(_writer.PropertiesOf(Sections(section)), out view));
        Assert.Equal(["a", "big", "z"], view.Headers.ToDictionary().Keys);
    }

    [Fact]
    public void Arrays_OfElementsWithoutOctets_HaveABound()
    {
        // 1024 times true in 10 octets, twenty thousand times: 40 MB as they would be in a field table.
        const string Bomb = "F0 00000005 00000400 41";
        var entries = Enumerable.Range(0, 20_000).Select(index => (StringOf($"k{index}"), Bomb)).ToArray();
        string list = "D0" + Convert.ToHexString(Length((20_000 * 10) + 4)) + Convert.ToHexString(Length(20_000)) + string.Concat(Enumerable.Repeat(Bomb, 20_000));

        foreach (byte[] section in new[] { Map(ApplicationPropertiesCode, entries), Map(ApplicationPropertiesCode, [.. Enumerable.Range(0, 10).Select(index => (StringOf($"k{index}"), list))]) })
        {
            var properties = _writer.PropertiesOf(Sections(section));

            Assert.True(properties.Length <= BasicWriter.DefaultMaxOctets);
            Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse(properties, out _));
        }
    }

    [Theory]
    [InlineData("00 53 75 A0 03 616263", "616263")]
    [InlineData("00 53 75 A0 00", "")]
    [InlineData("00 53 75 B0 00000003 616263 00 53 78 C1 01 00", "616263")]
    [InlineData("00 53 75 A0 01 61 00 53 75 A0 00 00 53 75 B0 00000002 6263", "616263")]
    [InlineData("00 53 75 A0 01 61 00 53 75 A0 01 62 00 53 78 C1 01 00", "6162")]
    [InlineData("", "")]
    [InlineData("00 53 78 C1 01 00", "")]
    public void Data_IsTheBody(string body, string expected)
    {
        byte[] octets = Hex(body);

        Assert.Equal(expected, Convert.ToHexString(_writer.BodyOf(Sections([], octets), _arena).Octets));
        Assert.Equal(expected, LargeHex(octets));
        Assert.Equal("0000", WithoutDeliveryMode(Sections([], octets)));
    }

    [Theory]
    [InlineData("00 53 77 A1 01 61")]
    [InlineData("00 53 77 00 53 99 41")]
    [InlineData("00 53 76 45 00 53 76 45")]
    [InlineData("00 53 77 41 00 53 78 C1 01 00")]
    [InlineData("00 80 0000000000000077 98 00112233445566778899AABBCCDDEEFF")]
    public void OtherBody_StaysAsItIs_AndSaysSo(string body)
    {
        byte[] octets = Hex(body);
        const string Type = "0020 08 616D71702D312E30";

        Assert.Equal(Convert.ToHexString(octets), Convert.ToHexString(_writer.BodyOf(Sections([], octets), _arena).Octets));
        Assert.Equal(Convert.ToHexString(octets), LargeHex(octets));
        Assert.Equal(Convert.ToHexString(Hex(Type)), WithoutDeliveryMode(Sections([], octets)));
        Assert.Equal(Convert.ToHexString(Hex(Type)), WithoutDeliveryMode(LargeOf(octets)));
    }

    [Fact]
    public void DescribedValue_WithALongDescriptor_StaysAsItIs()
    {
        byte[] octets = Join(Hex("00 53 77 00 A3 C8"), Encoding.ASCII.GetBytes(new string('d', 200)), Hex("41"));

        Assert.Equal(Convert.ToHexString(octets), LargeHex(octets));
    }

    [Fact]
    public void LargeData_OfOneSection_IsNotCopied()
    {
        byte[] octets = Join(DataOf(300_000, seed: 2), Hex("00 53 78 C1 01 00"));
        var content = LargeOf(octets);

        var body = _writer.BodyOf(in content, _arena);

        Assert.Same(content.Large, body.Large);
        Assert.Equal((8L, 300_000L, 300_000L, false), (body.Start, body.LargeOctets, body.Count, body.IsNew));
    }

    [Fact]
    public void LargeData_OfSeveralSections_IsPutTogether()
    {
        byte[][] parts = [DataOf(131_060, seed: 1), DataOf(1, seed: 2), DataOf(200_000, seed: 3), DataOf(0), DataOf(70_000, seed: 4)];
        byte[] expected = Join([.. parts.Select(part => part[8..])]);
        var content = LargeOf(Join([.. parts, Hex("00 53 78 C1 01 00")]));

        var body = _writer.BodyOf(in content, _arena);

        Assert.True(body.IsNew && body.Start == 0 && body.Count == expected.Length);
        Assert.True(body.Large!.Chunks.SelectMany(chunk => chunk).SequenceEqual(expected));
        body.Large.Release();
    }

    private static MessageContent Sections(byte[] properties, byte[]? body = null, MessageFlags flags = MessageFlags.None) =>
        new() { Exchange = "ex"u8, RoutingKey = "key"u8, Properties = properties, Body = body ?? [], Flags = flags | MessageFlags.Sections };

    private static MessageContent LargeOf(byte[] body)
    {
        var content = SectionWriterTests.Large([], body);
        return new() { Exchange = "ex"u8, RoutingKey = "key"u8, Properties = [], Body = [], Large = content.Large, Flags = MessageFlags.Sections | MessageFlags.Large };
    }

    private static int Count(byte[] values)
    {
        int count = 0;
        for (int at = 0; at < values.Length; count++)
        {
            Assert.Equal(DecodeError.None, AmqpReader.Measure(values, at, out at));
        }

        return count;
    }

    private static string HeadersHex(string name, string? value) => value is null ? "" : Convert.ToHexString(Join([(byte)name.Length], Encoding.UTF8.GetBytes(name), Hex(value)));

    private string HeadersHex(byte[] sections)
    {
        Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse(_writer.PropertiesOf(Sections(sections)), out var view));
        Assert.Equal(!view.Headers.IsEmpty, view.HasHeaders);
        return Convert.ToHexString(view.Headers.Span);
    }

    private string LargeHex(byte[] octets)
    {
        var body = _writer.BodyOf(LargeOf(octets), _arena);
        byte[] whole = body.Large is null ? body.Octets.ToArray() : [.. body.Large.Chunks.SelectMany(chunk => chunk)];
        return Convert.ToHexString(body.Large is null ? whole : whole.AsSpan((int)body.Start, (int)body.LargeOctets));
    }

    /// <summary>Flags and list without the delivery-mode, which is always there.</summary>
    private string WithoutDeliveryMode(in MessageContent content)
    {
        byte[] octets = _writer.PropertiesOf(in content).ToArray();
        Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse(octets, out var view));
        Assert.True(view.HasDeliveryMode && view.DeliveryMode == 1);
        int at = 2 + (view.HasContentType ? 1 + view.ContentType.Length : 0) + (view.HasContentEncoding ? 1 + view.ContentEncoding.Length : 0)
            + (view.HasHeaders ? 4 + view.Headers.Span.Length : 0);
        return Convert.ToHexString(Join([(byte)(octets[0] & ~0x10), octets[1]], octets[2..at], octets[(at + 1)..]));
    }
}
