using System.Net;
using System.Text;
using RabbitMQ.Client;

namespace AmqpToolkit.Broker.Host.Tests;

/// <summary>What amqp-broker check says of small things, and whose what a repair leaves is.</summary>
public sealed class StoreCommandWordsTests : IDisposable
{
    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("amqp-broker-words");

    private string Data => Path.Combine(_folder.FullName, "data");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Stream_ThatNobodyWroteTo_IsCalledAStream()
    {
        await FillAsync(messages: 0);

        var (code, output) = await RunAsync("check");

        Assert.Equal(0, code);
        Assert.Contains("\nstream of queue 'events' in virtual host '/': 0 messages, 0 files, 0 octets\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("\nqueue 'events'", output, StringComparison.Ordinal);
        Assert.Contains("\nqueue 'orders' in virtual host '/': 0 messages\n", output, StringComparison.Ordinal);
        (code, output) = await RunAsync("repair");
        Assert.Equal(0, code);
        Assert.Contains("nothing was changed", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OneOctetOfAHeader_IsOneOctet_AndNothingIsLostWithIt()
    {
        await FillAsync(messages: 0);
        string file = Directory.GetFiles(Data, "segment-*").Order(StringComparer.Ordinal).First();
        byte[] octets = File.ReadAllBytes(file);
        const int BetweenTheCopies = 64 * 8 - 1;
        octets[BetweenTheCopies] ^= 1;
        File.WriteAllBytes(file, octets);

        var (code, output) = await RunAsync("check");

        Assert.Equal(4, code);
        Assert.Contains($"damaged: {Path.GetFileName(file)}, offset {BetweenTheCopies}, 1 octet: nothing is lost: the header stands there twice", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("segment-*")]
    [InlineData("*.stream")]
    public async Task Folders_ThatARepairMakes_AreTheirOwnersAlone(string files)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        await FillAsync(messages: 3);
        foreach (string file in Directory.GetFiles(Data, files, SearchOption.AllDirectories))
        {
            byte[] octets = File.ReadAllBytes(file);
            int at = octets.AsSpan().IndexOf("message 1"u8);
            if (at >= 0)
            {
                octets[at] ^= 4;
                File.WriteAllBytes(file, octets);
            }
        }

        Assert.Equal(0, (await RunAsync("repair")).Code);

        string aside = Assert.Single(Directory.GetDirectories(Data, "damaged-*"));
        Assert.NotEmpty(Directory.GetFiles(aside, files, SearchOption.AllDirectories));
        foreach (string one in Directory.GetDirectories(Data, "*", SearchOption.AllDirectories))
        {
            Assert.Equal(OwnersAlone, File.GetUnixFileMode(one));
        }
    }

    private async Task FillAsync(int messages)
    {
        await using AmqpBroker broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { DataDirectory = Data, Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)] });
        await using IConnection connection = await PatientFactory.For(broker.Endpoints[0].Port).CreateConnectionAsync();
        await using IChannel channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        await channel.QueueDeclareAsync("orders", durable: true, exclusive: false, autoDelete: false);
        await channel.QueueDeclareAsync("events", durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "stream" });
        for (int number = 0; number < messages; number++)
        {
            foreach (string queue in (string[])["orders", "events"])
            {
                await channel.BasicPublishAsync("", queue, mandatory: true, new BasicProperties { Persistent = true }, Encoding.UTF8.GetBytes($"message {number}"));
            }
        }
    }

    private async Task<(int Code, string Output)> RunAsync(string command)
    {
        using StringWriter output = new() { NewLine = "\n" };
        int code = await BrokerCommand.RunAsync([command, Data], output, TextWriter.Null);
        return (code, output.ToString());
    }
}
