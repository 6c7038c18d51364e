using System.Collections.Concurrent;
using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol.Classic;
using AmqpToolkit.Storage.Tests;

namespace AmqpToolkit.Broker.Tests.Durability;

/// <summary>A dead letter that an exchange keeps for later is in one place: where it died, or there.</summary>
public sealed class DelayedMoveTests
{
    private const int Messages = 4;

    /// <summary>Of what a disk keeps.</summary>
    private const int Seed = 20;

    /// <summary>Longer than a sector: a disk that loses its power may keep a part of what was written in one go.</summary>
    private const int BodyOctets = 1500;

    [Fact]
    public async Task DeadLetter_ToADelayedExchange_IsInOnePlace_WhereverItEnds()
    {
        var disk = new SimulatedDisk();
        var ends = new ConcurrentQueue<SimulatedDisk>();
        await using (var broker = await StoredBroker.StartAsync(disk))
        {
            using var client = RawClient.Open(broker);
            client.OpenChannel(1);
            Declare(client);
            for (int number = 0; number < Messages; number++)
            {
                Publish(client, number);
            }

            client.Send(1, default(ConfirmSelect));
            client.Expect(ConfirmSelectOkView.MethodKey);
            await broker.Store!.FlushAsync();
            var random = new Random(Seed);
            disk.OnSync = _ =>
            {
                lock (random)
                {
                    for (int way = 0; way < 8; way++)
                    {
                        ends.Enqueue(disk.LosePower(random));
                    }
                }
            };
            for (uint number = 0; number < Messages; number++)
            {
                client.Send(1, new BasicGet { Queue = "q" });
                client.Expect(BasicGetOkView.MethodKey);
                client.ExpectContent();
                client.Send(1, new BasicReject { DeliveryTag = number + 1 });

                // What is confirmed behind it has it written down.
                client.Send(1, new QueueDeclare { Queue = $"behind {number}", Durable = true });
                client.Expect(QueueDeclareOkView.MethodKey);
            }

            disk.OnSync = null;
        }

        ends.Enqueue(disk);
        foreach (var left in ends)
        {
            await using var broker = await StoredBroker.StartAsync(left);
            Assert.Equal(Messages, broker.Store!.Journal.Size.Messages);
        }

        Assert.True(ends.Count > Messages, $"{ends.Count} ends");
    }

    private static void Declare(RawClient client)
    {
        var delayed = Table.Create(table => table.Add("x-delayed-type", "direct"));
        client.Send(1, new ExchangeDeclare { Exchange = "later", Type = "x-delayed-message", Durable = true, Arguments = delayed });
        client.Expect(ExchangeDeclareOkView.MethodKey);
        var arguments = Table.Create(table => table.Add("x-dead-letter-exchange", "later"));
        client.Send(1, new QueueDeclare { Queue = "q", Durable = true, Arguments = arguments });
        client.Expect(QueueDeclareOkView.MethodKey);
    }

    private static void Publish(RawClient client, int number)
    {
        var properties = new BasicProperties { DeliveryMode = 2, Headers = Table.Create(table => table.Add("x-delay", 1_000_000)) };
        byte[] header = new byte[properties.MaxOctets];
        header = header[..properties.Write(header)];
        byte[] frames = new byte[4096];
        int at = FrameWriter.WriteMethod(frames, 1, new BasicPublish { Exchange = "", RoutingKey = "q" });
        at += ContentWriter.Write(frames.AsSpan(at), 1, BasicProperties.ClassId, header, Encoding.UTF8.GetBytes($"{number}".PadRight(BodyOctets)), client.FrameMax);
        client.Send(frames.AsSpan(0, at).ToArray());
    }
}
