using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec.V0_9_1;
using Xunit.Abstractions;

namespace AmqpToolkit.Broker.Tests.Fuzz;

/// <summary>
/// Clients that say methods by chance, with all arguments and extensions, several at a time on the same queues and exchanges, while policies come and go and the
/// clock moves. Nothing of them is left afterwards, counts are right, and somebody else beside them notices nothing. <c>AMQP_FUZZ_SEED</c> and
/// <c>AMQP_FUZZ_CLIENTS</c> choose another run.
/// </summary>
[Collection(nameof(BrokerFuzzTests))]
public sealed class MethodFuzzTests(ITestOutputHelper output)
{
    private const int DefaultSeed = 815;
    private const int DefaultClients = 240;
    private const int BatchClients = 40;
    private const int Workers = 3;
    private const int BurstsOfAClient = 25;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan BrokersPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestDefaultRun = TimeSpan.FromSeconds(8);

    private readonly ManualTimeProvider _time = new();
    private readonly DefectLog _log = new();
    private readonly Lock _clock = new();
    private readonly ConcurrentDictionary<int, int> _codes = new();
    private readonly ConcurrentQueue<string> _broken = new();
    private readonly int _seed = FuzzAftermath.Setting("AMQP_FUZZ_SEED", DefaultSeed);
    private readonly int _clients = FuzzAftermath.Setting("AMQP_FUZZ_CLIENTS", DefaultClients);

    [Theory]
    [InlineData(BrokerProfile.V3_13)]
    [InlineData(BrokerProfile.V4_2)]
    [InlineData(BrokerProfile.V4_3)]
    public async Task Methods_ByChance_LeaveABrokerThatServesCountsAndHoldsNothing(BrokerProfile profile)
    {
        output.WriteLine($"seed {_seed}");
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions
        {
            Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)],
            TimeProvider = _time,
            LoggerFactory = _log,
            Profile = profile,
        });
        var clock = Stopwatch.StartNew();
        int done = 0;
        int timers = 0;
        for (int batch = 0; done < _clients && (_clients != DefaultClients || clock.Elapsed < LongestDefaultRun); batch++)
        {
            await RunBatchAsync(broker, batch, $"seed {_seed}, profile {profile}, batch {batch}");
            done += BatchClients;
            timers = batch == 0 ? broker.Timers.Count : timers;
            Assert.InRange(broker.Timers.Count, 0, timers);
        }

        output.WriteLine($"{profile}: {done} clients in {clock.Elapsed}; closed with {string.Join(", ", _codes.OrderBy(code => code.Key).Select(code => $"{code.Key}: {code.Value}"))}");
    }

    private async Task RunBatchAsync(AmqpBroker broker, int batch, string where)
    {
        using var beside = RawClient.Open(broker);
        beside.OpenChannel(1);
        beside.Send(1, new QueueDeclare { Queue = "beside", Exclusive = true });
        beside.Expect(QueueDeclareOkView.MethodKey);
        var dice = new MethodDice(_seed + batch);
        Declare(beside, dice);
        int next = 0;
        var workers = Enumerable.Range(0, Workers).Select(_ => Task.Factory.StartNew(
            () =>
            {
                for (int index; (index = Interlocked.Increment(ref next)) <= BatchClients;)
                {
                    Converse(broker, _seed + (batch * BatchClients) + index, where);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)).ToArray();
        var whole = Task.WhenAll(workers);
        while (!whole.IsCompleted)
        {
            Stir(broker, dice);
            ExpectService(beside);
        }

        await whole.WaitAsync(Patience);
        ExpectService(beside);
        beside.Send(0, default(ConnectionClose));
        beside.Expect(ConnectionCloseOkView.MethodKey);
        ExpectNothingLeft(broker, where);
    }

    /// <summary>What the names stand for at first; what is wrong is left out.</summary>
    private static void Declare(RawClient client, MethodDice dice)
    {
        client.OpenChannel(2);
        foreach (byte[] method in dice.Declarations(2))
        {
            client.Send(method);
            if (client.ExpectAny() == ChannelCloseView.MethodKey)
            {
                client.Send(2, default(ChannelCloseOk));
                client.OpenChannel(2);
            }
        }
    }

    private void Converse(AmqpBroker broker, int seed, string where)
    {
        var dice = new MethodDice(seed);
        long started = 0;
        try
        {
            using var peer = new FuzzPeer(Open(broker), dice, Closed);
            peer.OpenChannels();
            for (int left = BurstsOfAClient; left > 0 && !peer.IsClosed; left--)
            {
                started = _time.GetTimestamp();
                peer.Burst();
            }

            peer.Leave();
        }
        catch (Exception exception) when (exception is SocketException or EndOfStreamException && _time.GetElapsedTime(started) >= BrokersPatience)
        {
            // Closed, and by the clock here long ago: a socket that is reset takes the word of it along, and one that is cut before its output was flushed has none.
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{where}: client {seed}", exception);
        }
    }

    // A handshake has its time, which must not pass meanwhile.
    private RawClient Open(AmqpBroker broker)
    {
        lock (_clock)
        {
            return RawClient.Open(broker, frameMax: 8192, takesBlocked: true);
        }
    }

    private void Closed(int code, string text)
    {
        _codes.AddOrUpdate(code, 1, (_, count) => count + 1);
        if (code == 541 && !text.Contains("deprecated", StringComparison.Ordinal))
        {
            _broken.Enqueue($"{code} {text}");
        }
    }

    /// <summary>What operators and the clock do meanwhile.</summary>
    private void Stir(AmqpBroker broker, MethodDice dice)
    {
        var host = broker.VirtualHosts.Find("/")!;
        var policies = dice.OneIn(3) ? host.OperatorPolicies : host.Policies;
        string name = $"p{dice.Random.Next(4)}";
        switch (dice.Random.Next(6))
        {
            case 0:
                try
                {
                    policies.Set(dice.NextPolicy(name));
                }
                catch (ArgumentException)
                {
                    // Not every key is for operators.
                }

                break;
            case 1:
                policies.Delete(name);
                break;
            default:
                lock (_clock)
                {
                    _time.Advance(TimeSpan.FromMilliseconds(dice.OneIn(40) ? 31 * 60_000 : dice.Random.Next(200)));
                }

                break;
        }
    }

    private static void ExpectService(RawClient beside)
    {
        beside.Publish(1, "", "beside", [1, 2, 3]);
        beside.Send(1, new BasicGet { Queue = "beside", NoAck = true });
        beside.Expect(BasicGetOkView.MethodKey);
        Assert.Equal([1, 2, 3], beside.ExpectContent());
    }

    private void ExpectNothingLeft(AmqpBroker broker, string where)
    {
        Assert.True(
            SpinWait.SpinUntil(
                () =>
                {
                    _time.Advance(TimeSpan.FromSeconds(1));
                    return broker.ConnectionCount == 0;
                },
                Patience),
            $"{where}: {broker.ConnectionCount} connections are left");
        var host = broker.FindVirtualHost("/")!;
        ForgetPolicies(broker.VirtualHosts.Find("/")!);
        _time.Advance(TimeSpan.FromMinutes(2)); // what was to be delayed comes, what was to expire goes
        ExpectCounts(broker, host, where);
        FuzzAftermath.ClearTopology(host, where);
        FuzzAftermath.ExpectService(broker);
        Assert.True(SpinWait.SpinUntil(() => broker.ConnectionCount == 0, Patience), where);
        Assert.Equal((0, 0), (broker.Occupancy.ConnectionCount, broker.Occupancy.ChannelCount));
        FuzzAftermath.ExpectNoMemory(broker, where);
        Assert.True(_log.Defects.IsEmpty, $"{where}: {string.Join('\n', _log.Defects.Take(3))}");
        Assert.True(_broken.IsEmpty, $"{where}: {string.Join('\n', _broken.Take(3))}");
    }

    private static void ForgetPolicies(BrokerVirtualHost host)
    {
        foreach (var policies in new[] { host.Policies, host.OperatorPolicies })
        {
            foreach (var policy in policies.All)
            {
                policies.Delete(policy.Name);
            }
        }
    }

    /// <summary>A queue from which everything is taken counts nothing.</summary>
    private static void ExpectCounts(AmqpBroker broker, VirtualHost host, string where)
    {
        using var client = RawClient.Open(broker);
        client.OpenChannel(1);
        foreach (var queue in host.Queues.ToArray())
        {
            if (queue.Settings.SingleActiveConsumer)
            {
                continue; // basic.get is refused
            }

            while (TryGet(client, queue.NameText))
            {
            }

            Assert.True(queue.ReadyCount == 0, $"{where}: queue '{queue.NameText}' is empty and counts {queue.ReadyCount}");
        }

        client.Send(0, default(ConnectionClose));
        client.Expect(ConnectionCloseOkView.MethodKey);
    }

    private static bool TryGet(RawClient client, string queue)
    {
        client.Send(1, new BasicGet { Queue = queue, NoAck = true });
        uint method = client.ExpectAny();
        if (method == BasicGetEmptyView.MethodKey)
        {
            return false;
        }

        Assert.Equal(BasicGetOkView.MethodKey, method);
        client.ExpectContent();
        return true;
    }
}
