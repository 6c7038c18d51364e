using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace AmqpToolkit.Broker.Host.Tests;

/// <summary><c>amqp-broker</c> as its user meets it: lines, exit codes, signals.</summary>
public sealed class ExecutableTests
{
    private static readonly string[] _options = ["--port", "--listen", "--data", "--memory", "--durability", "--profile", "--product", "--product-version", "--definitions", "--container", "--connection-max", "--channel-max-per-node", "--sasl-mechanisms", "--login-failures-per-minute", "--memory-watermark", "--paging-watermark", "--disk-free-limit", "--log-level", "--help", "--version"];

    [Fact]
    public async Task Start_InMemory_SaysTheRealPortAndThatNothingSurvives()
    {
        await using BrokerExecutable broker = BrokerExecutable.Start("--port 0 --memory");

        (string line, int port) = await broker.ListeningAsync();

        Assert.StartsWith("amqp-broker listens on 127.0.0.1:", line, StringComparison.Ordinal);
        Assert.EndsWith("in memory: nothing survives a restart", line, StringComparison.Ordinal);
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, port);
        Assert.False(Directory.Exists(broker.Data));
    }

    [Theory]
    [InlineData(PosixSignal.SIGTERM)]
    [InlineData(PosixSignal.SIGINT)]
    public async Task Signal_WithAClient_ClosesItWith320AndExitsWithZero(PosixSignal signal)
    {
        await using BrokerExecutable broker = BrokerExecutable.Start("--port 0");
        using RawConnection client = RawConnection.Open((await broker.ListeningAsync()).Port);

        broker.Signal(signal);

        Assert.Equal(DecodeError.None, ConnectionCloseView.TryParse(client.Expect(ConnectionCloseView.MethodKey), out ConnectionCloseView close));
        Assert.Equal(320, close.ReplyCode);
        Assert.StartsWith("CONNECTION_FORCED", Encoding.UTF8.GetString(close.ReplyText), StringComparison.Ordinal);
        client.Send(default(ConnectionCloseOk));
        Assert.True(client.HasEnded());
        Assert.Equal(0, (await broker.EndAsync()).ExitCode);
    }

    /// <summary>What systemd's reload sends to a broker that has nothing to read again.</summary>
    [Fact]
    public async Task Hangup_OfAServiceWithoutTls_DoesNothing()
    {
        await using BrokerExecutable broker = BrokerExecutable.StartAsService("--port 0");
        using RawConnection client = RawConnection.Open((await broker.ListeningAsync()).Port);

        broker.Signal(PosixSignal.SIGHUP);
        broker.Signal(PosixSignal.SIGTERM);

        client.Expect(ConnectionCloseView.MethodKey);
        client.Send(default(ConnectionCloseOk));
        Assert.Equal(0, (await broker.EndAsync()).ExitCode);
    }

    /// <summary>A terminal that systemd has started is not what it has started here.</summary>
    [Fact]
    public async Task Hangup_OfATerminal_EndsTheBroker()
    {
        // Whoever runs the tests by nohup has all that they start ignore it.
        string? ignored = File.Exists("/proc/self/status") ? File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith("SigIgn:", StringComparison.Ordinal)) : null;
        bool isIgnored = ignored is not null && (Convert.ToUInt64(ignored["SigIgn:".Length..].Trim(), 16) & 1) != 0;
        await using BrokerExecutable broker = BrokerExecutable.Start("--port 0", null, ("SYSTEMD_EXEC_PID", "1"), ("INVOCATION_ID", "5f0c"));
        await broker.ListeningAsync();

        broker.Signal(isIgnored ? PosixSignal.SIGTERM : PosixSignal.SIGHUP);

        Assert.Equal(isIgnored ? 0 : 128 + 1, (await broker.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Service_ThatListensAndStops_TellsItsManager()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("amqp-notify");
        try
        {
            string path = Path.Combine(folder.FullName, "notify");
            using Socket manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            manager.Bind(new UnixDomainSocketEndPoint(path));
            await using BrokerExecutable broker = BrokerExecutable.StartAsService("--port 0 --memory", ("NOTIFY_SOCKET", path));

            Assert.Equal("READY=1", await HearAsync(manager));
            (_, int port) = await broker.ListeningAsync();
            using TcpClient client = new();
            await client.ConnectAsync(IPAddress.Loopback, port);

            broker.Signal(PosixSignal.SIGTERM);
            Assert.Equal("STOPPING=1", await HearAsync(manager));
            Assert.Equal(0, (await broker.EndAsync()).ExitCode);
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        static async Task<string> HearAsync(Socket manager)
        {
            using CancellationTokenSource patience = new(TimeSpan.FromSeconds(60));
            byte[] buffer = new byte[100];
            return Encoding.UTF8.GetString(buffer, 0, await manager.ReceiveAsync(buffer, patience.Token));
        }
    }

    /// <summary>The client is told from outside that the broker goes, whether it has just connected or was there before: never that its stream broke.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Signal_WithRabbitMQsClient_TellsItThatTheBrokerCloses(bool isInUse)
    {
        await using BrokerExecutable broker = BrokerExecutable.Start("--port 0");
        await using IConnection client = await ConnectAsync((await broker.ListeningAsync()).Port);
        TaskCompletionSource<ShutdownEventArgs> closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        client.ConnectionShutdownAsync += (_, reason) =>
        {
            closed.TrySetResult(reason);
            return Task.CompletedTask;
        };
        if (isInUse)
        {
            await client.CreateChannelAsync();
        }

        broker.Signal(PosixSignal.SIGTERM);

        ShutdownEventArgs reason = await closed.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal((ShutdownInitiator.Peer, 320), (reason.Initiator, reason.ReplyCode));
        Assert.StartsWith("CONNECTION_FORCED", reason.ReplyText, StringComparison.Ordinal);
        Assert.Equal(0, (await broker.EndAsync()).ExitCode);
    }

    /// <summary>And leaves no folder behind, which the next start would take for its own.</summary>
    [Fact]
    public async Task Port_ThatIsTaken_EndsWithOneLineAndOne()
    {
        using Socket other = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        other.Listen();
        int port = ((IPEndPoint)other.LocalEndPoint!).Port;
        string data = Path.Combine(Path.GetTempPath(), $"amqp-broker-{Guid.NewGuid():N}");
        await using BrokerExecutable broker = BrokerExecutable.Start($"--port {port} --data {data}");

        (int exitCode, string output, string error) = await broker.EndAsync();

        Assert.Equal((1, ""), (exitCode, output));
        AssertOneLine($"127.0.0.1:{port}", error);
        AssertOneLine("taken", error);
        Assert.False(Directory.Exists(data));
    }

    [Fact]
    public async Task Listen_OnAnAddressOfAnotherMachine_EndsWithOneLineAndOne()
    {
        await using BrokerExecutable broker = BrokerExecutable.Start("--port 0 --listen 192.0.2.1");

        (int exitCode, string output, string error) = await broker.EndAsync();

        Assert.Equal((1, ""), (exitCode, output));
        AssertOneLine("192.0.2.1", error);
    }

    [Theory]
    [InlineData("--prot 1", "--prot")]
    [InlineData("start", "start")]
    [InlineData("--port", "--port")]
    [InlineData("--port 65536", "65536")]
    [InlineData("--port -1", "-1")]
    [InlineData("--listen here", "here")]
    [InlineData("--profile 4.9", "4.9")]
    [InlineData("--memory-watermark 1.5", "1.5")]
    [InlineData("--memory-watermark 0", "0")]
    [InlineData("--paging-watermark 2", "2")]
    [InlineData("--disk-free-limit 1GB", "1GB")]
    [InlineData("--definitions nosuch.json", "nosuch.json")]
    [InlineData("--connection-max -1", "-1")]
    [InlineData("--sasl-mechanisms LOGIN", "LOGIN")]
    [InlineData("--login-failures-per-minute few", "few")]
    [InlineData("--durability paper", "paper")]
    [InlineData("--memory --data here", "here")]
    [InlineData("--log-level loud", "loud")]
    [InlineData("--log-level 3", "3")]
    public async Task Option_ThatIsUnknownOrOutOfRange_EndsWithOneLineAndTwo(string arguments, string named)
    {
        await using BrokerExecutable broker = BrokerExecutable.Start(arguments);

        (int exitCode, string output, string error) = await broker.EndAsync();

        Assert.Equal((2, ""), (exitCode, output));
        AssertOneLine(named, error);
    }

    [Fact]
    public async Task SettingsFile_ThatIsNoJson_EndsWithOneLineAndTwo()
    {
        await using BrokerExecutable broker = BrokerExecutable.Start("--port 0", settingsFile: "{ Port: ");

        (int exitCode, string output, string error) = await broker.EndAsync();

        Assert.Equal((2, ""), (exitCode, output));
        AssertOneLine("appsettings.json", error);
    }

    [Fact]
    public async Task Help_ListsEveryOptionAndEndsWithZero()
    {
        await using BrokerExecutable broker = BrokerExecutable.Start("--help");

        (int exitCode, string output, string error) = await broker.EndAsync();

        Assert.Equal((0, ""), (exitCode, error));
        Assert.All(_options, option => Assert.Contains(option, output, StringComparison.Ordinal));
        Assert.Contains("survive a restart", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_IsThatOfTheAssembly()
    {
        await using BrokerExecutable broker = BrokerExecutable.Start("--version");

        (int exitCode, string output, string error) = await broker.EndAsync();

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Equal(FileVersionInfo.GetVersionInfo(Path.Combine(AppContext.BaseDirectory, "amqp-broker.dll")).ProductVersion, output.Trim());
    }

    [Fact]
    public async Task Listen_Twice_ListensOnBothAndOnNothingElse()
    {
        await using BrokerExecutable broker = BrokerExecutable.Start("--port 0 --listen 127.0.0.1 --listen 127.0.0.2");

        (string line, _) = await broker.ListeningAsync();

        Assert.Contains("127.0.0.1:", line, StringComparison.Ordinal);
        Assert.Contains("127.0.0.2:", line, StringComparison.Ordinal);
        Assert.DoesNotContain("[::1]", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", null, null, "4.2.")]
    [InlineData("", """{ "Profile": "3.13" }""", null, "3.13.")]
    [InlineData("", """{ "Profile": "4.2" }""", "3.13", "3.13.")]
    [InlineData("--profile 3.13", """{ "Profile": "4.2" }""", "4.2", "3.13.")]
    [InlineData("--profile 4.3", null, null, "4.3.")]
    [InlineData("--profile 4.3 --product-version 1.2.3", null, null, "1.2.3")]
    public async Task Profile_FromFileVariableAndOption_IsTakenFromTheStrongest(string arguments, string? settingsFile, string? variable, string versionStart)
    {
        (string, string)[] variables = variable is null ? [] : [("AMQP_BROKER_Profile", variable)];
        await using BrokerExecutable broker = BrokerExecutable.Start("--port 0 " + arguments, settingsFile, variables);

        await using IConnection client = await ConnectAsync((await broker.ListeningAsync()).Port);

        Assert.StartsWith(versionStart, Encoding.UTF8.GetString((byte[])client.ServerProperties!["version"]!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Container_WithTheVariablesOfTheImage_LetsItsUserInAndSaysThatItIsReady()
    {
        await using BrokerExecutable broker = BrokerExecutable.Start(
            "--container --port 0", null, ("RABBITMQ_DEFAULT_USER", "me"), ("RABBITMQ_DEFAULT_PASS", "secret"), ("RABBITMQ_DEFAULT_VHOST", "mine"));

        (string line, int port) = await broker.ListeningAsync();
        await using (await ConnectAsync(port, "me", "secret", "mine"))
        {
            await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(port));
        }

        Assert.StartsWith("amqp-broker listens on 0.0.0.0:", line, StringComparison.Ordinal);
        broker.Signal(PosixSignal.SIGTERM);
        (_, string output, _) = await broker.EndAsync();
        Assert.Contains($"started TCP listener on 0.0.0.0:{port}", output, StringComparison.Ordinal);
        Assert.Contains("Server startup complete", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Container_TakesItsPasswordFromAFile()
    {
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "mounted\n");
        await using BrokerExecutable broker = BrokerExecutable.Start("--container --port 0", null, ("RABBITMQ_DEFAULT_USER", "me"), ("RABBITMQ_DEFAULT_PASS_FILE", file));

        await using IConnection client = await ConnectAsync((await broker.ListeningAsync()).Port, "me", "mounted");

        Assert.True(client.IsOpen);
        File.Delete(file);
    }

    [Fact]
    public async Task Definitions_InTheSettingsFile_BringTheirUsersAndNoGuest()
    {
        const string Settings = """
            {
              "Listeners": [ { "Port": 0, "Profile": "3.13" } ],
              "Definitions": {
                "users": [ { "name": "app", "password": "app", "tags": [] } ],
                "permissions": [ { "user": "app", "vhost": "/", "configure": "", "write": "", "read": ".*" } ],
                "queues": [ { "name": "there", "durable": true, "arguments": { "x-max-length": 5 } } ]
              }
            }
            """;
        await using BrokerExecutable broker = BrokerExecutable.Start("--port 0 --listen 127.0.0.1", Settings);
        (string line, int port) = await broker.ListeningAsync();

        await using IConnection client = await ConnectAsync(port, "app", "app");
        await using IChannel channel = await client.CreateChannelAsync();
        Assert.Equal(0u, (await channel.QueueDeclarePassiveAsync("there")).MessageCount);
        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(port));

        int other = int.Parse(line.Split(" and 127.0.0.1:")[1].Split(',')[0], System.Globalization.CultureInfo.InvariantCulture);
        await using IConnection old = await ConnectAsync(other, "app", "app");
        Assert.Equal("3.13.7", Encoding.UTF8.GetString((byte[])old.ServerProperties!["version"]!));
    }

    [Fact]
    public async Task Definitions_ThatCannotBeUsed_EndWithOneLineAndTwo()
    {
        await using BrokerExecutable broker = BrokerExecutable.Start("--port 0", """{ "Definitions": { "queues": [ { "name": "a", "vhost": "nowhere" } ] } }""");

        (int exitCode, string output, string error) = await broker.EndAsync();

        Assert.Equal((2, ""), (exitCode, output));
        AssertOneLine("nowhere", error);
    }

    private static Task<IConnection> ConnectAsync(int port, string user = "guest", string password = "guest", string virtualHost = "/")
    {
        ConnectionFactory factory = PatientFactory.For(port);
        (factory.UserName, factory.Password, factory.VirtualHost) = (user, password, virtualHost);
        return factory.CreateConnectionAsync();
    }

    private static void AssertOneLine(string named, string error)
    {
        string line = Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("amqp-broker: ", line, StringComparison.Ordinal);
        Assert.Contains(named, line, StringComparison.Ordinal);
    }
}
