using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.V1_0;

/// <summary>The hot path of 1.0 allocates nothing per message. Alone in its collection: it reads the whole process's count.</summary>
[Collection(nameof(Connections.AllocationTests))]
public sealed class AllocationTests
{
    private const int Messages = 50_000;
    private const int PerBatch = 400;

    /// <summary>Rounds until one is steady; on a calm machine the first or second is.</summary>
    private const int MaxRounds = 100;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TransferRouteTransferDisposition_InSteadyState_AllocatesNothingPerMessage(bool isSettled)
    {
        await using var broker = await TestBroker.StartAsync();
        using var older = RawClient.Open(broker);
        older.OpenChannel(1);
        older.DeclareQueue(1, "q");
        using var sender = PeerClient.Begin(broker, window: 1_000_000_000);
        using var receiver = PeerClient.Begin(broker, window: 1_000_000_000);
        sender.AttachSender("q");
        receiver.AttachReceiver("q", with: attach => attach with { SndSettleMode = isSettled ? SenderSettleMode.Settled : SenderSettleMode.Unsettled });
        receiver.Credit(1_000_000_000, window: 1_000_000_000);
        byte[] message = Message.Data(new byte[16]);
        byte[] tag = [1, 2, 3, 4];
        byte[] batch = new byte[PerBatch * 128];
        byte[] answer = new byte[128];
        uint id = 0;
        Drive(Messages);
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
                int at = 0;
                for (int index = 0; index < PerBatch; index++, id++)
                {
                    var transfer = new Transfer { Handle = 0, DeliveryId = id, DeliveryTag = tag, Settled = isSettled };
                    at += FrameWriter.WritePerformative(batch.AsSpan(at), 0, in transfer, message);
                }

                sender.Send(batch.AsSpan(0, at));
                if (!isSettled)
                {
                    sender.Skip(0, lastDisposed: id - 1);
                }

                receiver.Skip(PerBatch);
                if (!isSettled)
                {
                    var disposition = new Disposition { Role = Role.Receiver, First = id - PerBatch, Last = id - 1, Settled = true, State = default(Accepted) };
                    receiver.Send(answer.AsSpan(0, FrameWriter.WritePerformative(answer, 0, in disposition)));
                }
            }
        }
    }
}
