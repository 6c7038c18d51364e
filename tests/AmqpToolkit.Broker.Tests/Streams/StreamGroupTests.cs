using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using AmqpToolkit.Broker.Durability;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Tests.Durability;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol.Classic;
using AmqpToolkit.Storage.Streams;
using AmqpToolkit.Storage.Tests;

namespace AmqpToolkit.Broker.Tests.Streams;

/// <summary>A stream is part of what holds as a whole: transactions, and the end of dead letters elsewhere. Ended at every sync, in several ways.</summary>
public sealed class StreamGroupTests
{
    private const ushort Channel = 3;
    private const int Messages = 3;

    private readonly SimulatedDisk _disk = new();

    /// <summary>What was left at each sync, and how many things the client had been promised before.</summary>
    private readonly ConcurrentQueue<(SimulatedDisk Left, int Promised)> _ends = new();
    private int _promised;

    /// <summary>Of what a disk keeps.</summary>
    private readonly Random _random = new(20);

    [Fact]
    public async Task Transaction_OverAStreamAndAQueue_HoldsAsAWhole_WhereverItEnds()
    {
        await using (var broker = await StoredBroker.StartAsync(_disk))
        {
            using var client = new StreamClient(broker);
            Declare(client);
            Bind(client, "s");
            Bind(client, "q");
            client.Raw.OpenChannel(Channel);
            client.Raw.Send(Channel, default(TxSelect));
            client.Raw.Expect(TxSelectOkView.MethodKey);
            _disk.OnSync = NoteEnds;
            for (int number = 0; number < Messages; number++)
            {
                Publish(client, Channel, "amq.fanout", "", number);
                client.Raw.Send(Channel, default(TxCommit));
                client.Raw.Expect(TxCommitOkView.MethodKey);
                Interlocked.Increment(ref _promised);
            }
        }

        _disk.OnSync = null;
        NoteEnds(0);
        foreach (var (left, promised) in _ends)
        {
            await using var broker = await StoredBroker.StartAsync(left);
            var (queue, stream) = await ReadAsync(broker);
            Assert.Equal(queue, stream);
            Assert.Equal(Numbers(queue.Count), queue);
            Assert.True(queue.Count >= promised, $"{queue.Count} of {promised}");
        }

        Assert.True(_ends.Count > 3 * Messages, $"{_ends.Count} ends");
    }

    [Fact]
    public async Task DeadLetters_OfAQueueToAStream_AreInOneOfThem_WhereverItEnds()
    {
        await using (var broker = await StoredBroker.StartAsync(_disk))
        {
            using var client = new StreamClient(broker);
            Declare(client, ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "s"));
            for (int number = 0; number < Messages; number++)
            {
                Publish(client, 1, "", "q", number);
                client.Raw.Expect(BasicAckView.MethodKey);
            }

            _promised = Messages;
            _disk.OnSync = NoteEnds;
            client.Raw.OpenChannel(Channel);
            for (uint number = 0; number < Messages; number++)
            {
                client.Raw.Send(Channel, new BasicGet { Queue = "q" });
                client.Raw.Expect(BasicGetOkView.MethodKey);
                client.Raw.ExpectContent();
                client.Raw.Send(Channel, new BasicReject { DeliveryTag = number + 1 });
                var log = ((StreamQueue)broker.FindVirtualHost("/")!.FindQueue("s"u8)!).Log;
                await Eventually.HoldsAsync(() => log.EndOffset == number + 1);
            }
        }

        _disk.OnSync = null;
        NoteEnds(0);
        foreach (var (left, _) in _ends)
        {
            await using var broker = await StoredBroker.StartAsync(left);
            var (queue, stream) = await ReadAsync(broker);
            Assert.Equal(Numbers(Messages), queue.Concat(stream).Order());
        }

        Assert.True(_ends.Count > 3 * Messages, $"{_ends.Count} ends");
    }

    /// <summary>A commit that fails half-way.</summary>
    [Fact]
    public async Task Group_ThatIsGivenUp_LeavesNothing()
    {
        await using (var broker = await StoredBroker.StartAsync(_disk))
        {
            using var client = new StreamClient(broker);
            Declare(client);
            var store = broker.Store!;
            var batch = new IncomingBatch(broker.Arena) { Group = store.BeginGroup() };
            batch.Begin("body"u8.ToArray());
            batch.SetRoute([], 0, "s"u8.ToArray(), 1);
            batch.Add(0, 0, 0, 4, MessageFlags.Persistent);
            broker.FindVirtualHost("/")!.FindQueue("s"u8)!.Publish(batch, isLastQueue: true, new Turn());
            Assert.Equal(1, store.Journal.Size.Messages);
            store.AbandonGroup(batch.Group);
            Assert.Equal(0, store.Journal.Size.Messages);
            await store.FlushAsync();
        }

        await using var again = await StoredBroker.StartAsync(_disk);
        Assert.Empty((await ReadAsync(again)).Stream);
    }

    [Fact]
    public async Task Transaction_ThatIsRolledBackOrCutOff_LeavesNothing()
    {
        await using (var broker = await StoredBroker.StartAsync(_disk))
        {
            using var client = new StreamClient(broker);
            Declare(client);
            client.Raw.OpenChannel(Channel);
            client.Raw.Send(Channel, default(TxSelect));
            client.Raw.Expect(TxSelectOkView.MethodKey);
            Publish(client, Channel, "", "s", 0);
            client.Raw.Send(Channel, default(TxRollback));
            client.Raw.Expect(TxRollbackOkView.MethodKey);
            Publish(client, Channel, "", "s", 1);
        }

        await using var again = await StoredBroker.StartAsync(_disk);
        var (queue, stream) = await ReadAsync(again);
        Assert.Empty(queue);
        Assert.Empty(stream);
    }

    [Fact]
    public async Task Message_OfATransaction_ReadsAsAnyOther()
    {
        await using var broker = await StoredBroker.StartAsync(_disk);
        using var client = new StreamClient(broker);
        Declare(client);
        client.Raw.OpenChannel(Channel);
        client.Raw.Send(Channel, default(TxSelect));
        client.Raw.Expect(TxSelectOkView.MethodKey);
        Publish(client, Channel, "", "s", 0);
        client.Raw.Send(Channel, default(TxCommit));
        client.Raw.Expect(TxCommitOkView.MethodKey);
        client.Consume("s", 10, "c", ("x-stream-offset", "first"));

        var delivery = client.Next();
        Assert.Equal(("", "s", "0"), (delivery.Exchange, delivery.RoutingKey, delivery.Body));
    }

    /// <summary>Killed, or without power, in two ways: what no sync has covered is there or not.</summary>
    private void NoteEnds(int sync)
    {
        int promised = Volatile.Read(ref _promised);
        _ends.Enqueue((_disk.Kill(), promised));
        lock (_random)
        {
            _ends.Enqueue((_disk.LosePower(_random), promised));
            _ends.Enqueue((_disk.LosePower(_random), promised));
        }
    }

    private static void Declare(StreamClient client, params (string Key, string Value)[] arguments)
    {
        client.Declare("s");
        var table = Table.Create(builder =>
        {
            foreach (var (key, value) in arguments)
            {
                builder.Add(key, value);
            }
        });
        client.Raw.Send(1, new QueueDeclare { Queue = "q", Durable = true, Arguments = table });
        client.Raw.Expect(QueueDeclareOkView.MethodKey);
    }

    private static void Bind(StreamClient client, string queue)
    {
        client.Raw.Send(1, new QueueBind { Queue = queue, Exchange = "amq.fanout" });
        client.Raw.Expect(QueueBindOkView.MethodKey);
    }

    private static void Publish(StreamClient client, ushort channel, string exchange, string key, int number)
    {
        var properties = new BasicProperties { DeliveryMode = 2 };
        byte[] header = new byte[properties.MaxOctets];
        header = header[..properties.Write(header)];
        byte[] body = Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture));
        byte[] frames = new byte[1024];
        int at = FrameWriter.WriteMethod(frames, channel, new BasicPublish { Exchange = exchange, RoutingKey = key });
        at += ContentWriter.Write(frames.AsSpan(at), channel, BasicProperties.ClassId, header, body, client.Raw.FrameMax);
        client.Raw.Send(frames.AsSpan(0, at).ToArray());
    }

    private static string[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(number => number.ToString(CultureInfo.InvariantCulture))];

    /// <summary>What queue and stream have, when the journal has handed over what it had for the stream.</summary>
    private static async Task<(List<string> Queue, List<string> Stream)> ReadAsync(AmqpBroker broker)
    {
        var virtualHost = broker.FindVirtualHost("/")!;
        var queue = virtualHost.FindQueue("q"u8)!;
        await Eventually.HoldsAsync(() => broker.Store!.Journal.Size.Messages == queue.ReadyCount);
        List<string> inStream = [];
        using (var cursor = ((StreamQueue)virtualHost.FindQueue("s"u8)!).Log.Read(StreamPosition.First))
        {
            while (cursor.Fill())
            {
                Assert.True(StoredMessageFormat.TryRead(cursor.Payload, out var content));
                inStream.Add(Encoding.UTF8.GetString(content.Body));
                cursor.MoveNext();
            }
        }

        List<string> inQueue = [];
        using var client = new StreamClient(broker);
        while (inQueue.Count < Messages)
        {
            client.Raw.Send(2, new BasicGet { Queue = "q", NoAck = true });
            var (_, _, payload) = client.Raw.ReadFrame();
            if (BinaryPrimitives.ReadUInt32BigEndian(payload) == BasicGetEmptyView.MethodKey)
            {
                break;
            }

            inQueue.Add(Encoding.UTF8.GetString(client.Raw.ExpectContent()));
        }

        return (inQueue, inStream);
    }
}
