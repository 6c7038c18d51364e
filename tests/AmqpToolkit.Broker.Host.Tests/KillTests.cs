using System.Globalization;
using Xunit.Abstractions;

namespace AmqpToolkit.Broker.Host.Tests;

/// <summary>The executable is killed under load, round after round on the same folder: what it confirmed is there, in order, and whole.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    /// <summary>Rounds; more by hand: AMQP_KILL_ROUNDS=200.</summary>
    private static readonly int s_rounds = int.Parse(Environment.GetEnvironmentVariable("AMQP_KILL_ROUNDS") ?? "20", CultureInfo.InvariantCulture);

    [Fact]
    public async Task KillUnderLoad_LosesNothingConfirmed()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("amqp-broker-kill");
        try
        {
            var load = new KillLoad();
            int round = 0;
            for (; round < s_rounds || (!load.HasWorked(s_rounds) && round < 3 * s_rounds); round++)
            {
                int milliseconds = round < s_rounds ? random.Next(50, 1000) : 2500;
                await using BrokerExecutable broker = BrokerExecutable.Start($"--port 0 --data {folder.FullName}");
                int port = (await broker.ListeningAsync()).Port;
                await load.RunAsync(port, TimeSpan.FromMilliseconds(milliseconds), broker.KillAsync);
                Assert.True(load.Mistakes.Count == 0, $"seed {seed}, round {round}: {string.Join('\n', load.Mistakes)}");
                await FolderCheck.FindsNothingAsync(folder.FullName, $"seed {seed}, round {round}");
            }

            await using BrokerExecutable last = BrokerExecutable.Start($"--port 0 --data {folder.FullName}");
            await load.CheckAsync((await last.ListeningAsync()).Port);
            var (oldest, answer) = load.Longest;
            output.WriteLine($"seed {seed}: {round} rounds, {load.Confirmed} confirmed, {load.Acked} acknowledged, {load.Committed} transactions; "
                + $"an acknowledgement was lost {oldest.TotalMilliseconds:F0} ms after it was read, an answer took {answer.TotalMilliseconds:F0} ms");
            Assert.True(load.Mistakes.Count == 0, $"seed {seed}: {string.Join('\n', load.Mistakes)}");
            Assert.True(load.HasWorked(s_rounds), "There was no load.");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
