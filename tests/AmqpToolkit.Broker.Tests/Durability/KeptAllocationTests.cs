using AmqpToolkit.Broker.Tests.Connections;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Broker.Tests.Durability;

/// <summary>To keep a message allocates nothing for it. Alone in its collection: it reads the whole process's count.</summary>
[Collection(nameof(AllocationTests))]
public sealed class KeptAllocationTests
{
    private const int Messages = 50_000;
    private const int PerBatch = 500;
    private const int BodyOctets = 100;

    [Fact]
    public async Task PublishKeepDeliverAckConfirm_InSteadyState_AllocatesNothingPerMessage()
    {
        await using var broker = await KeptBroker.StartAsync(segmentOctets: 64 * 1024 * 1024);
        using var publisher = new KeptClient(broker);
        using var consumer = new KeptClient(broker);
        publisher.Declare("q");
        consumer.Raw.Send(1, new BasicQos { PrefetchCount = 2 * PerBatch });
        consumer.Raw.Expect(BasicQosOkView.MethodKey);
        consumer.Raw.Send(1, new BasicConsume { Queue = "q", ConsumerTag = "c" });
        consumer.Raw.Expect(BasicConsumeOkView.MethodKey);
        byte[] batch = Render();

        // The frame of basic.deliver: method with tag "c", a delivery tag, a flag, no exchange, key "q"; header with the delivery mode; body.
        const int Delivery = (8 + 4 + 2 + 8 + 1 + 1 + 2) + (8 + 12 + 3) + (8 + BodyOctets);
        byte[] ack = new byte[64];
        byte[] confirms = new byte[64 * 1024];
        ulong tag = 0;
        Drive();
        long least = long.MaxValue;
        for (int round = 0; round < 100 && least >= Messages / 10; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            Drive();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.True(least < Messages / 10, $"{least} octets for {Messages} messages: {(double)least / Messages:F3} a message");

        void Drive()
        {
            for (int sent = 0; sent < Messages; sent += PerBatch)
            {
                publisher.Raw.Send(batch);
                consumer.Raw.Skip((long)Delivery * PerBatch);
                tag += PerBatch;
                int octets = FrameWriter.WriteMethod(ack, 1, new BasicAck { DeliveryTag = tag, Multiple = true });
                consumer.Raw.Send(ack.AsSpan(0, octets));
                while (publisher.Raw.Socket.Available > 0)
                {
                    publisher.Raw.Socket.Receive(confirms);
                }
            }
        }
    }

    private static byte[] Render()
    {
        byte[] one = new byte[1024];
        int at = FrameWriter.WriteMethod(one, 1, new BasicPublish { Exchange = "", RoutingKey = "q" });
        at += ContentWriter.Write(one.AsSpan(at), 1, BasicProperties.ClassId, [0x10, 0, 2], new byte[BodyOctets], 131072);
        return [.. Enumerable.Range(0, PerBatch).SelectMany(_ => one[..at])];
    }
}
