using System.Text;
using AmqpToolkit.Broker.Conversion;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;
using static AmqpToolkit.Broker.Tests.Conversion.Octets;

namespace AmqpToolkit.Broker.Tests.Conversion;

/// <summary>0-9-1 to 1.0, row by row.</summary>
public sealed class SectionWriterTests
{
    private readonly SectionWriter _writer = new();

    /// <summary>A tagged value of a field table, and what it is in 1.0; null where it has no place among application-properties, or anywhere.</summary>
    public static TheoryData<string, string?, string?> Values => new()
    {
        // of the field table                               application-property             message-annotation
        { "74 01", "41", "41" },
        { "74 00", "42", "42" },
        { "62 FB", "51 FB", "51 FB" },
        { "42 C8", "50 C8", "50 C8" },
        { "73 FFFE", "61 FFFE", "61 FFFE" },
        { "75 FFFE", "60 FFFE", "60 FFFE" },
        { "49 000186A0", "71 000186A0", "71 000186A0" },
        { "49 FFFFFFFF", "54 FF", "54 FF" },
        { "69 00000000", "43", "43" },
        { "69 00000007", "52 07", "52 07" },
        { "69 FFFFFFFF", "70 FFFFFFFF", "70 FFFFFFFF" },
        { "6C 0000000000000007", "55 07", "55 07" },
        { "6C 8000000000000000", "81 8000000000000000", "81 8000000000000000" },
        { "4C 7FFFFFFFFFFFFFFF", "81 7FFFFFFFFFFFFFFF", "81 7FFFFFFFFFFFFFFF" },
        { "66 3FC00000", "72 3FC00000", "72 3FC00000" },
        { "64 BFF8000000000000", "82 BFF8000000000000", "82 BFF8000000000000" },
        { "44 02 0000013A", "84 318000000000013A", "84 318000000000013A" },       // 3.14
        { "44 00 FFFFFFFF", "84 B1C0000000000001", "84 B1C0000000000001" },       // -1
        { "44 FF 80000000", "84 91E0000080000000", "84 91E0000080000000" },       // -2^31, 255 places after the point
        { "53 00000002 6869", "A1 02 6869", "A1 02 6869" },
        { "53 00000000", "A1 00", "A1 00" },
        { "53 00000002 C3BC", "A1 02 C3BC", "A1 02 C3BC" },
        { "53 00000001 FF", "A0 01 FF", "A0 01 FF" },                             // no text
        { "53 00000003 610062", "A0 03 610062", "A0 03 610062" },                 // an octet zero
        { "78 00000002 6869", "A0 02 6869", "A0 02 6869" },
        { "54 0000000000000001", "83 00000000000003E8", "83 00000000000003E8" },
        { "54 FFFFFFFFFFFFFFFF", null, null },                                    // no time in milliseconds
        { "56", "40", "40" },
        { "41 00000000", null, "45" },
        { "41 00000009 49 00000001 7401 7400", null, "C0 05 03 5401 41 42" },
        { "41 00000010 7401 54 FFFFFFFFFFFFFFFF 53 00000000", null, "C0 05 03 41 40 A100" },
        { "46 00000000", null, "C1 01 00" },
        { "46 00000007 01 61 49 0000000A", null, "C1 06 02 A30161 540A" },
        { "46 00000005 02 C3BC 7401", null, "C1 06 02 A102C3BC 41" },             // a key that is no symbol is a string
        { "46 00000004 01 FF 7401", null, "C1 01 00" },                           // one that is no text is none
        { "46 00000008 01 61 7401 01 61 7400", null, "C1 05 02 A30161 41" },      // each key once
        { "46 0000000E 01 61 46 00000007 01 62 41 00000000", null, "C1 0B 02 A30161 C1 05 02 A30162 45" },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void Header_OfEachType_BecomesApplicationProperty(string header, string? expected, string? annotation)
    {
        _ = annotation;
        string section = expected is null ? "" : SmallMap(0x74, StringOf("k"), expected);

        Assert.Equal(Convert.ToHexString(Hex(section)), SectionHex(Headers(("k", header)), sections => sections.ApplicationProperties.ToArray()));
    }

    [Theory]
    [MemberData(nameof(Values))]
    public void HeaderWithX_OfEachType_BecomesAnnotation(string header, string? property, string? expected)
    {
        _ = property;
        string section = expected is null
            ? SmallMap(0x72, SymbolOf("x-exchange"), StringOf("ex"), SymbolOf("x-routing-key"), StringOf("key"))
            : SmallMap(0x72, SymbolOf("x-exchange"), StringOf("ex"), SymbolOf("x-routing-key"), StringOf("key"), SymbolOf("x-k"), expected);

        Assert.Equal(Convert.ToHexString(Hex(section)), SectionHex(Headers(("x-k", header)), sections => sections.MessageAnnotations.ToArray()));
    }

    /// <summary>Properties that 1.0 has, too.</summary>
    public static TheoryData<string, string> PropertyRows => new()
    {
        { "message-id=m", "C0 04 01 A1016D" },
        { "message-id=", "C0 03 01 A100" },
        { "message-id=urn:uuid:00112233-4455-6677-8899-aabbccddeeff", "C0 12 01 98 00112233445566778899AABBCCDDEEFF" },
        { "message-id=urn:uuid:00112233-4455-6677-8899-aabbccddeefg", "C0 30 01 A1 2D " + Text("urn:uuid:00112233-4455-6677-8899-aabbccddeefg") },
        { "message-id=\xFF", "C0 04 01 A0 01 FF" },
        { "user-id=guest", "C0 09 02 40 A0 05 6775657374" },
        { "reply-to=q", "C0 10 05 40404040 A1 09 " + Text("/queues/q") },
        { "reply-to=a/b c", "C0 18 05 40404040 A1 11 " + Text("/queues/a%2Fb%20c") },
        { "correlation-id=7", "C0 09 06 4040404040 A10137" },
        { "correlation-id=\xFF", "C0 09 06 4040404040 A001FF" },
        { "content-type=text/plain", "C0 13 07 404040404040 A3 0A " + Text("text/plain") },
        { "content-encoding=gzip", "C0 0E 08 40404040404040 A3 04 " + Text("gzip") },
        { "content-encoding=\xFF", "" },
        { "timestamp=2", "C0 13 0A 404040404040404040 83 00000000000007D0" },
        { "timestamp=18446744073709551615", "" },
        { "app-id=a", "C0 0E 0B 40404040404040404040 A10161" },
        { "delivery-mode=2", "" },
        { "priority=7", "" },
        { "expiration=60000", "" },
        { "type=t", "" },
    };

    [Theory]
    [MemberData(nameof(PropertyRows))]
    public void Property_OfEachKind_BecomesPropertyOrNothing(string property, string expected)
    {
        string section = expected.Length == 0 ? "" : "00 53 73" + expected;

        Assert.Equal(Convert.ToHexString(Hex(section)), SectionHex(BasicOf(property), sections => sections.Properties.ToArray()));
    }

    [Fact]
    public void AllProperties_AtOnce_KeepTheirOrder()
    {
        byte[] basic = Of(new BasicProperties
        {
            ContentType = "ct", ContentEncoding = "ce", DeliveryMode = 2, Priority = 3, CorrelationId = "c", ReplyTo = "r", Expiration = "5", MessageId = "m", Timestamp = 9,
            Type = "t", UserId = "u", AppId = "a",
        });

        Assert.Equal(DecodeError.None, PropertiesView.TryParse(Sections(basic).Properties, out var view, out _));

        Assert.True(view.MessageId.TryGetMessageIdString(out var id) && id.SequenceEqual("m"u8) && view.UserId.SequenceEqual("u"u8));
        Assert.True(view.CorrelationId.TryGetMessageIdString(out id) && id.SequenceEqual("c"u8) && !view.HasTo && !view.HasSubject);
        Assert.True(view.ReplyTo.TryGetAddressString(out var address) && address.SequenceEqual("/queues/r"u8));
        Assert.True(view.ContentType.SequenceEqual("ct"u8) && view.ContentEncoding.SequenceEqual("ce"u8) && view.GroupId.SequenceEqual("a"u8));
        Assert.True(view.CreationTime == 9000 && !view.HasAbsoluteExpiryTime && !view.HasGroupSequence);
    }

    [Theory]
    [InlineData("x", "A0 02 6162")]
    [InlineData("S", "A1 02 6162")]
    public void HeaderWithId_WithoutTheProperty_IsTheId(string tag, string expected)
    {
        byte[] basic = Headers(("x-message-id", $"{(int)tag[0]:X2} 00000002 6162"), ("x-correlation-id", $"{(int)tag[0]:X2} 00000002 6162"));

        Assert.Equal(DecodeError.None, PropertiesView.TryParse(Sections(basic).Properties, out var view, out _));

        Assert.Equal(Convert.ToHexString(Hex(expected)), Convert.ToHexString(view.MessageId.Octets));
        Assert.Equal(Convert.ToHexString(Hex(expected)), Convert.ToHexString(view.CorrelationId.Octets));
        Assert.False(AnnotationsOf(basic).ContainsKey("x-message-id"));
    }

    [Fact]
    public void HeaderWithId_BesideTheProperty_IsAnAnnotation()
    {
        byte[] basic = Of(new BasicProperties { MessageId = "m", Headers = Table.Create(t => t.Add("x-message-id", "other")) });

        Assert.True(AnnotationsOf(basic).ContainsKey("x-message-id"));
    }

    [Fact]
    public void Exchange_KeyAndType_AreAnnotations()
    {
        var annotations = AnnotationsOf(Of(new BasicProperties { Type = "order" }));

        Assert.Equal(["x-exchange", "x-routing-key", "x-basic-type"], annotations.Keys);
        Assert.Equal([Hex(StringOf("ex")), Hex(StringOf("key")), Hex(StringOf("order"))], annotations.Values);
    }

    [Theory]
    [InlineData("x-exchange")]
    [InlineData("x-routing-key")]
    [InlineData("x-basic-type")]
    [InlineData("x-cc")]
    [InlineData("x-opt-deaths")]
    public void Header_NamedAsOneOfTheBrokers_IsNotTaken(string name)
    {
        var annotations = AnnotationsOf(Headers((name, LongString("forged"))));

        Assert.Equal(["x-exchange", "x-routing-key"], annotations.Keys);
    }

    [Fact]
    public void Copies_BecomeAListOfStrings()
    {
        var annotations = AnnotationsOf(Headers(("CC", $"41 0000000C {LongString("a")} {LongString("b")}")));

        Assert.Equal(Convert.ToHexString(Hex("C0 07 02 A10161 A10162")), Convert.ToHexString(annotations["x-cc"]));
    }

    [Fact]
    public void Deaths_BecomeAnArrayOfMaps()
    {
        byte[] basic = Of(new BasicProperties
        {
            Headers = Table.Create(t => t.AddArray("x-death", deaths => deaths.AddTable(death => death
                .Add("count", 3L).Add("reason", "expired").Add("queue", "q").Add("time", new AmqpTimestamp(5)).Add("exchange", "e")
                .AddArray("routing-keys", keys => keys.Add("k1").Add("k2")).Add("original-expiration", "100")))),
        });
        var value = new EncodedValueView(AnnotationsOf(basic)["x-opt-deaths"]);

        Assert.True(value.TryGetArray(out var array) && array.Count == 1 && array.ElementType == AmqpType.Map);
        foreach (var element in array)
        {
            Assert.True(element.TryGetMap(out var death) && death.Count == 7);
            Assert.True(death.TryGetValue("queue"u8, out var field) && field.TryGetString(out var text) && text.SequenceEqual("q"u8));
            Assert.True(death.TryGetValue("reason"u8, out field) && field.TryGetSymbol(out text) && text.SequenceEqual("expired"u8));
            Assert.True(death.TryGetValue("count"u8, out field) && field.Type == AmqpType.ULong && field.TryGetUInt64(out ulong count) && count == 3);
            Assert.True(death.TryGetValue("first-time"u8, out field) && field.TryGetTimestamp(out long time) && time == 5000);
            Assert.True(death.TryGetValue("exchange"u8, out field) && field.TryGetString(out text) && text.SequenceEqual("e"u8));
            Assert.True(death.TryGetValue("ttl"u8, out field) && field.Type == AmqpType.UInt && field.TryGetUInt64(out ulong ttl) && ttl == 100);
            Assert.True(death.TryGetValue("routing-keys"u8, out field) && field.TryGetArray(out var keys) && keys is { Count: 2, ElementType: AmqpType.String });
        }
    }

    [Theory]
    [InlineData("x-death", "53 00000000")]          // no array
    [InlineData("x-death", "41 00000000")]          // no death
    [InlineData("x-death", "41 00000002 7401")]     // none that is a table
    [InlineData("CC", "53 00000000")]
    [InlineData("x-\u00FC", "74 01")]               // no symbol
    public void Header_ThatCannotBeAnAnnotation_IsLeftOut(string name, string value)
    {
        Assert.Equal(["x-exchange", "x-routing-key"], AnnotationsOf(Headers((name, value), ("plain", "74 01"))).Keys);
    }

    [Fact]
    public void Header_OfOneNameTwice_IsTakenOnce()
    {
        byte[] basic = Headers(("k", "42 01"), ("x-k", "42 01"), ("k", "42 02"), ("x-k", "42 02"));

        Assert.Equal(Convert.ToHexString(Hex(SmallMap(0x74, StringOf("k"), "50 01"))), SectionHex(basic, sections => sections.ApplicationProperties.ToArray()));
        Assert.Equal(Hex("50 01"), AnnotationsOf(basic)["x-k"]);
    }

    [Fact]
    public void Header_AmongThousands_IsTakenOnceEach()
    {
        var entries = Enumerable.Range(0, 4000).Select(index => ($"h{index % 2000}", $"49 {index:X8}")).ToArray();

        Assert.Equal(DecodeError.None, ApplicationPropertiesView.TryParse(Sections(Headers(entries)).ApplicationProperties, out var view, out _));

        Assert.Equal(2000, view.Value.Count);
        Assert.True(view.Value.TryGetValue("h1999"u8, out var value) && value.TryGetInt64(out long number) && number == 1999);
    }

    [Theory]
    [InlineData(0, "00 53 75 A0 00")]
    [InlineData(255, "00 53 75 A0 FF")]
    [InlineData(256, "00 53 75 B0 00000100")]
    public void Body_BecomesOneDataSection(int octets, string expected)
    {
        byte[] written = _writer.FromBasic(Basic([0, 0], new byte[octets])).ToArray();

        Assert.EndsWith(Convert.ToHexString(Hex(expected)), Convert.ToHexString(written), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("00 53 77 41")]                             // a value
    [InlineData("00 53 76 45 00 53 76 C0 02 01 41")]        // two sequences
    [InlineData("00 53 77 41 00 53 78 C1 01 00")]           // a value and the footer
    [InlineData("00 53 75 A0 01 61 00 53 75 A0 01 62")]     // data twice
    [InlineData("00 A3 11 616D71703A616D71702D76616C75653A2A 41")] // amqp:amqp-value:*, the descriptor a symbol
    public void BodyOfSections_OfTheirType_HasNoStartOfData(string body)
    {
        byte[] basic = Of(new BasicProperties { Type = "amqp-1.0" });

        byte[] written = _writer.FromBasic(Basic(basic, Hex(body))).ToArray();
        byte[] message = Join(written, Hex(body));

        Assert.Equal(DecodeError.None, MessageSections.TryParse(message, out var sections));
        Assert.Equal(Convert.ToHexString(Hex(body)), Convert.ToHexString(message[(message.Length - sections.Body.Length - sections.Footer.Length)..]));
        Assert.False(AnnotationsOf(basic, Hex(body)).ContainsKey("x-basic-type"));
        Assert.Equal(Convert.ToHexString(written), Convert.ToHexString(_writer.FromBasic(Large(basic, Hex(body)))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("616263")]
    [InlineData("00 53 70 45 00 53 77 41")]                 // a header before the body
    [InlineData("00 53 78 C1 01 00")]                       // nothing but a footer
    [InlineData("00 53 77 41 00 53 77 41")]                 // two values
    [InlineData("00 53 77 A1 05 61")]                       // cut off
    [InlineData("00 53 75 41")]                             // data that is no binary
    [InlineData("00 53 75 A0 00 00 53 77 41")]              // data and a value
    [InlineData("00 53 77 41 00 53 78 C1 01 00 00 53 78 C1 01 00")]
    public void BodyOfOtherThings_OfThatType_IsData(string body)
    {
        byte[] basic = Of(new BasicProperties { Type = "amqp-1.0" });

        byte[] message = Join(_writer.FromBasic(Basic(basic, Hex(body))).ToArray(), Hex(body));
        byte[] large = Join(_writer.FromBasic(Large(basic, Hex(body))).ToArray(), Hex(body));

        Assert.Equal(DecodeError.None, MessageSections.TryParse(message, out var sections));
        Assert.True(sections.TryGetData(out var data) && data.SequenceEqual(Hex(body)));
        Assert.Equal(Convert.ToHexString(message), Convert.ToHexString(large));
        Assert.True(AnnotationsOf(basic, Hex(body)).ContainsKey("x-basic-type"));
    }

    [Fact]
    public void LargeBodyOfSections_AcrossChunks_IsFound()
    {
        byte[] basic = Of(new BasicProperties { Type = "amqp-1.0" });

        // A chunk has 131 072 octets: the start of the third section lies in the first chunk and the second.
        byte[] body = Join(DataOf(100_000), DataOf(31_060), DataOf(200_000), Hex("00 53 78 C1 01 00"));
        byte[] cut = body[..^1];

        Assert.DoesNotContain("005375", Convert.ToHexString(_writer.FromBasic(Large(basic, body))), StringComparison.Ordinal);
        Assert.Contains("005375B0", Convert.ToHexString(_writer.FromBasic(Large(basic, cut))), StringComparison.Ordinal);
    }

    [Fact]
    public void LargeBodyOfManySections_IsData()
    {
        byte[] basic = Of(new BasicProperties { Type = "amqp-1.0" });
        byte[] few = [.. Enumerable.Repeat(Hex("00 53 76 45"), BodySections.MaxSections).SelectMany(section => section)];

        Assert.DoesNotContain("005375", Convert.ToHexString(_writer.FromBasic(Large(basic, few))), StringComparison.Ordinal);
        Assert.Contains("005375B0", Convert.ToHexString(_writer.FromBasic(Large(basic, Join(few, Hex("00 53 76 45"))))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2000")]
    [InlineData("2000 00000009 01")]
    [InlineData("FFFF")]
    public void Properties_ThatAreNone_SayNothing(string properties)
    {
        byte[] message = _writer.FromBasic(Basic(Hex(properties), [])).ToArray();

        Assert.Equal(DecodeError.None, MessageSections.TryParse(message, out var sections));
        Assert.True(sections.Properties.IsEmpty && sections.ApplicationProperties.IsEmpty && !sections.MessageAnnotations.IsEmpty);
    }

    [Fact]
    public void Tables_NestedAsDeepAsAllowed_AreMaps()
    {
        string value = "74 01";
        for (int depth = 1; depth < TableView.MaxDepth; depth++)
        {
            byte[] inner = Join([1, (byte)'a'], Hex(value));
            value = "46" + Convert.ToHexString(Length(inner.Length)) + Convert.ToHexString(inner);
        }

        byte[] basic = Headers(("x-deep", value));
        Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse(basic, out _));

        Assert.Equal(DecodeError.None, MessageAnnotationsView.TryParse(Sections(basic).MessageAnnotations, out var view, out _));
        Assert.True(view.Value.TryGetValue("x-deep"u8, out _));
    }

    internal static MessageContent Basic(byte[] properties, byte[] body) =>
        new() { Exchange = "ex"u8, RoutingKey = "key"u8, Properties = properties, Body = body };

    internal static MessageContent Large(byte[] properties, byte[] body)
    {
        var large = new LargeBody(new MessageArena());
        large.Append(body);
        return new() { Exchange = "ex"u8, RoutingKey = "key"u8, Properties = properties, Body = default, Large = large, Flags = MessageFlags.Large };
    }

    private static string SmallMap(byte descriptor, params string[] values)
    {
        byte[] octets = [.. values.SelectMany(Hex)];
        return $"00 53 {descriptor:X2} " + (octets.Length < 255 ? $"C1 {octets.Length + 1:X2} {values.Length:X2}" : $"D1 {octets.Length + 4:X8} {values.Length:X8}") + Convert.ToHexString(octets);
    }

    /// <summary>Properties with one that is given as text, whose characters are octets.</summary>
    private static byte[] BasicOf(string text)
    {
        (string name, string value) = (text[..text.IndexOf('=', StringComparison.Ordinal)], text[(text.IndexOf('=', StringComparison.Ordinal) + 1)..]);
        string[] names =
        [
            "content-type", "content-encoding", "headers", "delivery-mode", "priority", "correlation-id", "reply-to", "expiration", "message-id", "timestamp", "type", "user-id", "app-id",
        ];
        int flag = 0x8000 >> Array.IndexOf(names, name);
        byte[] octets = name switch
        {
            "delivery-mode" or "priority" => [byte.Parse(value)],
            "timestamp" => [.. BitConverter.GetBytes(ulong.Parse(value)).Reverse()],
            _ => [(byte)value.Length, .. Encoding.Latin1.GetBytes(value)],
        };
        return Join([(byte)(flag >> 8), (byte)flag], octets);
    }

    private string SectionHex(byte[] basic, Func<MessageSections, byte[]> section) => Convert.ToHexString(section(Sections(basic)));

    private MessageSections Sections(byte[] basic, byte[]? body = null)
    {
        byte[] message = Join(_writer.FromBasic(Basic(basic, body ?? [])).ToArray(), body ?? []);
        Assert.Equal(DecodeError.None, MessageSections.TryParse(message, out var sections));
        return sections;
    }

    private Dictionary<string, byte[]> AnnotationsOf(byte[] basic, byte[]? body = null)
    {
        Assert.Equal(DecodeError.None, MessageAnnotationsView.TryParse(Sections(basic, body).MessageAnnotations, out var view, out _));
        var annotations = new Dictionary<string, byte[]>();
        foreach (var entry in view.Value)
        {
            Assert.True(entry.Key.TryGetSymbol(out var name));
            byte[] value = new byte[entry.Value.Octets];
            entry.Value.CopyTo(value);
            annotations.Add(Encoding.ASCII.GetString(name), value);
        }

        return annotations;
    }
}
