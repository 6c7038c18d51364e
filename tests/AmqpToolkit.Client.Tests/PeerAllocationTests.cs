using System.Buffers.Binary;
using AmqpToolkit.Client.Tests.Scripted;
using AmqpToolkit.Client.V1_0;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.Tests.V1_0;
using static AmqpToolkit.Client.Tests.AllocationTests;

namespace AmqpToolkit.Client.Tests;

/// <summary>What a message costs the client of 1.0 in steady state; as <see cref="AllocationTests"/> has it.</summary>
[Collection(nameof(AllocationTests))]
public sealed class PeerAllocationTests
{
    private const uint Plenty = int.MaxValue;

    private static readonly AmqpMessage Message = AmqpMessage.Of(new byte[16]) with { Properties = new Properties { Subject = "s" } };

    [Theory(Timeout = ScriptedServer.TestTimeout)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Send_AllocatesNothingPerMessage(bool isSettled)
    {
        await using var peer = await ScriptedPeer.CreateOverTcpAsync();
        var session = await peer.BeginAsync(window: Plenty);
        var sender = await peer.AttachSenderAsync(session, new SenderOptions { IsSettled = isSettled }, Plenty, Plenty);
        var accepting = AcceptAllAsync(peer);
        var sends = new ValueTask<DeliveryOutcome>[Batch];
        long perBatch = await MeasureAsync(async () =>
        {
            for (int index = 0; index < Batch; index++)
            {
#pragma warning disable CA2012 // Each is awaited once, a moment later.
                sends[index] = sender.SendAsync(Message);
#pragma warning restore CA2012
            }

            for (int index = 0; index < Batch; index++)
            {
                Assert.True((await sends[index]).Kind == (isSettled ? OutcomeKind.Sent : OutcomeKind.Accepted));
            }
        });
        await peer.DisposeAsync();
        await accepting.WaitAsync(ScriptedPeer.Patience);

        Assert.True(perBatch <= MaxOctetsPerMessage * Batch, $"{(double)perBatch / Batch:0.0} octets a message");
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Send_WithoutCreditAtFirst_AllocatesNothingPerMessage()
    {
        await using var peer = await ScriptedPeer.CreateOverTcpAsync();
        var session = await peer.BeginAsync(window: Plenty);
        var sender = await peer.AttachSenderAsync(session);
        var accepting = AcceptAllAsync(peer);
        var sends = new ValueTask<DeliveryOutcome>[Batch];
        uint sent = 0;

        // next-incoming-id, incoming-window, next-outgoing-id, outgoing-window, handle, delivery-count, link-credit
        byte[] flow = [0, 0, 0, 33, 2, 0, 0, 0, 0, 0x53, 0x13, 0xC0, 20, 7, 0x43, 0x70, 0x7F, 0xFF, 0xFF, 0xFF, 0x43, 0x70, 0, 0, 1, 0, 0x43, 0x43, 0x70, 0, 0, 0, 0];
        var credit = new List<ArraySegment<byte>> { flow };
        long perBatch = await MeasureAsync(async () =>
        {
            for (int index = 0; index < Batch; index++)
            {
#pragma warning disable CA2012 // Each is awaited once, a moment later.
                sends[index] = sender.SendAsync(Message);
#pragma warning restore CA2012
            }

            sent += Batch;
            BinaryPrimitives.WriteUInt32BigEndian(flow.AsSpan(^4), sent);
            await peer.SendRawAsync(credit);
            for (int index = 0; index < Batch; index++)
            {
                Assert.True((await sends[index]).IsAccepted);
            }
        });
        await peer.DisposeAsync();
        await accepting.WaitAsync(ScriptedPeer.Patience);

        Assert.True(perBatch <= MaxOctetsPerMessage * Batch, $"{(double)perBatch / Batch:0.0} octets a message");
    }

    [Theory(Timeout = ScriptedServer.TestTimeout)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task ReceiveBatch_AllocatesNothingPerMessage(bool isSettled, bool isAcceptedAtOnce)
    {
        const uint FirstId = 0x10000;
        await using var peer = await ScriptedPeer.CreateOverTcpAsync();
        var session = await peer.BeginAsync();
        var receiver = await peer.AttachReceiverAsync(session, new ReceiverOptions { Credit = 2 * Batch, IsSettled = isSettled });
        var builder = new EncodedValueBuilder();
        Message.Write(builder);
        byte[] one = Peer.Transfer(FirstId, builder.Span.ToArray(), settled: isSettled);
        byte[] id = [0x70, 0, 1, 0, 0];
        int idAt = one.AsSpan().IndexOf(id) + 1;
        byte[] batch = [.. Enumerable.Repeat(one, Batch).SelectMany(some => some)];
        var segments = new List<ArraySegment<byte>> { batch };
        uint next = FirstId;
        var draining = DrainAsync(peer);
        using var cancel = new CancellationTokenSource();
        long perBatch = await MeasureAsync(async () =>
        {
            for (int index = 0; index < Batch; index++)
            {
                BinaryPrimitives.WriteUInt32BigEndian(batch.AsSpan((index * one.Length) + idAt), next++);
            }

            await peer.SendRawAsync(segments);
            for (int taken = 0; taken < Batch;)
            {
                using var received = await receiver.ReceiveBatchAsync(cancel.Token);
                taken += received.Count;
                foreach (var message in received)
                {
                    Assert.True(MessageSections.TryParse(message.Octets, out var sections) == Codec.DecodeError.None && sections.TryGetData(out var data) && data.Length == 16);
                    if (!isAcceptedAtOnce)
                    {
                        message.Accept();
                    }
                }

                if (isAcceptedAtOnce)
                {
                    received.Accept();
                }
            }
        });
        await peer.DisposeAsync();
        await draining.WaitAsync(ScriptedPeer.Patience);

        Assert.True(perBatch <= MaxOctetsPerMessage * Batch, $"{(double)perBatch / Batch:0.0} octets a message");
    }

    private static async Task DrainAsync(ScriptedPeer peer)
    {
        byte[] buffer = new byte[64 * 1024];
        while (await peer.ReceiveRawAsync(buffer) > 0)
        {
            // Nothing is said.
        }
    }

    /// <summary>Accepts each transfer up to the last that has come, one disposition a read; allocates nothing a message.</summary>
    private static async Task AcceptAllAsync(ScriptedPeer peer)
    {
        const byte Transfer = 0x14;
        byte[] buffer = new byte[256 * 1024];

        // role receiver, first, last, settled, accepted
        byte[] accepted = [0, 0, 0, 30, 2, 0, 0, 0, 0, 0x53, 0x15, 0xC0, 17, 5, 0x41, 0x70, 0, 0, 0, 0, 0x70, 0, 0, 0, 0, 0x41, 0, 0x53, 0x24, 0x45];
        var segments = new List<ArraySegment<byte>> { accepted };
        int count = 0;
        uint next = 0;
        int received;
        while ((received = await peer.ReceiveRawAsync(buffer.AsMemory(count))) > 0)
        {
            count += received;
            int at = 0;
            uint first = next;
            while (count - at >= 11 && BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(at)) is var octets && octets <= count - at)
            {
                next += buffer[at + 10] == Transfer && octets > 8 ? 1u : 0;
                at += octets;
            }

            buffer.AsSpan(at, count - at).CopyTo(buffer);
            count -= at;
            if (next > first)
            {
                BinaryPrimitives.WriteUInt32BigEndian(accepted.AsSpan(16), first);
                BinaryPrimitives.WriteUInt32BigEndian(accepted.AsSpan(21), next - 1);
                try
                {
                    await peer.SendRawAsync(segments);
                }
                catch (IOException)
                {
                    // The test is over: settled messages need no answer.
                    return;
                }
            }
        }
    }
}
