using AmqpToolkit.Broker.Tests.Durability;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.V1_0;

/// <summary>Durable messages of 1.0: their senders hear of them when they are on the disk, and they are there after a restart, octet by octet.</summary>
public sealed class KeptTests
{
    private static readonly byte[] DurableHeader = Message.Header(new Header { Durable = true });

    private ManualDisk? _disk;

    [Fact]
    public async Task M04_D20_DurableMessage_IsAcceptedAfterTheSync()
    {
        await using var broker = await StartAsync();
        using var peer = PeerClient.Begin(broker.Broker);
        peer.AttachSender("q");
        _disk!.HoldSyncs();
        peer.Transfer(0, [.. DurableHeader, .. Message.Value("kept")]);
        peer.Transfer(1, [.. DurableHeader, .. Message.Value("kept, too")]);
        peer.AttachSender("transient", handle: 1);

        // What needs no disk does not wait for what does.
        peer.Transfer(2, Message.Value("transient"), handle: 1);
        Assert.Equal(2u, peer.ExpectPast("disposition").Disposition.First);
        _disk.ReleaseSyncs();
        uint told = 0;
        while (told < 2)
        {
            var disposition = peer.ExpectPast("disposition").Disposition;
            Assert.Equal((told, AnyDeliveryState.Member.Accepted, true), (disposition.First, disposition.State.Kind, disposition.Settled));
            told = (disposition.HasLast ? disposition.Last : disposition.First) + 1;
        }
    }

    [Fact]
    public async Task DurableMessage_OfABrokenDisk_IsRejected()
    {
        await using var broker = await StartAsync(toleratesDefects: true);
        using var peer = PeerClient.Begin(broker.Broker);
        peer.AttachSender("q");
        _disk!.IsBroken = true;
        peer.Transfer(0, [.. DurableHeader, .. Message.Value("kept")]);
        Assert.Equal("amqp:internal-error", peer.ExpectPast("disposition").Condition);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(200_000)]
    public async Task M03_M04_DurableMessage_IsThereAfterARestart(int octets)
    {
        await using var broker = await StartAsync();
        byte[] body = new byte[octets];
        Random.Shared.NextBytes(body);
        byte[] rest = [
            .. Message.MessageAnnotations("x-opt-a", "b"), .. Message.Properties(new Properties { MessageId = EncodedValue.ULong(ulong.MaxValue) }),
            .. Message.ApplicationProperties("k", "v"), .. Message.Data(body), .. Message.Footer("x-f", "g")];
        using (var peer = PeerClient.Begin(broker.Broker, maxFrameSize: 1 << 20))
        {
            peer.AttachSender("q");
            byte[] message = [.. Message.Header(new Header { Durable = true, Priority = 5 }), .. rest];
            for (int at = 0; at < message.Length; at += 100_000)
            {
                var transfer = new Transfer { Handle = 0, DeliveryId = 0, DeliveryTag = new byte[] { 1 }, More = at + 100_000 < message.Length };
                peer.Send(transfer, message[at..Math.Min(message.Length, at + 100_000)]);
            }

            peer.Transfer(1, Message.Value("transient"));
            peer.ExpectDisposed(2);
            peer.AttachReceiver("q");
            peer.Credit(1);
            ReadMessage(peer);
            peer.Settle(0, EncodedValue.Of(new Modified { DeliveryFailed = true }));
            peer.Send(new Detach { Handle = 1, Closed = true });
            PeerFrame frame;
            do
            {
                frame = peer.Read();
            }
            while (frame.Name != "detach");
        }

        await broker.RestartAsync();
        using var reader = PeerClient.Begin(broker.Broker, maxFrameSize: 1 << 20);
        reader.AttachReceiver("q");
        reader.Credit(2);
        byte[] found = ReadMessage(reader);
        Assert.Equal(rest, Message.WithoutHeader(found));
        var header = Message.HeaderOf(found);
        Assert.Equal((true, (byte)5, false, 1u), (header.Durable, header.Priority, header.FirstAcquirer, header.DeliveryCount));
        reader.Credit(2, drain: true, nextIncomingId: 100);
        Assert.Equal("flow", reader.Read().Name);
    }

    [Fact]
    public async Task K05_Drain_OfMessagesOnTheDisk_GivesThemBeforeItIsAnswered()
    {
        const uint Count = 1000;
        await using var broker = await KeptBroker.StartAsync(pagingOctets: 1);
        using var older = new KeptClient(broker);
        older.Declare("q");
        older.Publish("q", [.. Enumerable.Range(0, (int)Count).Select(number => $"{number}")]);
        Assert.True(broker.Broker.FindVirtualHost("/")!.FindQueue("q"u8)!.PagedOutCount > 900, "not on the disk");
        using var peer = PeerClient.Begin(broker.Broker, window: 5000);
        peer.AttachReceiver("q");
        peer.Credit(Count + 500, window: 5000, drain: true);
        for (uint id = 0; id < Count; id++)
        {
            Assert.Equal(id, peer.Expect("transfer").Transfer.DeliveryId);
        }

        var flow = peer.Expect("flow").Flow;
        Assert.Equal((Count + 500, 0u, true), (flow.DeliveryCount, flow.LinkCredit, flow.Drain));
    }

    private static byte[] ReadMessage(PeerClient peer)
    {
        var payload = new List<byte>();
        PeerFrame frame;
        do
        {
            frame = peer.ExpectPast("transfer");
            payload.AddRange(frame.Payload);
        }
        while (frame.Transfer.More);
        return [.. payload];
    }

    private async Task<KeptBroker> StartAsync(bool toleratesDefects = false)
    {
        var broker = await KeptBroker.StartAsync(files: folder => _disk = new ManualDisk(folder), toleratesDefects: toleratesDefects);
        using var older = RawClient.Open(broker.Broker);
        older.OpenChannel(1);
        older.Send(1, new QueueDeclare { Queue = "q", Durable = true });
        older.Expect(QueueDeclareOkView.MethodKey);
        older.DeclareQueue(1, "transient");
        return broker;
    }
}
