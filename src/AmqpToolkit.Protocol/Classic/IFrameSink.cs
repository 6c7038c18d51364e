namespace AmqpToolkit.Protocol.Classic;

/// <summary>What takes the frames that <see cref="FrameInput"/> finds. An error ends the input at that frame.</summary>
public interface IFrameSink
{
    /// <summary>A method frame; <paramref name="payload"/> begins with the class id.</summary>
    ProtocolError? HandleMethod(ushort channel, ReadOnlySpan<byte> payload);

    /// <summary>A content header frame on a channel other than 0.</summary>
    ProtocolError? HandleContentHeader(ushort channel, ReadOnlySpan<byte> payload);

    /// <summary>
    /// A body frame, or the part of one that has arrived: <paramref name="remainingOctets"/> more octets of the same frame follow in
    /// later calls.
    /// </summary>
    ProtocolError? HandleBody(ushort channel, ReadOnlySpan<byte> octets, int remainingOctets);

    /// <summary>Whether the sink wants no more frames for now: the input stops behind the last one.</summary>
    bool IsSaturated { get; }

    /// <summary>Whether a sink that is saturated has not taken the last method frame: it comes again.</summary>
    bool LeavesFrame { get; }

    /// <summary>A heartbeat.</summary>
    void HandleHeartbeat();
}
