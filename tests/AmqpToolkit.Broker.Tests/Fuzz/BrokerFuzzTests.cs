using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Xunit.Abstractions;

namespace AmqpToolkit.Broker.Tests.Fuzz;

/// <summary>
/// Damaged conversations against a broker, in any pieces, from clients that leave in any way, several at a time on the same queues. After
/// each batch nothing of them is left, and the broker serves as if they had never been. <c>AMQP_FUZZ_SEED</c> and
/// <c>AMQP_FUZZ_INPUTS</c> choose another run.
/// </summary>
[Collection(nameof(BrokerFuzzTests))]
[CollectionDefinition(nameof(BrokerFuzzTests), DisableParallelization = true)]
public sealed class BrokerFuzzTests(ITestOutputHelper output)
{
    private const int DefaultSeed = 4711;
    private const int DefaultInputs = 30_000;
    private const int BatchInputs = 2000;
    private const int Workers = 3;
    private const long MemoryLimitOctets = 256L * 1024 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestDefaultRun = TimeSpan.FromSeconds(25);

    private readonly ManualTimeProvider _time = new();
    private readonly DefectLog _log = new();
    private readonly ConcurrentQueue<Exception> _unobserved = new();
    private readonly int _seed = FuzzAftermath.Setting("AMQP_FUZZ_SEED", DefaultSeed);
    private readonly int _inputs = FuzzAftermath.Setting("AMQP_FUZZ_INPUTS", DefaultInputs);
    private readonly ConcurrentDictionary<int, int> _codes = new();
    private int _opened;
    private int _silent;
    private long _octets;

    [Theory]
    [InlineData(BrokerProfile.V4_2)]
    [InlineData(BrokerProfile.V3_13)]
    [InlineData(BrokerProfile.V4_3)]
    public async Task Conversations_Damaged_LeaveABrokerThatServesAndHoldsNothing(BrokerProfile profile)
    {
        output.WriteLine($"seed {_seed}");
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions
        {
            Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)],
            TimeProvider = _time,
            LoggerFactory = _log,
            MemoryLimitOctets = MemoryLimitOctets,
            MaxMessageOctets = 300_000,
            OutputBoundOctets = 64 * 1024,
            Profile = profile,
        });

        // A task that others left is theirs.
        for (int pass = 0; pass < 2; pass++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        TaskScheduler.UnobservedTaskException += Keep;
        var clock = Stopwatch.StartNew();
        int inputs = _inputs / 3;
        int done = 0;
        long heap = 0;
        try
        {
            for (int batch = 0; done < inputs && (_inputs != DefaultInputs || clock.Elapsed < LongestDefaultRun / 3); batch++)
            {
                await RunBatchAsync(broker, profile, batch, Math.Min(BatchInputs, inputs - done));
                done += BatchInputs;
                long now = GC.GetTotalMemory(forceFullCollection: true) - broker.Arena.ReservedOctets;
                heap = batch <= 1 ? now : heap; // pools have found their size by then
            }
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Keep;
        }

        long grown = GC.GetTotalMemory(forceFullCollection: true) - broker.Arena.ReservedOctets - heap;
        output.WriteLine($"{profile}: {done} inputs, {_octets} octets in {clock.Elapsed}: {_opened} opened, {_silent} fell silent; the heap has grown by {grown} octets");
        output.WriteLine($"closed with {string.Join(", ", _codes.OrderBy(code => code.Key).Select(code => $"{code.Key}: {code.Value}"))}");
        Assert.True(_opened > done / 2, $"only {_opened} of {done} connections were opened");

        // Pools of buffers fill up and level out; half a million inputs leave no more.
        Assert.InRange(grown, long.MinValue, 32 * 1024 * 1024);

        void Keep(object? sender, UnobservedTaskExceptionEventArgs unobserved) => _unobserved.Enqueue(unobserved.Exception);
    }

    private async Task RunBatchAsync(AmqpBroker broker, BrokerProfile profile, int batch, int inputs)
    {
        var silent = new ConcurrentQueue<FuzzTransport>();
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(async () =>
        {
            for (int input = worker; input < inputs; input += Workers)
            {
                int seed = _seed + (batch * BatchInputs) + input;
                var mutator = new FuzzMutator(seed);
                byte[] octets = mutator.NextInput();
                try
                {
                    if (await ConverseAsync(broker, mutator, octets) is { } fellSilent)
                    {
                        silent.Enqueue(fellSilent);
                    }
                }
                catch (Exception exception)
                {
                    throw new InvalidOperationException($"seed {seed}, profile {profile}, batch {batch}: {Convert.ToHexString(octets)}", exception);
                }
            }
        })));
        string where = $"seed {_seed}, profile {profile}, batch {batch}";
        ExpectTimeoutsOf(silent, where);
        Assert.True(SpinWait.SpinUntil(() => broker.ConnectionCount == 0, Patience), $"{where}: {broker.ConnectionCount} connections are left");
        FuzzAftermath.ClearTopology(broker.FindVirtualHost("/")!, where);
        FuzzAftermath.ExpectService(broker);
        Assert.True(SpinWait.SpinUntil(() => broker.ConnectionCount == 0, Patience), where);
        FuzzAftermath.ExpectNoMemory(broker, where);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.True(_log.Defects.IsEmpty, $"{where}: {string.Join('\n', _log.Defects.Take(3))}");
        Assert.True(_unobserved.IsEmpty, $"{where}: {string.Join('\n', _unobserved.Take(3))}");
    }

    /// <summary>Has one conversation.</summary>
    /// <returns>The transport where its peer fell silent and left the end to the broker.</returns>
    private async Task<FuzzTransport?> ConverseAsync(AmqpBroker broker, FuzzMutator mutator, byte[] octets)
    {
        var ending = mutator.Next(8) switch { < 4 => FuzzEnding.End, < 6 => FuzzEnding.Break, _ => FuzzEnding.Silence };
        bool waitsForTheBroker = mutator.Next(4) == 0;
        var hearing = mutator.Next(8) switch { 0 => FuzzHearing.Slow, 1 => FuzzHearing.Deaf, _ => FuzzHearing.Good };
        int octetsToHear = hearing == FuzzHearing.Deaf || mutator.Next(12) == 0 ? mutator.Next(mutator.Next(2) == 0 ? 2000 : 200_000) : int.MaxValue;
        var transport = new FuzzTransport(mutator.Cut(octets), ending, hearing, octetsToHear);
        Interlocked.Add(ref _octets, octets.Length);
        broker.Serve(transport);
        await Task.WhenAny(transport.Exhausted, hearing == FuzzHearing.Deaf ? transport.Deafened : transport.Exhausted).WaitAsync(Patience);
        if (!transport.Ended.IsCompleted && (ending == FuzzEnding.Silence || hearing == FuzzHearing.Deaf))
        {
            // Who does not hear is given the time that a close may take, even if it has ended its own side.
            if (waitsForTheBroker)
            {
                return transport;
            }

            transport.Break();
        }

        await transport.Ended.WaitAsync(Patience);
        Judge(transport);
        return null;
    }

    private BrokerSpeech Judge(FuzzTransport transport)
    {
        var speech = BrokerSpeech.Read(transport.Heard, transport.HasMissed);
        if (speech.IsOpen)
        {
            Interlocked.Increment(ref _opened);
        }

        foreach (int code in speech.ChannelCloseCodes.Append(speech.CloseCode).Where(code => code != 0))
        {
            _codes.AddOrUpdate(code, 1, (_, count) => count + 1);
        }

        return speech;
    }

    /// <summary>Those that said no more: the broker ends all but open connections without heartbeats, which may be silent for ever.</summary>
    private void ExpectTimeoutsOf(IReadOnlyCollection<FuzzTransport> silent, string where)
    {
        // Longer than a handshake, a refusal and a close may take.
        for (int step = 0; step < 4; step++)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
        }

        foreach (var transport in silent)
        {
            var speech = Judge(transport);
            _silent++;
            if (!transport.Ended.IsCompleted && !transport.HasMissed)
            {
                Assert.True(speech.IsOpen, $"{where}: a stranger may stay: {Convert.ToHexString(transport.Heard)}");
                Assert.True(speech is { CloseCode: 0, HasClosed: false }, $"{where}: a closed connection may stay: {Convert.ToHexString(transport.Heard)}");
            }

            transport.Break();
        }

        // Who is held back is looked after now and then.
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(5));
                return silent.All(transport => transport.Ended.IsCompleted);
            },
            Patience), $"{where}: {silent.Count(transport => !transport.Ended.IsCompleted)} that are gone are still there");
    }
}
