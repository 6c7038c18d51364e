using AmqpToolkit.Client.Tests.Scripted;
using AmqpToolkit.Client.V0_9_1;

namespace AmqpToolkit.Client.Tests;

/// <summary>Both levels of close, from both sides, and across each other.</summary>
public sealed class CloseTests
{
    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task ChannelClose_ByUs_WaitsForTheAnswerAndCountsConfirmsUntilThen()
    {
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            await server.AnswerConfirmSelectAsync(channel);
            var first = channel.PublishAsync("", "q", default).AsTask();
            var second = channel.PublishAsync("", "q", default).AsTask();
            var closing = channel.CloseAsync();
            await server.ExpectAsync("basic.publish");
            await server.ExpectAsync("basic.publish");
            Assert.Equal(200, (await server.ExpectAsync("channel.close", 1)).Short(0));
            Assert.Equal(ChannelState.Closing, channel.State);
            await server.SendAsync(Wire.Ack(1, 1), Wire.Method(1, 20, 41));
            await closing.WaitAsync(ScriptedServer.Patience);

            Assert.True((await first).IsConfirmed);
            Assert.Equal(PublishStatus.InDoubt, (await second).Status);
            Assert.True((await channel.Closed).IsOrderly);
            Assert.Equal(1, (await server.AnswerChannelOpenAsync(connection, 1)).Number);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task ChannelClose_CrossingThePublish_NothingFollowsTheCloseOk()
    {
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            await server.AnswerConfirmSelectAsync(channel);
            var crossing = channel.PublishAsync("", "q", default).AsTask();
            await server.SendAsync(Wire.ChannelClose(1, 404, "NOT_FOUND"));
            Assert.Equal(PublishStatus.InDoubt, (await crossing.WaitAsync(ScriptedServer.Patience)).Status);
            await Assert.ThrowsAsync<ChannelClosedException>(async () => await channel.PublishAsync("", "q", default));
            await server.ExpectAsync("basic.publish", 1);
            await server.ExpectAsync("channel.close-ok", 1);

            // The number is free at once, and the next method on it is the next channel's.
            await server.AnswerChannelOpenAsync(connection, 1);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task ChannelClose_CrossingOurs_IsAnsweredAndOursIsAwaited()
    {
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var closing = channel.CloseAsync();
            await server.ExpectAsync("channel.close", 1);
            await server.SendAsync(Wire.ChannelClose(1, 406, "PRECONDITION_FAILED"));
            await server.ExpectAsync("channel.close-ok", 1);
            await closing.WaitAsync(ScriptedServer.Patience);
            Assert.Equal(406, (await channel.Closed).ReplyCode);

            // The number is taken until our close is answered.
            await server.AnswerChannelOpenAsync(connection, 2);
            await server.SendAsync(Wire.Method(1, 20, 41), Wire.Method(2, 20, 20, (byte)1));
            await server.ExpectAsync("channel.flow-ok", 2);
            await server.AnswerChannelOpenAsync(connection, 1);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task ChannelClose_Unanswered_EndsAfterTheCloseTimeout()
    {
        var time = new ManualTime();
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync(new AmqpConnectionOptions { TimeProvider = time, HeartbeatSeconds = 0 });
        using (server)
        {
            var disposing = channel.DisposeAsync().AsTask();
            await server.ExpectAsync("channel.close", 1);
            time.Advance(TimeSpan.FromSeconds(8));
            await disposing.WaitAsync(ScriptedServer.Patience);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task ConnectionClose_ByUs_EndsEverythingOnceAnswered()
    {
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var declaring = channel.QueueDeclareAsync("a").AsTask();
            await server.ExpectAsync("queue.declare");
            var closing = connection.CloseAsync();
            await server.ExpectAsync("connection.close", 0);
            await Assert.ThrowsAsync<ConnectionClosedException>(async () => await channel.QueueDeclareAsync("b"));
            await server.SendAsync(Wire.Method(0, 10, 51));
            await closing.WaitAsync(ScriptedServer.Patience);

            await Assert.ThrowsAsync<ConnectionClosedException>(() => declaring.WaitAsync(ScriptedServer.Patience));
            Assert.True((await connection.Closed).IsOrderly);
            await server.ExpectEndAsync();
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task ConnectionClose_WithAcksThatGather_SendsThemFirst()
    {
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var consumer = await server.AnswerConsumeAsync(channel);
            await server.SendAsync(Wire.Deliver(1, "c", 1, "m"));
            var enumerator = consumer.GetAsyncEnumerator();
            Assert.True(await enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience));
            Assert.True(enumerator.Current.Ack());
            var closing = connection.CloseAsync();
            await server.ExpectAsync("basic.ack");
            await server.ExpectAsync("connection.close");
            await server.SendAsync(Wire.Method(0, 10, 51));
            await closing.WaitAsync(ScriptedServer.Patience);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task ConnectionClose_ByTheServer_EndsEverythingWithItsReason()
    {
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var declaring = channel.QueueDeclareAsync("a").AsTask();
            await server.ExpectAsync("queue.declare");
            await server.SendAsync(Wire.ConnectionClose(320, "CONNECTION_FORCED - bye"));
            await server.ExpectAsync("connection.close-ok", 0);
            await server.ExpectEndAsync();

            var exception = await Assert.ThrowsAsync<ConnectionClosedException>(() => declaring.WaitAsync(ScriptedServer.Patience));
            Assert.Equal(320, exception.ReplyCode);
            Assert.Equal(CloseInitiator.Peer, (await connection.Closed.WaitAsync(ScriptedServer.Patience)).Initiator);
            await connection.DisposeAsync();
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task ConnectionClose_CrossingOurs_TakesTheServersReason()
    {
        var (server, connection, _) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var closing = connection.CloseAsync();
            await server.ExpectAsync("connection.close");
            await server.SendAsync(Wire.ConnectionClose(320, "CONNECTION_FORCED"));
            await server.ExpectAsync("connection.close-ok");
            await closing.WaitAsync(ScriptedServer.Patience);

            Assert.Equal(320, (await connection.Closed).ReplyCode);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task ConnectionClose_Unanswered_CutsTheStreamAfterTheTimeout()
    {
        var time = new ManualTime();
        var (server, connection, _) = await ScriptedServer.OpenChannelAsync(new AmqpConnectionOptions { TimeProvider = time });
        using (server)
        {
            var closing = connection.DisposeAsync().AsTask();
            await server.ExpectAsync("connection.close");
            time.Advance(TimeSpan.FromSeconds(8));
            await closing.WaitAsync(ScriptedServer.Patience);
            await server.ExpectEndAsync();
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task ConnectionClose_Cancelled_CutsTheStream()
    {
        var (server, connection, _) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            using var cancellation = new CancellationTokenSource();
            var closing = connection.CloseAsync(cancellation.Token);
            await server.ExpectAsync("connection.close");
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => closing.WaitAsync(ScriptedServer.Patience));
            await server.ExpectEndAsync();
            await connection.Closed.WaitAsync(ScriptedServer.Patience);
        }
    }

    [Theory(Timeout = ScriptedServer.TestTimeout)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Close_WhileABufferIsFull_IsAnsweredAllTheSame(bool closesConnection)
    {
        // The clock stands still: nothing is cut by a timeout.
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync(
            new AmqpConnectionOptions { TimeProvider = new ManualTime(), HeartbeatSeconds = 0 }, new ChannelOptions { MaxBufferedOctets = 1 });
        using (server)
        {
            var consumer = await server.AnswerConsumeAsync(channel, noAck: true);
            await server.SendAsync(Wire.Deliver(1, "c", 1, "before"));
            await ScriptedServer.UntilAsync(() => connection.Input.IsHeldBack);
            await server.SendAsync(Wire.Deliver(1, "c", 2, "on its way"));
            var closing = closesConnection ? connection.CloseAsync() : channel.CloseAsync();
            await server.ExpectAsync(closesConnection ? "connection.close" : "channel.close");
            await server.SendAsync(Wire.Deliver(1, "c", 3, "after"), closesConnection ? Wire.Method(0, 10, 51) : Wire.Method(1, 20, 41));
            await closing.WaitAsync(ScriptedServer.Patience);

            // What came before is handed out, what came after is discarded.
            await using var enumerator = consumer.GetAsyncEnumerator();
            Assert.True(await enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience));
            Assert.Equal(1UL, enumerator.Current.DeliveryTag);
            await Assert.ThrowsAnyAsync<AmqpException>(() => enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience));
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Logger_ThatThrows_KeepsNobodyWaiting()
    {
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync(ScriptedServer.Patient with { LoggerFactory = new ScriptedLogger() });
        using (server)
        {
            var declaring = channel.QueueDeclareAsync("q").AsTask();
            await server.ExpectAsync("queue.declare");
            await server.SendAsync(Wire.Deliver(1, "nobody", 1, "m"));
            await server.ExpectAsync("basic.nack");
            server.EndStream();

            await Assert.ThrowsAsync<ConnectionClosedException>(() => declaring.WaitAsync(ScriptedServer.Patience));
            Assert.IsNotType<InvalidOperationException>((await connection.Closed.WaitAsync(ScriptedServer.Patience)).Exception);
            await connection.DisposeAsync().AsTask().WaitAsync(ScriptedServer.Patience);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Dispose_TwiceAndTogether_Ends()
    {
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            Task[] disposals = [connection.DisposeAsync().AsTask(), channel.DisposeAsync().AsTask(), connection.DisposeAsync().AsTask()];
            await server.SendAsync(Wire.Method(0, 10, 51), Wire.Method(1, 20, 41));
            await Task.WhenAll(disposals).WaitAsync(ScriptedServer.Patience);
            await channel.DisposeAsync();
            await connection.DisposeAsync();
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Heartbeats_NothingReceivedForTwoIntervals_EndsTheConnection()
    {
        var time = new ManualTime();
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync(new AmqpConnectionOptions { TimeProvider = time, CallTimeout = TimeSpan.FromHours(1) }, heartbeat: 4);
        using (server)
        {
            var declaring = channel.QueueDeclareAsync("a").AsTask();
            await server.ExpectAsync("queue.declare");
            time.Advance(TimeSpan.FromSeconds(10));

            var exception = await Assert.ThrowsAsync<ConnectionClosedException>(() => declaring.WaitAsync(ScriptedServer.Patience));
            Assert.Equal(CloseInitiator.Transport, exception.Reason.Initiator);
            await connection.Closed.WaitAsync(ScriptedServer.Patience);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Heartbeats_IdleConnection_SendsThemAndLivesOnThoseOfTheServer()
    {
        var time = new ManualTime();
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync(new AmqpConnectionOptions { TimeProvider = time }, heartbeat: 4);
        using (server)
        {
            for (int round = 0; round < 5; round++)
            {
                await server.SendAsync(Wire.Heartbeat, Wire.Method(1, 20, 20, (byte)1));
                await server.ExpectAsync("channel.flow-ok");
                time.Advance(TimeSpan.FromSeconds(4));
                Assert.Equal(8, (await server.ReadFrameAsync())!.Value.Type);
            }

            Assert.Equal(ConnectionState.Open, connection.State);
            Assert.Equal(ChannelState.Open, channel.State);
        }
    }
}
