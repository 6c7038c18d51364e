using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Conversations;

/// <summary>Heartbeats as tune-ok agreed on them; one second is the shortest that can be said.</summary>
public sealed class HeartbeatTests : ConversationTests
{
    [Fact]
    [Row("114")]
    public void Heartbeat_OfOneSecond_ComesFromTheBrokerUntilTheSilentClientIsDropped()
    {
        var peer = Use(ScriptedPeer.Open(BrokerUnderTest.Default, heartbeat: 1));

        var heartbeats = 0;
        while (peer.ReceiveAny() is IncomingHeartbeat heartbeat)
        {
            Assert.Equal(0, heartbeat.Channel);
            Assert.Equal(0, heartbeat.Octets);
            heartbeats++;
        }

        Assert.InRange(heartbeats, 1, 8);
    }

    [Fact]
    public void Heartbeat_FromTheClient_KeepsTheConnection()
    {
        var peer = Use(ScriptedPeer.Open(BrokerUnderTest.Default, heartbeat: 1));
        peer.OpenChannel(1);

        // Each of the broker's heartbeats, two a second, is answered by one; without them it would be gone after the sixth.
        for (var i = 0; i < 8; i++)
        {
            Assert.IsType<IncomingHeartbeat>(peer.ReceiveAny());
            peer.SendHeartbeat();
        }

        peer.ExpectNothingBefore(1);
    }

    [Fact]
    public void Traffic_InPlaceOfHeartbeats_KeepsTheConnection()
    {
        var peer = Use(ScriptedPeer.Open(BrokerUnderTest.Default, heartbeat: 1));
        peer.OpenChannel(1);

        for (var i = 0; i < 8; i++)
        {
            while (peer.ReceiveAny() is not IncomingHeartbeat)
            {
            }

            peer.Send(1, "channel.flow", true);
        }
    }

    [Fact]
    public void Heartbeat_OfZero_IsNone()
    {
        var peer = Use(ScriptedPeer.Open(BrokerUnderTest.Default, heartbeat: 0));

        Assert.Throws<TimeoutException>(() => peer.ReceiveAny(TimeSpan.FromSeconds(3)));
    }
}
