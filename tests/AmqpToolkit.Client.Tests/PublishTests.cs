using AmqpToolkit.Client.Tests.Scripted;
using AmqpToolkit.Client.V0_9_1;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Client.Tests;

public sealed class PublishTests
{
    private static readonly BasicPublish Mandatory = new() { RoutingKey = "nowhere", Mandatory = true };

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Publish_FirstOne_SelectsConfirmsInTheSameBreath()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var publishing = channel.PublishAsync("e", "k", "hello"u8.ToArray());
            await server.ExpectAsync("confirm.select", 1);
            var published = await server.ExpectAsync("basic.publish", 1);
            await server.SendAsync(Wire.Method(1, 85, 11), Wire.Ack(1, 1));

            Assert.Equal(PublishStatus.Confirmed, (await publishing).Status);
            Assert.Equal("e", published.ShortString(2));
            Assert.Equal("k", published.ShortString(4));
            Assert.Equal("hello", published.Text);
            Assert.Equal([0, 0], published.Properties);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Confirms_SingleAndMultipleOverGaps_EndEachPublishAsItsOwn()
    {
        var (server, channel) = await OpenConfirmingAsync();
        using (server)
        {
            var publishes = await PublishAsync(server, channel, 8);
            await server.SendAsync(Wire.Ack(1, 3), Wire.Nack(1, 5), Wire.Ack(1, 6, multiple: true), Wire.Nack(1, 8, multiple: true));

            var outcomes = await Task.WhenAll(publishes).WaitAsync(ScriptedServer.Patience);
            Assert.Equal(
                [
                    PublishStatus.Confirmed, PublishStatus.Confirmed, PublishStatus.Confirmed, PublishStatus.Confirmed, PublishStatus.Nacked,
                    PublishStatus.Confirmed, PublishStatus.Nacked, PublishStatus.Nacked,
                ],
                outcomes.Select(outcome => outcome.Status));
            Assert.Equal(0, channel.UnconfirmedCount);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Confirms_InReverse_EndEachPublishAsItsOwn()
    {
        var (server, channel) = await OpenConfirmingAsync();
        using (server)
        {
            var publishes = await PublishAsync(server, channel, 5);
            for (int tag = 5; tag > 0; tag--)
            {
                await server.SendAsync(tag % 2 == 0 ? Wire.Nack(1, (ulong)tag) : Wire.Ack(1, (ulong)tag));
                Assert.Equal(tag % 2 == 0 ? PublishStatus.Nacked : PublishStatus.Confirmed, (await publishes[tag - 1].WaitAsync(ScriptedServer.Patience)).Status);
            }
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Confirms_MultipleWithTagZero_EndAll()
    {
        var (server, channel) = await OpenConfirmingAsync();
        using (server)
        {
            var publishes = await PublishAsync(server, channel, 3);
            await server.SendAsync(Wire.Ack(1, 0, multiple: true));

            Assert.All(await Task.WhenAll(publishes).WaitAsync(ScriptedServer.Patience), outcome => Assert.True(outcome.IsConfirmed));
        }
    }

    [Theory(Timeout = ScriptedServer.TestTimeout)]
    [InlineData(4UL, false)]
    [InlineData(4UL, true)]
    [InlineData(0UL, false)]
    [InlineData(ulong.MaxValue, true)]
    public async Task Confirms_UnknownTag_ClosesTheChannelWith406(ulong tag, bool multiple)
    {
        var (server, channel) = await OpenConfirmingAsync();
        using (server)
        {
            var publishes = await PublishAsync(server, channel, 3);
            await server.SendAsync(Wire.Ack(1, 1), Wire.Ack(1, tag, multiple));
            var close = await server.ExpectAsync("channel.close", 1);
            var outcomes = await Task.WhenAll(publishes).WaitAsync(ScriptedServer.Patience);

            Assert.Equal(406, close.Short(0));
            Assert.Equal([PublishStatus.Confirmed, PublishStatus.InDoubt, PublishStatus.InDoubt], outcomes.Select(outcome => outcome.Status));
            Assert.Equal((ushort?)406, outcomes[1].Cause?.ReplyCode);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Confirms_SameTagTwice_ClosesTheChannelWith406()
    {
        var (server, channel) = await OpenConfirmingAsync();
        using (server)
        {
            var publishes = await PublishAsync(server, channel, 2);
            await server.SendAsync(Wire.Ack(1, 2), Wire.Ack(1, 2));

            Assert.Equal(406, (await server.ExpectAsync("channel.close", 1)).Short(0));
            Assert.Equal(PublishStatus.InDoubt, (await publishes[0].WaitAsync(ScriptedServer.Patience)).Status);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Confirms_WithoutConfirmMode_ClosesTheChannelWith406()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            await server.SendAsync(Wire.Ack(1, 1));

            Assert.Equal(406, (await server.ExpectAsync("channel.close", 1)).Short(0));
            Assert.Equal(406, (await channel.Closed.WaitAsync(ScriptedServer.Patience)).ReplyCode);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Returns_ThreeThenOneAckForAll_NameTheRightPublishes()
    {
        var (server, channel) = await OpenConfirmingAsync();
        using (server)
        {
            var publishes = new List<Task<PublishOutcome>>();
            var received = new List<Received>();
            for (int index = 0; index < 5; index++)
            {
                publishes.Add(channel.PublishAsync(Mandatory, default, "m"u8.ToArray()).AsTask());
                received.Add(await server.ExpectAsync("basic.publish"));
            }

            await server.SendAsync(Wire.Return(1, received[0]), Wire.Return(1, received[2]), Wire.Return(1, received[3]), Wire.Ack(1, 5, multiple: true));
            var outcomes = await Task.WhenAll(publishes).WaitAsync(ScriptedServer.Patience);

            Assert.Equal(
                [PublishStatus.Returned, PublishStatus.Confirmed, PublishStatus.Returned, PublishStatus.Returned, PublishStatus.Confirmed],
                outcomes.Select(outcome => outcome.Status));
            Assert.Equal(new ReturnReason(312, "NO_ROUTE"), outcomes[0].Return);
            Assert.Throws<PublishFailedException>(outcomes[0].ThrowIfNotConfirmed);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Returns_OfPostedMessages_AreCounted()
    {
        var (server, channel) = await OpenConfirmingAsync();
        using (server)
        {
            await channel.PostAsync(Mandatory, default, "m"u8.ToArray());
            await channel.PostAsync("", "q", "m"u8.ToArray());
            await channel.PostAsync("", "q", "m"u8.ToArray());
            var first = await server.ExpectAsync("basic.publish");
            await server.ExpectAsync("basic.publish");
            await server.ExpectAsync("basic.publish");
            var confirming = channel.ConfirmAllAsync();
            await server.SendAsync(Wire.Return(1, first), Wire.Ack(1, 2, multiple: true));
            await server.SendAsync(Wire.Nack(1, 3));

            var summary = await confirming;
            Assert.Equal(new ConfirmSummary(Confirmed: 1, Nacked: 1, Returned: 1, InDoubt: 0), summary);
            Assert.False(summary.IsConfirmed);
            Assert.Equal(default, await channel.ConfirmAllAsync());
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Publish_MandatoryWithHeaders_AddsTheTagAndLeavesTheCallersTableAlone()
    {
        var (server, channel) = await OpenConfirmingAsync();
        using (server)
        {
            var headers = Table.Create(table => table.Add("mine", 7));
            byte[] before = headers.Memory.ToArray();
            var publishing = channel.PublishAsync(Mandatory, new BasicProperties { Headers = headers }, "m"u8.ToArray());
            var published = await server.ExpectAsync("basic.publish");
            await server.SendAsync(Wire.Ack(1, 1));
            await publishing;

            Assert.Equal(before, headers.Memory.ToArray());
            Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse(published.Properties, out var view));
            var sent = view.Headers.ToDictionary();
            Assert.Equal(1L, sent[AmqpChannel.PublishTagHeader]);
            Assert.Equal(7, sent["mine"]);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Returns_OnAPlainChannel_GoToTheirReader()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var returns = channel.ReadReturnsAsync().GetAsyncEnumerator();
            await channel.PostAsync(Mandatory, new BasicProperties { MessageId = "id" }, "body"u8.ToArray());
            var published = await server.ExpectAsync("basic.publish");
            await server.SendAsync(Wire.Return(1, published));

            Assert.True(await returns.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience));
            Assert.Equal(312, returns.Current.Reason.ReplyCode);
            Assert.Equal("nowhere", returns.Current.RoutingKey);
            Assert.Equal("id", returns.Current.Properties.MessageId.ToString());
            Assert.Equal("body"u8.ToArray(), returns.Current.Body.ToArray());
            server.EndStream();
            await Assert.ThrowsAsync<ConnectionClosedException>(() => returns.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience));
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Publish_ChannelDies_EndsInDoubtWithTheFirstCause()
    {
        var (server, channel) = await OpenConfirmingAsync();
        using (server)
        {
            var publishes = await PublishAsync(server, channel, 2);
            await server.SendAsync(Wire.Ack(1, 1), Wire.ChannelClose(1, 404, "NOT_FOUND - no exchange 'e'", 60, 40));
            var outcomes = await Task.WhenAll(publishes).WaitAsync(ScriptedServer.Patience);

            Assert.Equal([PublishStatus.Confirmed, PublishStatus.InDoubt], outcomes.Select(outcome => outcome.Status));
            Assert.Equal((ushort?)404, outcomes[1].Cause?.ReplyCode);
            Assert.Equal(BasicPublish.MethodKey, outcomes[1].Cause?.MethodKey);
            await server.ExpectAsync("channel.close-ok", 1);
            var exception = await Assert.ThrowsAsync<ChannelClosedException>(() => channel.PublishAsync("", "q", default).AsTask());
            Assert.Equal(404, exception.ReplyCode);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Publish_WindowIsFull_WaitsItsTurnInOrder()
    {
        var (server, channel) = await OpenConfirmingAsync(new ChannelOptions { MaxUnconfirmed = 2 });
        using (server)
        {
            Task<PublishOutcome>[] publishes = [.. Enumerable.Range(0, 6).Select(index => channel.PublishAsync("", "q", new[] { (byte)('a' + index) }).AsTask())];
            string order = "";
            for (int index = 0; index < 6; index++)
            {
                if (index >= 2)
                {
                    await server.SendAsync(Wire.Ack(1, (ulong)(index - 1)));
                }

                order += (await server.ExpectAsync("basic.publish")).Text;
            }

            await server.SendAsync(Wire.Ack(1, 6, multiple: true));
            Assert.All(await Task.WhenAll(publishes).WaitAsync(ScriptedServer.Patience), outcome => Assert.True(outcome.IsConfirmed));
            Assert.Equal("abcdef", order);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Publish_RoomComesBeforeThoseThatWaitAreServed_GoesBehindThem()
    {
        var (server, channel) = await OpenConfirmingAsync(new ChannelOptions { MaxUnconfirmed = 2 });
        using (server)
        {
            using var cancellation = new CancellationTokenSource();
            Task<PublishOutcome>[] sent = [Publish('a'), Publish('b')];
            var left = channel.PublishAsync("", "q", "-"u8.ToArray(), cancellation.Token).AsTask();
            var waiting = Publish('c');
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left.WaitAsync(ScriptedServer.Patience));

            // As the reader does, which serves those that wait a moment later.
            channel.HandleConfirm(2, multiple: true, isAck: true);
            var posting = channel.PostAsync("", "q", "d"u8.ToArray()).AsTask();
            string order = "";
            for (int index = 0; index < 4; index++)
            {
                order += (await server.ExpectAsync("basic.publish")).Text;
            }

            Assert.Equal("abcd", order);
            await posting.WaitAsync(ScriptedServer.Patience);
            channel.HandleConfirm(4, multiple: true, isAck: true);
            var last = Publish('e');
            Assert.Equal("e", (await server.ExpectAsync("basic.publish")).Text);
            await server.SendAsync(Wire.Ack(1, 5, multiple: true));
            Assert.All(await Task.WhenAll([.. sent, waiting, last]).WaitAsync(ScriptedServer.Patience), outcome => Assert.True(outcome.IsConfirmed));
        }

        Task<PublishOutcome> Publish(char body) => channel.PublishAsync("", "q", new[] { (byte)body }).AsTask();
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Publish_OnlyThoseWaitThatHaveLeft_IsSentAtOnce()
    {
        var (server, channel) = await OpenConfirmingAsync(new ChannelOptions { MaxUnconfirmed = 1 });
        using (server)
        {
            using var cancellation = new CancellationTokenSource();
            var first = channel.PublishAsync("", "q", "a"u8.ToArray()).AsTask();
            var left = channel.PublishAsync("", "q", "-"u8.ToArray(), cancellation.Token).AsTask();
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left.WaitAsync(ScriptedServer.Patience));
            channel.HandleConfirm(1, multiple: false, isAck: true);
            var second = channel.PublishAsync("", "q", "b"u8.ToArray()).AsTask();

            Assert.Equal("a", (await server.ExpectAsync("basic.publish")).Text);
            Assert.Equal("b", (await server.ExpectAsync("basic.publish")).Text);
            await server.SendAsync(Wire.Ack(1, 2));
            Assert.True((await first.WaitAsync(ScriptedServer.Patience)).IsConfirmed);
            Assert.True((await second.WaitAsync(ScriptedServer.Patience)).IsConfirmed);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Publish_CancelledWhileItWaitsForTheWindow_IsNeverSent()
    {
        var (server, channel) = await OpenConfirmingAsync(new ChannelOptions { MaxUnconfirmed = 1 });
        using (server)
        {
            using var cancellation = new CancellationTokenSource();
            var first = channel.PublishAsync("", "q", "a"u8.ToArray()).AsTask();
            var second = channel.PublishAsync("", "q", "b"u8.ToArray(), cancellation.Token).AsTask();
            var third = channel.PublishAsync("", "q", "c"u8.ToArray()).AsTask();
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second.WaitAsync(ScriptedServer.Patience));

            Assert.Equal("a", (await server.ExpectAsync("basic.publish")).Text);
            await server.SendAsync(Wire.Ack(1, 1));
            Assert.Equal("c", (await server.ExpectAsync("basic.publish")).Text);
            await server.SendAsync(Wire.Ack(1, 2));
            Assert.True((await first).IsConfirmed);
            Assert.True((await third.WaitAsync(ScriptedServer.Patience)).IsConfirmed);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Publish_CancelledAfterItWasSent_KeepsItsPlaceUntilAnswered()
    {
        var (server, channel) = await OpenConfirmingAsync(new ChannelOptions { MaxUnconfirmed = 1 });
        using (server)
        {
            using var cancellation = new CancellationTokenSource();
            var first = channel.PublishAsync("", "q", "a"u8.ToArray(), cancellation.Token).AsTask();
            await server.ExpectAsync("basic.publish");
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WaitAsync(ScriptedServer.Patience));
            Assert.Equal(1, channel.UnconfirmedCount);

            var second = channel.PublishAsync("", "q", "b"u8.ToArray()).AsTask();
            await server.SendAsync(Wire.Nack(1, 1));
            await server.ExpectAsync("basic.publish");
            await server.SendAsync(Wire.Ack(1, 2));
            Assert.True((await second.WaitAsync(ScriptedServer.Patience)).IsConfirmed);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Publish_ChannelDiesWhileItWaitsForTheWindow_ThrowsSinceNothingWasSent()
    {
        var (server, channel) = await OpenConfirmingAsync(new ChannelOptions { MaxUnconfirmed = 1 });
        using (server)
        {
            var sent = channel.PublishAsync("", "q", "a"u8.ToArray()).AsTask();
            var waiting = channel.PublishAsync("", "q", "b"u8.ToArray()).AsTask();
            var posting = channel.PostAsync("", "q", "c"u8.ToArray()).AsTask();
            server.Abort();

            Assert.Equal(PublishStatus.InDoubt, (await sent.WaitAsync(ScriptedServer.Patience)).Status);
            await Assert.ThrowsAsync<ConnectionClosedException>(() => waiting.WaitAsync(ScriptedServer.Patience));
            await Assert.ThrowsAsync<ConnectionClosedException>(() => posting.WaitAsync(ScriptedServer.Patience));
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Publish_WhileBlocked_WaitsAndNothingElseDoes()
    {
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            await server.AnswerConfirmSelectAsync(channel);
            await server.SendAsync(Wire.Method(0, 10, 60, "low on memory"));
            await AnswerDeclareAsync(server, channel);
            Assert.Equal(ConnectionState.Blocked, connection.State);
            Assert.Equal("low on memory", connection.BlockedReason);

            var publishing = channel.PublishAsync("", "q", "a"u8.ToArray()).AsTask();
            await AnswerDeclareAsync(server, channel);
            await server.SendAsync(Wire.Method(0, 10, 61));
            Assert.Equal("a", (await server.ExpectAsync("basic.publish")).Text);
            await server.SendAsync(Wire.Ack(1, 1));
            Assert.True((await publishing.WaitAsync(ScriptedServer.Patience)).IsConfirmed);
            Assert.Equal(ConnectionState.Open, connection.State);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Publish_WhileTheChannelIsStopped_Waits()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            await server.SendAsync(Wire.Method(1, 20, 20, (byte)0));
            Assert.Equal([0], (await server.ExpectAsync("channel.flow-ok")).Arguments);
            var posting = channel.PostAsync("", "q", "a"u8.ToArray()).AsTask();
            await AnswerDeclareAsync(server, channel);
            Assert.False(posting.IsCompleted);
            await server.SendAsync(Wire.Method(1, 20, 20, (byte)1));
            Assert.Equal([1], (await server.ExpectAsync("channel.flow-ok")).Arguments);
            await server.ExpectAsync("basic.publish");
            await posting.WaitAsync(ScriptedServer.Patience);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Post_OutputIsFull_WaitsForTheSocket()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync(ScriptedServer.Patient with { OutputBoundOctets = 64 * 1024 });
        using (server)
        {
            // The pair in memory holds 256 KiB, the output 64 KiB: what comes then waits.
            var posts = new List<Task>();
            while (posts.Count == 0 || posts[^1].IsCompleted)
            {
                posts.Add(channel.PostAsync("", "q", new byte[10_000]).AsTask());
                Assert.True(posts.Count < 100);
            }

            for (int count = 0; count < posts.Count; count++)
            {
                Assert.Equal(10_000, (await server.ExpectAsync("basic.publish")).Body.Length);
            }

            await Task.WhenAll(posts).WaitAsync(ScriptedServer.Patience);
        }
    }

    [Theory(Timeout = ScriptedServer.TestTimeout)]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(4088, 1)]
    [InlineData(4089, 2)]
    [InlineData(100_000, 25)]
    public async Task Publish_BodyOverSeveralFrames_IsSplitAtFrameMax(int octets, int frames)
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync(frameMax: 4096);
        using (server)
        {
            var body = new byte[octets];
            new Random(1).NextBytes(body);
            await channel.PostAsync("", "q", body);
            Assert.Equal(1, (await server.ReadFrameAsync())!.Value.Type);
            Assert.Equal(2, (await server.ReadFrameAsync())!.Value.Type);
            var received = new List<byte>();
            for (int frame = 0; frame < frames; frame++)
            {
                var (type, _, payload) = (await server.ReadFrameAsync())!.Value;
                Assert.Equal(3, type);
                Assert.True(payload.Length <= 4088);
                received.AddRange(payload);
            }

            Assert.Equal(body, received);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Publish_PropertiesOverOneFrame_ThrowsAndSendsNothing()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync(frameMax: 4096);
        using (server)
        {
            var headers = Table.Create(table => table.Add("big", new string('x', 5000)));
            await Assert.ThrowsAsync<ArgumentException>(async () => await channel.PostAsync(default, new BasicProperties { Headers = headers }, default));
            await AnswerDeclareAsync(server, channel);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Publish_OnATransactionalChannel_IsRefusedHere()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var selecting = channel.TxSelectAsync().AsTask();
            await server.ExpectAsync("tx.select");
            await server.SendAsync(Wire.Method(1, 90, 11));
            await selecting;

            await Assert.ThrowsAsync<InvalidOperationException>(async () => await channel.PublishAsync("", "q", default));
            await channel.PostAsync("", "q", default);
            await server.ExpectAsync("basic.publish");
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task ConfirmAll_Cancelled_LosesNothingForTheNext()
    {
        var (server, channel) = await OpenConfirmingAsync();
        using (server)
        {
            await channel.PostAsync("", "q", default);
            await server.ExpectAsync("basic.publish");
            using var cancellation = new CancellationTokenSource();
            var cancelled = channel.ConfirmAllAsync(cancellation.Token).AsTask();
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(ScriptedServer.Patience));
            var confirming = channel.ConfirmAllAsync().AsTask();
            await server.SendAsync(Wire.Ack(1, 1));

            Assert.Equal(1, (await confirming.WaitAsync(ScriptedServer.Patience)).Confirmed);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Publish_AwaitedTwice_ThrowsTheSecondTime()
    {
        var (server, channel) = await OpenConfirmingAsync();
        using (server)
        {
#pragma warning disable CA2012 // The mistake is the point.
            var publishing = channel.PublishAsync("", "q", default);
            await server.ExpectAsync("basic.publish");
            await server.SendAsync(Wire.Ack(1, 1));
            await publishing;
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await publishing);
#pragma warning restore CA2012
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Publish_ManyMoreThanTheRingHolds_ComeRoundRightly()
    {
        var (server, channel) = await OpenConfirmingAsync(new ChannelOptions { MaxUnconfirmed = 100 });
        using (server)
        {
            const int Seed = 4711;
            var random = new Random(Seed);
            var publishes = new Queue<Task<PublishOutcome>>();
            ulong tag = 0;
            for (int round = 0; round < 100; round++)
            {
                int count = random.Next(1, 100);
                for (int index = 0; index < count; index++)
                {
                    publishes.Enqueue(channel.PublishAsync("", "q", default).AsTask());
                }

                for (int index = 0; index < count; index++)
                {
                    await server.ExpectAsync("basic.publish");
                }

                bool isAck = random.Next(2) == 0;
                tag += (ulong)count;
                await server.SendAsync(isAck ? Wire.Ack(1, tag, multiple: true) : Wire.Nack(1, tag, multiple: true));
                while (publishes.TryDequeue(out var publish))
                {
                    Assert.True(
                        (await publish.WaitAsync(ScriptedServer.Patience)).Status == (isAck ? PublishStatus.Confirmed : PublishStatus.Nacked), $"seed {Seed}, round {round}");
                }
            }
        }
    }

    [Theory(Timeout = ScriptedServer.TestTimeout)]
    [InlineData(10)]
    [InlineData(20_000)]
    [InlineData(500_001)]
    public async Task Publish_BodyGivenAway_IsSentWholeAndDisposedOfOnce(int octets)
    {
        var (server, channel) = await OpenConfirmingAsync();
        using (server)
        {
            var body = new ScriptedMemoryOwner(octets);
            byte[] expected = body.Memory.ToArray();
            var publishing = channel.PublishAsync(new BasicPublish { RoutingKey = "q" }, default, body).AsTask();
            Assert.Equal(expected, (await server.ExpectAsync("basic.publish")).Body);
            await server.SendAsync(Wire.Ack(1, 1));
            Assert.True((await publishing.WaitAsync(ScriptedServer.Patience)).IsConfirmed);
            await body.Disposed.WaitAsync(ScriptedServer.Patience);
        }

        // Anything that is left of it would be dropped by now.
        await channel.Closed.WaitAsync(ScriptedServer.Patience);
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Publish_BodyGivenAwayAndNeverSent_IsDisposedOfOnEveryPath()
    {
        var (server, channel) = await OpenConfirmingAsync(new ChannelOptions { MaxUnconfirmed = 1 });
        using (server)
        {
            var method = new BasicPublish { RoutingKey = "q" };
            using var cancelled = new CancellationTokenSource();
            using var cancellation = new CancellationTokenSource();
            await cancelled.CancelAsync();
            ScriptedMemoryOwner[] bodies = [.. Enumerable.Range(0, 5).Select(_ => new ScriptedMemoryOwner(20_000))];
            var sent = channel.PublishAsync(method, default, bodies[0]).AsTask();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await channel.PostAsync(method, default, bodies[1], cancelled.Token));
            var left = channel.PostAsync(method, default, bodies[2], cancellation.Token).AsTask();
            var queued = channel.PublishAsync(method, default, bodies[3]).AsTask();
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left.WaitAsync(ScriptedServer.Patience));
            server.Abort();
            await Assert.ThrowsAsync<ConnectionClosedException>(() => queued.WaitAsync(ScriptedServer.Patience));
            Assert.Equal(PublishStatus.InDoubt, (await sent.WaitAsync(ScriptedServer.Patience)).Status);
            await Assert.ThrowsAsync<ConnectionClosedException>(async () => await channel.PublishAsync(method, default, bodies[4]));

            await Task.WhenAll(bodies.Select(body => body.Disposed)).WaitAsync(ScriptedServer.Patience);
        }
    }

    private static async Task<(ScriptedServer Server, AmqpChannel Channel)> OpenConfirmingAsync(ChannelOptions? options = null)
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync(channelOptions: options);
        await server.AnswerConfirmSelectAsync(channel);
        return (server, channel);
    }

    private static async Task<Task<PublishOutcome>[]> PublishAsync(ScriptedServer server, AmqpChannel channel, int count)
    {
        Task<PublishOutcome>[] publishes = [.. Enumerable.Range(0, count).Select(_ => channel.PublishAsync("", "q", "m"u8.ToArray()).AsTask())];
        for (int index = 0; index < count; index++)
        {
            await server.ExpectAsync("basic.publish");
        }

        return publishes;
    }

    private static async Task AnswerDeclareAsync(ScriptedServer server, AmqpChannel channel)
    {
        var declaring = channel.QueueDeclareAsync("q").AsTask();
        await server.ExpectAsync("queue.declare");
        await server.SendAsync(Wire.Method(1, 50, 11, "q", 0u, 0u));
        await declaring.WaitAsync(ScriptedServer.Patience);
    }
}
