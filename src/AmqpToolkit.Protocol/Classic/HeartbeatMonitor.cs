namespace AmqpToolkit.Protocol.Classic;

/// <summary>What <see cref="HeartbeatMonitor"/> finds due.</summary>
public enum HeartbeatVerdict : byte
{
    /// <summary>Nothing is due.</summary>
    None,

    /// <summary>Nothing was sent for half an interval: a heartbeat frame is due.</summary>
    SendHeartbeat,

    /// <summary>Nothing was received for two intervals: the peer is gone.</summary>
    PeerIsGone,
}

/// <summary>
/// Tells when a heartbeat is due and when the peer is gone (0-9-1 section 4.2.7). Any traffic counts as a heartbeat. It has no clock:
/// <c>now</c> is an argument, in milliseconds of any steady clock. Used by one thread at a time.
/// </summary>
public struct HeartbeatMonitor
{
    private readonly long _interval;
    private long _lastReceiveCount;
    private long _lastSendCount;
    private long _receivedAt;
    private long _sentAt;

    /// <summary>Creates a monitor; an interval of 0 seconds turns it off.</summary>
    public HeartbeatMonitor(ushort intervalSeconds, long now)
    {
        _interval = intervalSeconds * 1000L;
        _receivedAt = _sentAt = now;
    }

    /// <summary>Whether heartbeats were agreed on.</summary>
    public readonly bool IsOn => _interval > 0;

    /// <summary>How long after a check the next one is due, in milliseconds.</summary>
    public readonly long CheckEveryMilliseconds => Math.Max(1, _interval / 4);

    /// <summary>Judges by how the counts of receives and sends have moved since the last check.</summary>
    /// <param name="now">Milliseconds.</param>
    /// <param name="receiveCount">Rises with everything received.</param>
    /// <param name="sendCount">Rises with everything sent.</param>
    /// <param name="isReading">False while the peer is held back and nothing of it is read: then its silence is ours.</param>
    public HeartbeatVerdict Check(long now, long receiveCount, long sendCount, bool isReading)
    {
        if (!IsOn)
        {
            return HeartbeatVerdict.None;
        }

        if (receiveCount != _lastReceiveCount || !isReading)
        {
            _lastReceiveCount = receiveCount;
            _receivedAt = now;
        }
        else if (now - _receivedAt >= 2 * _interval)
        {
            return HeartbeatVerdict.PeerIsGone;
        }

        if (sendCount != _lastSendCount)
        {
            _lastSendCount = sendCount;
            _sentAt = now;
        }
        else if (now - _sentAt >= _interval / 2)
        {
            _sentAt = now;
            return HeartbeatVerdict.SendHeartbeat;
        }

        return HeartbeatVerdict.None;
    }
}
