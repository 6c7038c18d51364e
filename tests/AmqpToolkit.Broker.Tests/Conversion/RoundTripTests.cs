using AmqpToolkit.Broker.Conversion;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;
using Xunit.Abstractions;
using static AmqpToolkit.Broker.Tests.Conversion.Octets;

namespace AmqpToolkit.Broker.Tests.Conversion;

/// <summary>From one version to the other and back, over any octets, and without allocating.</summary>
public sealed class RoundTripTests(ITestOutputHelper output)
{
    private readonly SectionWriter _sections = new();
    private readonly BasicWriter _basic = new();
    private readonly MessageArena _arena = new();

    /// <summary>What both versions have, through a broker of the other and back.</summary>
    [Theory]
    [InlineData("plain")]
    [InlineData("urn:uuid:00112233-4455-6677-8899-aabbccddeeff")]
    [InlineData("18446744073709551615")]
    [InlineData("")]
    public void BasicMessage_ThroughSections_IsTheSame(string id)
    {
        byte[] properties = Of(new BasicProperties
        {
            ContentType = "ct", ContentEncoding = "ce", DeliveryMode = 1, CorrelationId = id, ReplyTo = "a queue/ü", MessageId = id, Timestamp = 9, Type = "t", UserId = "u", AppId = "a",
            Headers = Table.Create(t => t
                .Add("bool", true).Add("byte", (sbyte)-1).Add("ubyte", (byte)200).Add("short", (short)-2).Add("ushort", (ushort)65535).Add("int", -3).Add("uint", uint.MaxValue)
                .Add("long", long.MinValue).Add("float", 1.5f).Add("double", -2.5).Add("decimal", 3.14m).Add("string", "ü").Add("binary", new byte[] { 0, 255 })
                .Add("time", new AmqpTimestamp(7)).Add("void", FieldValue.Void).AddArray("CC", keys => keys.Add("k1").Add("k2")).Add("x-note", 5L)
                .AddTable("x-table", inner => inner.Add("k", 1).AddArray("l", list => list.Add("v").Add(2.0)))),
        });
        byte[] body = Hex("00 FF 61");

        byte[] sections = _sections.FromBasic(SectionWriterTests.Basic(properties, body)).ToArray();
        byte[] back = _basic.PropertiesOf(Stored(Join(sections, body), out byte[] sectionsBody)).ToArray();

        Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse(properties, out var before));
        Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse(back, out var after));
        Assert.Equal(before.Flags, after.Flags);
        Assert.True(after.ContentType.SequenceEqual("ct"u8) && after.ContentEncoding.SequenceEqual("ce"u8) && after.Type.SequenceEqual("t"u8) && after.Timestamp == 9);
        Assert.True(after.MessageId.SequenceEqual(before.MessageId) && after.CorrelationId.SequenceEqual(before.CorrelationId));
        Assert.True(after.ReplyTo.SequenceEqual(before.ReplyTo) && after.UserId.SequenceEqual("u"u8) && after.AppId.SequenceEqual("a"u8));
        Assert.Equal(Sorted(before.Headers), Sorted(after.Headers));
        Assert.Equal(body, _basic.BodyOf(new MessageContent { Exchange = [], RoutingKey = [], Properties = [], Body = sectionsBody, Flags = MessageFlags.Sections }, _arena).Octets.ToArray());
    }

    /// <summary>Ids keep type and value where 0-9-1 can tell them apart: a ulong comes back as its decimal text.</summary>
    [Theory]
    [InlineData("98 00112233445566778899AABBCCDDEEFF", null)]
    [InlineData("A1 02 6869", null)]
    [InlineData("A0 02 FF00", null)]
    [InlineData("A0 00", null)]
    [InlineData("53 07", "A1 01 37")]
    [InlineData("80 FFFFFFFFFFFFFFFF", "A1 14 3138343436373434303733373039353531363135")]
    public void Id_ThroughBasic_IsTheSame(string id, string? other)
    {
        byte[] value = Hex(id);
        byte[] section = Of(new Properties { MessageId = EncodedValue.CopyOf(value), CorrelationId = EncodedValue.CopyOf(value) });

        byte[] basic = _basic.PropertiesOf(Stored(section, out _)).ToArray();
        byte[] back = _sections.FromBasic(SectionWriterTests.Basic(basic, [])).ToArray();

        Assert.Equal(DecodeError.None, MessageSections.TryParse(back, out var sections));
        Assert.Equal(DecodeError.None, PropertiesView.TryParse(sections.Properties, out var view, out _));
        Assert.Equal(Convert.ToHexString(Hex(other ?? id)), Convert.ToHexString(view.MessageId.Octets));
        Assert.Equal(Convert.ToHexString(Hex(other ?? id)), Convert.ToHexString(view.CorrelationId.Octets));
    }

    [Theory]
    [InlineData("00 53 77 C1 05 02 A10161 41 00 53 78 C1 01 00")]
    [InlineData("00 53 76 45 00 53 76 C0 02 01 41")]
    public void OtherBody_ThroughBasic_IsTheSame(string body)
    {
        var content = Stored(Hex(body), out _);
        byte[] basic = _basic.PropertiesOf(in content).ToArray();
        byte[] basicBody = _basic.BodyOf(in content, _arena).Octets.ToArray();

        byte[] back = Join(_sections.FromBasic(SectionWriterTests.Basic(basic, basicBody)).ToArray(), basicBody);

        Assert.Equal(DecodeError.None, MessageSections.TryParse(back, out var sections));
        Assert.Equal(Convert.ToHexString(Hex(body)), Convert.ToHexString(back[(back.Length - sections.Body.Length - sections.Footer.Length)..]));
    }

    /// <summary>Random and broken octets in either direction: what comes out is well-formed, whatever went in.</summary>
    [Fact]
    public void AnyOctets_GiveWellFormedOnes()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (int round = 0; round < 1500; round++)
        {
            byte[] properties = Damaged(random, Dice.BasicProperties(random));
            byte[] body = Damaged(random, Dice.Body(random));
            byte[] written = _sections.FromBasic(SectionWriterTests.Basic(properties, body)).ToArray();
            AssertSections(written, body, $"seed {seed}, round {round}");

            byte[] sections = Damaged(random, Dice.Sections(random));
            var content = new MessageContent { Exchange = [], RoutingKey = [], Properties = sections, Body = body, Flags = MessageFlags.Sections };
            var basic = _basic.PropertiesOf(in content);
            Assert.True(BasicPropertiesView.TryParse(basic, out var view) == DecodeError.None && view.IsTextValid, $"seed {seed}, round {round}");
            Assert.True(_basic.BodyOf(in content, _arena).Count <= body.Length);
        }
    }

    [Fact]
    public void Conversion_InSteadyState_AllocatesNothing()
    {
        byte[] properties = Of(new BasicProperties
        {
            ContentType = "ct", DeliveryMode = 2, CorrelationId = "c", ReplyTo = "r", MessageId = "urn:uuid:00112233-4455-6677-8899-aabbccddeeff", Timestamp = 9, Type = "t",
            Headers = Table.Create(t => t.Add("a", 1).Add("b", "text").AddTable("x-t", inner => inner.Add("k", 1))),
        });
        byte[] body = new byte[100];
        byte[] sections = Join(
            Map(0x72, (SymbolOf("x-k"), "C1 06 02 A30161 540A")), Of(new Properties { MessageId = EncodedValue.ULong(7), ReplyTo = EncodedValue.String("/queues/q") }),
            Map(0x74, (StringOf("k"), "41")));
        byte[] twice = Join(DataOf(10), DataOf(20));

        long allocated = 0;
        for (int round = 0; round < 4; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int turn = 0; turn < 1000; turn++)
            {
                SectionWriter.OfThread.FromBasic(new MessageContent { Exchange = [], RoutingKey = "k"u8, Properties = properties, Body = body });
                var content = new MessageContent { Exchange = [], RoutingKey = [], Properties = sections, Body = twice, Flags = MessageFlags.Sections };
                BasicWriter.OfThread.PropertiesOf(in content);
                BasicWriter.OfThread.BodyOf(in content, _arena);
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
    }

    private static void AssertSections(byte[] written, byte[] body, string where)
    {
        byte[] message = Join(written, body);
        Assert.True(MessageSections.TryParse(message, out var sections) == DecodeError.None, where);
        Assert.True(MessageAnnotationsView.TryParse(sections.MessageAnnotations, out var annotations, out _) == DecodeError.None, where);
        AssertKeys(annotations.Value, where);
        if (!sections.Properties.IsEmpty)
        {
            Assert.True(PropertiesView.TryParse(sections.Properties, out _, out _) == DecodeError.None, where);
        }

        if (!sections.ApplicationProperties.IsEmpty)
        {
            Assert.True(ApplicationPropertiesView.TryParse(sections.ApplicationProperties, out var properties, out _) == DecodeError.None, where);
            AssertKeys(properties.Value, where);
        }
    }

    private static void AssertKeys(EncodedMapView map, string where)
    {
        var keys = new HashSet<string>();
        foreach (var entry in map)
        {
            byte[] key = new byte[entry.Key.Octets];
            entry.Key.CopyTo(key);
            Assert.True(keys.Add(Convert.ToHexString(key)), where);
        }
    }

    /// <summary>Mostly as it is; else an octet is another, or some are missing.</summary>
    private static byte[] Damaged(Random random, byte[] octets)
    {
        if (octets.Length > 0 && random.Next(3) == 0)
        {
            octets[random.Next(octets.Length)] = (byte)random.Next(256);
            return random.Next(4) == 0 ? octets[..random.Next(octets.Length)] : octets;
        }

        return octets;
    }

    private static string Sorted(TableView table)
    {
        var entries = new List<string>();
        foreach (var entry in table)
        {
            entries.Add($"{Convert.ToHexString(entry.Key)} {entry.Value.Tag:X2} {Convert.ToHexString(entry.Value.Payload)}");
        }

        return string.Join('\n', entries.Order(StringComparer.Ordinal));
    }

    /// <summary>A message of 1.0 as the broker keeps it.</summary>
    private static MessageContent Stored(byte[] message, out byte[] body)
    {
        Assert.Equal(DecodeError.None, MessageSections.TryParse(message, out var sections));
        int start = message.Length - sections.Body.Length - sections.Footer.Length;
        body = message[start..];
        return new MessageContent { Exchange = [], RoutingKey = [], Properties = message.AsSpan(0, start), Body = body, Flags = MessageFlags.Sections };
    }
}
