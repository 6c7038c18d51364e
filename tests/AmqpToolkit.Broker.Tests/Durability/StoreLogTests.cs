using System.Net;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Tests.Durability;

/// <summary>What a broker says of the folder that it starts on.</summary>
public sealed class StoreLogTests : IDisposable
{
    private const int StoreRead = 12;
    private const int StoreBegins = 40;
    private const int StoreUpgraded = 41;
    private const int NewestGivenUp = 47;

    private readonly string _folder = Directory.CreateTempSubdirectory("amqp-store-log-").FullName;
    private readonly WarningLog _log = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Start_OnAFolderWithoutAnything_IsTold()
    {
        await StartAndStopAsync();
        Assert.Contains(_folder, Assert.Single(_log.Of(StoreBegins)), StringComparison.Ordinal);
        Assert.Empty(_log.Of(StoreRead));

        await StartAndStopAsync();
        Assert.Single(_log.Of(StoreBegins));
        Assert.Single(_log.Of(StoreRead));
        Assert.Empty(_log.Of(StoreUpgraded));
    }

    [Fact]
    public async Task Start_OnAnEarlierFormat_TellsThatItIsNoMore()
    {
        await StartAndStopAsync();
        foreach (string file in Directory.GetFiles(_folder, "segment-*"))
        {
            byte[] octets = await File.ReadAllBytesAsync(file);
            Assert.True(SegmentHeader.TryRead(octets, out var header));
            (header with { Version = 1 }).Write(octets);
            (header with { Version = 1 }).Write(octets.AsSpan(SegmentHeader.CopyOffset));
            await File.WriteAllBytesAsync(file, octets);
        }

        await StartAndStopAsync();
        await StartAndStopAsync();

        Assert.Contains("was of format 1, and is of format 2", Assert.Single(_log.Of(StoreUpgraded)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WhereTheNewestFileCannotBeNoted_GoesOn_AndTellsOnce()
    {
        await StartAndStopAsync();
        File.Delete(Path.Combine(_folder, NewestSegment.FileName));
        Directory.CreateDirectory(Path.Combine(_folder, NewestSegment.FileName));

        await StartAndStopAsync();

        Assert.Single(_log.Of(NewestGivenUp));
    }

    private async Task StartAndStopAsync()
    {
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions
        {
            Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)],
            DataDirectory = _folder,
            LoggerFactory = _log,
        });
    }
}
