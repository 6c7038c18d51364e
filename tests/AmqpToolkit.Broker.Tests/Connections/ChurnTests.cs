using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Connections;

/// <summary>What clients leave behind that come and go. Alone in its collection: it reads the whole process's heap.</summary>
[Collection(nameof(ChurnTests))]
[CollectionDefinition(nameof(ChurnTests), DisableParallelization = true)]
public sealed class ChurnTests
{
    private const int Connections = 10_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Connections_ThatComeAndGo_LeaveNothingBehind()
    {
        await using var broker = await TestBroker.StartAsync();
        Cycle(100);
        int timers = Math.Max(1, broker.Timers.Count);
        long before = LiveOctets();

        int descriptors = CountDescriptors();
        Cycle(Connections);

        Assert.Equal((0, 0), (broker.Occupancy.ConnectionCount, broker.Occupancy.ChannelCount));
        Assert.Equal((0, 0), (broker.VirtualHosts.Find("/")!.ConnectionCount, broker.VirtualHosts.Find("/")!.QueueCount));
        Assert.True(SpinWait.SpinUntil(() => broker.Timers.Count <= timers, Patience), $"{broker.Timers.Count} timers after, {timers} before");
        long grown = LiveOctets() - before;
        Assert.True(grown < 2_000_000, $"{grown} octets more are alive after {Connections} connections.");
        Assert.True(CountDescriptors() <= descriptors + 16, $"{CountDescriptors()} files and sockets are open after, {descriptors} before");

        void Cycle(int count)
        {
            for (int index = 0; index < count; index++)
            {
                using var client = RawClient.Open(broker, heartbeat: 60);
                client.OpenChannel(1);
                if (index % 4 == 0)
                {
                    client.Send(1, new QueueDeclare { Queue = $"mine-{index}", Exclusive = true });
                    client.Expect(QueueDeclareOkView.MethodKey);
                    client.Publish(1, "", $"mine-{index}", new byte[100]);
                }

                if (index % 2 == 0)
                {
                    client.Send(0, new ConnectionClose { ReplyCode = 200 });
                    client.Expect(ConnectionCloseOkView.MethodKey);
                }
            }

            Assert.True(SpinWait.SpinUntil(() => broker.ConnectionCount == 0, Patience), $"{broker.ConnectionCount} connections are left.");
        }

        // Linux names what a process has open; elsewhere nobody is asked.
        static int CountDescriptors() => Directory.Exists("/proc/self/fd") ? Directory.GetFileSystemEntries("/proc/self/fd").Length : 0;

        static long LiveOctets()
        {
            for (int round = 0; round < 3; round++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }

            return GC.GetTotalMemory(forceFullCollection: true);
        }
    }
}
