using System.Diagnostics;
using System.Net;
using System.Text;
using AmqpToolkit.Broker.Tests.Fuzz;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Access;

/// <summary>Input that is meant to hurt: it ends soon and holds little, and whoever else is there goes on.</summary>
public sealed class BadInputTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Handshake_DrippedOctetByOctet_EndsAtTheTimeoutFromTheAccept()
    {
        var time = new ManualTimeProvider();
        await using var broker = await TestBroker.StartAsync(time);
        using var bystander = RawClient.Open(broker);
        using var slow = new RawClient(broker.Endpoints[0]);

        // Its time counts from when it stands on the wheel, beside the trimmer; the bystander has no heartbeat.
        Assert.True(SpinWait.SpinUntil(() => broker.Timers.Count == 2, Patience));

        // Every octet comes before a timeout that began anew would end.
        byte[] octets = [.. ProtocolHeader.V0_9_1, 1, 0, 0];
        for (int index = 0; index < 9; index++)
        {
            slow.Send(octets.AsSpan(index, 1));
            time.Advance(TimeSpan.FromSeconds(1));
        }

        slow.Expect(ConnectionStartView.MethodKey);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(slow.IsEnded());
        bystander.OpenChannel(1);
    }

    [Fact]
    public async Task Logins_ThatFailInGreatNumber_HoldNothingAndHinderNobody()
    {
        var time = new ManualTimeProvider();
        await using var broker = await TestBroker.StartAsync(time);
        var intruders = new List<RawClient>();
        try
        {
            for (int index = 0; index < 100; index++)
            {
                var intruder = new RawClient(broker.Endpoints[0]);
                intruders.Add(intruder);
                intruder.Send(ProtocolHeader.V0_9_1);
                intruder.Expect(ConnectionStartView.MethodKey);
                intruder.Send(0, new ConnectionStartOk { Mechanism = "PLAIN", Response = $"\0guest\0guess{index}", Locale = "en_US" });
            }

            using var bystander = RawClient.Open(broker);
            bystander.OpenChannel(1);
            Assert.Equal(1, broker.Occupancy.ConnectionCount);

            // Each waits its three seconds: guessing is slow.
            Assert.Equal(101, broker.ConnectionCount);
            Assert.True(SpinWait.SpinUntil(() => Advance(time, broker) == 1, Patience), $"{broker.ConnectionCount} connections are left.");
        }
        finally
        {
            intruders.ForEach(intruder => intruder.Dispose());
        }

        static int Advance(ManualTimeProvider time, AmqpBroker broker)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return broker.ConnectionCount;
        }
    }

    [Fact]
    public async Task Policies_WithPatternsThatExplode_MatchManyQueuesSoon()
    {
        await using var broker = await TestBroker.StartAsync();
        var virtualHost = broker.VirtualHosts.Find("/")!;
        for (int index = 0; index < 1000; index++)
        {
            Assert.Null(virtualHost.Topology.DeclareQueue(
                Encoding.UTF8.GetBytes(new string('a', 200) + index), false, false, false, false, default, this, out _));
        }

        var watch = Stopwatch.StartNew();
        virtualHost.Policies.Set(new Policy { Name = "bomb", Pattern = "^(a+)+$", Definition = new Dictionary<string, object?> { ["max-length"] = 1L } });

        Assert.True(watch.Elapsed < Patience, $"{watch.Elapsed}");
        Assert.Throws<ArgumentException>(() =>
            virtualHost.Policies.Set(new Policy { Name = "large", Pattern = "((((((a{100}){100}){100}){100}){100}){100})", Definition = new Dictionary<string, object?> { ["max-length"] = 1L } }));
        Assert.Single(virtualHost.Policies.All);
    }

    [Fact]
    public async Task Permission_WithAPatternThatExplodes_DelaysAPublishByLittle()
    {
        await using var broker = await TestBroker.StartAsync();
        broker.Users.SetPermission("guest", new UserPermission("/", ".*", "^(a+)+$|^(a|aa)+$", ".*"));
        using var client = RawClient.Open(broker);
        client.OpenChannel(1);
        var watch = Stopwatch.StartNew();

        client.Publish(1, new string('a', 250) + "!", "k", []);

        client.Expect(ChannelCloseView.MethodKey);
        Assert.True(watch.Elapsed < Patience, $"{watch.Elapsed}");
    }

    [Theory]
    [InlineData(31, true)]
    [InlineData(40, false)]
    [InlineData(2000, false)]
    public async Task HeaderTable_NestedDeeply_IsTakenOrRefusedAndHindersNobody(int depth, bool isTaken)
    {
        var log = new DefectLog();
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [new(IPAddress.Loopback, 0)], LoggerFactory = log });
        using var bystander = RawClient.Open(broker);
        using var client = RawClient.Open(broker);
        client.OpenChannel(1);
        byte[] table = [];
        for (int level = 0; level < depth; level++)
        {
            byte[] length = BitConverter.GetBytes(System.Net.IPAddress.HostToNetworkOrder(table.Length));
            table = [1, (byte)'n', (byte)'F', .. length, .. table];
        }

        byte[] properties = [0x20, 0x00, .. BitConverter.GetBytes(System.Net.IPAddress.HostToNetworkOrder(table.Length)), .. table];
        byte[] frames = new byte[properties.Length + 256];
        int at = FrameWriter.WriteMethod(frames, 1, new BasicPublish { Exchange = "amq.headers", RoutingKey = "" });
        at += FrameWriter.WriteContentHeader(frames.AsSpan(at), 1, BasicProperties.ClassId, 0, properties);
        client.Send(frames.AsSpan(0, at));
        client.Send(1, new ChannelFlow { Active = true });

        client.Expect(isTaken ? ChannelFlowOkView.MethodKey : ConnectionCloseView.MethodKey);
        bystander.OpenChannel(1);
        Assert.Empty(log.Defects);
    }
}
