using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Protocol.Tests.V1_0;

/// <summary>An event of the engine, copied so that it can be looked at later.</summary>
internal sealed record Happening(
    EngineEventKind Kind,
    Session? Session,
    Link? Link,
    AmqpFault? Fault,
    byte[] Performative,
    byte[] Payload,
    AnyDeliveryState.Member State,
    ulong Sequence,
    bool IsOfOutgoing,
    bool IsSettled,
    bool IsFirst,
    bool IsLast,
    bool IsAborted,
    bool IsClosed,
    bool IsDrain,
    bool IsResumed,
    (ulong Sequence, UnsettledDelivery Delivery)[] Disposed)
{
    public static Happening Of(in EngineEvent found)
    {
        var disposed = new List<(ulong, UnsettledDelivery)>();
        if (found.Kind == EngineEventKind.Disposed)
        {
            ulong at = found.Sequence;
            while (found.Session!.TryTakeDisposed(in found, ref at, out ulong sequence, out var delivery))
            {
                disposed.Add((sequence, delivery));
            }
        }

        return new Happening(
            found.Kind, found.Session, found.Link, found.Fault, found.Performative.ToArray(), found.Payload.ToArray(), new AnyDeliveryState(found.State).Kind, found.Sequence,
            found.IsOfOutgoing, found.IsSettled, found.IsFirst, found.IsLast, found.IsAborted, found.IsClosed, found.IsDrain, found.IsResumed, [.. disposed]);
    }
}
