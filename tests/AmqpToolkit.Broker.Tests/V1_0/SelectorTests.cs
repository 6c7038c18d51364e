using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.V1_0;

/// <summary>Receivers that want some messages of a queue: the others stay for others, in their places.</summary>
public sealed class SelectorTests : PeerTests
{
    protected override void Prepare()
    {
        Older.DeclareQueue(1, "q");
        Declare("quorum", "quorum");
    }

    [Theory]
    [InlineData("q")]
    [InlineData("quorum")]
    public void N11_N12_N16_E05_Selector_TakesWhatItPicks_AndLeavesTheRest(string queue)
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender(queue);
        for (uint id = 0; id < 6; id++)
        {
            peer.Transfer(id, Coloured(id % 2 == 0 ? "red" : "blue", $"{id}"));
        }

        peer.ExpectDisposed(6);
        var attach = Attach(peer, queue, "colour = 'blue'");
        Assert.Equal(Codec.DecodeError.None, attach.Attach.Source.ParseSource(out var source));
        Assert.Equal(1, source.Filter.Count);
        peer.Credit(10);
        Expect(peer, "1", "3", "5");
        peer.Credit(10, deliveryCount: 3, nextIncomingId: 3, drain: true);
        Assert.Equal(13u, peer.ReadDrained().DeliveryCount);

        // What comes later is looked at as well.
        peer.Credit(10, deliveryCount: 13, nextIncomingId: 3);
        peer.Transfer(6, Coloured("red", "6"), settled: true);
        peer.Transfer(7, Coloured("blue", "7"), settled: true);
        Expect(peer, "7");
        peer.Settle(0, Outcomes.Accepted);
        peer.Settle(1, Outcomes.Accepted);

        peer.AttachReceiver(queue, handle: 2);
        peer.Credit(10, handle: 2, nextIncomingId: 4);
        Expect(peer, "0", "2", "4", "6");
        Assert.Equal(0u, CountMessages(queue));
    }

    [Fact]
    public void D13_WhatASelectorGivesBack_KeepsItsPlace()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        for (uint id = 0; id < 5; id++)
        {
            peer.Transfer(id, Coloured(id == 3 ? "blue" : "red", $"{id}"));
        }

        peer.ExpectDisposed(5);
        Attach(peer, "q", "colour = 'blue'");
        peer.Credit(1);
        Expect(peer, "3");
        Assert.Equal(4u, CountMessages());
        peer.Send(new Detach { Handle = 1, Closed = true });
        peer.ExpectPast("detach");
        Assert.Equal(5u, CountMessages());
        peer.AttachReceiver("q", handle: 2);
        peer.Credit(10, handle: 2, nextIncomingId: 1);
        Expect(peer, "0", "1", "2", "3", "4");
    }

    [Fact]
    public void N16_WhatAnotherGivesBack_IsOfferedToTheSelector()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        peer.AttachReceiver("q", handle: 2);
        peer.Credit(1, handle: 2);
        peer.Transfer(0, Coloured("blue", "0"), settled: true);
        Expect(peer, "0");
        Attach(peer, "q", "colour = 'blue'");
        peer.Credit(10, nextIncomingId: 1);
        peer.Transfer(1, Coloured("blue", "1"), settled: true);
        Expect(peer, "1");
        peer.Settle(0, EncodedValue.Of(new Modified { DeliveryFailed = true }));
        var again = peer.ExpectPast("transfer");
        Assert.Equal(("0", 1u), (TextOf(again), Message.HeaderOf(again.Payload).DeliveryCount));
    }

    [Fact]
    public void D15_UndeliverableHere_GoesToAnotherLink()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        peer.AttachReceiver("q");
        peer.Credit(10);
        peer.Transfer(0, Message.Value("0"), settled: true);
        Expect(peer, "0");
        peer.Settle(0, EncodedValue.Of(new Modified { UndeliverableHere = true }));
        peer.Transfer(1, Message.Value("1"), settled: true);
        Expect(peer, "1");
        Assert.Equal(1u, CountMessages());
        peer.AttachReceiver("q", handle: 2);
        peer.Credit(10, handle: 2, nextIncomingId: 2);
        Expect(peer, "0");
    }

    [Fact]
    public void D15_ManyUndeliverableHere_AreNeverTheLinksAgain()
    {
        const uint Count = 1500;
        using var peer = PeerClient.Begin(Broker, window: 100_000);
        peer.AttachReceiver("q");
        peer.Credit(100_000, window: 100_000);
        for (uint number = 0; number < Count; number++)
        {
            Older.Publish(1, "", "q", [1]);
        }

        uint handle = 0;
        for (uint number = 0; number < Count; number++)
        {
            handle = peer.ExpectPast("transfer").Transfer.Handle;
        }

        peer.Send(new Disposition { Role = Role.Receiver, First = 0, Last = Count - 1, Settled = true, State = EncodedValue.Of(new Modified { UndeliverableHere = true }) });
        peer.Credit(10, deliveryCount: Count, nextIncomingId: Count, window: 100_000, drain: true);
        Assert.Equal(Count + 10, peer.ReadDrained().DeliveryCount);
        Assert.Equal(Count, CountMessages());
        peer.AttachReceiver("q", handle: 2);
        peer.Credit(100_000, handle: 2, nextIncomingId: Count, window: 100_000);
        for (uint number = 0; number < Count; number++)
        {
            Assert.NotEqual(handle, peer.ExpectPast("transfer").Transfer.Handle);
        }
    }

    [Fact]
    public void E05_NoLocal_KeepsNothingAway_OnceItsLinkIsDetached()
    {
        using var peer = PeerClient.Begin(Broker);
        var noLocal = new EncodedValueBuilder().BeginMap().AddSymbol("no-local").Add(default(NoLocalFilter)).End().ToValue();
        AttachDurable(peer, noLocal);
        peer.AttachSender("amq.fanout");
        peer.Transfer(0, Message.Value("own"));
        peer.ExpectDisposed(1);
        peer.Send(new Detach { Handle = 1 });
        peer.ExpectPast("detach");
        peer.Transfer(1, Message.Value("while nobody was there"));
        peer.ExpectDisposed(1);
        AttachDurable(peer, noLocal);
        peer.Transfer(2, Message.Value("own again"));
        peer.ExpectDisposed(1);
        peer.Credit(10);
        Expect(peer, "while nobody was there");
        peer.Credit(10, deliveryCount: 1, nextIncomingId: 1, drain: true);
        Assert.Equal(11u, peer.ReadDrained().DeliveryCount);
    }

    [Fact]
    public void L07_SelectorThatCannotBeRead_LeavesADurableSubscription()
    {
        using var other = PeerClient.Begin(Broker);
        AttachDurable(other, default);
        using var peer = PeerClient.Begin(Broker);
        var wrong = new EncodedValueBuilder().BeginMap().AddSymbol("selector").Add(new SelectorFilter { Value = "colour = " }).End().ToValue();
        AttachDurable(peer, wrong);
        Assert.Equal("amqp:invalid-field", peer.ExpectPast("detach").Condition);
        peer.AttachSender("amq.fanout");
        peer.Transfer(0, Message.Value("kept"), settled: true);

        // The one that was there was neither deleted nor thrown off.
        other.Credit(10);
        Expect(other, "kept");
    }

    [Fact]
    public void N16_SelectorsAndPriorities_TheHigherComesFirst()
    {
        Declare("levels", table => table.Add("x-max-priority", 5));
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("levels");
        for (uint id = 0; id < 8; id++)
        {
            peer.Transfer(id, [.. Message.Header(new Header { Priority = (byte)(id / 2) }), .. Coloured(id % 2 == 0 ? "red" : "blue", $"{id}")]);
        }

        peer.ExpectDisposed(8);
        Attach(peer, "levels", "colour = 'red'");
        peer.Credit(10);
        Expect(peer, "6", "4", "2", "0");
        peer.AttachReceiver("levels", handle: 2);
        peer.Credit(10, handle: 2, nextIncomingId: 4);
        Expect(peer, "7", "5", "3", "1");
    }

    [Fact]
    public void N16_DeepQueueOfOthers_IsLookedThrough_InSlices()
    {
        const int Depth = 20_000;
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        Fill(Depth);
        peer.Transfer(0, Coloured("blue", "wanted"), settled: true);
        Attach(peer, "q", "colour = 'blue'");
        peer.Credit(10);
        Expect(peer, "wanted");
        peer.Credit(10, deliveryCount: 1, nextIncomingId: 1, drain: true);
        Assert.Equal(11u, peer.ReadDrained().DeliveryCount);
        Assert.Equal((uint)Depth, CountMessages());
    }

    [Fact]
    public void N16_SelectorThatWantsNothing_OfADeepQueue_HearsThatItIsDrained()
    {
        const int Depth = 10_000;
        using var peer = PeerClient.Begin(Broker);
        Fill(Depth);
        Attach(peer, "q", "colour = 'green'");
        peer.Credit(10, drain: true);
        Assert.Equal(10u, peer.ReadDrained().DeliveryCount);
    }

    [Fact]
    public void N10_N15_Browser_SeesEverything_AndTakesNothing()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        for (uint id = 0; id < 3; id++)
        {
            peer.Transfer(id, Message.Value($"{id}"), settled: true);
        }

        var attach = peer.AttachReceiver("q", with: Browses("q"));
        Assert.Equal(Codec.DecodeError.None, attach.Attach.Source.ParseSource(out var source));
        Assert.True(source.DistributionMode.SequenceEqual("copy"u8));
        peer.Credit(10);
        Expect(peer, "0", "1", "2");
        peer.Settle(0, Outcomes.Accepted);
        peer.Settle(1, EncodedValue.Of(default(Rejected)));
        peer.Transfer(3, Message.Value("3"), settled: true);
        Expect(peer, "3");
        Assert.Equal(4u, CountMessages());
        peer.Send(new Detach { Handle = 1, Closed = true });
        peer.ExpectPast("detach");
        Assert.Equal(4u, CountMessages());

        peer.AttachReceiver("q", handle: 2);
        peer.Credit(10, handle: 2, nextIncomingId: 4);
        Expect(peer, "0", "1", "2", "3");
    }

    [Fact]
    public void N10_BrowserBesideAConsumer_GetsWhatIsThereWhenItsTurnComes()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        peer.AttachReceiver("q", with: Browses("q"));
        peer.Credit(10);
        for (uint id = 0; id < 3; id++)
        {
            peer.Transfer(id, Message.Value($"{id}"), settled: true);
        }

        Expect(peer, "0", "1", "2");
        peer.AttachReceiver("q", handle: 2, with: attach => attach with { SndSettleMode = SenderSettleMode.Settled });
        peer.Credit(10, handle: 2, nextIncomingId: 3);
        Expect(peer, "0", "1", "2");
        Assert.Equal(0u, CountMessages());
        peer.Transfer(3, Message.Value("3"), settled: true);
        Assert.Equal("3", TextOf(peer.ExpectPast("transfer")));
    }

    [Fact]
    public void N10_Browser_SeesWhatCameBack_BeforeItsTurn()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        for (uint id = 0; id < 3; id++)
        {
            peer.Transfer(id, Message.Value($"{id}"), settled: true);
        }

        peer.AttachReceiver("q", with: Browses("q"));
        peer.AttachReceiver("q", handle: 2);
        peer.Credit(2, handle: 2);
        Expect(peer, "0", "1");
        peer.Settle(1, EncodedValue.Of(default(Released)));
        peer.Credit(10, nextIncomingId: 2);
        Expect(peer, "1", "2");

        // What was out while the browser passed its place is behind him.
        peer.Settle(0, EncodedValue.Of(default(Released)));
        peer.Transfer(3, Message.Value("3"), settled: true);
        Expect(peer, "3");
    }

    [Fact]
    public void N16_SelectorOfASubscription_KeepsNothingElse()
    {
        using var peer = PeerClient.Begin(Broker);
        Attach(peer, "amq.fanout", "colour = 'blue'");
        peer.Credit(10);
        peer.AttachSender("amq.fanout");
        peer.Transfer(0, Coloured("red", "0"), settled: true);
        peer.Transfer(1, Coloured("blue", "1"), settled: true);
        Expect(peer, "1");
        Assert.All(Broker.FindVirtualHost("/")!.Queues, queue => Assert.Equal(0u, queue.ReadyCount));
    }

    [Fact]
    public void E05_NoLocal_KeepsOnesOwnMessagesAway()
    {
        using var peer = PeerClient.Begin(Broker);
        var filters = new EncodedValueBuilder().BeginMap().AddSymbol("no-local").Add(default(NoLocalFilter)).End().ToValue();
        var attach = peer.AttachReceiver("amq.fanout", with: attach => attach with { Source = new Source { Address = EncodedValue.String("amq.fanout"), Filter = filters } });
        Assert.Equal(Codec.DecodeError.None, attach.Attach.Source.ParseSource(out var source));
        Assert.Equal(1, source.Filter.Count);
        peer.Credit(10);
        peer.AttachSender("amq.fanout");
        peer.Transfer(0, Message.Value("own"));
        Assert.Equal(AnyDeliveryState.Member.Accepted, peer.ExpectPast("disposition").Disposition.State.Kind);
        Older.Publish(1, "amq.fanout", "", "other"u8.ToArray());
        Assert.Equal(Message.Data("other"u8.ToArray()), peer.ExpectPast("transfer").Payload[^Message.Data("other"u8.ToArray()).Length..]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void E04_FilterExpressions_PickMessagesOfAQueue(bool isSql)
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        peer.Transfer(0, Coloured("red", "0"), settled: true);
        peer.Transfer(1, Coloured("blue", "1"), settled: true);
        var filters = new EncodedValueBuilder().BeginMap().AddSymbol("f");
        filters = isSql
            ? filters.Add(new SqlFilter { Value = "colour = 'blue'" })
            : filters.Add(new ApplicationPropertiesFilter { Value = new EncodedValueBuilder().BeginMap().AddString("colour").AddString("blue").End().ToValue() });
        var set = filters.End().ToValue();
        peer.AttachReceiver("q", with: attach => attach with { Source = new Source { Address = EncodedValue.String("q"), Filter = set } });
        peer.Credit(10);
        Expect(peer, "1");
        Assert.Equal(1u, CountMessages());
    }

    [Fact]
    public void N16_SelectorsInARow_WithReturnsInAnyOrder_LoseNothing()
    {
        const int seed = 20_251;
        var random = new Random(seed);
        const int Count = 300;
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        for (uint id = 0; id < Count; id++)
        {
            peer.Transfer(id, Coloured((id % 3) switch { 0 => "red", 1 => "blue", _ => "green" }, $"{id}"), settled: true);
        }

        string[] selectors = ["colour = 'red'", "colour = 'blue'", "colour IN ('red', 'green')", "TRUE"];
        for (uint handle = 1; handle <= selectors.Length; handle++)
        {
            Attach(peer, "q", selectors[handle - 1], handle);
        }

        for (uint handle = 1; handle <= selectors.Length; handle++)
        {
            peer.Credit(100_000, handle);
        }

        var left = new HashSet<string>(Enumerable.Range(0, Count).Select(number => $"{number}"));
        while (left.Count > 0)
        {
            var transfer = peer.ExpectPast("transfer");
            uint id = transfer.Transfer.DeliveryId;
            string text = TextOf(transfer);
            Assert.True(left.Contains(text), $"seed {seed}: {text} came again");
            if (random.Next(3) > 0)
            {
                left.Remove(text);
                peer.Settle(id, Outcomes.Accepted);
            }
            else
            {
                peer.Settle(id, random.Next(2) == 0 ? Outcomes.Released : EncodedValue.Of(new Modified { DeliveryFailed = true }));
            }
        }
    }

    private static void AttachDurable(PeerClient peer, EncodedValue filters) => peer.AttachReceiver(string.Empty, name: "subscriber", with: attach => attach with
    {
        Source = new Source { Address = EncodedValue.String("amq.fanout"), Durable = TerminusDurability.Configuration, ExpiryPolicy = TerminusExpiryPolicy.Texts.Never, Filter = filters },
    });

    private void Fill(int depth)
    {
        for (int number = 0; number < depth; number++)
        {
            Older.Publish(1, "", "q", [1]);
        }

        // Asked over the same channel, so that all of them have come.
        Assert.Equal((uint)depth, CountMessages());
    }

    private static byte[] Coloured(string colour, string text) => [.. Message.ApplicationProperties("colour", colour), .. Message.Value(text)];

    private static PeerFrame Attach(PeerClient peer, string address, string selector, uint handle = 1)
    {
        var filters = new EncodedValueBuilder().BeginMap().AddSymbol("selector").Add(new SelectorFilter { Value = selector }).End().ToValue();
        return peer.AttachReceiver(address, handle, with: attach => attach with { Source = new Source { Address = EncodedValue.String(address), Filter = filters } });
    }

    private static Func<Attach, Attach> Browses(string address) =>
        attach => attach with { Source = new Source { Address = EncodedValue.String(address), DistributionMode = StdDistMode.Texts.Copy } };

    private static void Expect(PeerClient peer, params string[] texts)
    {
        foreach (string text in texts)
        {
            Assert.Equal(text, TextOf(peer.ExpectPast("transfer")));
        }
    }

    /// <summary>Outcomes as a peer says them.</summary>
    private static class Outcomes
    {
        public static EncodedValue Accepted { get; } = EncodedValue.Of(default(Accepted));

        public static EncodedValue Released { get; } = EncodedValue.Of(default(Released));
    }
}
