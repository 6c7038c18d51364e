using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using AmqpToolkit.Client;
using AmqpToolkit.Testing;
using Xunit.Abstractions;
using Newer = AmqpToolkit.Client.V1_0;
using Older = AmqpToolkit.Client.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Access;

/// <summary>Thousands who stand in the doors at once, with a broker as it is by default. Alone in its collection: it reads the whole process's heap.</summary>
[Collection(nameof(CrowdedDoorTests))]
[CollectionDefinition(nameof(CrowdedDoorTests), DisableParallelization = true)]
public sealed partial class CrowdedDoorTests(ITestOutputHelper output)
{
    private const int MostOctets = 40_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Of 5,000 as many as the bound lets stand have begun a hello and hold there, the others have said nothing on the plain port, or half a header; all are there at once, and others log in meanwhile, by either port, in either version.</summary>
    [Fact]
    public async Task Handshakes_HalfOpen_FiveThousandAtOnce_KeepNobodyOut_AndHoldLittle()
    {
        int crowd = Math.Min(5000, MostSockets());
        int withTls = Math.Min(new AmqpTlsOptions { CertificateFile = "-" }.MaxHandshakes, crowd / 2);
        int plain = crowd - withTls;
        using var authority = new TestAuthority();
        var time = new ManualTimeProvider();
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions
        {
            Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)],
            TimeProvider = time,
            Tls = new AmqpTlsOptions { Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)], CertificateFile = authority.IssueServer("broker.pem", "localhost") },
        });
        await LogInAsync(authority, broker);
        await Eventually.HoldsAsync(() => broker.ConnectionCount == 0);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var sockets = new List<Socket>(crowd);
        try
        {
            byte[] hello = [22, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3];
            for (int index = 0; index < Math.Max(plain, withTls); index++)
            {
                if (index < plain)
                {
                    await StandAsync(broker.Endpoints[0], index % 2 == 0 ? default : "AMQP"u8.ToArray());
                }

                if (index < withTls)
                {
                    await StandAsync(broker.TlsEndpoints[0], hello);
                }

                if (index % 500 == 499)
                {
                    await LogInAsync(authority, broker);
                }
            }

            // Who logs in by TLS comes from elsewhere, and takes the place of one of the crowd: each of those may cost it one, when it is full.
            int most = crowd - 8;
            await Eventually.HoldsAsync(() => broker.ConnectionCount >= plain && broker.ConnectionCount + broker.PendingHandshakes >= most);
            Assert.Equal(0, broker.Occupancy.ConnectionCount);
            await LogInAsync(authority, broker);
            await Eventually.HoldsAsync(() => broker.ConnectionCount == plain);

            // The crowd's own sockets are on the same heap, and count as well.
            long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / crowd;
            output.WriteLine($"{crowd} half open, {broker.PendingHandshakes} of them with TLS: {each} octets each");
            Assert.InRange(each, 100, MostOctets);
            Assert.Equal(0, broker.Occupancy.ConnectionCount);

            time.Advance(TimeSpan.FromSeconds(11));
            await Eventually.HoldsAsync(() =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return broker is { ConnectionCount: 0, PendingHandshakes: 0 };
            });
            await LogInAsync(authority, broker);
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }

        async Task StandAsync(IPEndPoint endpoint, byte[]? said)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            sockets.Add(socket);
            socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
            await socket.ConnectAsync(endpoint).WaitAsync(Patience);
            if (said is { Length: > 0 })
            {
                await socket.SendAsync(said);
            }
        }
    }

    /// <summary>0-9-1 without TLS, 1.0 with it.</summary>
    private static async Task LogInAsync(TestAuthority authority, AmqpBroker broker)
    {
        var older = new Older.AmqpConnectionOptions { Host = "127.0.0.1", Port = broker.Endpoints[0].Port, HeartbeatSeconds = 0, ConnectTimeout = Patience };
        await using (var connection = await Older.AmqpConnection.ConnectAsync(older).WaitAsync(Patience))
        {
            await using var channel = await connection.OpenChannelAsync();
        }

        var newer = new Newer.AmqpConnectionOptions
        {
            Host = "127.0.0.1", Port = broker.TlsEndpoints[0].Port, ConnectTimeout = Patience, Tls = new ClientTlsOptions { Authorities = [authority.Certificate] },
        };
        await using (var connection = await Newer.AmqpConnection.ConnectAsync(newer).WaitAsync(Patience))
        {
            await using var session = await connection.OpenSessionAsync();
        }
    }

    /// <summary>Both ends of a connection are in this process, two descriptors each, and the rest of the process wants some: where the system gives fewer than 5,000 of those take, the crowd is what it gives.</summary>
    private static int MostSockets()
    {
        const string Limits = "/proc/self/limits";
        if (!File.Exists(Limits))
        {
            // macOS lets a process have 10,240 once the runtime has asked for them; Windows has no such bound.
            return OperatingSystem.IsWindows() ? int.MaxValue : 4000;
        }

        string most = OpenFiles().Match(File.ReadAllText(Limits)).Groups[1].Value;
        return most == "unlimited" ? int.MaxValue : (int.Parse(most, CultureInfo.InvariantCulture) - 1000) / 2;
    }

    [GeneratedRegex(@"^Max open files\s+(\S+)", RegexOptions.Multiline)]
    private static partial Regex OpenFiles();
}
