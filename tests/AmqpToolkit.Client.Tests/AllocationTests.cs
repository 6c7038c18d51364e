using System.Buffers.Binary;
using AmqpToolkit.Client.Tests.Scripted;
using AmqpToolkit.Client.V0_9_1;

namespace AmqpToolkit.Client.Tests;

/// <summary>
/// What a message costs in steady state. The server renders its octets beforehand. Sending and receiving themselves cost a little a batch (a task that
/// waits for the stream), so the bound is octets a message and not nothing.
/// </summary>
[Collection(nameof(AllocationTests))]
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationTests
{
    private const int Rounds = 200;
    internal const int Batch = 500;

    /// <summary>A batch of 500 may cost 4 KiB.</summary>
    internal const double MaxOctetsPerMessage = 8;

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Body_AnnouncedAndNeverSent_TakesNoMemory()
    {
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            await server.AnswerConsumeAsync(channel);
            await server.AnswerChannelOpenAsync(connection, 2);
            long before = GC.GetTotalAllocatedBytes(precise: true);
            await server.SendAsync(Wire.Method(1, 60, 60, "c", 1UL, (byte)0, "", "q"), Wire.Header(1, 128 * 1024 * 1024), Wire.Body(1, 1, 2, 3));
            await server.SendAsync(Wire.Method(2, 20, 20, (byte)1));
            await server.ExpectAsync("channel.flow-ok", 2);

            Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 8 * 1024 * 1024);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Publish_Confirmed_AllocatesNothingPerMessage()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelOverTcpAsync();
        using (server)
        {
            await server.AnswerConfirmSelectAsync(channel);
            byte[] body = new byte[16];
            var confirming = server.ConfirmAllAsync();
            var publishes = new ValueTask<PublishOutcome>[Batch];
            long perMessage = await MeasureAsync(async () =>
            {
                for (int index = 0; index < Batch; index++)
                {
#pragma warning disable CA2012 // Each is awaited once, a moment later.
                    publishes[index] = channel.PublishAsync("exchange", "routing.key", body);
#pragma warning restore CA2012
                }

                for (int index = 0; index < Batch; index++)
                {
                    Assert.True((await publishes[index]).IsConfirmed);
                }
            });
            server.Abort();
            await confirming.WaitAsync(ScriptedServer.Patience);

            Assert.True(perMessage <= MaxOctetsPerMessage * Batch, $"{(double)perMessage / Batch:0.0} octets a message");
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Post_WindowFull_AllocatesNothingPerMessage()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelOverTcpAsync(new ChannelOptions { MaxUnconfirmed = 64 });
        using (server)
        {
            await server.AnswerConfirmSelectAsync(channel);
            byte[] body = new byte[16];
            var confirming = server.ConfirmAllAsync();
            long perMessage = await MeasureAsync(async () =>
            {
                for (int index = 0; index < Batch; index++)
                {
                    await channel.PostAsync("exchange", "routing.key", body);
                }
            });
            server.Abort();
            await confirming.WaitAsync(ScriptedServer.Patience);

            Assert.True(perMessage <= 4 * MaxOctetsPerMessage * Batch, $"{(double)perMessage / Batch:0.0} octets a message");
        }
    }

    [Theory(Timeout = ScriptedServer.TestTimeout)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Consume_ReadAndAcked_AllocatesNothingPerMessage(bool noAck)
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelOverTcpAsync();
        using (server)
        {
            var consumer = await server.AnswerConsumeAsync(channel, noAck, prefetchCount: 1000);
            byte[] batch = [.. Enumerable.Range(0, Batch).SelectMany(_ => Wire.Deliver(1, "c", 0, "sixteen octets!!", "exchange", "routing.key"))];
            int octets = batch.Length / Batch;
            ulong tag = 0;
            var segments = new List<ArraySegment<byte>> { batch };
            var draining = server.DrainAsync();
            var enumerator = consumer.GetAsyncEnumerator();
            long perMessage = await MeasureAsync(async () =>
            {
                for (int index = 0; index < Batch; index++)
                {
                    // Frame header, method, consumer tag: then the delivery tag.
                    BinaryPrimitives.WriteUInt64BigEndian(batch.AsSpan((index * octets) + 7 + 4 + 2), ++tag);
                }

                await server.SendRawAsync(segments);
                for (int index = 0; index < Batch; index++)
                {
                    Assert.True(await enumerator.MoveNextAsync());
                    var delivery = enumerator.Current;
                    Assert.True(delivery.Body.Length == 16 && delivery.RoutingKey == "routing.key");
                    if (!noAck)
                    {
                        delivery.Ack();
                    }
                }
            });
            server.Abort();
            await draining.WaitAsync(ScriptedServer.Patience);

            Assert.True(perMessage <= MaxOctetsPerMessage * Batch, $"{(double)perMessage / Batch:0.0} octets a message");
        }
    }

    /// <summary>Octets that a round allocates in all threads, once it runs warm. What is allocated for a message shows in every round, what the machine's other work brings about in some: of many rounds one of the least counts.</summary>
    internal static async Task<long> MeasureAsync(Func<Task> round)
    {
        for (int warm = 0; warm < Rounds; warm++)
        {
            await round().WaitAsync(ScriptedServer.Patience);
        }

        var costs = new long[Rounds];
        for (int index = 0; index < Rounds; index++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            await round();
            costs[index] = GC.GetTotalAllocatedBytes(precise: true) - before;
        }

        Array.Sort(costs);
        return costs[Rounds / 10];
    }
}
