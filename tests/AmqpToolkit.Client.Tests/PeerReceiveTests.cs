using AmqpToolkit.Client.Tests.Scripted;
using AmqpToolkit.Client.V1_0;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.Tests.V1_0;

namespace AmqpToolkit.Client.Tests;

/// <summary>How messages of 1.0 are taken: one by one, in batches, up to a bound, and to an end.</summary>
public sealed class PeerReceiveTests
{
    private static readonly TimeSpan Patience = ScriptedPeer.Patience;

    [Fact]
    public async Task Batch_HasAllThatHasCome_AndIsAcceptedInOneGo()
    {
        await using var peer = new ScriptedPeer();
        var receiver = await peer.AttachReceiverAsync(await peer.BeginAsync(), with: Mixed);
        var waiting = receiver.ReceiveBatchAsync().AsTask();
        await peer.SendAsync(
            Transfer(0, "0"), Peer.Transfer(1, Octets("1")[..3], with: transfer => transfer with { More = true }), Peer.Transfer(1, Octets("1")[3..]), Transfer(2, "2", settled: true), Transfer(3, "3"));
        var batch = await waiting.WaitAsync(Patience);
        var texts = TextsOf(batch);
        Assert.Equal(["0", "1", "2", "3"], texts);
        Assert.Equal([false, false, true, false], Enumerable.Range(0, 4).Select(index => batch[index].IsSettled));
        batch[3].Release();
        Assert.Throws<InvalidOperationException>(() => batch[3].Accept());
        batch[2].Accept();
        batch.Accept();
        Assert.Equal((3u, 3u, AnyDeliveryState.Member.Released), await DispositionAsync(peer));
        Assert.Equal((0u, 1u, AnyDeliveryState.Member.Accepted), await DispositionAsync(peer));

        await peer.SendAsync(Transfer(4, "4"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => receiver.ReceiveBatchAsync().AsTask().WaitAsync(Patience));
        batch.Dispose();
        var next = await receiver.ReceiveBatchAsync().AsTask().WaitAsync(Patience);
        batch.Dispose();
        Assert.Throws<ObjectDisposedException>(() => batch.Count);
        Assert.Throws<ObjectDisposedException>(() => batch.Accept());
        Assert.Equal(["4"], TextsOf(next));
        Assert.Throws<ArgumentOutOfRangeException>(() => next[1].Octets.Length);
    }

    [Fact]
    public async Task Batch_ThatIsAwaited_EndsWithItsToken_AndOneWaitsAtATime()
    {
        await using var peer = new ScriptedPeer();
        var receiver = await peer.AttachReceiverAsync(await peer.BeginAsync());
        for (int round = 0; round < 3; round++)
        {
            using var cancel = new CancellationTokenSource();
            var waiting = receiver.ReceiveBatchAsync(cancel.Token).AsTask();
            await Assert.ThrowsAsync<InvalidOperationException>(() => receiver.ReceiveBatchAsync().AsTask().WaitAsync(Patience));
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Patience));
        }

        await peer.SendAsync(Transfer(0, "x"));
        using (var batch = await receiver.ReceiveBatchAsync().AsTask().WaitAsync(Patience))
        {
            Assert.Equal(["x"], TextsOf(batch));
        }

        var last = receiver.ReceiveBatchAsync().AsTask();
        await peer.SendAsync(Peer.Frame(new Detach { Handle = 0, Closed = true, Error = new Error { Condition = "amqp:resource-deleted" } }));
        Assert.Equal("amqp:resource-deleted", (await Assert.ThrowsAsync<AmqpException>(() => last.WaitAsync(Patience))).Condition);
    }

    [Fact]
    public async Task ManyTakersInManyWays_GetEachMessageOnce()
    {
        const int Count = 3000;
        await using var peer = new ScriptedPeer();
        var receiver = await peer.AttachReceiverAsync(await peer.BeginAsync(), new ReceiverOptions { Credit = Count * 2 });
        var seen = new int[Count];
        int left = Count;
        using var done = new CancellationTokenSource();
        void See(string text)
        {
            Interlocked.Increment(ref seen[int.Parse(text, System.Globalization.CultureInfo.InvariantCulture)]);
            if (Interlocked.Decrement(ref left) == 0)
            {
                done.Cancel();
            }
        }

        async Task OneByOneAsync()
        {
            while (true)
            {
                See((await receiver.ReceiveAsync(done.Token)).Message.Text!);
            }
        }

        async Task EnumerateAsync()
        {
            await foreach (var delivery in receiver.WithCancellation(done.Token))
            {
                See(delivery.Message.Text!);
            }
        }

        async Task InBatchesAsync()
        {
            while (true)
            {
                using var batch = await receiver.ReceiveBatchAsync(done.Token);
                foreach (string text in TextsOf(batch))
                {
                    See(text);
                }
            }
        }

        Task[] takers = [Task.Run(OneByOneAsync), Task.Run(OneByOneAsync), Task.Run(EnumerateAsync), Task.Run(InBatchesAsync)];
        for (int number = 0; number < Count; number += 10)
        {
            await peer.SendAsync([.. Enumerable.Range(number, 10).Select(one => Transfer((uint)one, $"{one}"))]);
        }

        foreach (var taker in takers)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => taker.WaitAsync(Patience));
        }

        Assert.All(seen, count => Assert.Equal(1, count));
    }

    [Fact]
    public async Task Stop_TakesTheCreditBack_AndWhatIsHereCanBeFinished()
    {
        await using var peer = new ScriptedPeer();
        var receiver = await peer.AttachReceiverAsync(await peer.BeginAsync(), new ReceiverOptions { Credit = 10 });
        await peer.SendAsync(Transfer(0, "0"));
        Assert.Equal("0", (await receiver.ReceiveAsync().AsTask().WaitAsync(Patience)).Message.Text);
        var stopping = receiver.StopAsync();
        Sent flow;
        do
        {
            flow = await peer.ReadFrameAsync();
        }
        while (flow.Name != "flow" || flow.Flow.LinkCredit != 0);

        Assert.True(flow.Flow.Echo);

        // It was on its way when the peer heard of it.
        await peer.SendAsync(Transfer(1, "1"), Peer.Credit(0, handle: 0, deliveryCount: 2, nextOutgoingId: 2));
        await stopping.WaitAsync(Patience);
        var rest = new List<string>();
        await foreach (var delivery in receiver)
        {
            rest.Add(delivery.Message.Text!);
            delivery.Accept();
        }

        Assert.Equal(["1"], rest);
        Assert.Equal((1u, 1u, AnyDeliveryState.Member.Accepted), await DispositionAsync(peer));
        Assert.True((await Assert.ThrowsAsync<AmqpException>(() => receiver.ReceiveAsync().AsTask().WaitAsync(Patience))).Reason.IsOrderly);
        for (int round = 0; round < 2; round++)
        {
            using var batch = await receiver.ReceiveBatchAsync().AsTask().WaitAsync(Patience);
            Assert.True(batch.IsEmpty && batch.Count == 0);
            batch.Accept();
        }
    }

    [Fact]
    public async Task StoppedReceiver_WhoseLinkFails_SaysSo()
    {
        await using var peer = new ScriptedPeer();
        var receiver = await peer.AttachReceiverAsync(await peer.BeginAsync(), new ReceiverOptions { Credit = 2 });
        await peer.SendAsync(Transfer(0, "0"), Transfer(1, "1"));
        await ScriptedServer.UntilAsync(() => receiver.Buffered == 2);
        await receiver.StopAsync().WaitAsync(Patience);
        await peer.SendAsync(Peer.Frame(new Detach { Handle = 0, Closed = true, Error = new Error { Condition = "amqp:resource-deleted" } }));
        await receiver.Closed.WaitAsync(Patience);
        Assert.Equal("amqp:resource-deleted", (await Assert.ThrowsAsync<AmqpException>(() => receiver.ReceiveAsync().AsTask().WaitAsync(Patience))).Condition);
        Assert.Equal("amqp:resource-deleted", (await Assert.ThrowsAsync<AmqpException>(() => receiver.ReceiveBatchAsync().AsTask().WaitAsync(Patience))).Condition);
        Assert.Equal("amqp:resource-deleted", (await Assert.ThrowsAsync<AmqpException>(async () =>
        {
            await foreach (var delivery in receiver)
            {
                Assert.Fail("It is the peer's again.");
            }
        })).Condition);
    }

    [Fact]
    public async Task DeliveryThatItsSenderSettlesWhileItWaits_IsHandedOutWhenTheLinkHasEnded()
    {
        await using var peer = new ScriptedPeer();
        var receiver = await peer.AttachReceiverAsync(await peer.BeginAsync());
        await peer.SendAsync(
            Transfer(0, "0"), Transfer(1, "1"), Transfer(2, "2"), Peer.Frame(new Disposition { Role = Role.Sender, First = 1, Settled = true }), Peer.Frame(new Detach { Handle = 0, Closed = true }));
        await receiver.Closed.WaitAsync(Patience);
        var delivery = await receiver.ReceiveAsync().AsTask().WaitAsync(Patience);
        Assert.Equal(("1", true), (delivery.Message.Text, delivery.IsSettled));
        await Assert.ThrowsAsync<AmqpException>(() => receiver.ReceiveAsync().AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task DeliveriesThatTheirSenderSettles_LeaveNothingBehind()
    {
        await using var peer = new ScriptedPeer();
        var receiver = await peer.AttachReceiverAsync(await peer.BeginAsync(), new ReceiverOptions { Credit = 20 });
        await peer.SendAsync(Transfer(0, "0"));
        for (uint id = 1; id < 200; id++)
        {
            // One waits at any time.
            await peer.SendAsync(Transfer(id, $"{id}"), Peer.Frame(new Disposition { Role = Role.Sender, First = id - 1, Settled = true }));
            Assert.Equal($"{id - 1}", (await receiver.ReceiveAsync().AsTask().WaitAsync(Patience)).Message.Text);
        }

        Assert.InRange(receiver.SettledByPeer, 0, 10);
    }

    [Fact]
    public async Task CreditThatIsTakenAwayTwice_IsNotMistakenForUsed()
    {
        await using var peer = new ScriptedPeer();
        var receiver = await peer.AttachReceiverAsync(await peer.BeginAsync(), new ReceiverOptions { Credit = 10, BufferedBoundOctets = 100 });
        await peer.ExpectCreditAsync(10, 10);
        string text = new('x', 90);
        await peer.SendAsync(Transfer(0, text), Transfer(1, text));
        await peer.ExpectCreditAsync(0, 0);
        for (int number = 0; number < 2; number++)
        {
            Assert.Equal(text, (await receiver.ReceiveAsync().AsTask().WaitAsync(Patience)).Message.Text);
        }

        await peer.ExpectCreditAsync(5, 10);
        await peer.SendAsync(Transfer(2, text), Transfer(3, text));
        await peer.ExpectCreditAsync(0, 0);

        // The answer to the first time; the peer has heard of the second grant since, and uses it.
        await peer.SendAsync(Peer.Credit(0, handle: 0, deliveryCount: 4, nextOutgoingId: 4), Transfer(4, "y"), Transfer(5, "z"));
        foreach (string expected in (string[])[text, text, "y", "z"])
        {
            Assert.Equal(expected, (await receiver.ReceiveAsync().AsTask().WaitAsync(Patience)).Message.Text);
        }
    }

    [Fact]
    public async Task BatchThatIsOut_CountsInTheBound()
    {
        await using var peer = new ScriptedPeer();
        var receiver = await peer.AttachReceiverAsync(await peer.BeginAsync(), new ReceiverOptions { Credit = 4, BufferedBoundOctets = 100 });
        await peer.ExpectCreditAsync(4, 4);
        string text = new('x', 90);
        await peer.SendAsync(Transfer(0, text), Transfer(1, text));
        await peer.ExpectCreditAsync(0, 0);
        await peer.SendAsync(Peer.Credit(0, handle: 0, deliveryCount: 2, nextOutgoingId: 2));
        var batch = await receiver.ReceiveBatchAsync().AsTask().WaitAsync(Patience);
        Assert.Equal(2, batch.Count);
        Assert.Equal(0, receiver.Granted);
        batch.Dispose();
        await peer.ExpectCreditAsync(4, 4);
    }

    [Fact]
    public async Task ManyAndLargeMessages_ComeInOrder_AcrossRows()
    {
        await using var peer = new ScriptedPeer();
        var receiver = await peer.AttachReceiverAsync(await peer.BeginAsync(), new ReceiverOptions { Credit = 1000 });
        int[] octets = [.. Enumerable.Range(0, 120).Select(number => number % 10 == 9 ? 62_000 : 20_000)];
        uint id = 0;
        foreach (int count in octets)
        {
            byte[] message = Octets(new string((char)('a' + (id % 26)), count));
            await (id % 7 == 3
                ? peer.SendAsync(Peer.Transfer(id, message[..1000], with: transfer => transfer with { More = true }), Peer.Transfer(id, message[1000..]))
                : peer.SendAsync(Peer.Transfer(id, message)));
            id++;
        }

        int next = 0;
        while (next < octets.Length)
        {
            using var batch = await receiver.ReceiveBatchAsync().AsTask().WaitAsync(Patience);
            foreach (string text in TextsOf(batch))
            {
                Assert.Equal(new string((char)('a' + (next % 26)), octets[next]), text);
                next++;
            }
        }
    }

    [Fact]
    public async Task Stop_OfAPeerThatSaysNothing_IsATimeout_AndEndsWithTheLink()
    {
        var time = new ManualTime();
        await using var peer = new ScriptedPeer();
        var session = await peer.BeginAsync(ScriptedPeer.Options with { TimeProvider = time, CallTimeout = TimeSpan.FromSeconds(30), IdleTimeout = TimeSpan.Zero });
        var receiver = await peer.AttachReceiverAsync(session);
        var stopping = receiver.StopAsync();
        while (!stopping.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(30));
            await Task.Yield();
        }

        await Assert.ThrowsAsync<TimeoutException>(() => stopping.WaitAsync(Patience));
        await peer.SendAsync(Peer.Frame(new Detach { Handle = 0, Closed = true }));
        await receiver.StopAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task LinkThatEnds_HandsOutWhatCameSettled_AndNothingElse()
    {
        await using var peer = new ScriptedPeer();
        var session = await peer.BeginAsync();
        foreach (bool isHere in (bool[])[true, false])
        {
            var receiver = await peer.AttachReceiverAsync(session, with: Mixed);
            uint first = isHere ? 0u : 3u;
            await peer.SendAsync(Transfer(first, "0"), Transfer(first + 1, "1", settled: true), Transfer(first + 2, "2"));
            Assert.Equal("0", (await receiver.ReceiveAsync().AsTask().WaitAsync(Patience)).Message.Text);
            if (isHere)
            {
                var closing = receiver.CloseAsync();
                await peer.ExpectAsync("detach");
                await peer.SendAsync(Peer.Frame(new Detach { Handle = 0, Closed = true }));
                await closing.WaitAsync(Patience);
            }
            else
            {
                await peer.SendAsync(Peer.Frame(new Detach { Handle = 0, Closed = true }));
                await receiver.Closed.WaitAsync(Patience);
            }

            Assert.Equal("1", (await receiver.ReceiveAsync().AsTask().WaitAsync(Patience)).Message.Text);
            var reason = (await Assert.ThrowsAsync<AmqpException>(() => receiver.ReceiveAsync().AsTask().WaitAsync(Patience))).Reason;
            Assert.Equal((CloseScope.Link, isHere ? CloseInitiator.Local : CloseInitiator.Peer, true), (reason.Scope, reason.Initiator, reason.IsOrderly));
        }
    }

    [Fact]
    public async Task MoreOctetsThanTheBound_TakeTheCreditAway_UntilSomeAreTaken()
    {
        await using var peer = new ScriptedPeer();
        var receiver = await peer.AttachReceiverAsync(await peer.BeginAsync(), new ReceiverOptions { Credit = 10, BufferedBoundOctets = 100 });
        await peer.ExpectCreditAsync(10, 10);
        string text = new('x', 90);
        await peer.SendAsync(Transfer(0, text));
        await peer.SendAsync(Transfer(1, text));
        await peer.ExpectCreditAsync(0, 0);

        // On its way already: it still comes, and is taken as any.
        await peer.SendAsync(Transfer(2, text));
        for (int number = 0; number < 3; number++)
        {
            Assert.Equal(text, (await receiver.ReceiveAsync().AsTask().WaitAsync(Patience)).Message.Text);
        }

        await peer.ExpectCreditAsync(5, 10);
    }

    /// <summary>The peer settles what it likes.</summary>
    private static Attach Mixed(Attach attach) => attach with { SndSettleMode = SenderSettleMode.Mixed };

    private static byte[] Transfer(uint id, string text, bool settled = false) => Peer.Transfer(id, Octets(text), settled: settled);

    private static byte[] Octets(string text)
    {
        var builder = new EncodedValueBuilder();
        AmqpMessage.Of(text).Write(builder);
        return builder.Span.ToArray();
    }

    private static List<string> TextsOf(ReceivedBatch batch)
    {
        var texts = new List<string>();
        foreach (var message in batch)
        {
            texts.Add(message.ToMessage().Text!);
        }

        return texts;
    }

    private static async Task<(uint First, uint Last, AnyDeliveryState.Member State)> DispositionAsync(ScriptedPeer peer)
    {
        var disposition = (await peer.ExpectAsync("disposition")).Disposition;
        return (disposition.First, disposition.HasLast ? disposition.Last : disposition.First, new AnyDeliveryState(disposition.State.Octets).Kind);
    }
}
