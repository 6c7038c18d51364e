using System.Runtime.InteropServices;
using System.Text;
using RabbitMQ.Client;

namespace AmqpToolkit.Broker.Host.Tests;

/// <summary>What the executable keeps from one life to the next, and the folder in which it does.</summary>
public sealed class StoreTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("amqp-broker-data");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_AfterAKillOrASignal_HasWhatWasDeclared(bool isKilled)
    {
        await using (BrokerExecutable broker = Start())
        {
            (string line, int port) = await broker.ListeningAsync();
            Assert.EndsWith($", data in {_folder.FullName}", line, StringComparison.Ordinal);
            await using IConnection client = await ConnectAsync(port);
            await using IChannel channel = await client.CreateChannelAsync();
            await channel.ExchangeDeclareAsync("events", "topic", durable: true, arguments: new Dictionary<string, object?> { ["alternate-exchange"] = "amq.fanout" });
            await channel.QueueDeclareAsync("orders", durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-max-length"] = 7 });
            await channel.QueueDeclareAsync("passing", durable: false, exclusive: false, autoDelete: false);
            await channel.QueueBindAsync("orders", "events", "order.#", new Dictionary<string, object?> { ["n"] = 1 });
            if (isKilled)
            {
                await broker.KillAsync();
            }
            else
            {
                broker.Signal(PosixSignal.SIGTERM);
                Assert.Equal(0, (await broker.EndAsync()).ExitCode);
            }
        }

        await using BrokerExecutable again = Start();
        await using IConnection second = await ConnectAsync((await again.ListeningAsync()).Port);
        await using IChannel look = await second.CreateChannelAsync();
        await look.QueueDeclareAsync("orders", durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-max-length"] = 7 });
        await look.ExchangeDeclareAsync("events", "topic", durable: true, arguments: new Dictionary<string, object?> { ["alternate-exchange"] = "amq.fanout" });
        await look.BasicPublishAsync("events", "order.new", Encoding.UTF8.GetBytes("hello"));
        Assert.Equal("hello", Encoding.UTF8.GetString((await look.BasicGetAsync("orders", autoAck: true))!.Body.Span));
        await Assert.ThrowsAsync<RabbitMQ.Client.Exceptions.OperationInterruptedException>(() => look.QueueDeclarePassiveAsync("passing"));
    }

    [Fact]
    public async Task Start_OnAFolderOfARunningBroker_EndsWithOneLineAndThree()
    {
        await using BrokerExecutable broker = Start();
        await broker.ListeningAsync();

        await using BrokerExecutable other = Start();
        (int exitCode, string output, string error) = await other.EndAsync();

        Assert.Equal((3, ""), (exitCode, output));
        string line = Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("amqp-broker: ", line, StringComparison.Ordinal);
        Assert.Contains(_folder.FullName, line, StringComparison.Ordinal);
        Assert.Contains("in use", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StateDirectory_OfTheSystem_IsTheFolderUnlessAnOptionNamesOne()
    {
        await using BrokerExecutable broker = BrokerExecutable.Start("--port 0", null, ("AMQP_BROKER_Data", ""), ("STATE_DIRECTORY", _folder.FullName));

        Assert.EndsWith($", data in {_folder.FullName}", (await broker.ListeningAsync()).Line, StringComparison.Ordinal);
    }

    private BrokerExecutable Start() => BrokerExecutable.Start($"--port 0 --listen 127.0.0.1 --data {_folder.FullName}");

    private static Task<IConnection> ConnectAsync(int port) =>
        PatientFactory.For(port).CreateConnectionAsync();
}
