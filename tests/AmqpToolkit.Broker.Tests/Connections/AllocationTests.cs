using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Connections;

/// <summary>The hot path allocates nothing per message. Alone in its collection: it reads the whole process's count.</summary>
[Collection(nameof(AllocationTests))]
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationTests
{
    private const int Messages = 100_000;
    private const int PerBatch = 500;

    /// <summary>Rounds until one is steady; on a calm machine the first or second is.</summary>
    private const int MaxRounds = 100;

    [Theory]
    [InlineData(true, 16)]
    [InlineData(false, 16)]
    [InlineData(false, 1024)]
    public async Task PublishRouteDeliverAck_InSteadyState_AllocatesNothingPerMessage(bool noAck, int bodyOctets)
    {
        await using var broker = await TestBroker.StartAsync();
        using var publisher = RawClient.Open(broker);
        using var consumer = RawClient.Open(broker);
        publisher.OpenChannel(1);
        publisher.DeclareQueue(1, "q");
        consumer.OpenChannel(1);
        consumer.Send(1, new BasicQos { PrefetchCount = 2 * PerBatch });
        consumer.Expect(BasicQosOkView.MethodKey);
        consumer.Send(1, new BasicConsume { Queue = "q", ConsumerTag = "c", NoAck = noAck });
        consumer.Expect(BasicConsumeOkView.MethodKey);
        byte[] one = RawClient.RenderPublish(1, "", "q", new byte[bodyOctets]);
        byte[] batch = new byte[one.Length * PerBatch];
        for (int index = 0; index < PerBatch; index++)
        {
            one.CopyTo(batch, index * one.Length);
        }

        // The frame of basic.deliver: method with tag "c", a delivery tag, a flag, no exchange, key "q"; header; body.
        int delivery = (8 + 4 + 2 + 8 + 1 + 1 + 2) + (8 + 12 + 2) + (8 + bodyOctets);
        byte[] ack = new byte[64];
        ulong tag = 0;
        Drive(Messages);

        // What is allocated per message is allocated in every round. What comes once - a method that is compiled anew, a thread of the pool that reads for
        // the first time and gets its lists, a buffer of a size that was not wanted before - spoils single rounds, and on a busy machine many.
        var rounds = new List<long>();
        do
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            Drive(Messages);
            rounds.Add(GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        while (rounds[^1] >= Messages / 10 && rounds.Count < MaxRounds);

        Assert.True(rounds[^1] < Messages / 10, $"octets for {Messages} messages, round by round: {string.Join(", ", rounds)}");

        void Drive(int count)
        {
            for (int sent = 0; sent < count; sent += PerBatch)
            {
                publisher.Send(batch);
                consumer.Skip((long)delivery * PerBatch);
                tag += PerBatch;
                if (!noAck)
                {
                    int octets = AmqpToolkit.Codec.Classic.FrameWriter.WriteMethod(ack, 1, new BasicAck { DeliveryTag = tag, Multiple = true });
                    consumer.Send(ack.AsSpan(0, octets));
                }
            }
        }
    }
}
