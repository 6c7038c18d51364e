using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.V1_0;

/// <summary>Streams as sources and targets: everybody reads them, from where he likes, and picks what he wants.</summary>
public sealed class StreamTests : PeerTests
{
    protected override void Prepare() => Declare("s", "stream");

    [Fact]
    public void N10_N15_E12_Stream_IsReadFromItsBeginning_ByEverybody()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("s");
        peer.Transfer(0, [.. Message.MessageAnnotations("x-a", "b"), .. Message.Value("first")]);
        peer.ExpectDisposed(1);
        Older.Publish(1, "", "s", "second"u8.ToArray());
        for (uint handle = 1; handle <= 2; handle++)
        {
            var attach = AttachFrom(peer, handle, builder => builder.AddString("first"));
            Assert.Equal(Codec.DecodeError.None, attach.Attach.Source.ParseSource(out var source));
            Assert.True(source.DistributionMode.SequenceEqual("copy"u8));
            Assert.Equal(1, source.Filter.Count);
            peer.Credit(10, handle);
            var first = peer.ExpectPast("transfer");
            Assert.Equal(Message.Value("first"), BodyOf(first));
            Assert.Equal((0L, "b"), (OffsetOf(first), AnnotationOf(first, "x-a")));
            var second = peer.ExpectPast("transfer");
            Assert.Equal(Message.Data("second"u8.ToArray()), BodyOf(second));
            Assert.Equal(1L, OffsetOf(second));
        }
    }

    [Fact]
    public void N11_N12_N16_E05_Selector_PicksMessagesOfBothVersions()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("s");
        for (uint id = 0; id < 4; id++)
        {
            peer.Transfer(id, [.. Message.ApplicationProperties("colour", id % 2 == 0 ? "red" : "blue"), .. Message.Value($"{id}")]);
        }

        peer.ExpectDisposed(4);
        var filters = new EncodedValueBuilder().BeginMap()
            .AddSymbol("selector").Add(new SelectorFilter { Value = "colour = 'blue'" })
            .AddSymbol("unknown").AddString("x");
        AddOffset(filters, builder => builder.AddString("first"));
        var attach = peer.AttachReceiver("s", with: attach => attach with { Source = new Source { Address = EncodedValue.String("s"), Filter = filters.End().ToValue() } });
        Assert.Equal(Codec.DecodeError.None, attach.Attach.Source.ParseSource(out var source));
        Assert.True(source.Filter.Count == 2 && source.Filter.TryGetValue("selector"u8, out _));
        peer.Credit(10, drain: true);
        Assert.Equal(Message.Value("1"), BodyOf(peer.ExpectPast("transfer")));
        Assert.Equal(Message.Value("3"), BodyOf(peer.ExpectPast("transfer")));
        Assert.Equal((10u, 0u), (peer.ReadDrained().DeliveryCount, 0u));
    }

    [Fact]
    public void N11_SelectorThatCannotBeRead_RefusesTheLink()
    {
        using var peer = PeerClient.Begin(Broker);
        var filters = new EncodedValueBuilder().BeginMap().AddSymbol("selector").Add(new SelectorFilter { Value = "colour = = 'blue'" }).End().ToValue();
        peer.AttachReceiver("s", with: attach => attach with { Source = new Source { Address = EncodedValue.String("s"), Filter = filters } });
        Assert.Equal("amqp:invalid-field", peer.Expect("detach").Condition);
    }

    /// <summary>Libraries write an offset as the integer that their language has.</summary>
    [Theory]
    [InlineData("ulong")]
    [InlineData("long")]
    [InlineData("int")]
    [InlineData("short")]
    [InlineData("byte")]
    [InlineData("uint")]
    public void E12_Offset_IsAnIntegerOfAnyType(string type)
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("s");
        for (uint id = 0; id < 4; id++)
        {
            peer.Transfer(id, Message.Value($"{id}"));
        }

        peer.ExpectDisposed(4);
        var attach = AttachFrom(peer, 1, builder => type switch
        {
            "ulong" => builder.AddULong(2), "long" => builder.AddLong(2), "int" => builder.AddInt(2), "short" => builder.AddShort(2), "byte" => builder.AddByte(2), _ => builder.AddUInt(2),
        });
        Assert.Equal(Codec.DecodeError.None, attach.Attach.Source.ParseSource(out var source));
        Assert.Equal(1, source.Filter.Count);
        peer.Credit(10);
        Assert.Equal(2L, OffsetOf(peer.ExpectPast("transfer")));
        Assert.Equal(3L, OffsetOf(peer.ExpectPast("transfer")));
    }

    [Theory]
    [InlineData("offset-spec", "bogus")]
    [InlineData("offset-spec", "-1")]
    [InlineData("offset-spec", "true")]
    [InlineData("match-unfiltered", "bogus")]
    [InlineData("filter", "true")]
    public void E12_FilterThatCannotBeRead_RefusesTheLink(string filter, string value)
    {
        using var peer = PeerClient.Begin(Broker);
        var filters = new EncodedValueBuilder().BeginMap();
        Add(filters, "rabbitmq:stream-" + filter, builder => value is "-1" ? builder.AddLong(-1) : value is "true" ? builder.AddBoolean(true) : builder.AddString(value));
        peer.AttachReceiver("s", with: attach => attach with { Source = new Source { Address = EncodedValue.String("s"), Filter = filters.End().ToValue() } });
        var detach = peer.Expect("detach");
        Assert.Equal("amqp:invalid-field", detach.Condition);
    }

    /// <summary>A queue that is no stream has no offsets: the filter is not in force, and the answer says so.</summary>
    [Fact]
    public void E12_OffsetOfAQueueThatIsNoStream_IsNotInForce()
    {
        Declare("plain", "classic");
        using var peer = PeerClient.Begin(Broker);
        var filters = new EncodedValueBuilder().BeginMap();
        AddOffset(filters, builder => builder.AddString("bogus"));
        var attach = peer.AttachReceiver("plain", with: attach => attach with { Source = new Source { Address = EncodedValue.String("plain"), Filter = filters.End().ToValue() } });
        Assert.Equal(Codec.DecodeError.None, attach.Attach.Source.ParseSource(out var source));
        Assert.Equal(0, source.Filter.Count);
    }

    [Fact]
    public void Stream_OfMessagesOfBothVersions_IsReadWithTheOlder()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("s");
        peer.Transfer(0, Message.Data("newer"u8.ToArray()));
        peer.ExpectDisposed(1);
        Older.Send(1, new BasicQos { PrefetchCount = 10 });
        Older.Expect(BasicQosOkView.MethodKey);
        Older.Send(1, new BasicConsume { Queue = "s", ConsumerTag = "c", Arguments = Table.Create(table => table.Add("x-stream-offset", "first")) });
        Older.Expect(BasicConsumeOkView.MethodKey);
        Older.Expect(BasicDeliverView.MethodKey);
        Assert.Equal("newer", Encoding.UTF8.GetString(Older.ExpectContent()));
    }

    private static PeerFrame AttachFrom(PeerClient peer, uint handle, Func<EncodedValueBuilder, EncodedValueBuilder> start)
    {
        var filters = new EncodedValueBuilder().BeginMap();
        AddOffset(filters, start);
        return peer.AttachReceiver("s", handle, with: attach => attach with { Source = new Source { Address = EncodedValue.String("s"), Filter = filters.End().ToValue() } });
    }

    /// <summary>A described value whose descriptor is a symbol.</summary>
    private static void AddOffset(EncodedValueBuilder filters, Func<EncodedValueBuilder, EncodedValueBuilder> start) => Add(filters, "rabbitmq:stream-offset-spec", start);

    private static void Add(EncodedValueBuilder filters, string name, Func<EncodedValueBuilder, EncodedValueBuilder> value)
    {
        byte[] symbol = new EncodedValueBuilder().AddSymbol(name).Span.ToArray();
        byte[] described = [0, .. symbol, .. value(new EncodedValueBuilder()).Span];
        filters.AddSymbol(name).Add(new EncodedValueView(described));
    }

    private static byte[] BodyOf(PeerFrame transfer)
    {
        Assert.Equal(Codec.DecodeError.None, MessageSections.TryParse(transfer.Payload, out var sections));
        return sections.Body.ToArray();
    }

    private static long OffsetOf(PeerFrame transfer)
    {
        Assert.True(Annotations(transfer).TryGetValue("x-stream-offset"u8, out var value));
        return value.TryGetInt64(out long signed) ? signed : value.TryGetUInt64(out ulong offset) ? (long)offset : -1;
    }

    private static string AnnotationOf(PeerFrame transfer, string key) =>
        Annotations(transfer).TryGetValue(Encoding.UTF8.GetBytes(key), out var value) && value.TryGetString(out var text) ? Encoding.UTF8.GetString(text) : string.Empty;

    private static EncodedMapView Annotations(PeerFrame transfer)
    {
        Assert.Equal(Codec.DecodeError.None, MessageSections.TryParse(transfer.Payload, out var sections));
        Assert.Equal(Codec.DecodeError.None, MessageAnnotationsView.TryParse(sections.MessageAnnotations, out var annotations, out _));
        return annotations.Value;
    }
}
