using System.Buffers.Binary;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Broker.Connections;

/// <content>
/// Editions before 0-9-1. Their frames go through a sink of their own, chosen once a receive, so that 0-9-1 does not know of them; what the edition says otherwise
/// is its <see cref="OlderWords"/>'s matter.
/// </content>
internal sealed partial class BrokerConnection
{
    /// <summary>A method that no edition has.</summary>
    private static readonly byte[] s_noMethod = [0xFF, 0xFF, 0xFF, 0xFF];

    private OlderWords? _older;

    /// <summary>What is said in other octets than in other editions.</summary>
    public EditionWords Words { get; private set; } = EditionWords.Of(ClassicEdition.V0_9_1);

    private void TakeEdition(ClassicEdition edition)
    {
        Words = EditionWords.Of(edition);
        _older = Words as OlderWords;
    }

    private ProtocolError? ConsumeOlder(ReadOnlySpan<byte> input, out int consumed)
    {
        var sink = new OlderFrameSink(this);
        return _frames.Consume(input, ref sink, out consumed);
    }

    private ProtocolError? HandleOlderMethod(ushort number, ReadOnlySpan<byte> payload)
    {
        uint key = BinaryPrimitives.ReadUInt32BigEndian(payload);
        var method = _older!.Judge(key);
        if (method == OlderMethod.Same || (number != 0 && !IsRunning))
        {
            return HandleMethod(number, payload);
        }

        if (method == OlderMethod.Unknown)
        {
            return HandleMethod(number, s_noMethod);
        }

        return method == OlderMethod.Translated && _older.Translate(key, payload) is { } translated
            ? HandleMethod(number, translated)
            : HandleOwnMethod(number, key, payload);
    }

    /// <summary>What 0-9-1 has no method for, judged by the state of connection and channel as any method is.</summary>
    private ProtocolError? HandleOwnMethod(ushort number, uint key, ReadOnlySpan<byte> payload)
    {
        if ((IsHolding && MustWaitForHeld(key)) || (number != 0 && Holding.HoldsPublisher))
        {
            return LeaveFrame();
        }

        FlushBatch();
        if (number == 0)
        {
            return _ending.State == ConnectionState.Closing ? null : _handshake is { } handshake ? handshake.OutOfTurn(key) : OutOfTurn(key);
        }

        if (FindChannel(number) is not { } channel)
        {
            return ProtocolError.ChannelError("expected 'channel.open'").At(key);
        }

        if (channel.IsClosing)
        {
            return null;
        }

        if (channel.Content.CheckMethod(key) is { } misplaced)
        {
            return misplaced;
        }

        if (_older!.HandleOwn(channel, key, payload[sizeof(uint)..]) is { } error)
        {
            return Raise(channel, error.At(key));
        }

        PauseIfSaturated();
        return null;
    }

    /// <summary>Takes the frames of one receive from a client of an older edition: methods are looked at first, all else is the same.</summary>
    private readonly struct OlderFrameSink(BrokerConnection connection) : IFrameSink
    {
        private readonly FrameSink _same = new(connection);

        public bool IsSaturated => _same.IsSaturated;

        public bool LeavesFrame => _same.LeavesFrame;

        public ProtocolError? HandleMethod(ushort channel, ReadOnlySpan<byte> payload) => connection.HandleOlderMethod(channel, payload);

        public ProtocolError? HandleContentHeader(ushort channel, ReadOnlySpan<byte> payload) => _same.HandleContentHeader(channel, payload);

        public ProtocolError? HandleBody(ushort channel, ReadOnlySpan<byte> octets, int remainingOctets) => _same.HandleBody(channel, octets, remainingOctets);

        public void HandleHeartbeat() => _same.HandleHeartbeat();
    }
}
