using AmqpToolkit.Client.Tests.Scripted;
using AmqpToolkit.Client.V0_9_1;

namespace AmqpToolkit.Client.Tests;

public sealed class ConsumeTests
{
    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Deliveries_OfOneRead_ComeInOrderWithAllTheyHold()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var consumer = await server.AnswerConsumeAsync(channel);
            await server.SendAsync((byte[])
            [
                .. Wire.Content(Wire.Method(1, 60, 60, "c", 1UL, (byte)1, "exchange", "key"), 1, "first"),
                .. Wire.Deliver(1, "c", 2, ""),
                .. Wire.Deliver(1, "c", 3, new string('x', 100_000)[..5000]),
            ]);
            var enumerator = consumer.GetAsyncEnumerator();

            Assert.True(await enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience));
            Assert.Equal((1UL, true, "exchange", "key"), (enumerator.Current.DeliveryTag, enumerator.Current.Redelivered, enumerator.Current.Exchange, enumerator.Current.RoutingKey));
            Assert.Equal("first"u8.ToArray(), enumerator.Current.Body.ToArray());
            Assert.False(enumerator.Current.Properties.HasContentType);
            Assert.True(await enumerator.MoveNextAsync());
            Assert.Equal(0, enumerator.Current.Body.Length);
            Assert.True(await enumerator.MoveNextAsync());
            Assert.Equal(5000, enumerator.Current.Body.Length);
            Assert.Same(consumer, enumerator.Current.Consumer);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Delivery_BodyInManyFramesAndReads_IsInOnePiece()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var consumer = await server.AnswerConsumeAsync(channel);
            var body = new byte[1_000_000];
            new Random(7).NextBytes(body);
            var frames = new List<byte[]> { Wire.Method(1, 60, 60, "c", 1UL, (byte)0, "", "q"), Wire.Header(1, (ulong)body.Length) };
            frames.AddRange(body.Chunk(131_064).Select(part => Wire.Body(1, part)));
            var sending = server.SendAsync([.. frames]);
            var enumerator = consumer.GetAsyncEnumerator();

            Assert.True(await enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience));
            Assert.Equal(body, enumerator.Current.Body.ToArray());
            await sending;
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Delivery_UsedAfterTheLoopWentOn_Throws()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var consumer = await server.AnswerConsumeAsync(channel);
            await server.SendAsync(Wire.Deliver(1, "c", 1, "a"), Wire.Deliver(1, "c", 2, "b"));
            var enumerator = consumer.GetAsyncEnumerator();
            await enumerator.MoveNextAsync();
            var first = enumerator.Current;
            await enumerator.MoveNextAsync();

            Assert.Throws<ObjectDisposedException>(() => first.Body);
            Assert.Throws<ObjectDisposedException>(() => first.Retain());
            Assert.True(first.Ack());
            Assert.Equal(1UL, (await server.ExpectAsync("basic.ack")).Tag);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Delivery_Retained_OutlivesTheLoopAndIsReusedAfterIt()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var consumer = await server.AnswerConsumeAsync(channel, prefetchCount: 1000);
            var enumerator = consumer.GetAsyncEnumerator();
            var kept = new Queue<RetainedDelivery>();
            for (int index = 1; index <= 500; index++)
            {
                string body = $"message {index}";
                await server.SendAsync(Wire.Deliver(1, "c", (ulong)index, body));
                await enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience);
                if (index % 3 == 0)
                {
                    kept.Enqueue(enumerator.Current.Retain());
                    if (index % 2 == 0)
                    {
                        // Given back before the loop goes on.
                        kept.Dequeue().Dispose();
                    }
                }

                foreach (var delivery in kept)
                {
                    Assert.Equal($"message {delivery.DeliveryTag}", System.Text.Encoding.ASCII.GetString(delivery.Body.Span));
                }
            }

            var last = kept.Dequeue();
            last.Dispose();
            last.Dispose();
            Assert.Throws<ObjectDisposedException>(() => last.Body);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Acks_InOneGo_AreMerged()
    {
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var deliveries = await TakeAsync(server, channel, 10);
            lock (connection.Gate)
            {
                // The output cannot come in between.
                foreach (int index in new[] { 0, 1, 2, 4, 6, 5 })
                {
                    Assert.True(deliveries[index].Ack());
                }
            }

            var first = await server.ExpectAsync("basic.ack");
            Assert.Equal((3UL, (byte)1), (first.Tag, first.Bits));
            ulong[] singles = [(await server.ExpectAsync("basic.ack")).Tag, (await server.ExpectAsync("basic.ack")).Tag, (await server.ExpectAsync("basic.ack")).Tag];
            Assert.Equal(new ulong[] { 5, 6, 7 }, singles.Order());
            Assert.True(deliveries[3].Ack());
            var filling = await server.ExpectAsync("basic.ack");
            Assert.Equal((4UL, (byte)0), (filling.Tag, filling.Bits));
            Assert.True(deliveries[7].Ack());
            Assert.Equal((8UL, (byte)0), ((await server.ExpectAsync("basic.ack")) is var eighth ? (eighth.Tag, eighth.Bits) : default));
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Acks_AroundANack_NeverCoverIt()
    {
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var deliveries = await TakeAsync(server, channel, 5);
            lock (connection.Gate)
            {
                deliveries[0].Ack();
                deliveries[1].Ack();
                deliveries[2].Nack(requeue: false);
                deliveries[3].Ack();
                deliveries[4].Ack();
            }

            var first = await server.ExpectAsync("basic.ack");
            var nack = await server.ExpectAsync("basic.nack");
            var last = await server.ExpectAsync("basic.ack");
            Assert.Equal((2UL, (byte)1), (first.Tag, first.Bits));
            Assert.Equal((3UL, (byte)0), (nack.Tag, nack.Bits));
            Assert.Equal((5UL, (byte)1), (last.Tag, last.Bits));
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Acks_AnyOrder_CoverEachTagOnceAsTheBrokerCounts()
    {
        const int Seed = 815;
        var random = new Random(Seed);
        for (int round = 0; round < 30; round++)
        {
            var (server, connection, channel) = await ScriptedServer.OpenChannelAsync();
            using (server)
            {
                const int Count = 200;
                var deliveries = await TakeAsync(server, channel, Count);
                int[] order = [.. Enumerable.Range(0, Count)];
                random.Shuffle(order.AsSpan(random.Next(Count)));
                var outstanding = new SortedSet<ulong>(Enumerable.Range(1, Count).Select(tag => (ulong)tag));
                var acked = new HashSet<ulong>();
                for (int at = 0; at < Count;)
                {
                    lock (connection.Gate)
                    {
                        for (int burst = random.Next(1, 20); burst > 0 && at < Count; burst--)
                        {
                            Assert.True(deliveries[order[at]].Ack());
                            acked.Add(deliveries[order[at++]].DeliveryTag);
                        }
                    }

                    while (Count - outstanding.Count < acked.Count)
                    {
                        var ack = await server.ExpectAsync("basic.ack");
                        Assert.True(outstanding.Contains(ack.Tag), $"seed {Seed}, round {round}: {ack.Tag} is not outstanding");
                        ulong[] covered = ack.Bits == 1 ? [.. outstanding.GetViewBetween(0, ack.Tag)] : [ack.Tag];
                        Assert.True(covered.All(acked.Contains), $"seed {Seed}, round {round}: {ack} covers what was not acked");
                        outstanding.ExceptWith(covered);
                    }
                }
            }
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Settle_Twice_ThrowsHereAndSendsNothing()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var deliveries = await TakeAsync(server, channel, 4);
            Assert.True(deliveries[1].Ack(multiple: true));
            Assert.Throws<InvalidOperationException>(() => deliveries[0].Ack());
            Assert.Throws<InvalidOperationException>(() => deliveries[1].Nack());
            Assert.True(deliveries[3].Reject());
            Assert.Throws<InvalidOperationException>(() => deliveries[3].Ack());
            Assert.Equal((2UL, (byte)1), (await server.ExpectAsync("basic.ack")) is var ack ? (ack.Tag, ack.Bits) : default);
            Assert.Equal(4UL, (await server.ExpectAsync("basic.reject")).Tag);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Settle_OfADeadChannel_IsFalse()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var deliveries = await TakeAsync(server, channel, 1);
            server.EndStream();
            await channel.Closed.WaitAsync(ScriptedServer.Patience);

            Assert.False(deliveries[0].Ack());
            Assert.False(deliveries[0].Nack());
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Settle_WithoutAcknowledgement_Throws()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var consumer = await server.AnswerConsumeAsync(channel, noAck: true);
            await server.SendAsync(Wire.Deliver(1, "c", 1, "m"));
            var enumerator = consumer.GetAsyncEnumerator();
            await enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience);

            Assert.Throws<InvalidOperationException>(() => enumerator.Current.Ack());
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Recover_Answered_MakesWhatWasDeliveredVoid()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var consumer = await server.AnswerConsumeAsync(channel);
            var enumerator = consumer.GetAsyncEnumerator();
            await server.SendAsync(Wire.Deliver(1, "c", 1, "a"), Wire.Deliver(1, "c", 2, "b"));
            await enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience);
            var first = enumerator.Current;
            var recovering = channel.RecoverAsync().AsTask();
            await server.ExpectAsync("basic.recover");
            await server.SendAsync(Wire.Method(1, 60, 111), Wire.Deliver(1, "c", 3, "a"), Wire.Deliver(1, "c", 4, "b"));
            await recovering.WaitAsync(ScriptedServer.Patience);

            Assert.False(first.Ack());
            await enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience);
            Assert.Equal(3UL, enumerator.Current.DeliveryTag);
            Assert.True(enumerator.Current.Ack());
            Assert.Equal(3UL, (await server.ExpectAsync("basic.ack")).Tag);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Recover_EverythingBufferedIsVoid_TheLoopGoesOn()
    {
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var consumer = await server.AnswerConsumeAsync(channel);
            var enumerator = consumer.GetAsyncEnumerator();
            await server.SendAsync(Wire.Deliver(1, "c", 1, "a"));
            Assert.True(await enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience));
            await server.SendAsync(Wire.Deliver(1, "c", 2, "b"));
            await RecoverAsync(server, channel);
            var moving = enumerator.MoveNextAsync().AsTask();
            await server.SendAsync(Wire.Deliver(1, "c", 3, "a"));

            Assert.True(await moving.WaitAsync(ScriptedServer.Patience));
            Assert.Equal(3UL, enumerator.Current.DeliveryTag);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Recover_AgainAndAgain_HoldsNothingBack()
    {
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var consumer = await server.AnswerConsumeAsync(channel, prefetchCount: 2);
            ulong tag = 0;
            for (int round = 0; round < 5; round++)
            {
                await server.SendAsync(Wire.Deliver(1, "c", ++tag, "a"), Wire.Deliver(1, "c", ++tag, "b"));
                await RecoverAsync(server, channel);
            }

            await server.SendAsync(Wire.Deliver(1, "c", ++tag, "a"), Wire.Deliver(1, "c", ++tag, "b"));
            var enumerator = consumer.GetAsyncEnumerator();
            Assert.True(await enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience));
            Assert.Equal(11UL, enumerator.Current.DeliveryTag);
            Assert.True(await enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience));
            Assert.Equal(12UL, enumerator.Current.DeliveryTag);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Consumer_DisposedOfWhileALoopRuns_SettlesEachDeliveryOnce()
    {
        const int Count = 2000;
        const int Rounds = 40;
        byte[] deliveries = [.. Enumerable.Range(1, Count).SelectMany(tag => Wire.Deliver(1, "c", (ulong)tag, "m"))];
        for (int round = 0; round < Rounds; round++)
        {
            var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
            using (server)
            {
                var consumer = await server.AnswerConsumeAsync(channel, prefetchCount: Count);
                await server.SendAsync(deliveries);
                using var together = new Barrier(2);
                int stopAt = round * Count / (2 * Rounds);
                var looping = Task.Run(LoopAsync);
                var disposing = Task.Run(async () =>
                {
                    Assert.True(together.SignalAndWait(ScriptedServer.Patience));
                    await consumer.DisposeAsync();
                });
                var open = new SortedSet<ulong>(Enumerable.Range(1, Count).Select(tag => (ulong)tag));
                bool isCancelled = false;
                while (open.Count > 0 || !isCancelled)
                {
                    var received = await server.ReceiveAsync();
                    if (received!.Name == "basic.cancel")
                    {
                        isCancelled = true;
                        await server.SendAsync(Wire.Method(1, 60, 31, "c"));
                        continue;
                    }

                    Assert.True(open.Contains(received.Tag), $"round {round}: {received}");
                    open.ExceptWith(received is { Name: "basic.ack", Bits: 1 } ? [.. open.GetViewBetween(0, received.Tag)] : new[] { received.Tag });
                }

                await looping.WaitAsync(ScriptedServer.Patience);
                await disposing.WaitAsync(ScriptedServer.Patience);

                async Task LoopAsync()
                {
                    int count = 0;
                    await foreach (var delivery in consumer)
                    {
                        if (count++ == stopAt)
                        {
                            Assert.True(together.SignalAndWait(ScriptedServer.Patience));
                        }

                        // Long enough to be in the middle when the answer to the cancel comes.
                        Thread.SpinWait(30);
                        Assert.Equal((ulong)count, delivery.DeliveryTag);
                        Assert.True(delivery.Ack());
                    }
                }
            }
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Loop_TokenBetweenTheLookAtItAndTheWait_Ends()
    {
        const int Count = 50_000;
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            // What is void is skipped one by one, between the look at the token and the wait: that takes long enough to be met.
            var consumer = await server.AnswerConsumeAsync(channel);
            await server.SendAsync(Wire.Deliver(1, "c", Count, "m"));
            await RecoverAsync(server, channel);
            for (int round = 0; round < 20; round++)
            {
                using var cancellation = new CancellationTokenSource();
                var buffer = new DeliveryBuffer(consumer, Count, long.MaxValue);
                using var watch = buffer.Watch(cancellation.Token);
                var moving = buffer.MoveNextAsync().AsTask();
                for (int index = 0; index < Count; index++)
                {
                    // The first counts.
                    var block = buffer.Rent();
                    block.Begin((ulong)(index == 0 ? Count + 1 : index), redelivered: false, exchange: default, routingKey: default);
                    buffer.Add(block);
                }

                buffer.EndBatch();
                Assert.True(await moving.WaitAsync(ScriptedServer.Patience));
                int step = 0;
                var cancelling = Task.Run(() =>
                {
                    Volatile.Write(ref step, 1);
                    Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref step) == 2, ScriptedServer.Patience));
                    Thread.SpinWait(round * 100);
                    cancellation.Cancel();
                });
                Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref step) == 1, ScriptedServer.Patience));
                Volatile.Write(ref step, 2);
                moving = buffer.MoveNextAsync().AsTask();
                await cancelling.WaitAsync(ScriptedServer.Patience);
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => moving.WaitAsync(ScriptedServer.Patience));
            }
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Loop_Left_CancelsTheConsumerAndGivesBackWhatItHasNotSeen()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var consumer = await server.AnswerConsumeAsync(channel);
            await server.SendAsync((byte[])[.. Wire.Deliver(1, "c", 1, "a"), .. Wire.Deliver(1, "c", 2, "b"), .. Wire.Deliver(1, "c", 3, "c")]);
            var looping = LoopAsync();
            await server.ExpectAsync("basic.ack");
            Assert.Equal("c", (await server.ExpectAsync("basic.cancel")).ShortString(0));
            await server.SendAsync(Wire.Deliver(1, "c", 4, "late"));
            ulong late = (await server.ExpectAsync("basic.nack")).Tag;
            await server.SendAsync(Wire.Method(1, 60, 31, "c"));
            ulong[] unseen = [(await server.ExpectAsync("basic.nack")).Tag, (await server.ExpectAsync("basic.nack")).Tag];
            await looping.WaitAsync(ScriptedServer.Patience);

            Assert.Equal(4UL, late);
            Assert.Equal([2UL, 3UL], unseen);

            async Task LoopAsync()
            {
                await foreach (var delivery in consumer)
                {
                    delivery.Ack();
                    break;
                }
            }
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Loop_ServerCancels_EndsWithThatReasonAfterWhatWasBuffered()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var consumer = await server.AnswerConsumeAsync(channel);
            await server.SendAsync((byte[])[.. Wire.Deliver(1, "c", 1, "a"), .. Wire.Deliver(1, "c", 2, "b"), .. Wire.Method(1, 60, 30, "c", (byte)1)]);
            var enumerator = consumer.GetAsyncEnumerator();
            Assert.True(await enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience));
            Assert.True(await enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience));
            Assert.True(enumerator.Current.Ack());
            var exception = await Assert.ThrowsAsync<ConsumerCancelledException>(() => enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience));

            Assert.Equal("c", exception.ConsumerTag);
            Assert.Equal(ChannelState.Open, channel.State);
            await enumerator.DisposeAsync().AsTask().WaitAsync(ScriptedServer.Patience);
            await server.ExpectAsync("basic.ack");
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Loop_CancelAsync_EndsPlainlyAfterWhatWasBuffered()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var consumer = await server.AnswerConsumeAsync(channel);
            await server.SendAsync(Wire.Deliver(1, "c", 1, "a"));
            var cancelling = consumer.CancelAsync();
            await server.ExpectAsync("basic.cancel");
            await server.SendAsync(Wire.Method(1, 60, 31, "c"));
            await cancelling.WaitAsync(ScriptedServer.Patience);
            int count = 0;
            await foreach (var delivery in consumer)
            {
                count++;
            }

            Assert.Equal(1, count);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Loop_ChannelDies_ThrowsAndDropsWhatTheBrokerDeliversAgain()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var consumer = await server.AnswerConsumeAsync(channel);
            await server.SendAsync((byte[])[.. Wire.Deliver(1, "c", 1, "a"), .. Wire.ChannelClose(1, 406, "PRECONDITION_FAILED")]);
            await channel.Closed.WaitAsync(ScriptedServer.Patience);
            var enumerator = consumer.GetAsyncEnumerator();
            var exception = await Assert.ThrowsAsync<ChannelClosedException>(() => enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience));

            Assert.Equal(406, exception.ReplyCode);
            await enumerator.DisposeAsync();
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Loop_ConnectionDiesWithoutAcknowledgement_StillHandsOutWhatCame()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var consumer = await server.AnswerConsumeAsync(channel, noAck: true);
            await server.SendAsync((byte[])[.. Wire.Deliver(1, "c", 1, "a"), .. Wire.Deliver(1, "c", 2, "b"), .. Wire.ConnectionClose(320, "CONNECTION_FORCED")]);
            await channel.Closed.WaitAsync(ScriptedServer.Patience);
            int count = 0;
            await Assert.ThrowsAsync<ConnectionClosedException>(async () =>
            {
                await foreach (var delivery in consumer)
                {
                    count++;
                }
            });

            Assert.Equal(2, count);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Loop_Token_EndsTheWaitAndTheConsumer()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var consumer = await server.AnswerConsumeAsync(channel);
            using var cancellation = new CancellationTokenSource();
            var looping = LoopAsync();
            await cancellation.CancelAsync();
            await server.ExpectAsync("basic.cancel");
            await server.SendAsync(Wire.Method(1, 60, 31, "c"));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => looping.WaitAsync(ScriptedServer.Patience));

            async Task LoopAsync()
            {
                await foreach (var delivery in consumer.WithCancellation(cancellation.Token))
                {
                    Assert.Fail("Nothing was delivered.");
                }
            }
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Loop_Second_IsRefused()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var consumer = await server.AnswerConsumeAsync(channel);
            consumer.GetAsyncEnumerator();

            Assert.Throws<InvalidOperationException>(() => consumer.GetAsyncEnumerator());
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Buffer_WithoutCreditAndFull_HoldsTheServerBackUntilTheLoopGoesOn()
    {
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync(channelOptions: new ChannelOptions { MaxBufferedOctets = 100_000 });
        using (server)
        {
            var consumer = await server.AnswerConsumeAsync(channel, noAck: true);
            byte[] delivery(int tag) => Wire.Content(Wire.Method(1, 60, 60, "c", (ulong)tag, (byte)0, "", "q"), 1, new string('x', 10_000));
            const int Count = 200;
            int sent = 0;
            var sending = SendAsync();
            var enumerator = consumer.GetAsyncEnumerator();
            await ScriptedServer.UntilAsync(() => connection.Input.IsHeldBack);
            Assert.InRange(Volatile.Read(ref sent), 10, 100);
            for (int count = 0; count < Count; count++)
            {
                Assert.True(await enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience));
            }

            await sending.WaitAsync(ScriptedServer.Patience);

            async Task SendAsync()
            {
                for (int tag = 1; tag <= Count; tag++)
                {
                    await server.SendAsync(delivery(tag));
                    Volatile.Write(ref sent, tag);
                }
            }
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Buffer_FullAndTheConnectionIsCut_LetsTheReaderGo()
    {
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync(channelOptions: new ChannelOptions { MaxBufferedOctets = 1 });
        using (server)
        {
            await server.AnswerConsumeAsync(channel, noAck: true);
            await server.SendAsync(Wire.Deliver(1, "c", 1, "more than one"));
            using var cancellation = new CancellationTokenSource();
            var closing = connection.CloseAsync(cancellation.Token);
            await server.ExpectAsync("connection.close");
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => closing.WaitAsync(ScriptedServer.Patience));
            await connection.Closed.WaitAsync(ScriptedServer.Patience);
        }
    }

    private static async Task RecoverAsync(ScriptedServer server, AmqpChannel channel)
    {
        var recovering = channel.RecoverAsync().AsTask();
        await server.ExpectAsync("basic.recover");
        await server.SendAsync(Wire.Method(1, 60, 111));
        await recovering.WaitAsync(ScriptedServer.Patience);
    }

    /// <summary>Deliveries 1 to <paramref name="count"/>, all past their turn.</summary>
    private static async Task<Delivery[]> TakeAsync(ScriptedServer server, AmqpChannel channel, int count)
    {
        var consumer = await server.AnswerConsumeAsync(channel, prefetchCount: (ushort)count);
        var enumerator = consumer.GetAsyncEnumerator();
        var deliveries = new Delivery[count];
        for (int index = 0; index < count; index++)
        {
            await server.SendAsync(Wire.Deliver(1, "c", (ulong)(index + 1), "m"));
            Assert.True(await enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience));
            deliveries[index] = enumerator.Current;
        }

        return deliveries;
    }
}
