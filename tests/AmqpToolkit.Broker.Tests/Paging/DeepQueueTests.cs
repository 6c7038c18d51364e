using System.Buffers.Binary;
using AmqpToolkit.Broker.Tests.Durability;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Broker.Tests.Paging;

/// <summary>A queue many times as large as the memory that messages may take.</summary>
public sealed class DeepQueueTests
{
    private const int BodyOctets = 4096;
    private const int PerBatch = 64;
    private const int Limit = 4 * 1024 * 1024;

    /// <summary>Memory beyond the limit: what was read already when it was reached, and what is read ahead.</summary>
    private const int Tolerance = 4 * 1024 * 1024;

    /// <summary>The method, header and body frames of a delivery: tag "c", a delivery tag, a flag, no exchange, key "q"; a delivery mode; the body.</summary>
    private const int DeliveryOctets = 8 + 4 + 2 + 8 + 1 + 1 + 2 + 8 + 12 + 3 + 8 + BodyOctets;

    private const int BodyStart = DeliveryOctets - BodyOctets - 1;

    private const int PerMebioctet = 1024 * 1024 / BodyOctets;

    /// <summary>Asks for another size, in MiB.</summary>
    private static readonly string? s_mebioctets = Environment.GetEnvironmentVariable("AMQP_DEEP_QUEUE_MIB");

    [Theory]
    [InlineData(true, 2048)]
    [InlineData(false, 512)]
    public async Task Queue_LargerThanMemory_GivesEverythingInOrder_AndMemoryStaysBounded(bool isPersistent, int mebioctets)
    {
        int count = PerMebioctet * (s_mebioctets is null ? mebioctets : int.Parse(s_mebioctets, System.Globalization.CultureInfo.InvariantCulture));
        await using var broker = await KeptBroker.StartAsync(segmentOctets: 16 * 1024 * 1024, pagingOctets: Limit);
        using var publisher = new KeptClient(broker);
        publisher.Declare("q");
        long most = 0;
        Publish(publisher.Raw, count, isPersistent, () => most = Math.Max(most, broker.Broker.Arena.InUseOctets));
        uint ready = broker.Broker.FindVirtualHost("/")!.FindQueue("q"u8)!.ReadyCount;
        Assert.Equal((uint)count, ready);
        Assert.True(most < Limit + Tolerance, $"{most} octets in memory while {ready} messages were published");

        using var consumer = new KeptClient(broker, isConfirming: false);
        consumer.Raw.Send(1, new BasicQos { PrefetchCount = 256 });
        consumer.Raw.Expect(BasicQosOkView.MethodKey);
        consumer.Raw.Send(1, new BasicConsume { Queue = "q", ConsumerTag = "c" });
        consumer.Raw.Expect(BasicConsumeOkView.MethodKey);
        most = 0;
        Consume(consumer.Raw, count, () => most = Math.Max(most, broker.Broker.Arena.InUseOctets));
        Assert.True(most < Limit + Tolerance, $"{most} octets in memory while they were consumed");
    }

    private static void Publish(RawClient client, int count, bool isPersistent, Action look)
    {
        byte[] one = new byte[BodyOctets + 1024];
        int at = FrameWriter.WriteMethod(one, 1, new BasicPublish { Exchange = "", RoutingKey = "q" });
        int octets = at + ContentWriter.Write(one.AsSpan(at), 1, BasicProperties.ClassId, [0x10, 0, (byte)(isPersistent ? 2 : 1)], new byte[BodyOctets], 131072);
        byte[] batch = [.. Enumerable.Range(0, PerBatch).SelectMany(_ => one[..octets])];
        ulong confirmed = 0;
        for (int sent = 0; sent < count; sent += PerBatch)
        {
            for (int index = 0; index < PerBatch; index++)
            {
                BinaryPrimitives.WriteInt64LittleEndian(batch.AsSpan(((index + 1) * octets) - BodyOctets - 1), sent + index);
            }

            client.Send(batch);
            for (; confirmed + 2048 < (ulong)sent; look())
            {
                Assert.Equal(Codec.DecodeError.None, BasicAckView.TryParse(client.Expect(BasicAckView.MethodKey), out var ack));
                confirmed = ack.DeliveryTag;
            }
        }

        while (confirmed < (ulong)count)
        {
            Assert.Equal(Codec.DecodeError.None, BasicAckView.TryParse(client.Expect(BasicAckView.MethodKey), out var ack));
            confirmed = ack.DeliveryTag;
        }
    }

    private static void Consume(RawClient client, int count, Action look)
    {
        byte[] delivery = new byte[DeliveryOctets];
        for (int number = 0; number < count; number++)
        {
            client.Take(delivery);
            Assert.Equal(number, BinaryPrimitives.ReadInt64LittleEndian(delivery.AsSpan(BodyStart)));
            Assert.True(delivery.AsSpan(BodyStart + sizeof(long), BodyOctets - sizeof(long)).IndexOfAnyExcept((byte)0) < 0, $"message {number} is not what it was");
            if (number % 64 == 63)
            {
                client.Send(1, new BasicAck { DeliveryTag = (ulong)number + 1, Multiple = true });
                look();
            }
        }
    }
}
