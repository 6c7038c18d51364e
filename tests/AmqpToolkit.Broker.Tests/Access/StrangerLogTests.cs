using System.Net;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Timers;
using AmqpToolkit.Client;
using AmqpToolkit.Client.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Access;

/// <summary>What is logged of those who do not come in: no more than a stranger may make others read and keep.</summary>
public sealed class StrangerLogTests : IDisposable
{
    private const int Sums = 48;

    private readonly ManualTimeProvider _time = new();
    private readonly WarningLog _log = new();
    private readonly TimerWheel _timers;
    private readonly StrangerLog _strangers;

    public StrangerLogTests()
    {
        _timers = new TimerWheel(_time, _log);
        _strangers = new StrangerLog(_timers, _log);
    }

    public void Dispose() => _timers.Dispose();

    [Fact]
    public void Address_HasItsLines_ThenANumberAtTheEndOfTheMinute_AndLinesAgain()
    {
        Assert.Equal(StrangerLog.LinesOfAddress, Tell("192.0.2.1", 500));
        Assert.Equal(3, Tell("192.0.2.2", 3));
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Empty(_log.Of(Sums));

        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(
            $"{500 - StrangerLog.LinesOfAddress} more lines about clients that did not come in were left out within a minute; of 192.0.2.1 there would have been most, 500",
            Assert.Single(_log.Of(Sums)));
        Assert.Equal(1, Tell("192.0.2.1", 1));
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Single(_log.Of(Sums));
    }

    [Theory]
    [InlineData("2001:db8::1", "2001:db8::ffff:1", true)]
    [InlineData("2001:db8::1", "2001:db8:0:1::1", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    public void Addresses_OfOneNetwork_ShareTheirLines(string one, string other, bool share)
    {
        Tell(one, StrangerLog.LinesOfAddress);
        Assert.Equal(share ? 0 : 1, Tell(other, 1));
    }

    [Fact]
    public void Addresses_InGreatNumber_HaveTheirLinesTogether()
    {
        int told = 0;
        for (int index = 0; index < 100_000; index++)
        {
            told += _strangers.MayTell(new IPEndPoint(new IPAddress([10, (byte)(index >> 16), (byte)(index >> 8), (byte)index]), 1)) ? 1 : 0;
        }

        Assert.Equal(StrangerLog.Lines, told);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.StartsWith($"{100_000 - StrangerLog.Lines} more lines ", Assert.Single(_log.Of(Sums)), StringComparison.Ordinal);
    }

    [Fact]
    public void Client_InThisProcess_IsAlwaysToldOf()
    {
        for (int index = 0; index < 10_000; index++)
        {
            Assert.True(_strangers.MayTell(null));
        }
    }

    /// <summary>Also when the broker stops within the minute.</summary>
    [Fact]
    public async Task Logins_ThatFail_AreToldUpToANumber_AndThenCounted()
    {
        const int Failures = 60;
        var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)], LoggerFactory = _log });
        string port = $"{broker.Endpoints[0].Port}";
        for (int index = 0; index < Failures; index++)
        {
            await Assert.ThrowsAnyAsync<AmqpException>(() => AmqpConnection.ConnectAsync($"amqp://guest:wrong@127.0.0.1:{port}/"));
        }

        await using (await AmqpConnection.ConnectAsync($"amqp://guest:guest@127.0.0.1:{port}/"))
        {
            Assert.Empty(_log.Of(Sums));
        }

        await broker.DisposeAsync();

        // Two lines each: who it said it was, and how its connection ended.
        Assert.Equal(StrangerLog.LinesOfAddress, _log.Of(27).Count() + _log.Of(4).Count());
        Assert.StartsWith($"{(2 * Failures) - StrangerLog.LinesOfAddress} more lines ", Assert.Single(_log.Of(Sums)), StringComparison.Ordinal);
    }

    [Fact]
    public void User_HasLinesOfItsOwn_ThatStrangersFromItsAddressDoNotUseUp()
    {
        Assert.Equal(StrangerLog.LinesOfAddress, Tell("192.0.2.1", 100));
        Assert.Equal(StrangerLog.LinesOfAddress, Tell("192.0.2.1", 200, "app"));
        Assert.Equal(1, Tell("192.0.2.1", 1, "other"));
        Assert.Equal(1, Tell("192.0.2.2", 1, "app"));

        _strangers.Flush();
        Assert.EndsWith(" of 192.0.2.1 as user 'app' there would have been most, 200", Assert.Single(_log.Of(Sums)), StringComparison.Ordinal);
    }

    /// <summary>A crowd of strangers may be why there are no descriptors.</summary>
    [Fact]
    public async Task Clients_ThatCannotBeAccepted_AreToldOfUpToANumber_WhateverStrangersDo()
    {
        const int Failures = 500;
        var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [], LoggerFactory = _log });
        for (int index = 0; index < 2 * StrangerLog.Lines; index++)
        {
            broker.Strangers.MayTell(new IPEndPoint(new IPAddress([10, 0, (byte)(index >> 8), (byte)index]), 1));
        }

        for (int index = 0; index < Failures; index++)
        {
            broker.TellAcceptFailed(new IPEndPoint(IPAddress.Any, 5672), "too many open files");
        }

        await broker.DisposeAsync();
        Assert.Equal(StrangerLog.LinesOfAddress, _log.Of(9).Count());
        Assert.Equal(
            $"{StrangerLog.Lines + Failures - StrangerLog.LinesOfAddress} more lines about clients that did not come in were left out within a minute; of those for 0.0.0.0:5672 there would have been most, {Failures}",
            Assert.Single(_log.Of(Sums)));
    }

    /// <summary>Either is logged in: to a virtual host that is not there, and to one that is not for it.</summary>
    [Theory]
    [InlineData(false, "nowhere")]
    [InlineData(false, "closed")]
    [InlineData(true, "nowhere")]
    [InlineData(true, "closed")]
    public async Task VirtualHosts_ThatRefuse_AreToldOfUpToANumber_AndThenCounted(bool isNewer, string virtualHost)
    {
        const int Failures = StrangerLog.LinesOfAddress + 15;
        var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)], LoggerFactory = _log, VirtualHosts = ["/", "closed"] });
        broker.Users.ClearPermission("guest", "closed");
        string address = $"amqp://guest:guest@127.0.0.1:{broker.Endpoints[0].Port}/";
        for (int index = 0; index < Failures; index++)
        {
            if (isNewer)
            {
                await Assert.ThrowsAnyAsync<Client.V1_0.AmqpException>(() => Client.V1_0.AmqpConnection.ConnectAsync(address + virtualHost));
            }
            else
            {
                await Assert.ThrowsAnyAsync<AmqpException>(() => AmqpConnection.ConnectAsync(address + virtualHost));
            }
        }

        await broker.DisposeAsync();
        Assert.Equal(StrangerLog.LinesOfAddress, _log.Of(4).Count());
        Assert.Equal(
            $"{Failures - StrangerLog.LinesOfAddress} more lines about clients that did not come in were left out within a minute; of 127.0.0.1 as user 'guest' there would have been most, {Failures}",
            Assert.Single(_log.Of(Sums)));
    }

    private int Tell(string address, int times, string? user = null)
    {
        int told = 0;
        for (int time = 0; time < times; time++)
        {
            told += _strangers.MayTell(new IPEndPoint(IPAddress.Parse(address), 5672), user) ? 1 : 0;
        }

        return told;
    }
}
