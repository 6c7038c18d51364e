using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.V1_0;

/// <summary>Lines of the checklist (docs/amqp-1.0-checklist.md) that stand by themselves.</summary>
public sealed class ChecklistTests : PeerTests
{
    protected override void Prepare()
    {
        Older.DeclareQueue(1, "q");
        Declare("full", table => table.Add("x-max-length", 0).Add("x-overflow", "reject-publish"));
    }

    [Fact]
    public void C17_Locales_AreTaken()
    {
        using var peer = new PeerClient(Broker);
        peer.Send(PeerClient.Header);
        peer.Send(new Open { ContainerId = "peer", OutgoingLocales = EncodedValue.Symbols("de-DE", "en-US"), IncomingLocales = EncodedValue.Symbols("xx") });
        Assert.Equal(PeerClient.Header, peer.ReadHeader());
        peer.Expect("open");
    }

    [Fact]
    public void K09_K11_Credit_BringsAsMuch_AndSlides()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        for (uint id = 0; id < 5; id++)
        {
            peer.Transfer(id, Message.Value($"{id}"), settled: true);
        }

        peer.AttachReceiver("q");
        peer.Credit(1);
        Assert.Equal("0", TextOf(peer.ExpectPast("transfer")));

        // As a window of two that slides.
        for (uint taken = 1; taken < 4; taken++)
        {
            peer.Credit(2, deliveryCount: taken, nextIncomingId: taken);
            if (taken == 1)
            {
                Assert.Equal("1", TextOf(peer.ExpectPast("transfer")));
            }

            Assert.Equal($"{taken + 1}", TextOf(peer.ExpectPast("transfer")));
        }
    }

    [Fact]
    public void D11_Accepted_TakesTheMessageOut()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        peer.Transfer(0, Message.Value("a"), settled: true);
        peer.Transfer(1, Message.Value("b"), settled: true);
        peer.AttachReceiver("q");
        peer.Credit(2);
        peer.ExpectPast("transfer");
        peer.ExpectPast("transfer");
        peer.Settle(0, EncodedValue.Of(default(Accepted)));
        peer.Send(new Detach { Handle = 1, Closed = true });
        peer.ExpectPast("detach");

        // What was not settled is back, what was accepted is not.
        Assert.Equal(1u, CountMessages());
    }

    [Fact]
    public void M14_BodiesOfEveryKind_PassAsTheyAre()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        peer.AttachReceiver("q");
        peer.Credit(10);
        byte[] sequence = new EncodedValueBuilder().Describe(AmqpSequenceView.DescriptorCode).BeginList().AddInt(1).AddSymbol("x").End().Span.ToArray();
        byte[] value = new EncodedValueBuilder().Describe(AmqpValueView.DescriptorCode).BeginMap().AddString("k").AddNull().End().Span.ToArray();
        uint id = 0;
        foreach (byte[] body in new byte[][] { [.. Message.Data([1, 2]), .. Message.Data([])], [.. sequence, .. sequence], value })
        {
            peer.Transfer(id++, body, settled: true);
            Assert.Equal(body, Message.WithoutHeader(peer.ExpectPast("transfer").Payload));
        }
    }

    [Fact]
    public void S18_SessionWithoutAWindow_HoldsNoOtherUp()
    {
        using var peer = PeerClient.Begin(Broker, window: 0);
        peer.Send(new Begin { NextOutgoingId = 0, IncomingWindow = 10, OutgoingWindow = 10, HandleMax = 10 }, channel: 1);
        peer.Expect("begin");
        peer.AttachReceiver("q");
        peer.Credit(1, window: 0);
        Older.Publish(1, "", "q", "held"u8.ToArray());
        Older.Publish(1, "", "q", "goes"u8.ToArray());
        Assert.InRange(CountMessages(), 1u, 2u);
        peer.Send(new Attach { Name = "other", Handle = 0, Role = Role.Receiver, Source = new Source { Address = EncodedValue.String("q") } }, channel: 1);
        peer.Expect("attach");
        peer.Send(new Flow { NextIncomingId = 0, IncomingWindow = 10, NextOutgoingId = 0, OutgoingWindow = 10, Handle = 0, DeliveryCount = 0, LinkCredit = 1 }, channel: 1);
        peer.ExpectPast("transfer");
    }

    [Fact]
    public void L20_WhatALinkAsksForAndNobodyKnows_IsNotOffered()
    {
        using var peer = PeerClient.Begin(Broker);
        var attach = peer.AttachReceiver("q", with: attach => attach with
        {
            DesiredCapabilities = EncodedValue.Symbols("x:unknown"),
            Properties = new EncodedValueBuilder().BeginMap().AddSymbol("rabbitmq:priority").AddInt(5).AddSymbol("x:unknown").AddBoolean(true).End().ToValue(),
        });
        Assert.Equal(AnySource.Member.Source, attach.Attach.Source.Kind);
        Assert.Equal(0, attach.Attach.OfferedCapabilities.Count);
        Assert.Equal(5, Broker.FindVirtualHost("/")!.FindQueue("q"u8)!.ListConsumers()[0].Priority);
    }

    [Fact]
    public void K07_Drain_OfADynamicNode_IsAnswered()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachReceiver(string.Empty, with: attach => attach with { Source = new Source { Dynamic = true } });
        peer.Credit(7, drain: true);
        Assert.Equal(7u, peer.ReadDrained().DeliveryCount);
    }

    [Fact]
    public void K08_Available_IsTold_WhenItIsAskedFor()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        for (uint id = 0; id < 3; id++)
        {
            peer.Transfer(id, Message.Value("x"));
        }

        peer.ExpectDisposed(3);
        peer.AttachReceiver("q");
        peer.Credit(0, echo: true);
        Assert.Equal(3u, peer.ExpectPast("flow").Flow.Available);
    }

    [Fact]
    public void K16_Sender_GetsCreditAgain_BeforeItHasNone()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        for (uint id = 0; id < 600; id++)
        {
            peer.Transfer(id, Message.Value("x"), settled: true);
        }

        FlowView flow;
        do
        {
            flow = peer.ExpectPast("flow").Flow;
        }
        while (!flow.HasHandle || flow.DeliveryCount + flow.LinkCredit <= 1000);
    }

    [Fact]
    public void K18_PropertiesOfAFlow_ThatNobodyKnows_ChangeNothing()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        peer.Transfer(0, Message.Value("x"), settled: true);
        peer.AttachReceiver("q");
        peer.Send(new Flow
        {
            NextIncomingId = 0, IncomingWindow = 100, NextOutgoingId = 1, OutgoingWindow = 100, Handle = 1, DeliveryCount = 0, LinkCredit = 1,
            Properties = new EncodedValueBuilder().BeginMap().AddSymbol("rabbitmq:active").AddBoolean(true).AddSymbol("x").AddNull().End().ToValue(),
        });
        Assert.Equal("x", TextOf(peer.ExpectPast("transfer")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void X12_X14_StateAndBatchableOfATransfer_ChangeNothing(bool isBatchable)
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        peer.Transfer(0, Message.Value("x"), with: transfer => transfer with { Batchable = isBatchable, State = EncodedValue.Of(new Received { SectionNumber = 0, SectionOffset = 0 }) });
        Assert.Equal(AnyDeliveryState.Member.Accepted, peer.ExpectPast("disposition").Disposition.State.Kind);
        Assert.Equal(1u, CountMessages());
    }

    [Fact]
    public void D10_Received_LeavesTheDeliveryAsItIs()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        peer.Transfer(0, Message.Value("x"), settled: true);
        peer.AttachReceiver("q");
        peer.Credit(1);
        peer.ExpectPast("transfer");
        peer.Settle(0, EncodedValue.Of(new Received { SectionNumber = 1, SectionOffset = 1 }), settled: false);
        peer.Settle(0, EncodedValue.Of(default(Released)));
        peer.Credit(1, deliveryCount: 1, nextIncomingId: 1);
        Assert.Equal("x", TextOf(peer.ExpectPast("transfer")));
    }

    [Fact]
    public void D17_SenderThatDoesNotKnowRejected_IsNotToldOfIt()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("full", with: KnowsAcceptedAlone("full"));
        peer.Transfer(0, Message.Value("x"));
        Assert.Equal(AnyDeliveryState.Member.Released, peer.ExpectPast("disposition").Disposition.State.Kind);
        peer.AttachSender("q", handle: 2, with: KnowsAcceptedAlone("q"));
        peer.Transfer(1, [1, 2, 3], handle: 2);
        Assert.Equal("amqp:decode-error", peer.ExpectPast("detach").Condition);
    }

    [Fact]
    public void M13_ApplicationPropertiesWithinEachOther_PassAsTheyAre()
    {
        byte[] nested = new EncodedValueBuilder().Describe(ApplicationPropertiesView.DescriptorCode).BeginMap().AddString("k").BeginMap().AddString("a").AddString("b").End().End().Span.ToArray();
        byte[] message = [.. nested, .. Message.Value("x")];
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        peer.Transfer(0, message);
        Assert.Equal(AnyDeliveryState.Member.Accepted, peer.ExpectPast("disposition").Disposition.State.Kind);
        peer.AttachReceiver("q");
        peer.Credit(1);
        Assert.Equal(message, Message.WithoutHeader(peer.ExpectPast("transfer").Payload));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void N05_N07_DynamicNode_StaysWhileSomebodyReadsIt(bool isWithMessages)
    {
        using var peer = PeerClient.Begin(Broker);
        var builder = new EncodedValueBuilder().BeginMap().AddSymbol("lifetime-policy");
        var properties = (isWithMessages ? builder.Add(default(DeleteOnNoLinksOrMessages)) : builder.Add(default(DeleteOnNoLinks))).End().ToValue();
        var attach = peer.AttachReceiver(string.Empty, with: attach => attach with { Source = new Source { Dynamic = true, DynamicNodeProperties = properties } });
        Assert.Equal(DecodeError.None, attach.Attach.Source.ParseSource(out var source));
        Assert.True(source.Address.TryGetAddressString(out var octets));
        string address = System.Text.Encoding.UTF8.GetString(octets);
        peer.AttachReceiver(address, handle: 2);
        peer.Send(new Detach { Handle = 1, Closed = true });
        peer.ExpectPast("detach");
        Assert.Equal(3, Broker.FindVirtualHost("/")!.QueueCount);
    }

    [Fact]
    public void N14_OutcomesThatNobodyKnows_AreNotInTheAnswer()
    {
        using var peer = PeerClient.Begin(Broker);
        var attach = peer.AttachReceiver("q", with: attach => attach with { Source = new Source { Address = EncodedValue.String("q"), Outcomes = EncodedValue.Symbols("amqp:accepted:list", "x:unknown") } });
        Assert.Equal(DecodeError.None, attach.Attach.Source.ParseSource(out var source));
        Assert.Equal(4, source.Outcomes.Count);
        Assert.False(source.Outcomes.ContainsSymbol("x:unknown"u8));
    }

    [Fact]
    public async Task M12_AbsoluteExpiryTime_Counts()
    {
        var time = new ManualTimeProvider();
        await using var broker = await TestBroker.StartAsync(time);
        using var older = RawClient.Open(broker);
        older.OpenChannel(1);
        older.DeclareQueue(1, "q");
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        using var peer = PeerClient.Begin(broker);
        peer.AttachSender("q");
        peer.Transfer(0, [.. Message.Properties(new Properties { AbsoluteExpiryTime = now }), .. Message.Value("past")]);
        peer.Transfer(1, [.. Message.Properties(new Properties { AbsoluteExpiryTime = now + 10_000 }), .. Message.Value("soon")]);
        peer.Transfer(2, [.. Message.Properties(new Properties { AbsoluteExpiryTime = long.MaxValue }), .. Message.Value("never")]);
        peer.ExpectDisposed(3);
        var queue = broker.FindVirtualHost("/")!.FindQueue("q"u8)!;
        await Eventually.HoldsAsync(() => queue.ReadyCount == 2);
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(2u, queue.ReadyCount);
        time.Advance(TimeSpan.FromSeconds(2));
        await Eventually.HoldsAsync(() => queue.ReadyCount == 1);
        peer.AttachReceiver("q");
        peer.Credit(10);
        Assert.Equal("never", TextOf(peer.ExpectPast("transfer")));
    }

    private static Func<Attach, Attach> KnowsAcceptedAlone(string address) => attach => attach with
    {
        Source = new Source { Address = EncodedValue.String("here"), Outcomes = EncodedValue.Symbols("amqp:accepted:list") }, Target = new Target { Address = EncodedValue.String(address) },
    };
}
