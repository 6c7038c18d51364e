using AmqpToolkit.Broker.Connections;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Descriptions;
using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Broker.Tests.Connections;

/// <summary>What the adapters of 0-8 and 0-9 let pass untouched is, by the definitions, the same in 0-9-1; what they do not, is not.</summary>
public sealed class OlderEditionTests
{
    private const uint ConnectionClose0_8 = 0x000A_003C;
    private const uint ConnectionCloseOk0_8 = 0x000A_003D;
    private const uint ConnectionRedirect0_8 = 0x000A_0032;
    private const uint BasicConsume = 0x003C_0014;
    private const uint ChannelOpenOk = 0x0014_000B;

    private static readonly Dictionary<uint, ShapeDescription> s_own = MethodsOf(Definitions.V0_9_1.Descriptions.All);

    public static TheoryData<ClassicEdition> Older => [ClassicEdition.V0_8, ClassicEdition.V0_9];

    [Theory]
    [InlineData("0-8", 1, 1, 8, 0)]
    [InlineData("0-8", 1, 1, 9, 1)]
    [InlineData("0-9", 1, 1, 0, 9)]
    public async Task Header_OfAnOlderEdition_WhereNoneIsServed_IsAnsweredBy0_9_1(string edition, params int[] version)
    {
        byte[] header = [.. "AMQP"u8, .. version.Select(octet => (byte)octet)];
        var log = new WarningLog();
        foreach (bool isServed in new[] { false, true })
        {
            await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [new(System.Net.IPAddress.Loopback, 0)], OlderEditions = isServed, LoggerFactory = log });
            using var client = new RawClient(broker.Endpoints[0]);
            client.Send(header);
            if (!isServed)
            {
                byte[] answer = new byte[8];
                client.Take(answer);
                Assert.Equal([.. "AMQP"u8, 0, 0, 9, 1], answer);
                Assert.True(client.IsEnded());
                using var own = RawClient.Open(broker);
                own.OpenChannel(1);
                continue;
            }

            client.Expect(Codec.V0_9_1.ConnectionStartView.MethodKey);
            client.Send(0, new Codec.V0_9_1.ConnectionStartOk { Mechanism = "PLAIN", Response = "\0guest\0guest", Locale = "en_US" });
            client.Expect(Codec.V0_9_1.ConnectionTuneView.MethodKey);
            client.Send(0, new Codec.V0_9_1.ConnectionTuneOk { ChannelMax = 2047, FrameMax = 131072, Heartbeat = 0 });
            client.Send(0, new Codec.V0_9_1.ConnectionOpen { VirtualHost = "/" });
            client.Expect(Codec.V0_9_1.ConnectionOpenOkView.MethodKey);
            Assert.EndsWith($" in AMQP {edition}", Assert.Single(log.Of(2), line => !line.EndsWith("0-9-1", StringComparison.Ordinal)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Methods_InTheLog_AreCalledAsTheEditionDoes()
    {
        const uint Close0_9_1 = ConnectionRedirect0_8;
        const uint Blocked0_9_1 = ConnectionClose0_8;
        Assert.Equal(["connection.close", "connection.blocked"], new[] { Close0_9_1, Blocked0_9_1 }.Select(EditionWords.Of(ClassicEdition.V0_9_1).NameOf));
        Assert.Equal(["connection.close", "connection.redirect"], new[] { Close0_9_1, Blocked0_9_1 }.Select(EditionWords.Of(ClassicEdition.V0_8).NameOf));
        Assert.Equal("queue.unbind", EditionWords.Of(ClassicEdition.V0_8).NameOf(0x0032_0032));
        Assert.Equal(["file.qos", "channel.ping", "basic.publish"], new[] { 0x0046_000Au, 0x0014_003Cu, 0x003C_0028u }.Select(EditionWords.Of(ClassicEdition.V0_9).NameOf));
    }

    [Theory]
    [MemberData(nameof(Older))]
    public void Method_ThatPassesUntouched_HasTheFieldsOf0_9_1(ClassicEdition edition)
    {
        var words = (OlderWords)EditionWords.Of(edition);
        int same = 0;
        foreach (var (key, method) in ShapesOf(edition))
        {
            if (words.Judge(key) == OlderMethod.Same && TryGetInfo(edition, key, out var info) && info.ServerReceives)
            {
                AssertSame(method, s_own[key]);
                Assert.True(Codec.V0_9_1.Methods.TryGetInfo(key, out var own));
                Assert.Equal(info.HasContent, own.HasContent);
                same++;
            }
        }

        Assert.InRange(same, 25, 40);
    }

    [Theory]
    [MemberData(nameof(Older))]
    public void Method_ThatTheServerSends_HasTheFieldsOf0_9_1_OrWordsOfItsOwn(ClassicEdition edition)
    {
        // All that clients of the edition receive under a number of 0-9-1 but these three, which the words write anew, and what servers never send.
        uint[] written = edition == ClassicEdition.V0_8 ? [ConnectionClose0_8, ConnectionCloseOk0_8, ChannelOpenOk, ConnectionRedirect0_8] : [];
        int same = 0;
        foreach (var (key, method) in ShapesOf(edition))
        {
            if (TryGetInfo(edition, key, out var info) && info.ClientReceives && s_own.TryGetValue(key, out var own) && !written.Contains(key))
            {
                AssertSame(method, own);
                same++;
            }
        }

        Assert.InRange(same, 20, 40);
    }

    [Theory]
    [MemberData(nameof(Older))]
    public void Properties_OfClassBasic_HaveTheFieldsOf0_9_1(ClassicEdition edition)
    {
        var all = edition == ClassicEdition.V0_8 ? Definitions.V0_8.Descriptions.All : Definitions.V0_9.Descriptions.All;

        AssertSame(all.Single(IsBasic), Definitions.V0_9_1.Descriptions.All.Single(IsBasic));

        static bool IsBasic(ShapeDescription shape) => shape.Kind == ShapeKind.Properties && shape.Code == 60;
    }

    [Fact]
    public void Method_ThatOnly0_9_1Has_IsUnknownTo0_8()
    {
        var words = (OlderWords)EditionWords.Of(ClassicEdition.V0_8);
        string[] taken = ["queue.unbind", "basic.recover"];

        foreach (var (key, method) in s_own.Where(one => !ShapesOf(ClassicEdition.V0_8).ContainsKey(one.Key)))
        {
            Assert.True((words.Judge(key) == OlderMethod.Unknown) != taken.Contains(method.Name), method.Name);
        }
    }

    [Fact]
    public void Method_Of0_9_1_PassesFrom0_9()
    {
        var words = (OlderWords)EditionWords.Of(ClassicEdition.V0_9);

        Assert.All(s_own.Keys, key => Assert.Equal(OlderMethod.Same, words.Judge(key)));
    }

    [Theory]
    [InlineData(ConnectionClose0_8, "000A003C 00C8 00 0000 0000", "000A0032 00C8 00 0000 0000")]
    [InlineData(ConnectionCloseOk0_8, "000A003D", "000A0033")]
    [InlineData(ConnectionRedirect0_8, "000A0032 00 00", "000A003C 00 00")]
    [InlineData(BasicConsume, "003C0014 0000 01 71 01 74 0F", "003C0014 0000 01 71 01 74 0F 00000000")]
    [InlineData(BasicConsume, "003C0014 0000 01 71 01 74 0F 00000000", null)]
    [InlineData(BasicConsume, "003C0014 0000 01 71 01", null)]
    public void Method_Of0_8InOtherOctets_IsTranslated(uint key, string octets, string? expected)
    {
        var words = (OlderWords)EditionWords.Of(ClassicEdition.V0_8);

        Assert.Equal(OlderMethod.Translated, words.Judge(key));
        byte[]? translated = words.Translate(key, Convert.FromHexString(octets.Replace(" ", "", StringComparison.Ordinal)));

        Assert.Equal(expected?.Replace(" ", "", StringComparison.Ordinal), translated is null ? null : Convert.ToHexString(translated));
    }

    [Theory]
    [MemberData(nameof(Older))]
    public void Method_OfNoEdition_IsUnknown(ClassicEdition edition)
    {
        var words = (OlderWords)EditionWords.Of(edition);

        Assert.All(new[] { 0u, uint.MaxValue, 0x003C_0FFFu, 0x00FF_000Au }, key => Assert.Equal(OlderMethod.Unknown, words.Judge(key)));
    }

    private static Dictionary<uint, ShapeDescription> ShapesOf(ClassicEdition edition) =>
        MethodsOf(edition == ClassicEdition.V0_8 ? Definitions.V0_8.Descriptions.All : Definitions.V0_9.Descriptions.All);

    private static Dictionary<uint, ShapeDescription> MethodsOf(IEnumerable<ShapeDescription> all) =>
        all.Where(shape => shape.Kind == ShapeKind.Method).ToDictionary(shape => (uint)shape.Code);

    private static bool TryGetInfo(ClassicEdition edition, uint key, out MethodInfo info) =>
        edition == ClassicEdition.V0_8 ? Codec.V0_8.Methods.TryGetInfo(key, out info) : Codec.V0_9.Methods.TryGetInfo(key, out info);

    /// <summary>The same names and types in the same order. What 0-9-1 reserves had a name before, and basic.consume's arguments were called filter.</summary>
    private static void AssertSame(ShapeDescription older, ShapeDescription own)
    {
        Assert.Equal(own.Fields.Count, older.Fields.Count);
        foreach (var (field, ownField) in older.Fields.Zip(own.Fields))
        {
            Assert.True(field.Type == ownField.Type, $"{older.Name}: {field.Name} is another type");
            Assert.True(ownField.IsReserved || ownField.Name == "reserved" || field.Name == "filter" || Plain(field.Name) == Plain(ownField.Name), $"{older.Name}: {field.Name} is {ownField.Name} in 0-9-1");
        }

        static string Plain(string name) => name.Replace(" ", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);
    }
}
