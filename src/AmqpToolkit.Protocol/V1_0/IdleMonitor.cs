using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Protocol.V1_0;

/// <summary>
/// Tells when an empty frame is due and when the peer is gone (1.0 section 2.4.5). It has no clock: <c>now</c> is an argument, in milliseconds of any steady clock. Used
/// by one thread at a time.
/// </summary>
public struct IdleMonitor
{
    private readonly long _sendEvery;
    private readonly long _giveUpAfter;
    private long _lastReceiveCount;
    private long _lastSendCount;
    private long _receivedAt;
    private long _sentAt;

    /// <summary>Creates a monitor.</summary>
    /// <param name="ownIdleTimeOut">What this end announced, in milliseconds; 0 for nothing. It waits for twice as long.</param>
    /// <param name="peerIdleTimeOut">What the peer announced, in milliseconds; 0 for nothing.</param>
    /// <param name="now">Milliseconds.</param>
    public IdleMonitor(uint ownIdleTimeOut, uint peerIdleTimeOut, long now)
    {
        _giveUpAfter = ownIdleTimeOut * 2L;
        _sendEvery = peerIdleTimeOut == 0 ? 0 : Math.Max(1, peerIdleTimeOut / 2L);
        _receivedAt = _sentAt = now;
    }

    /// <summary>Whether either end has announced anything.</summary>
    public readonly bool IsOn => _sendEvery > 0 || _giveUpAfter > 0;

    /// <summary>How long after a check the next one is due, in milliseconds.</summary>
    public readonly long CheckEveryMilliseconds => Math.Max(
        1, Math.Min(_sendEvery == 0 ? long.MaxValue : _sendEvery / 2, _giveUpAfter == 0 ? long.MaxValue : _giveUpAfter / 4));

    /// <summary>Judges by how the counts of receives and sends have moved since the last check.</summary>
    /// <param name="now">Milliseconds.</param>
    /// <param name="receiveCount">Rises with everything received.</param>
    /// <param name="sendCount">Rises with everything sent.</param>
    /// <param name="isReading">False while nothing of the peer is read: then its silence is this end's.</param>
    public HeartbeatVerdict Check(long now, long receiveCount, long sendCount, bool isReading)
    {
        if (receiveCount != _lastReceiveCount || !isReading)
        {
            _lastReceiveCount = receiveCount;
            _receivedAt = now;
        }
        else if (_giveUpAfter > 0 && now - _receivedAt >= _giveUpAfter)
        {
            return HeartbeatVerdict.PeerIsGone;
        }

        if (sendCount != _lastSendCount)
        {
            _lastSendCount = sendCount;
            _sentAt = now;
        }
        else if (_sendEvery > 0 && now - _sentAt >= _sendEvery)
        {
            _sentAt = now;
            return HeartbeatVerdict.SendHeartbeat;
        }

        return HeartbeatVerdict.None;
    }
}
