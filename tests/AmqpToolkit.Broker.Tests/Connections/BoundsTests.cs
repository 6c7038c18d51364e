using System.Net.Sockets;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Connections;

public sealed class BoundsTests
{
    [Fact]
    public async Task SlowConsumer_ThatReadsNothing_HasItsOutputBounded_AndLosesNothing()
    {
        const int Count = 4000;
        const int BodyOctets = 4096;
        await using var broker = await TestBroker.StartAsync(outputBoundOctets: 64 * 1024);
        using var slow = RawClient.Open(broker);
        slow.Socket.ReceiveBufferSize = 16 * 1024;
        slow.OpenChannel(1);
        slow.DeclareQueue(1, "q");
        slow.Send(1, new BasicConsume { Queue = "q", ConsumerTag = "c", NoAck = true });
        slow.Expect(BasicConsumeOkView.MethodKey);
        using var publisher = RawClient.Open(broker);
        publisher.OpenChannel(1);
        publisher.Send(1, default(ConfirmSelect));
        publisher.Expect(ConfirmSelectOkView.MethodKey);
        for (int number = 0; number < Count; number++)
        {
            byte[] body = new byte[BodyOctets];
            BitConverter.TryWriteBytes(body, number);
            publisher.Publish(1, "", "q", body);
        }

        ulong confirmed = 0;
        while (confirmed < Count)
        {
            Assert.Equal(Codec.DecodeError.None, BasicAckView.TryParse(publisher.Expect(BasicAckView.MethodKey), out var ack));
            confirmed = ack.DeliveryTag;
        }

        // 16 MB were published and nobody has read: the socket and the bound hold little, the queue holds the rest.
        uint waiting = broker.FindVirtualHost("/")!.FindQueue("q"u8)!.ReadyCount;
        Assert.True(waiting > Count / 4, $"{waiting} of {Count} messages wait in the queue");
        for (int number = 0; number < Count; number++)
        {
            slow.Expect(BasicDeliverView.MethodKey);
            Assert.Equal(number, BitConverter.ToInt32(slow.ExpectContent()));
        }
    }

    [Fact]
    public async Task MemoryWatermark_WhenReached_HoldsPublishersBack_UntilConsumersMadeRoom()
    {
        const int Count = 600;
        const int BodyOctets = 32 * 1024;
        await using var broker = await TestBroker.StartAsync(memoryLimitOctets: 4 * 1024 * 1024);
        using var publisher = RawClient.Open(broker, takesBlocked: true);
        publisher.OpenChannel(1);
        publisher.DeclareQueue(1, "q");
        var publishing = Task.Run(() =>
        {
            for (int number = 0; number < Count; number++)
            {
                byte[] body = new byte[BodyOctets];
                BitConverter.TryWriteBytes(body, number);
                publisher.Publish(1, "", "q", body);
            }
        });

        Assert.Equal(Codec.DecodeError.None, ConnectionBlockedView.TryParse(publisher.Expect(ConnectionBlockedView.MethodKey), out var blocked));
        Assert.Equal("low on memory", System.Text.Encoding.UTF8.GetString(blocked.Reason));
        Assert.True(broker.Memory.IsOver);

        using var consumer = RawClient.Open(broker);
        consumer.OpenChannel(1);
        consumer.Send(1, new BasicConsume { Queue = "q", ConsumerTag = "c", NoAck = true });
        consumer.Expect(BasicConsumeOkView.MethodKey);
        for (int number = 0; number < Count; number++)
        {
            consumer.Expect(BasicDeliverView.MethodKey);
            Assert.Equal(number, BitConverter.ToInt32(consumer.ExpectContent()));
            Assert.True(broker.Arena.InUseOctets < 12 * 1024 * 1024, $"{broker.Arena.InUseOctets} octets are in use");
        }

        await publishing;
        publisher.Expect(ConnectionUnblockedView.MethodKey);
    }

    [Fact]
    public async Task Methods_BehindAPublishWhileMemoryIsShort_WaitForRoom()
    {
        await using var broker = await TestBroker.StartAsync(memoryLimitOctets: 4 * 1024 * 1024);
        using var hog = RawClient.Open(broker, takesBlocked: true);
        hog.OpenChannel(1);
        hog.DeclareQueue(1, "q");
        hog.Send(1, default(ConfirmSelect));
        hog.Expect(ConfirmSelectOkView.MethodKey);
        do
        {
            hog.Publish(1, "", "q", new byte[32 * 1024]);
        }
        while (hog.ExpectAny() == BasicAckView.MethodKey);
        using var client = RawClient.Open(broker, takesBlocked: true);
        client.OpenChannel(1);

        byte[] close = new byte[1024];
        int octets = FrameWriter.WriteMethod(close, 1, new ChannelClose { ReplyCode = 200, ReplyText = "done" });
        client.Send([.. RawClient.RenderPublish(1, "", "nobody", [1]), .. close.AsSpan(0, octets)]);

        Assert.Equal(ConnectionBlockedView.MethodKey, client.ExpectAny());
        using var other = RawClient.Open(broker);
        other.OpenChannel(1);
        other.Send(1, new QueueDelete { Queue = "q" });
        other.Expect(QueueDeleteOkView.MethodKey);
        Assert.Equal(ConnectionUnblockedView.MethodKey, client.ExpectAny());
        Assert.Equal(ChannelCloseOkView.MethodKey, client.ExpectAny());
    }

    [Fact]
    public async Task UnsettledDeliveries_CountAsMemory_UntilTheirChannelIsGone()
    {
        const int Count = 5000;
        await using var broker = await TestBroker.StartAsync();
        using var client = RawClient.Open(broker);
        client.OpenChannel(1);
        client.OpenChannel(2);
        client.DeclareQueue(1, "q");
        long before = broker.Arena.ListOctets;
        client.Send(1, new BasicConsume { Queue = "q", ConsumerTag = "c" });
        client.Expect(BasicConsumeOkView.MethodKey);
        for (int number = 0; number < Count; number++)
        {
            client.Publish(1, "", "q", [1]);
        }

        for (int number = 0; number < Count; number++)
        {
            client.Expect(BasicDeliverView.MethodKey);
            client.ExpectContent();
        }

        long octets = broker.Arena.ListOctets - before;
        Assert.True(octets >= Count * 32, $"{octets} octets are counted for {Count} deliveries");
        client.Send(1, new BasicAck { DeliveryTag = 0, Multiple = true });
        client.Send(1, new ChannelClose { ReplyCode = 200, ReplyText = "done" });
        client.Expect(ChannelCloseOkView.MethodKey);
        client.Send(2, new QueueDelete { Queue = "q" });
        client.Expect(QueueDeleteOkView.MethodKey);
        Assert.Equal(before, broker.Arena.ListOctets);
    }

    /// <summary>
    /// The end of who has nothing more on the way is seen by looking; where the kernel still holds octets for which the broker has
    /// no room, the end stands behind them, and only the heartbeat that nobody takes brings it to light.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PublisherHeldBack_ThatIsKilled_GivesItsExclusiveQueueBack_AndOthersGoOn(bool hasMoreOnTheWay)
    {
        var patience = TimeSpan.FromSeconds(60);
        var time = new ManualTimeProvider();
        await using var broker = await TestBroker.StartAsync(time, memoryLimitOctets: 4 * 1024 * 1024);
        var hog = RawClient.Open(broker, heartbeat: (ushort)(hasMoreOnTheWay ? 10 : 0), takesBlocked: true);
        hog.OpenChannel(1);
        hog.Send(1, new QueueDeclare { Queue = "mine", Exclusive = true });
        hog.Expect(QueueDeclareOkView.MethodKey);
        if (hasMoreOnTheWay)
        {
            byte[] publish = RawClient.RenderPublish(1, "", "mine", new byte[32 * 1024]);
            int at = 0;
            hog.Socket.Blocking = false;
            for (bool isFull = false; !isFull || !broker.Memory.IsOver;)
            {
                at += hog.Socket.Send(publish.AsSpan(at), SocketFlags.None, out var error);
                at %= publish.Length;
                isFull = error == SocketError.WouldBlock;
            }

            // What is not read when a socket is closed makes the kernel reset the connection: that would be the easy case.
            hog.Socket.Blocking = true;
            hog.Expect(ConnectionBlockedView.MethodKey);
        }
        else
        {
            hog.Send(1, default(ConfirmSelect));
            hog.Expect(ConfirmSelectOkView.MethodKey);
            uint answer;
            do
            {
                hog.Publish(1, "", "mine", new byte[8 * 1024]);
                answer = hog.ExpectAny();
            }
            while (answer == BasicAckView.MethodKey);
            Assert.Equal(ConnectionBlockedView.MethodKey, answer);
        }

        hog.Dispose();
        using var other = RawClient.Open(broker);
        other.OpenChannel(1);
        other.DeclareQueue(1, "q");
        other.Send(1, default(ConfirmSelect));
        other.Expect(ConfirmSelectOkView.MethodKey);
        other.Publish(1, "", "q", new byte[100]);
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                return broker.ConnectionCount == 1;
            },
            patience));
        other.Publish(1, "", "q", new byte[100]);

        for (ulong confirmed = 0; confirmed < 2;)
        {
            Assert.Equal(Codec.DecodeError.None, BasicAckView.TryParse(other.Expect(BasicAckView.MethodKey), out var ack));
            confirmed = ack.DeliveryTag;
        }
    }

    [Fact]
    public async Task PipelinedGets_FromAPeerThatDoesNotRead_StopAtABound()
    {
        await using var broker = await TestBroker.StartAsync();
        using var client = RawClient.Open(broker);
        client.Socket.ReceiveBufferSize = 16 * 1024;
        client.OpenChannel(1);
        client.DeclareQueue(1, "q");
        client.Publish(1, "", "q", new byte[63 * 1024]);
        client.DeclareQueue(1, "q");
        var pipelined = new List<byte>();
        byte[] frame = new byte[64];
        const int Gets = 4000;
        for (ulong tag = 1; tag <= Gets; tag++)
        {
            pipelined.AddRange(frame.AsSpan(0, Codec.Classic.FrameWriter.WriteMethod(frame, 1, new BasicGet { Queue = "q" })));
            pipelined.AddRange(frame.AsSpan(0, Codec.Classic.FrameWriter.WriteMethod(frame, 1, new BasicReject { DeliveryTag = tag, Requeue = true })));
        }

        var sending = Task.Run(() => client.Send(pipelined.ToArray()));
        var connection = Assert.Single(broker.Connections);
        Assert.True(SpinWait.SpinUntil(() => connection.HasPaused, TimeSpan.FromSeconds(60)));
        long most = connection.Output.PendingOctets;

        Assert.InRange(most, 1, 24 * 1024 * 1024);
        for (int number = 0; number < Gets; number++)
        {
            client.Expect(BasicGetOkView.MethodKey);
            Assert.Equal(63 * 1024, client.ExpectContent().Length);
        }

        await sending;
    }

    [Fact]
    public async Task HalfOpenPeer_WithHeartbeats_IsCutAfterTwoIntervals()
    {
        var time = new ManualTimeProvider();
        await using var broker = await TestBroker.StartAsync(time);
        using var client = RawClient.Open(broker, heartbeat: 10);

        time.Advance(TimeSpan.FromSeconds(8));
        Assert.Equal((byte)Constants.FrameHeartbeat, client.ReadFrame().Type);
        time.Advance(TimeSpan.FromSeconds(30));

        // Heartbeats, and then the end.
        bool isEnded = false;
        while (!isEnded)
        {
            try
            {
                Assert.Equal((byte)Constants.FrameHeartbeat, client.ReadFrame().Type);
            }
            catch (Exception exception) when (exception is EndOfStreamException or SocketException { SocketErrorCode: SocketError.ConnectionReset })
            {
                isEnded = true;
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Publisher_ThatIsHeldBackForMemory_HearsOfItIfItWants_IsNotCutAsSilent_AndGoesOnAfterwards(bool takesBlocked)
    {
        const ulong Count = 50;
        var patience = TimeSpan.FromSeconds(60);
        var time = new ManualTimeProvider();
        await using var broker = await TestBroker.StartAsync(time, memoryLimitOctets: 1024 * 1024);
        using var publisher = RawClient.Open(broker, heartbeat: 10, takesBlocked: takesBlocked);
        publisher.OpenChannel(1);
        publisher.DeclareQueue(1, "q");
        publisher.Send(1, default(ConfirmSelect));
        publisher.Expect(ConfirmSelectOkView.MethodKey);
        var publishing = Task.Run(() =>
        {
            for (ulong number = 0; number < Count; number++)
            {
                publisher.Publish(1, "", "q", new byte[64 * 1024]);
            }
        });
        ulong confirmed = 0;
        bool hasHeartbeat = false;
        if (takesBlocked)
        {
            while (ReadMethod() != ConnectionBlockedView.MethodKey)
            {
                // Confirms of what came before.
            }

            // Nobody reads it: that it seems silent is not its fault, and it gets heartbeats as before.
            for (int seconds = 0; seconds < 120; seconds += 5)
            {
                time.Advance(TimeSpan.FromSeconds(5));
            }

            Assert.Equal(1, broker.ConnectionCount);
        }
        else
        {
            Assert.True(SpinWait.SpinUntil(() => broker.Memory.IsOver, patience));
        }

        using var helper = RawClient.Open(broker);
        helper.OpenChannel(1);
        using var enough = new CancellationTokenSource();
        var emptying = Task.Run(() =>
        {
            while (!enough.IsCancellationRequested)
            {
                helper.Send(1, new QueuePurge { Queue = "q" });
                helper.Expect(QueuePurgeOkView.MethodKey);
            }
        });
        while (confirmed < Count)
        {
            uint method = ReadMethod();
            Assert.True(method == BasicAckView.MethodKey || (takesBlocked && method is ConnectionBlockedView.MethodKey or ConnectionUnblockedView.MethodKey), $"method {method:x}");
        }

        Assert.Equal(takesBlocked, hasHeartbeat);
        await publishing.WaitAsync(patience);
        await enough.CancelAsync();
        await emptying.WaitAsync(patience);

        uint ReadMethod()
        {
            while (true)
            {
                var (type, _, payload) = publisher.ReadFrame();
                hasHeartbeat |= type == Constants.FrameHeartbeat;
                if (type != Constants.FrameMethod)
                {
                    continue;
                }

                uint key = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(payload);
                if (key == BasicAckView.MethodKey)
                {
                    Assert.Equal(Codec.DecodeError.None, BasicAckView.TryParse(payload.AsSpan(4), out var ack));
                    confirmed = ack.DeliveryTag;
                }

                return key;
            }
        }
    }

    [Fact]
    public async Task Stranger_WhoSaysNothing_IsCutAfterTenSeconds()
    {
        var time = new ManualTimeProvider();
        await using var broker = await TestBroker.StartAsync(time);
        using var client = new RawClient(broker.Endpoints[0]);
        client.Send("AMQP"u8);
        Assert.True(SpinWait.SpinUntil(() => broker.Timers.Count == 2, TimeSpan.FromSeconds(60)));

        time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(client.Socket.Poll(0, SelectMode.SelectRead));
        time.Advance(TimeSpan.FromSeconds(2));

        Assert.True(client.IsEnded());
    }

    [Fact]
    public async Task Connections_ThatOpenAndClose_LeaveNothingBehind()
    {
        await using var broker = await TestBroker.StartAsync();
        for (int round = 0; round < 200; round++)
        {
            using var client = RawClient.Open(broker);
            client.OpenChannel(1);
            client.Send(1, new QueueDeclare { Exclusive = true });
            client.Expect(QueueDeclareOkView.MethodKey);
            client.Send(1, new BasicConsume());
            client.Expect(BasicConsumeOkView.MethodKey);
            if (round % 2 == 0)
            {
                client.Send(0, default(ConnectionClose));
                client.Expect(ConnectionCloseOkView.MethodKey);
            }
        }

        Assert.True(SpinWait.SpinUntil(() => broker.ConnectionCount == 0, TimeSpan.FromSeconds(60)), $"{broker.ConnectionCount} connections are left");
        Assert.Equal(0, broker.FindVirtualHost("/")!.QueueCount);
        Assert.Equal(0, broker.Arena.InUseOctets);
    }

    [Fact]
    public async Task StopAsync_WithClients_ClosesThemWith320()
    {
        var broker = await TestBroker.StartAsync();
        using var client = RawClient.Open(broker);
        var stopping = broker.StopAsync();

        Assert.Equal(Codec.DecodeError.None, ConnectionCloseView.TryParse(client.Expect(ConnectionCloseView.MethodKey), out var close));
        Assert.Equal(Constants.ConnectionForced, close.ReplyCode);
        client.Send(0, default(ConnectionCloseOk));
        await stopping;
        Assert.True(client.IsEnded());
    }
}
