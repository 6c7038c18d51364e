using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Testing.Traffic;

/// <summary>Frames of 1.0: what a tap needs to know of them, and what it makes of them.</summary>
internal static class PeerFrames
{
    /// <summary>A frame of its own.</summary>
    public static byte[] Of<T>(ushort channel, in T performative, ReadOnlySpan<byte> payload = default)
        where T : struct, IDescribedType
    {
        byte[] octets = new byte[FrameReader.HeaderOctets + performative.MaxOctets + payload.Length];
        return octets[..FrameWriter.WritePerformative(octets, channel, in performative, payload)];
    }

    /// <summary>A transfer (1.0 section 2.7.5).</summary>
    /// <returns>False when it cannot be read, of which the broker or the client will have a word.</returns>
    public static bool TryRead(TrafficUnit unit, out PeerTransfer transfer)
    {
        bool isRead = TransferView.TryParse(BodyOf(unit), out var view, out _) == DecodeError.None;
        transfer = isRead ? new PeerTransfer(view.Handle, view.HasDeliveryId ? view.DeliveryId : null, view.Settled, !view.More || view.Aborted) : default;
        return isRead;
    }

    /// <summary>A disposition (1.0 section 2.7.6).</summary>
    /// <returns>False when it cannot be read, of which the broker or the client will have a word.</returns>
    public static bool TryRead(TrafficUnit unit, out PeerWord word)
    {
        bool isRead = DispositionView.TryParse(BodyOf(unit), out var view, out _) == DecodeError.None;
        word = isRead ? new PeerWord(view.Role == Role.Receiver, view.First, view.HasLast ? view.Last : view.First) : default;
        return isRead;
    }

    /// <summary>The session that a begin of the broker answers (1.0 section 2.7.2); null when it answers none.</summary>
    public static ushort? RemoteChannelOf(TrafficUnit begin) =>
        BeginView.TryParse(BodyOf(begin), out var view, out _) == DecodeError.None && view.HasRemoteChannel ? view.RemoteChannel : null;

    /// <summary>The frames that the broker takes (1.0 section 2.7.1).</summary>
    public static uint MaxFrameSizeOf(TrafficUnit open) => OpenView.TryParse(BodyOf(open), out var view, out _) == DecodeError.None ? view.MaxFrameSize : uint.MaxValue;

    /// <summary>The same transfer with another number; as it is where it names none.</summary>
    public static TrafficUnit WithId(TrafficUnit unit, uint id)
    {
        if (TransferView.TryParse(BodyOf(unit), out var view, out int octets) != DecodeError.None || !view.HasDeliveryId)
        {
            return unit;
        }

        return With(unit, Of(unit.Channel, view.ToOwned() with { DeliveryId = id }, BodyOf(unit)[octets..]));
    }

    /// <summary>The last frame of a delivery that its sender gives up: sessions and links count it, and nobody gets it.</summary>
    public static TrafficUnit Aborted(TrafficUnit unit) =>
        TransferView.TryParse(BodyOf(unit), out var view, out _) == DecodeError.None ? With(unit, Of(unit.Channel, view.ToOwned() with { Aborted = true })) : unit;

    /// <summary>The same disposition of other deliveries.</summary>
    public static TrafficUnit With(TrafficUnit unit, uint first, uint last)
    {
        if (DispositionView.TryParse(BodyOf(unit), out var view, out _) != DecodeError.None)
        {
            return unit;
        }

        return With(unit, Of(unit.Channel, view.ToOwned() with { First = first, Last = last }));
    }

    /// <summary>The same disposition with another outcome, if it has one.</summary>
    public static TrafficUnit With(TrafficUnit unit, EncodedValue state)
    {
        if (DispositionView.TryParse(BodyOf(unit), out var view, out _) != DecodeError.None || !view.HasState)
        {
            return unit;
        }

        return With(unit, Of(unit.Channel, view.ToOwned() with { State = state }));
    }

    private static ReadOnlySpan<byte> BodyOf(TrafficUnit unit) => unit.Octets.AsSpan(Math.Min(unit.Octets[4] * 4, unit.Octets.Length));

    private static TrafficUnit With(TrafficUnit unit, byte[] octets) => new(octets, unit.Channel, unit.Key, isClassic: false);
}
