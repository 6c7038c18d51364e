using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Tests.Durability;
using AmqpToolkit.Broker.Tests.Queues;
using AmqpToolkit.Broker.Tests.V1_0;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.Paging;

/// <summary>Receivers that pick messages, or browse, where the messages are on the disk alone.</summary>
public sealed class PagedWalkTests
{
    private const int Others = 9000;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task N16_Selector_FindsItsMessagesOnTheDisk_AndLeavesTheOthersThere(bool isPersistent)
    {
        await using var broker = await KeptBroker.StartAsync(pagingOctets: 1);
        using var client = new KeptClient(broker);
        client.Declare("q");
        for (int round = 0; round < 3; round++)
        {
            client.Publish("", "q", Coloured("red", isPersistent), [.. Enumerable.Range(0, Others / 3).Select(number => $"red {round} {number}")]);
            client.Publish("", "q", Coloured("blue", isPersistent), $"blue {round}");
        }

        var queue = broker.Broker.FindVirtualHost("/")!.FindQueue("q"u8)!;
        Assert.True(queue.PagedOutCount > Others / 2, "not on the disk");
        using var peer = PeerClient.Begin(broker.Broker);
        var filters = new EncodedValueBuilder().BeginMap().AddSymbol("selector").Add(new SelectorFilter { Value = "colour = 'blue'" }).End().ToValue();
        peer.AttachReceiver("q", with: attach => attach with { Source = new Source { Address = EncodedValue.String("q"), Filter = filters } });
        peer.Credit(10);
        for (int round = 0; round < 3; round++)
        {
            Assert.Equal(Message.Data(System.Text.Encoding.UTF8.GetBytes($"blue {round}")), BodyOf(peer.ExpectPast("transfer")));
        }

        peer.Credit(10, deliveryCount: 3, nextIncomingId: 3, drain: true);
        Assert.Equal(13u, peer.ReadDrained().DeliveryCount);
        Assert.Equal((uint)Others, queue.ReadyCount);
        Assert.True(queue.PagedOutCount > Others / 2, "the others were read into memory to stay");
    }

    /// <summary>What comes back lies in memory: that the next message on the disk cannot be had is none of its concern.</summary>
    [Fact]
    public async Task N16_WhatComesBack_IsHandedOut_ThoughTheDiskDoesNotAnswer()
    {
        ManualDisk disk = null!;
        await using var broker = await KeptBroker.StartAsync(new ManualTimeProvider(), folder => disk = new ManualDisk(folder), toleratesDefects: true, pagingOctets: 1);
        using var client = new KeptClient(broker);
        client.Declare("q");
        client.Publish("", "q", Coloured("blue", isPersistent: true), "first");
        using var peer = PeerClient.Begin(broker.Broker);
        var filters = new EncodedValueBuilder().BeginMap().AddSymbol("selector").Add(new SelectorFilter { Value = "colour = 'blue'" }).End().ToValue();
        peer.AttachReceiver("q", with: attach => attach with { Source = new Source { Address = EncodedValue.String("q"), Filter = filters } });
        peer.Credit(1);
        ExpectBody(peer, "first");
        client.Publish("", "q", Coloured("blue", isPersistent: true), [.. Enumerable.Range(0, 500).Select(number => $"{number}")]);
        var queue = broker.Broker.FindVirtualHost("/")!.FindQueue("q"u8)!;
        while (queue.PageOut(int.MaxValue) > 0)
        {
            // Only so much at a time.
        }

        disk.OnRead = () => throw new IOException("Input/output error", 5);
        peer.Credit(1000, deliveryCount: 1, nextIncomingId: 1);
        peer.Settle(0, EncodedValue.Of(default(Released)));
        while (!BodyOf(peer.ExpectPast("transfer")).AsSpan().SequenceEqual(Message.Data("first"u8.ToArray())))
        {
            // Some may have stayed in memory.
        }

        disk.OnRead = null;
    }

    /// <summary>Dead letters that the disk does not give wait; who has still to look at what is in memory goes on.</summary>
    [Fact]
    public async Task N16_Selector_LooksOn_ThoughTheDiskDoesNotGiveWhatDied()
    {
        ManualDisk disk = null!;
        var time = new ManualTimeProvider();
        await using var broker = await KeptBroker.StartAsync(time, folder => disk = new ManualDisk(folder), toleratesDefects: true);
        using var client = new KeptClient(broker);
        client.Declare("q", ("x-dead-letter-exchange", "amq.fanout"));
        client.Publish("", "q", Coloured("red", isPersistent: true) with { Expiration = "1000" }, [.. Enumerable.Range(0, 100).Select(number => $"{number}")]);
        var queue = broker.Broker.FindVirtualHost("/")!.FindQueue("q"u8)!;
        while (queue.PageOut(int.MaxValue) > 0)
        {
            // Only so much at a time.
        }

        disk.OnRead = () => throw new IOException("Input/output error", 5);
        time.Advance(TimeSpan.FromSeconds(2));
        await Eventually.HoldsAsync(() => queue.MovesRestUntil > 0);
        queue.StepsInOneGo = 2000;
        client.Publish("", "q", Coloured("red", isPersistent: true), [.. Enumerable.Range(0, 1000).Select(number => $"{number}")]);
        client.Publish("", "q", Coloured("blue", isPersistent: true), "wanted");
        using var peer = PeerClient.Begin(broker.Broker);
        var filters = new EncodedValueBuilder().BeginMap().AddSymbol("selector").Add(new SelectorFilter { Value = "colour = 'blue'" }).End().ToValue();
        peer.AttachReceiver("q", with: attach => attach with { Source = new Source { Address = EncodedValue.String("q"), Filter = filters } });
        peer.Credit(1);
        ExpectBody(peer, "wanted");
        disk.OnRead = null;
        ExpectNoDefect(broker);
    }

    /// <summary>Dead letters wait for room in the journal, as long as that takes; who has still to look at what is in memory goes on, and they are moved when there is room.</summary>
    [Fact]
    public async Task N16_Selector_LooksOn_ThoughTheJournalHasNoRoomForWhatDied()
    {
        ManualDisk disk = null!;
        var time = new ManualTimeProvider();
        await using var broker = await KeptBroker.StartAsync(time, folder => disk = new ManualDisk(folder), toleratesDefects: true);
        using (var client = new KeptClient(broker))
        {
            client.Declare("dead");
            client.Declare("other");
            client.Declare("q", ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"));
            client.Publish("", "q", Coloured("red", isPersistent: true) with { Expiration = "1000" }, [.. Enumerable.Range(0, 100).Select(number => $"{number}")]);
            client.Publish("", "q", Coloured("red", isPersistent: true), [.. Enumerable.Range(0, 1000).Select(number => $"{number}")]);
            client.Publish("", "q", Coloured("blue", isPersistent: true), "wanted");
        }

        var queue = broker.Broker.FindVirtualHost("/")!.FindQueue("q"u8)!;
        using var peer = PeerClient.Begin(broker.Broker);
        var filters = new EncodedValueBuilder().BeginMap().AddSymbol("selector").Add(new SelectorFilter { Value = "colour = 'blue'" }).End().ToValue();
        peer.AttachReceiver("q", with: attach => attach with { Source = new Source { Address = EncodedValue.String("q"), Filter = filters } });
        using var last = new KeptClient(broker, isConfirming: false);
        disk.IsFull = true;
        last.Send("", "other", new BasicProperties { DeliveryMode = 2 }, "has no room");
        await Eventually.HoldsAsync(() => broker.Journal.IsFull);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(queue.MustWaitForRoom);
        queue.StepsInOneGo = 2000;
        peer.Credit(1);
        ExpectBody(peer, "wanted");
        Assert.Equal(0u, broker.Broker.FindVirtualHost("/")!.FindQueue("dead"u8)!.ReadyCount);
        disk.IsFull = false;
        await Eventually.HoldsAsync(() => broker.Broker.FindVirtualHost("/")!.FindQueue("dead"u8)!.ReadyCount == 100);
        ExpectNoDefect(broker);
    }

    /// <summary>Nothing is read for a peer that does not read itself, whatever is published meanwhile.</summary>
    [Fact]
    public async Task N10_BrowserThatDoesNotRead_HasNothingReadForIt()
    {
        const int Count = 300;
        ManualDisk disk = null!;
        await using var broker = await KeptBroker.StartAsync(files: folder => disk = new ManualDisk(folder), pagingOctets: 1);
        using var client = new KeptClient(broker);
        client.Declare("q");
        string large = new('x', 128 * 1024);
        for (int number = 0; number < Count; number++)
        {
            client.Publish("", "q", Coloured("red", isPersistent: true), large);
        }

        var queue = broker.Broker.FindVirtualHost("/")!.FindQueue("q"u8)!;
        using var peer = PeerClient.Begin(broker.Broker, window: 1_000_000);
        peer.AttachReceiver("q", with: attach => attach with { Source = new Source { Address = EncodedValue.String("q"), DistributionMode = StdDistMode.Texts.Copy } });
        peer.Credit(Count, window: 1_000_000);
        await Eventually.HoldsAsync(() => queue.ListConsumers().Single().IsStalled);

        // The sockets may take some more, and something is read for that: some 20 MiB at most. With each publish it would be 256 KiB.
        long before = disk.ReadOctets;
        for (int number = 0; number < 300; number++)
        {
            queue.PageOut(int.MaxValue);
            client.Publish("", "q", Coloured("red", isPersistent: true), "one more");
        }

        Assert.InRange(disk.ReadOctets - before, 0, 40 * 1024 * 1024);
        for (int whole = 0; whole < Count;)
        {
            whole += peer.ExpectPast("transfer").Transfer.More ? 0 : 1;
        }
    }

    /// <summary>While memory is short those who are shown copies have messages in memory one after the other, however many they are.</summary>
    [Fact]
    public async Task N10_Browsers_HaveMessagesReadOneAfterTheOther_WhileMemoryIsShort()
    {
        await using var broker = await KeptBroker.StartAsync();
        using (var publisher = new KeptClient(broker))
        {
            publisher.Declare("taken");
            publisher.Declare("q");
            publisher.Publish("taken", [.. Enumerable.Repeat(new string('x', 32 * 1024), 20)]);
            publisher.Publish("q", [.. Enumerable.Range(0, 100).Select(number => $"{number}".PadRight(4000))]);
        }

        await broker.StopAsync();
        await broker.OpenAsync(memoryOctets: 128 * 1024);
        using var taker = new KeptClient(broker, isConfirming: false);
        taker.Raw.Send(1, new BasicConsume { Queue = "taken", ConsumerTag = "c" });
        await Eventually.HoldsAsync(() => broker.Broker.Arena.Paging!.HoldsReading);

        // Nobody has anything of this queue that he could settle.
        var queue = broker.Broker.FindVirtualHost("/")!.FindQueue("q"u8)!;
        StandingBrowser[] browsers = [.. Enumerable.Range(0, 4).Select(_ => new StandingBrowser(queue))];
        int most = 0;
        foreach (var browser in browsers)
        {
            browser.OnShown = () => most = broker.Broker.Arena.Paging!.HoldsReading ? Math.Max(most, browsers.Count(one => one.Walk!.Reading is { IsEmpty: false })) : most;
            Assert.True(queue.TryAddConsumer(browser, new Turn(), _ => { }));
        }

        await Eventually.HoldsAsync(() => browsers.All(browser => browser.IsShown));
        foreach (var browser in browsers)
        {
            queue.RemoveConsumer(browser, new Turn());
        }

        Assert.Equal(1, most);
    }

    /// <summary>While memory is short those who browse get there all the same: several beside each other, and one that drains.</summary>
    [Fact]
    public async Task N10_Browsers_SeeEverything_WhileMemoryIsShort()
    {
        const int Count = 200;
        await using var broker = await KeptBroker.StartAsync();
        using (var publisher = new KeptClient(broker))
        {
            publisher.Declare("taken");
            publisher.Declare("q");
            publisher.Publish("taken", [.. Enumerable.Repeat(new string('x', 32 * 1024), 20)]);
            publisher.Publish("q", [.. Enumerable.Range(0, Count).Select(number => $"{number}".PadRight(2000))]);
        }

        await broker.StopAsync();
        await broker.OpenAsync(memoryOctets: 128 * 1024);
        using var taker = new KeptClient(broker, isConfirming: false);
        taker.Raw.Send(1, new BasicConsume { Queue = "taken", ConsumerTag = "c" });
        await Eventually.HoldsAsync(() => broker.Broker.Arena.Paging!.HoldsReading);
        PeerClient[] peers = [.. Enumerable.Range(0, 4).Select(_ => PeerClient.Begin(broker.Broker))];
        for (int index = 0; index < peers.Length; index++)
        {
            peers[index].AttachReceiver("q", with: attach => attach with
            {
                SndSettleMode = SenderSettleMode.Settled, Source = new Source { Address = EncodedValue.String("q"), DistributionMode = StdDistMode.Texts.Copy },
            });
            peers[index].Credit(Count + 1, drain: index == 0);
        }

        foreach (var peer in peers)
        {
            for (int number = 0; number < Count; number++)
            {
                ExpectBody(peer, $"{number}".PadRight(2000));
            }
        }

        Assert.Equal(Count + 1u, peers[0].ReadDrained().DeliveryCount);
        foreach (var peer in peers)
        {
            peer.Dispose();
        }
    }

    /// <summary>What was read and could not be looked at in one go is read once more, not again and again.</summary>
    [Fact]
    public async Task N16_DearSelector_ReadsWhatItLooksAt()
    {
        const int Count = 500;
        ManualDisk disk = null!;
        await using var broker = await KeptBroker.StartAsync(files: folder => disk = new ManualDisk(folder), pagingOctets: 1);
        using var client = new KeptClient(broker);
        client.Declare("q");
        var dear = new BasicProperties { DeliveryMode = 2, Headers = DearHeaders.Create(1100) };
        for (int number = 0; number < Count; number++)
        {
            client.Publish("", "q", dear, $"{number}");
        }

        client.Publish("", "q", new BasicProperties { DeliveryMode = 2, Headers = Table.Create(table => table.Add("x0", true)) }, "wanted");
        using var peer = PeerClient.Begin(broker.Broker);
        long before = disk.ReadOctets;
        var filters = new EncodedValueBuilder().BeginMap().AddSymbol("selector").Add(new SelectorFilter { Value = DearHeaders.PicksX0 }).End().ToValue();
        peer.AttachReceiver("q", with: attach => attach with { Source = new Source { Address = EncodedValue.String("q"), Filter = filters } });
        peer.Credit(1);
        ExpectBody(peer, "wanted");
        Assert.InRange(disk.ReadOctets - before, 0, Count * 1100L * 7 * 17 / 10);
    }

    [Fact]
    public async Task N16_SeveralReceivers_ShareWhatIsOnTheDisk()
    {
        await using var broker = await KeptBroker.StartAsync(pagingOctets: 1);
        using var client = new KeptClient(broker);
        client.Declare("q");
        client.Publish("", "q", Coloured("blue", isPersistent: true), [.. Enumerable.Range(0, Others).Select(number => $"{number}")]);
        using var peer = PeerClient.Begin(broker.Broker, window: 2 * Others);
        var filters = new EncodedValueBuilder().BeginMap().AddSymbol("selector").Add(new SelectorFilter { Value = "colour = 'blue'" }).End().ToValue();
        for (uint handle = 1; handle <= 3; handle++)
        {
            peer.AttachReceiver("q", handle, with: attach => attach with
            {
                SndSettleMode = SenderSettleMode.Settled, Source = new Source { Address = EncodedValue.String("q"), Filter = handle == 3 ? default : filters },
            });
        }

        for (uint handle = 1; handle <= 3; handle++)
        {
            peer.Credit(2 * Others, handle, window: 2 * Others);
        }

        var left = new HashSet<string>(Enumerable.Range(0, Others).Select(number => $"{number}"));
        while (left.Count > 0)
        {
            Assert.Equal(DecodeError.None, MessageSections.TryParse(peer.ExpectPast("transfer").Payload, out var sections));
            Assert.Equal(DecodeError.None, DataView.TryParse(sections.Body, out var data, out _));
            Assert.True(left.Remove(System.Text.Encoding.UTF8.GetString(data.Value)), "a message came twice");
        }

        Assert.Equal(0u, broker.Broker.FindVirtualHost("/")!.FindQueue("q"u8)!.ReadyCount);
    }

    /// <summary>Places of a queue that was restored have gaps: each message has its own, whatever was taken before.</summary>
    [Fact]
    public async Task D13_RestoredQueue_WhatIsTakenBeforeItsTurn_ComesBackToItsPlace()
    {
        await using var broker = await KeptBroker.StartAsync();
        using (var client = new KeptClient(broker))
        {
            client.Declare("q");
            for (int number = 0; number < 6; number++)
            {
                client.Publish("", "q", Coloured(number is 1 or 4 ? "blue" : "red", isPersistent: true), $"{number}");
            }
        }

        await broker.RestartAsync();
        using var peer = PeerClient.Begin(broker.Broker);
        var filters = new EncodedValueBuilder().BeginMap().AddSymbol("selector").Add(new SelectorFilter { Value = "colour = 'blue'" }).End().ToValue();
        peer.AttachReceiver("q", with: attach => attach with { Source = new Source { Address = EncodedValue.String("q"), Filter = filters } });
        peer.Credit(1);
        ExpectBody(peer, "1");
        peer.AttachReceiver("q", handle: 2);
        peer.Credit(2, handle: 2, nextIncomingId: 1);
        ExpectBody(peer, "0");
        ExpectBody(peer, "2");
        peer.Send(new Disposition { Role = Role.Receiver, First = 0, Last = 2, Settled = true, State = EncodedValue.Of(default(Released)) });
        peer.Send(new Detach { Handle = 1, Closed = true });
        peer.ExpectPast("detach");
        peer.Send(new Detach { Handle = 2, Closed = true });
        peer.ExpectPast("detach");
        using (var client = new KeptClient(broker))
        {
            client.Ping();
        }

        await broker.RestartAsync();
        using var again = new KeptClient(broker);
        Assert.Equal(["0", "1", "2", "3", "4", "5"], again.Drain("q"));
    }

    [Fact]
    public async Task N10_Browser_SeesMessagesOnTheDisk_InOrder()
    {
        await using var broker = await KeptBroker.StartAsync(pagingOctets: 1);
        using var client = new KeptClient(broker);
        client.Declare("q");
        string[] bodies = [.. Enumerable.Range(0, Others).Select(number => $"{number}")];
        client.Publish("", "q", Coloured("red", isPersistent: true), bodies);
        using var peer = PeerClient.Begin(broker.Broker, window: 2 * Others);
        peer.AttachReceiver("q", with: attach => attach with { Source = new Source { Address = EncodedValue.String("q"), DistributionMode = StdDistMode.Texts.Copy } });
        peer.Credit(2 * Others, window: 2 * Others);
        foreach (string body in bodies)
        {
            Assert.Equal(Message.Data(System.Text.Encoding.UTF8.GetBytes(body)), BodyOf(peer.ExpectPast("transfer")));
        }

        var queue = broker.Broker.FindVirtualHost("/")!.FindQueue("q"u8)!;
        Assert.Equal((uint)Others, queue.ReadyCount);
        Assert.True(queue.PagedOutCount > Others / 2, "what was shown was read into memory to stay");
        Assert.Equal(bodies, client.Drain("q"));
    }

    /// <summary>Looks at messages up to the first that was read for it alone, and stands there: its peer does not read.</summary>
    private sealed class StandingBrowser : Consumer
    {
        private volatile bool _isShown;

        public StandingBrowser(MessageQueue queue)
            : base(queue) => Walk = new QueueWalk(queue, this) { IsBrowsing = true };

        public bool IsShown => _isShown;

        /// <summary>Called under the queue's lock.</summary>
        public Action? OnShown { get; set; }

        public override bool IsExclusive => false;

        public override bool Take(ref DeliveryRun run, Turn turn)
        {
            while (run.HasMessage)
            {
                if (Walk!.Reading is { IsEmpty: false })
                {
                    OnShown?.Invoke();
                    _isShown = true;
                    return false;
                }

                run.TakeAccepted();
            }

            return true;
        }

        public override void HandleQueueDeleted(Turn turn)
        {
            // Nothing is held.
        }
    }

    private static BasicProperties Coloured(string colour, bool isPersistent) =>
        new() { DeliveryMode = isPersistent ? (byte)2 : (byte)1, Headers = Table.Create(table => table.Add("colour", colour)) };

    /// <summary>A disk that does not answer is told of; work in the background that fails is a defect all the same.</summary>
    private static void ExpectNoDefect(KeptBroker broker) => Assert.DoesNotContain(broker.Defects, defect => defect.Contains("background work", StringComparison.Ordinal));

    private static void ExpectBody(PeerClient peer, string body) => Assert.Equal(Message.Data(System.Text.Encoding.UTF8.GetBytes(body)), BodyOf(peer.ExpectPast("transfer")));

    private static byte[] BodyOf(PeerFrame transfer)
    {
        Assert.Equal(DecodeError.None, MessageSections.TryParse(transfer.Payload, out var sections));
        return sections.Body.ToArray();
    }
}
