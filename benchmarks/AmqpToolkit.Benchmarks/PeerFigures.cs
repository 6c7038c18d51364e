using System.Diagnostics;
using System.Globalization;
using AmqpToolkit.Client.V1_0;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Benchmarks;

/// <summary>What the client of 1.0 does a second, and what a message costs it: <c>peer [messages] [words of the scenarios]</c>, against a <see cref="RawPeer"/> in a process of its own.</summary>
internal static class PeerFigures
{
    private const int Credit = 1000;
    private const int Window = 1000;
    private const int Rounds = 5;

    public static async Task RunAsync(string[] args)
    {
        int count = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 2_000_000;
        using var peer = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [.. Arguments, "rawpeer"]) { RedirectStandardOutput = true })!;
        try
        {
            int port = int.Parse((await peer.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
            Console.WriteLine("| 12 octets of data | messages/s | client us/message | B/message |");
            Console.WriteLine("|---|---|---|---|");
            foreach (var (what, run) in Scenarios(count))
            {
                if (args.Length < 2 || what.Contains(string.Join(' ', args[1..]), StringComparison.Ordinal))
                {
                    await MeasureAsync(what, port, count, run);
                }
            }
        }
        finally
        {
            peer.Kill();
        }
    }

    private static (string What, Func<AmqpSession, Task> Run)[] Scenarios(int count) =>
    [
        ("send, settled", session => SendAsync(session, count, isSettled: true)),
        ("send, accepted, 1000 unsettled", session => SendAsync(session, count, isSettled: false)),
        ("receive in batches, settled", session => ReceiveBatchesAsync(session, count, isSettled: true)),
        ("receive in batches, accepted", session => ReceiveBatchesAsync(session, count, isSettled: false)),
        ("await foreach, settled", session => EnumerateAsync(session, count, isSettled: true)),
        ("await foreach, accepted", session => EnumerateAsync(session, count, isSettled: false)),
    ];

    /// <summary>What comes before the program's own arguments when it is started as this one was.</summary>
    private static string[] Arguments => Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet" ? [Environment.GetCommandLineArgs()[0]] : [];

    private static async Task MeasureAsync(string what, int port, int count, Func<AmqpSession, Task> run)
    {
        var rates = new double[Rounds];
        var costs = new double[Rounds];
        var octets = new double[Rounds];
        using var self = Process.GetCurrentProcess();
        for (int round = -1; round < Rounds; round++)
        {
            await using var connection = await AmqpConnection.ConnectAsync(new AmqpConnectionOptions { Host = "127.0.0.1", Port = port });
            var session = await connection.OpenSessionAsync();
            self.Refresh();
            var cpu = self.TotalProcessorTime;
            long allocated = GC.GetTotalAllocatedBytes(precise: true);
            long start = Stopwatch.GetTimestamp();
            await run(session);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            self.Refresh();
            if (round >= 0)
            {
                rates[round] = count / seconds;
                costs[round] = (self.TotalProcessorTime - cpu).TotalMicroseconds / count;
                octets[round] = (double)(GC.GetTotalAllocatedBytes(precise: true) - allocated) / count;
            }
        }

        Array.Sort(rates);
        Array.Sort(costs);
        Array.Sort(octets);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {rates[Rounds / 2]:N0} | {costs[Rounds / 2]:0.000} | {octets[Rounds / 2]:0.0} |"));
    }

    private static async Task SendAsync(AmqpSession session, int count, bool isSettled)
    {
        var sender = await session.OpenSenderAsync("q", new SenderOptions { IsSettled = isSettled });
        var message = AmqpMessage.Of("twelveoctets"u8.ToArray());
        var sends = new ValueTask<DeliveryOutcome>[Window];
        for (int number = 0; number < count; number++)
        {
            int place = number % Window;
            await sends[place];
#pragma warning disable CA2012 // Each is awaited once, a window later.
            sends[place] = sender.SendAsync(message);
#pragma warning restore CA2012
        }

        for (int place = 0; place < Window; place++)
        {
            await sends[place];
        }
    }

    private static async Task ReceiveBatchesAsync(AmqpSession session, int count, bool isSettled)
    {
        var receiver = await session.OpenReceiverAsync("q", new ReceiverOptions { IsSettled = isSettled, Credit = Credit });
        long octets = 0;
        for (int taken = 0; taken < count;)
        {
            using var batch = await receiver.ReceiveBatchAsync();
            foreach (var message in batch)
            {
                if (MessageSections.TryParse(message.Octets, out var sections) == Codec.DecodeError.None && sections.TryGetData(out var data))
                {
                    octets += data.Length;
                }
            }

            taken += batch.Count;
            if (!isSettled)
            {
                batch.Accept();
            }
        }
    }

    private static async Task EnumerateAsync(AmqpSession session, int count, bool isSettled)
    {
        var receiver = await session.OpenReceiverAsync("q", new ReceiverOptions { IsSettled = isSettled, Credit = Credit });
        int taken = 0;
        await foreach (var delivery in receiver)
        {
            delivery.Accept();
            if (++taken == count)
            {
                break;
            }
        }
    }
}
