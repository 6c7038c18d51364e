using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Protocol.Tests;

public sealed class HeartbeatMonitorTests
{
    [Fact]
    public void Check_WithoutAnInterval_NeverFindsAnythingDue()
    {
        var monitor = new HeartbeatMonitor(0, now: 0);

        Assert.False(monitor.IsOn);
        Assert.Equal(HeartbeatVerdict.None, monitor.Check(long.MaxValue, 0, 0, isReading: true));
        Assert.True(monitor.CheckEveryMilliseconds > 0);
    }

    [Fact]
    public void Check_OfASilentPeer_FindsItGoneAfterTwoIntervals()
    {
        var monitor = new HeartbeatMonitor(10, now: 1000);

        Assert.NotEqual(HeartbeatVerdict.PeerIsGone, monitor.Check(20_999, 0, 0, isReading: true));
        Assert.Equal(HeartbeatVerdict.PeerIsGone, monitor.Check(21_000, 0, 0, isReading: true));
    }

    [Fact]
    public void Check_OfAPeerThatIsHeldBack_DoesNotCountItsSilence()
    {
        var monitor = new HeartbeatMonitor(10, now: 0);

        Assert.NotEqual(HeartbeatVerdict.PeerIsGone, monitor.Check(50_000, 0, 0, isReading: false));
        Assert.NotEqual(HeartbeatVerdict.PeerIsGone, monitor.Check(69_999, 0, 0, isReading: true));
        Assert.Equal(HeartbeatVerdict.PeerIsGone, monitor.Check(70_000, 0, 0, isReading: true));
    }

    [Fact]
    public void Check_WhenNothingWasSentForHalfAnInterval_AsksForAHeartbeat()
    {
        var monitor = new HeartbeatMonitor(10, now: 0);

        Assert.Equal(HeartbeatVerdict.None, monitor.Check(4999, 0, 0, isReading: true));
        Assert.Equal(HeartbeatVerdict.SendHeartbeat, monitor.Check(5000, 1, 0, isReading: true));
        Assert.Equal(HeartbeatVerdict.None, monitor.Check(5001, 2, 0, isReading: true));

        // The heartbeat itself is a send.
        Assert.Equal(HeartbeatVerdict.None, monitor.Check(10_000, 3, 1, isReading: true));
        Assert.Equal(HeartbeatVerdict.SendHeartbeat, monitor.Check(15_000, 4, 1, isReading: true));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(60)]
    [InlineData(ushort.MaxValue)]
    public void Check_AsOftenAsItSays_SendsWithinAnIntervalAndFindsThePeerGoneWithinTwoAndAQuarter(ushort seconds)
    {
        var monitor = new HeartbeatMonitor(seconds, now: 0);
        long interval = seconds * 1000L;
        long sendCount = 0;
        long lastSent = 0;
        long goneAt = 0;
        for (long now = monitor.CheckEveryMilliseconds; goneAt == 0; now += monitor.CheckEveryMilliseconds)
        {
            switch (monitor.Check(now, 0, sendCount, isReading: true))
            {
                case HeartbeatVerdict.SendHeartbeat:
                    Assert.InRange(now - lastSent, 1, interval);
                    lastSent = now;
                    sendCount++;
                    break;

                case HeartbeatVerdict.PeerIsGone:
                    goneAt = now;
                    break;
            }
        }

        Assert.InRange(goneAt, 2 * interval, (2 * interval) + (interval / 4));
        Assert.True(sendCount >= 2, $"{sendCount} heartbeats");
    }

    [Fact]
    public void Check_OfATalkingPeer_NeverFindsItGone()
    {
        var monitor = new HeartbeatMonitor(1, now: 0);
        for (int check = 1; check < 1000; check++)
        {
            Assert.NotEqual(HeartbeatVerdict.PeerIsGone, monitor.Check(check * 1999L, check, 0, isReading: true));
        }
    }
}
