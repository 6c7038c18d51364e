using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.V1_0;

/// <summary>Subscriptions that several links have, named as clients of JMS name them.</summary>
public sealed class SharedSubscriptionTests : IAsyncLifetime
{
    private AmqpBroker _broker = null!;

    private int QueueCount => _broker.FindVirtualHost("/")!.QueueCount;

    public async Task InitializeAsync() => _broker = await TestBroker.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Fact]
    public void E07_LinksOfOneSubscription_TakeTurns_AndTheLastEndsIt()
    {
        using var first = PeerClient.Begin(_broker);
        using var second = PeerClient.Begin(_broker);
        var attach = first.AttachReceiver(string.Empty, name: "sub|global-volatile1", with: Shared(isGlobal: true));
        Assert.Equal(DecodeError.None, attach.Attach.Source.ParseSource(out var source));
        Assert.True(source.Capabilities.ContainsSymbol("shared"u8) && source.Capabilities.ContainsSymbol("global"u8) && source.Capabilities.ContainsSymbol("topic"u8));
        second.AttachReceiver(string.Empty, name: "sub|global-volatile2", with: Shared(isGlobal: true));
        Assert.Equal(1, QueueCount);
        first.Credit(1);
        second.Credit(1);
        second.AttachSender("amq.fanout");
        second.Transfer(0, Message.Value("a"), settled: true);
        second.Transfer(1, Message.Value("b"), settled: true);
        Assert.Equal(["a", "b"], new[] { PeerTests.TextOf(first.ExpectPast("transfer")), PeerTests.TextOf(second.ExpectPast("transfer")) }.Order());

        first.Send(new Detach { Handle = 1, Closed = true });
        first.ExpectPast("detach");
        Assert.Equal(1, QueueCount);
        second.Send(new Detach { Handle = 1, Closed = true });
        second.ExpectPast("detach");
        Assert.Equal(0, QueueCount);
    }

    [Fact]
    public void E07_DurableSharedSubscription_StaysWithoutLinks_UntilItIsEnded()
    {
        using var peer = PeerClient.Begin(_broker);
        peer.AttachReceiver(string.Empty, handle: 1, name: "sub|global", with: Shared(isGlobal: true, isDurable: true));
        peer.AttachReceiver(string.Empty, handle: 2, name: "sub|global2", with: Shared(isGlobal: true, isDurable: true));
        using (var other = PeerClient.Begin(_broker))
        {
            AttachToEnd(other, handle: 1);
            Assert.Equal("amqp:resource-locked", other.Expect("detach").Condition);
        }

        for (uint handle = 1; handle <= 2; handle++)
        {
            peer.Send(new Detach { Handle = handle });
            peer.ExpectPast("detach");
        }

        Assert.Equal(1, QueueCount);
        peer.AttachSender("amq.fanout");
        peer.Transfer(0, Message.Value("kept"));
        peer.ExpectDisposed(1);
        peer.AttachReceiver(string.Empty, handle: 4, name: "sub|global", with: Shared(isGlobal: true, isDurable: true));
        peer.Credit(1, handle: 4);
        Assert.Equal("kept", PeerTests.TextOf(peer.ExpectPast("transfer")));
        peer.Send(new Detach { Handle = 4 });
        peer.ExpectPast("detach");
        Assert.Equal(AnySource.Member.Source, AttachToEnd(peer, handle: 5).Attach.Source.Kind);
        peer.Send(new Detach { Handle = 5, Closed = true });
        peer.ExpectPast("detach");
        Assert.Equal(0, QueueCount);
    }

    [Fact]
    public void E07_LinksOfOneSubscription_ReadTheSame()
    {
        using var peer = PeerClient.Begin(_broker);
        peer.AttachReceiver(string.Empty, handle: 1, name: "sub", with: Shared(isGlobal: false));
        peer.AttachReceiver(string.Empty, handle: 2, name: "sub|2", with: Shared(isGlobal: false, address: "amq.topic"));
        Assert.Equal("amqp:resource-locked", peer.Expect("detach").Condition);
        peer.AttachReceiver(string.Empty, handle: 3, name: "sub|3", with: Shared(isGlobal: false, selector: "colour = 'red'"));
        Assert.Equal("amqp:resource-locked", peer.Expect("detach").Condition);
        peer.AttachReceiver(string.Empty, handle: 4, name: "other|2", with: Shared(isGlobal: false, address: "amq.topic"));
        Assert.Equal(2, QueueCount);
    }

    /// <summary>What filters are called, and how they are encoded, is the matter of each library.</summary>
    [Fact]
    public void E07_FiltersThatSayTheSame_AreTheSame()
    {
        using var peer = PeerClient.Begin(_broker);
        byte[] described = [0, .. new EncodedValueBuilder().AddSymbol("apache.org:selector-filter:string").Span, 0xB1, 0, 0, 0, 14, .. "colour = 'red'"u8];
        var filter = new EncodedValueBuilder().BeginMap().AddSymbol("jms-selector").Add(new EncodedValueView(described)).End().ToValue();
        peer.AttachReceiver(string.Empty, handle: 1, name: "sub", with: Shared(isGlobal: false, selector: "colour = 'red'"));
        peer.AttachReceiver(string.Empty, handle: 2, name: "sub|2", with: attach => Shared(isGlobal: false)(attach) with
        {
            Source = new Source { Address = EncodedValue.String("amq.fanout"), Capabilities = EncodedValue.Symbols("shared"), Filter = filter },
        });
        peer.Send(new Detach { Handle = 2 });
        Assert.Equal(string.Empty, $"{peer.ExpectPast("detach").Condition}");
        peer.AttachReceiver(string.Empty, handle: 3, name: "sub|3", with: Shared(isGlobal: false));
        Assert.Equal("amqp:resource-locked", peer.Expect("detach").Condition);
    }

    /// <summary>Whatever queues are in the virtual host: a subscription is taken from, and found again.</summary>
    [Theory]
    [InlineData("stream")]
    [InlineData("quorum")]
    public void N08_DurableSubscription_IsNoStream_WhereOtherQueuesAre(string type)
    {
        _broker.VirtualHosts.Find("/")!.DefaultQueueType = type;
        using var peer = PeerClient.Begin(_broker);
        peer.AttachSender("amq.fanout");
        for (uint round = 0; round < 2; round++)
        {
            peer.AttachReceiver(string.Empty, name: "subscriber", with: Durable("amq.fanout"));
            peer.Transfer(round, Message.Value($"{round}"), settled: true);
            peer.Credit(1);
            Assert.Equal($"{round}", PeerTests.TextOf(peer.ExpectPast("transfer")));
            peer.Settle(round, EncodedValue.Of(default(Accepted)));
            peer.Send(new Detach { Handle = 1 });
            peer.ExpectPast("detach");
        }

        Assert.Equal((1, 0u), (QueueCount, _broker.FindVirtualHost("/")!.Queues.Single().ReadyCount));
    }

    /// <summary>The last link goes while another comes: it finds the subscription, or makes it anew, and is never told that it is not there.</summary>
    [Fact]
    public async Task E07_LinksThatComeWhileTheLastGoes_AreNotRefused()
    {
        await Task.WhenAll(Enumerable.Range(0, 3).Select(number => Task.Run(() =>
        {
            using var peer = PeerClient.Begin(_broker);
            for (int round = 0; round < 200; round++)
            {
                var attach = peer.AttachReceiver(string.Empty, name: $"sub|{number}", with: Shared(isGlobal: true));
                Assert.Equal(AnySource.Member.Source, attach.Attach.Source.Kind);
                peer.Send(new Detach { Handle = 1, Closed = true });
                Assert.Equal(string.Empty, $"{peer.ExpectPast("detach").Condition}");
            }
        }))).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(0, QueueCount);
    }

    [Fact]
    public void Q01_SubscriptionThatIsToReadSomethingElse_BeginsAnew()
    {
        using var peer = PeerClient.Begin(_broker);
        peer.AttachSender("amq.fanout");
        peer.AttachReceiver(string.Empty, name: "subscriber", with: Durable("amq.fanout"));
        peer.Transfer(0, Message.Value("old"));
        peer.ExpectDisposed(1);
        peer.Send(new Detach { Handle = 1 });
        peer.ExpectPast("detach");
        peer.AttachReceiver(string.Empty, name: "subscriber", with: Durable("amq.topic/a.*"));
        peer.Transfer(1, Message.Value("not wanted any more"));
        Assert.Equal(AnyDeliveryState.Member.Released, peer.ExpectPast("disposition").Disposition.State.Kind);
        peer.AttachSender("amq.topic/a.b", handle: 2);
        peer.Transfer(2, Message.Value("new"), handle: 2, settled: true);
        peer.Credit(10);
        Assert.Equal("new", PeerTests.TextOf(peer.ExpectPast("transfer")));
        Assert.Equal(1, QueueCount);
    }

    /// <summary>Its filter makes the answer longer than the peer's frames.</summary>
    [Fact]
    public void Q01_AttachThatIsRefused_LeavesWhatIsKept()
    {
        using (var owner = PeerClient.Begin(_broker))
        {
            owner.AttachReceiver(string.Empty, name: "subscriber", with: Durable("amq.fanout"));
            owner.Send(new Detach { Handle = 1 });
            owner.ExpectPast("detach");
            owner.AttachSender("amq.fanout");
            owner.Transfer(0, Message.Value("kept"));
            owner.ExpectDisposed(1);
        }

        using var peer = PeerClient.Begin(_broker, maxFrameSize: 512);
        string selector = "colour = '" + new string('x', 450) + "'";
        peer.AttachReceiver(string.Empty, name: "subscriber", with: attach => attach with
        {
            Source = new Source
            {
                Address = EncodedValue.String("amq.topic/a.*"), Durable = TerminusDurability.Configuration, ExpiryPolicy = TerminusExpiryPolicy.Texts.Never,
                Filter = new EncodedValueBuilder().BeginMap().AddSymbol("selector").Add(new SelectorFilter { Value = selector }).End().ToValue(),
            },
        });
        Assert.Equal("amqp:frame-size-too-small", peer.ExpectPast("detach").Condition);
        Assert.Equal((1, 1u), (QueueCount, _broker.FindVirtualHost("/")!.Queues.Single().ReadyCount));
    }

    /// <summary>Another that asks for the subscription of an attached link and is refused: the link, its messages, its binding and its end are as they were.</summary>
    /// <param name="sendsASource">Whether it says what it wants to read, or asks for what there is.</param>
    /// <param name="policy">When the other would have it expire.</param>
    [Theory]
    [InlineData(true, "never")]
    [InlineData(true, "session-end")]
    [InlineData(true, "link-detach")]
    [InlineData(false, null)]
    public void L02_AttachThatIsRefused_TakesNothingFromWhoHasTheSubscription(bool sendsASource, string? policy)
    {
        using var owner = PeerClient.Begin(_broker);
        owner.AttachSender("amq.fanout");
        owner.AttachSender("amq.topic/a.b", handle: 2);
        owner.AttachReceiver(string.Empty, name: "subscriber", with: attach => attach with
        {
            Source = new Source { Address = EncodedValue.String("amq.fanout"), ExpiryPolicy = TerminusExpiryPolicy.Texts.Never },
        });
        owner.Credit(10);
        owner.Transfer(0, Message.Value("first"), settled: true);
        Assert.Equal("first", PeerTests.TextOf(owner.ExpectPast("transfer")));

        using (var peer = PeerClient.Begin(_broker, maxFrameSize: 512))
        {
            var filter = new EncodedValueBuilder().BeginMap().AddSymbol("selector").Add(new SelectorFilter { Value = $"colour = '{new string('x', 450)}'" }).End().ToValue();
            peer.AttachReceiver(string.Empty, name: "subscriber", with: attach => attach with
            {
                Source = sendsASource ? new Source { Address = EncodedValue.String("amq.topic/a.*"), ExpiryPolicy = policy!, Filter = filter } : default(EncodedValue),
                Target = new Target { Address = EncodedValue.String(new string('x', sendsASource ? 1 : 600)) },
            });
            Assert.Equal("amqp:frame-size-too-small", peer.ExpectPast("detach").Condition);
            peer.Send(default(End));
            peer.ExpectPast("end");
        }

        owner.Transfer(1, Message.Value("by no key of its own"), handle: 2);
        Assert.Equal(AnyDeliveryState.Member.Released, owner.ExpectPast("disposition").Disposition.State.Kind);
        owner.Transfer(2, Message.Value("second"), settled: true);
        Assert.Equal("second", PeerTests.TextOf(owner.ExpectPast("transfer")));
        owner.Settle(0, EncodedValue.Of(default(Accepted)));
        owner.Settle(1, EncodedValue.Of(default(Accepted)));
        owner.Send(new Detach { Handle = 1 });
        Assert.Equal(string.Empty, $"{owner.ExpectPast("detach").Condition}");
        Assert.Equal((1, 0u), (QueueCount, _broker.FindVirtualHost("/")!.Queues.Single().ReadyCount));
    }

    /// <summary>The same on one connection, by the name of the link that is there.</summary>
    [Fact]
    public void L02_AttachThatIsRefused_OnTheSameConnection_TakesNothing()
    {
        using var peer = PeerClient.Begin(_broker);
        peer.AttachSender("amq.fanout");
        peer.AttachReceiver(string.Empty, name: "subscriber", with: Durable("amq.fanout"));
        peer.Credit(10);
        var filter = new EncodedValueBuilder().BeginMap().AddSymbol("selector").Add(new SelectorFilter { Value = "colour = = 'red'" }).End().ToValue();
        peer.AttachReceiver(string.Empty, handle: 2, name: "subscriber", with: attach => attach with
        {
            Source = new Source
            {
                Address = EncodedValue.String("amq.fanout"), Durable = TerminusDurability.Configuration, ExpiryPolicy = TerminusExpiryPolicy.Texts.Never, Filter = filter,
            },
        });
        Assert.Equal("amqp:invalid-field", peer.ExpectPast("detach").Condition);
        peer.Transfer(0, Message.Value("x"), settled: true);
        Assert.Equal("x", PeerTests.TextOf(peer.ExpectPast("transfer")));

        // One that is not refused has what the other had, and what that had not settled.
        peer.Send(Durable("amq.fanout")(new Attach { Name = "subscriber", Handle = 3, Role = Role.Receiver, Target = new Target { Address = EncodedValue.String("here") } }));
        Assert.Equal("amqp:link:stolen", peer.ExpectPast("detach").Condition);
        Assert.Equal(AnySource.Member.Source, peer.ExpectPast("attach").Attach.Source.Kind);
        peer.Credit(10, handle: 3, nextIncomingId: 1);
        Assert.Equal("x", PeerTests.TextOf(peer.ExpectPast("transfer")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void E07_PropertyFiltersThatSayTheSame_AreTheSame(bool isSame)
    {
        using var peer = PeerClient.Begin(_broker);
        Attach(peer, 1, "sub", builder => builder.AddString("colour").AddString("blue").AddString("weight").AddInt(5));
        Attach(peer, 2, "sub|2", builder => builder.AddSymbol("weight").AddLong(isSame ? 5 : 6).AddSymbol("colour").AddSymbol("blue"));
        if (!isSame)
        {
            Assert.Equal("amqp:resource-locked", peer.ExpectPast("detach").Condition);
            return;
        }

        peer.Send(new Detach { Handle = 2 });
        Assert.Equal(string.Empty, $"{peer.ExpectPast("detach").Condition}");

        static void Attach(PeerClient peer, uint handle, string name, Func<EncodedValueBuilder, EncodedValueBuilder> fill)
        {
            var value = fill(new EncodedValueBuilder().BeginMap()).End().ToValue();
            var filter = new EncodedValueBuilder().BeginMap().AddSymbol("filter").Add(new ApplicationPropertiesFilter { Value = value }).End().ToValue();
            peer.AttachReceiver(string.Empty, handle, name, attach => Shared(isGlobal: false)(attach) with
            {
                Source = new Source { Address = EncodedValue.String("amq.fanout"), Capabilities = EncodedValue.Symbols("shared"), Filter = filter },
            });
        }
    }

    [Fact]
    public void L16_LinkThatTheBrokerCloses_LeavesItsSubscription()
    {
        using var peer = PeerClient.Begin(_broker);
        peer.AttachReceiver(string.Empty, name: "subscriber", with: attach => Durable("amq.fanout")(attach) with { MaxMessageSize = 100 });
        peer.AttachSender("amq.fanout");
        peer.Transfer(0, Message.Value(new string('x', 200)));
        peer.Transfer(1, Message.Value("y"));
        peer.ExpectDisposed(2);
        peer.Credit(10);
        Assert.Equal("amqp:link:message-size-exceeded", peer.ExpectPast("detach").Condition);
        peer.Send(new Detach { Handle = 1, Closed = true });
        peer.AttachReceiver(string.Empty, handle: 2, name: "subscriber", with: Durable("amq.fanout"));
        Assert.Equal((1, 2u), (QueueCount, _broker.FindVirtualHost("/")!.Queues.Single().ReadyCount));
    }

    [Fact]
    public void Q11_WhatAnotherHasAttachedToMeanwhile_StaysWhenTheFirstSessionEnds()
    {
        using var first = PeerClient.Begin(_broker);
        first.AttachReceiver(string.Empty, name: "subscriber", with: Policy(TerminusExpiryPolicy.Texts.SessionEnd));
        first.Send(new Detach { Handle = 1 });
        first.ExpectPast("detach");
        using var second = PeerClient.Begin(_broker);
        second.AttachReceiver(string.Empty, name: "subscriber", with: Policy(TerminusExpiryPolicy.Texts.Never));
        second.Send(new Detach { Handle = 1 });
        second.ExpectPast("detach");
        first.Send(default(End));
        first.ExpectPast("end");
        first.Send(new Begin { NextOutgoingId = 0, IncomingWindow = 100, OutgoingWindow = 100, HandleMax = 100 });
        first.ExpectPast("begin");
        Assert.Equal(1, QueueCount);
    }

    [Fact]
    public void Q01_WhoMayOnlyRead_EndsNoSubscription()
    {
        using (var owner = PeerClient.Begin(_broker))
        {
            owner.AttachReceiver(string.Empty, name: "subscriber", with: Durable("amq.fanout"));
            owner.Send(new Detach { Handle = 1 });
            owner.ExpectPast("detach");
        }

        _broker.Users.SetPermission("guest", new UserPermission("/", "^$", "^$", ".*"));
        using var peer = PeerClient.Begin(_broker);
        peer.AttachReceiver(string.Empty, name: "subscriber", with: attach => attach with { Source = default });
        Assert.Equal("amqp:not-found", peer.ExpectPast("detach").Condition);
        Assert.Equal(1, QueueCount);
    }

    private static Func<Attach, Attach> Policy(string policy) => attach => attach with { Source = new Source { Address = EncodedValue.String("amq.fanout"), ExpiryPolicy = policy } };

    private static PeerFrame AttachToEnd(PeerClient peer, uint handle) => peer.AttachReceiver(
        string.Empty, handle, name: "sub|global", with: attach => attach with { Source = default, DesiredCapabilities = EncodedValue.Symbols("shared", "global") });

    private static Func<Attach, Attach> Durable(string address) => attach => attach with
    {
        Source = new Source { Address = EncodedValue.String(address), Durable = TerminusDurability.Configuration, ExpiryPolicy = TerminusExpiryPolicy.Texts.Never },
    };

    private static Func<Attach, Attach> Shared(bool isGlobal, bool isDurable = false, string address = "amq.fanout", string? selector = null) => attach => attach with
    {
        Source = new Source
        {
            Address = EncodedValue.String(address),
            Durable = isDurable ? TerminusDurability.UnsettledState : TerminusDurability.None,
            ExpiryPolicy = isDurable ? TerminusExpiryPolicy.Texts.Never : TerminusExpiryPolicy.Texts.LinkDetach,
            Capabilities = isGlobal ? EncodedValue.Symbols("topic", "shared", "global") : EncodedValue.Symbols("topic", "shared"),
            Filter = selector is null ? default : new EncodedValueBuilder().BeginMap().AddSymbol("selector").Add(new SelectorFilter { Value = selector }).End().ToValue(),
        },
    };
}
