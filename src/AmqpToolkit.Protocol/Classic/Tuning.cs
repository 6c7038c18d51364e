namespace AmqpToolkit.Protocol.Classic;

/// <summary>The limits of a connection, offered or agreed on (0-9-1 connection.tune, tune-ok). 0 means no limit, and for heartbeats none.</summary>
/// <param name="ChannelMax">The highest channel number.</param>
/// <param name="FrameMax">The largest frame in octets, header and end octet counted.</param>
/// <param name="HeartbeatSeconds">The interval of heartbeats.</param>
public readonly record struct Tuning(ushort ChannelMax, uint FrameMax, ushort HeartbeatSeconds)
{
    /// <summary>Judges a tune-ok against what was offered.</summary>
    /// <param name="answer">The client's tune-ok.</param>
    /// <param name="minFrameMax">The smallest frame_max to be accepted, in octets.</param>
    /// <returns>530 where the client asks for more than was offered, or for frames too small.</returns>
    public ProtocolError? CheckAnswer(Tuning answer, uint minFrameMax) =>
        Check("frame_max", FrameMax, answer.FrameMax, minFrameMax) ?? Check("channel_max", ChannelMax, answer.ChannelMax, 0);

    /// <summary>What a client answers: the smaller of each pair, where 0 is no limit.</summary>
    public Tuning Answer(Tuning wanted) => new(
        (ushort)Smaller(ChannelMax, wanted.ChannelMax),
        Smaller(FrameMax, wanted.FrameMax),
        wanted.HeartbeatSeconds == 0 || HeartbeatSeconds == 0 ? (ushort)0 : Math.Min(HeartbeatSeconds, wanted.HeartbeatSeconds));

    private static uint Smaller(uint first, uint second) => first == 0 ? second : second == 0 ? first : Math.Min(first, second);

    private static ProtocolError? Check(string name, uint offered, uint answered, uint minimum)
    {
        if (answered != 0 && answered < minimum)
        {
            return ProtocolError.NotAllowed($"negotiated {name} = {answered} is lower than the minimum allowed value ({minimum})");
        }

        if (offered != 0 && (answered == 0 || answered > offered))
        {
            string remark = answered == 0 && name == "channel_max" ? " (no limit)" : string.Empty;
            return ProtocolError.NotAllowed($"negotiated {name} = {answered}{remark} is higher than the maximum allowed value ({offered})");
        }

        return null;
    }
}
