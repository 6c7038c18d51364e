using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Protocol.Tests;

/// <summary>Writes down the frames that it is given, the parts of one body frame as one; refuses the frame that it is told to refuse.</summary>
internal sealed class RecordingFrameSink : IFrameSink
{
    private readonly List<byte> _body = [];

    public List<string> Frames { get; } = [];

    /// <summary>Calls with a part of a body frame that was not all of it.</summary>
    public int Parts { get; private set; }

    /// <summary>The largest part of a body in octets.</summary>
    public int LargestPart { get; private set; }

    /// <summary>The call that is answered with <see cref="Refusal"/>, counted from 0; -1 for none.</summary>
    public int RefusedCall { get; init; } = -1;

    public ProtocolError Refusal { get; } = ProtocolError.NotAllowed("refused by the test");

    public int Calls { get; private set; }

    /// <summary>The number of frames at which it wants no more.</summary>
    public int EnoughFrames { get; set; } = int.MaxValue;

    public bool IsSaturated => Frames.Count >= EnoughFrames;

    public bool LeavesFrame { get; set; }

    public ProtocolError? HandleMethod(ushort channel, ReadOnlySpan<byte> payload) => Add("method", channel, payload);

    public ProtocolError? HandleContentHeader(ushort channel, ReadOnlySpan<byte> payload) => Add("header", channel, payload);

    public ProtocolError? HandleBody(ushort channel, ReadOnlySpan<byte> octets, int remainingOctets)
    {
        LargestPart = Math.Max(LargestPart, octets.Length);
        _body.AddRange(octets);
        if (remainingOctets > 0)
        {
            Parts++;
            return Count();
        }

        byte[] whole = [.. _body];
        _body.Clear();
        return Add("body", channel, whole);
    }

    public void HandleHeartbeat() => Add("heartbeat", 0, []);

    private ProtocolError? Add(string kind, ushort channel, ReadOnlySpan<byte> payload)
    {
        string shown = payload.Length <= 64 ? Convert.ToHexString(payload) : $"{payload.Length} octets, {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(payload))}";
        Frames.Add($"{kind} {channel} {shown}");
        return Count();
    }

    private ProtocolError? Count() => Calls++ == RefusedCall ? Refusal : null;
}
