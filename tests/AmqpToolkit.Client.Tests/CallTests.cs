using AmqpToolkit.Client.Tests.Scripted;
using AmqpToolkit.Client.V0_9_1;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Client.Tests;

/// <summary>Methods with an answer: their order, their late answers, their end with the channel.</summary>
public sealed class CallTests
{
    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Calls_SeveralUnderWay_GetTheirAnswersInOrder()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var first = channel.QueueDeclareAsync("a").AsTask();
            var second = channel.QueueDeclareAsync("b").AsTask();
            var third = channel.QueuePurgeAsync("a").AsTask();
            await server.ExpectAsync("queue.declare");
            await server.ExpectAsync("queue.declare");
            await server.ExpectAsync("queue.purge");
            await server.SendAsync(Wire.Method(1, 50, 11, "a", 1u, 0u), Wire.Method(1, 50, 11, "b", 2u, 0u), Wire.Method(1, 50, 31, 3u));

            Assert.Equal(1u, (await first.WaitAsync(ScriptedServer.Patience)).MessageCount);
            Assert.Equal(2u, (await second.WaitAsync(ScriptedServer.Patience)).MessageCount);
            Assert.Equal(3u, await third.WaitAsync(ScriptedServer.Patience));
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Calls_OneCancelled_LateAnswerIsEatenAndTheNextIsRight()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            using var cancellation = new CancellationTokenSource();
            var cancelled = channel.QueueDeclareAsync("a", cancellationToken: cancellation.Token).AsTask();
            await server.ExpectAsync("queue.declare");
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(ScriptedServer.Patience));
            var next = channel.QueueDeclareAsync("b").AsTask();
            await server.ExpectAsync("queue.declare");
            await server.SendAsync(Wire.Method(1, 50, 11, "a", 1u, 0u), Wire.Method(1, 50, 11, "b", 2u, 0u));

            Assert.Equal("b", (await next.WaitAsync(ScriptedServer.Patience)).Queue.ToString());
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Consume_Cancelled_LateConsumerIsCancelledAndItsDeliveriesGoBack()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            using var cancellation = new CancellationTokenSource();
            var consuming = channel.ConsumeAsync(new BasicConsume { Queue = "q" }, cancellation.Token).AsTask();
            await server.ExpectAsync("basic.consume");
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => consuming.WaitAsync(ScriptedServer.Patience));
            await server.SendAsync(Wire.Method(1, 60, 21, "late"));
            Assert.Equal("late", (await server.ExpectAsync("basic.cancel")).ShortString(0));
            await server.SendAsync(Wire.Deliver(1, "late", 1, "m"), Wire.Method(1, 60, 31, "late"));
            var nack = await server.ExpectAsync("basic.nack");

            Assert.Equal(1UL, nack.Tag);
            Assert.Equal(2, nack.Bits);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Get_Cancelled_LateMessageGoesBack()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            using var cancellation = new CancellationTokenSource();
            var getting = channel.GetAsync("q", cancellationToken: cancellation.Token).AsTask();
            await server.ExpectAsync("basic.get");
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => getting.WaitAsync(ScriptedServer.Patience));
            await server.SendAsync(Wire.Content(Wire.Method(1, 60, 71, 1UL, (byte)0, "", "q", 0u), 1, "m"));

            Assert.Equal(1UL, (await server.ExpectAsync("basic.nack")).Tag);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task OpenChannel_Cancelled_LateChannelIsClosedAndItsNumberIsFreeAgain()
    {
        var (server, connection) = await ScriptedServer.OpenAsync();
        using (server)
        {
            using var cancellation = new CancellationTokenSource();
            var opening = connection.OpenChannelAsync(cancellationToken: cancellation.Token).AsTask();
            await server.ExpectAsync("channel.open", 1);
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening.WaitAsync(ScriptedServer.Patience));
            await server.AnswerChannelOpenAsync(connection, 2);
            await server.SendAsync(Wire.ChannelOpenOk(1));
            await server.ExpectAsync("channel.close", 1);
            await server.SendAsync(Wire.Method(1, 20, 41));

            // The number comes free a little after the answer: a round trip on the other channel tells that it has.
            await server.SendAsync(Wire.Method(2, 20, 20, (byte)1));
            await server.ExpectAsync("channel.flow-ok", 2);
            Assert.Equal(1, (await server.AnswerChannelOpenAsync(connection, 1)).Number);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Get_EmptyQueue_IsNull()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var getting = channel.GetAsync("q").AsTask();
            await server.ExpectAsync("basic.get");
            await server.SendAsync(Wire.Method(1, 60, 72, ""));

            Assert.Null(await getting.WaitAsync(ScriptedServer.Patience));
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Calls_ChannelClosedByTheServer_AllEndWithItsReason()
    {
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var other = await server.AnswerChannelOpenAsync(connection, 2);
            var declaring = channel.QueueDeclareAsync("a").AsTask();
            var binding = channel.QueueBindAsync("a", "e", "k").AsTask();
            var getting = channel.GetAsync("a").AsTask();
            await server.ExpectAsync("queue.declare");
            await server.SendAsync(Wire.ChannelClose(1, 406, "PRECONDITION_FAILED - no", 50, 10));

            foreach (var task in new Task[] { declaring, binding, getting })
            {
                var exception = await Assert.ThrowsAsync<ChannelClosedException>(() => task.WaitAsync(ScriptedServer.Patience));
                Assert.Equal((406, 50, 10), (exception.ReplyCode, exception.ClassId, exception.MethodId));
            }

            Assert.Equal(CloseInitiator.Peer, (await channel.Closed).Initiator);
            Assert.Equal(ChannelState.Open, other.State);
            Assert.Equal(ConnectionState.Open, connection.State);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Get_ChannelDiesWithinTheContent_Ends()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var getting = channel.GetAsync("q").AsTask();
            await server.ExpectAsync("basic.get");
            await server.SendAsync(Wire.Method(1, 60, 71, 1UL, (byte)0, "", "q", 0u), Wire.Header(1, 10), Wire.Body(1, 1, 2, 3));
            server.EndStream();

            await Assert.ThrowsAsync<ConnectionClosedException>(() => getting.WaitAsync(ScriptedServer.Patience));
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Call_NoAnswerInTime_EndsTheChannelAndNotTheConnection()
    {
        var time = new ManualTime();
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync(
            new AmqpConnectionOptions { TimeProvider = time, HeartbeatSeconds = 0, CallTimeout = TimeSpan.FromSeconds(8) });
        using (server)
        {
            var declaring = channel.QueueDeclareAsync("a").AsTask();
            await server.ExpectAsync("queue.declare");
            time.Advance(TimeSpan.FromSeconds(11));

            await server.ExpectAsync("channel.close", 1);
            var exception = await Assert.ThrowsAsync<ChannelClosedException>(() => declaring.WaitAsync(ScriptedServer.Patience));
            Assert.Equal(CloseInitiator.Local, exception.Reason.Initiator);
            Assert.Contains("queue.declare", exception.Message, StringComparison.Ordinal);

            // The number is taken until the server has answered, and what it says late is ignored.
            await server.SendAsync(Wire.Method(1, 50, 11, "a", 0u, 0u));
            await server.AnswerChannelOpenAsync(connection, 2);
            await server.SendAsync(Wire.Method(1, 20, 41));
            await server.SendAsync(Wire.Method(2, 20, 20, (byte)1));
            await server.ExpectAsync("channel.flow-ok", 2);
            await server.AnswerChannelOpenAsync(connection, 1);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Call_AnswerAndTimeoutAtTheSameMoment_IsOneOfThemAndTheConnectionLives()
    {
        const int Seed = 2718;
        var random = new Random(Seed);
        for (int round = 0; round < 1000; round++)
        {
            var time = new ManualTime();
            var (server, connection, channel) = await ScriptedServer.OpenChannelAsync(
                new AmqpConnectionOptions { TimeProvider = time, HeartbeatSeconds = 0, CallTimeout = TimeSpan.FromSeconds(8) });
            using (server)
            {
                var consuming = channel.ConsumeAsync(new BasicConsume { Queue = "q" }).AsTask();
                var opening = connection.OpenChannelAsync().AsTask();
                await server.ExpectAsync("basic.consume");
                await server.ExpectAsync("channel.open", 2);
                using var together = new Barrier(2);
                int delay = random.Next(2000);
                var passing = Task.Run(() =>
                {
                    Assert.True(together.SignalAndWait(ScriptedServer.Patience));
                    Thread.SpinWait(delay);
                    time.Advance(TimeSpan.FromSeconds(11));
                });
                Assert.True(together.SignalAndWait(ScriptedServer.Patience));
                await server.SendAsync((byte[])[.. Wire.Method(1, 60, 21, "c"), .. Wire.ChannelOpenOk(2)]);
                await passing.WaitAsync(ScriptedServer.Patience);
                await EndAsync(consuming, channel, consumer => consumer.GetAsyncEnumerator().MoveNextAsync().AsTask());
                await EndAsync(opening, null, opened => opened.Closed);
                Assert.True(connection.State == ConnectionState.Open, $"seed {Seed}, round {round}: {(connection.State == ConnectionState.Closed ? await connection.Closed : "")}");
            }
        }

        static async Task EndAsync<TResult>(Task<TResult> call, AmqpChannel? channel, Func<TResult, Task> end)
        {
            try
            {
                var result = await call.WaitAsync(ScriptedServer.Patience);
                channel ??= result as AmqpChannel;
                if (channel!.State == ChannelState.Closed)
                {
                    // It was answered, and ended by the other call's being late: nothing waits on it any more.
                    await end(result).WaitAsync(ScriptedServer.Patience);
                }
                else
                {
                    Assert.Equal(ChannelState.Open, channel.State);
                    Assert.False(channel.Closed.IsCompleted);
                }
            }
            catch (ChannelClosedException)
            {
                // The timeout was first.
            }
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Calls_WithNoWait_DoNotWait()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var ok = await channel.QueueDeclareAsync(new QueueDeclare { Queue = "a", NoWait = true });
            await channel.QueueBindAsync(new QueueBind { Queue = "a", Exchange = "e", NoWait = true });

            Assert.Equal("a", ok.Queue.ToString());
            await server.ExpectAsync("queue.declare");
            await server.ExpectAsync("queue.bind");
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task OpenChannel_AllNumbersTaken_Throws()
    {
        var (server, connection) = await ScriptedServer.OpenAsync(channelMax: 2);
        using (server)
        {
            await server.AnswerChannelOpenAsync(connection, 1);
            await server.AnswerChannelOpenAsync(connection, 2);

            await Assert.ThrowsAsync<InvalidOperationException>(async () => await connection.OpenChannelAsync());
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task UpdateSecret_Answered_Ends()
    {
        var (server, connection) = await ScriptedServer.OpenAsync();
        using (server)
        {
            var updating = connection.UpdateSecretAsync("new", "expired").AsTask();
            await server.ExpectAsync("connection.update-secret", 0);
            await server.SendAsync(Wire.Method(0, 10, 71));
            await updating.WaitAsync(ScriptedServer.Patience);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task UpdateSecret_Unanswered_EndsAfterTheCallTimeoutAndItsLateAnswerIsEaten()
    {
        var time = new ManualTime();
        var (server, connection) = await ScriptedServer.OpenAsync(
            new AmqpConnectionOptions { TimeProvider = time, HeartbeatSeconds = 0, CallTimeout = TimeSpan.FromSeconds(8) });
        using (server)
        {
            var updating = connection.UpdateSecretAsync("new", "expired").AsTask();
            await server.ExpectAsync("connection.update-secret", 0);
            time.Advance(TimeSpan.FromSeconds(11));
            var exception = await Assert.ThrowsAsync<TimeoutException>(() => updating.WaitAsync(ScriptedServer.Patience));
            Assert.Contains("update-secret", exception.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await connection.UpdateSecretAsync("newer", "expired"));

            await server.SendAsync(Wire.Method(0, 10, 71));
            await server.AnswerChannelOpenAsync(connection, 1);
            var again = connection.UpdateSecretAsync("newer", "expired").AsTask();
            await server.ExpectAsync("connection.update-secret", 0);
            await server.SendAsync(Wire.Method(0, 10, 71));
            await again.WaitAsync(ScriptedServer.Patience);
        }
    }
}
