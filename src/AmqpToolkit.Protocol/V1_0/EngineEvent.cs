namespace AmqpToolkit.Protocol.V1_0;

/// <summary>One thing that has happened. Spans lie in the input of the call that gave it.</summary>
public ref struct EngineEvent
{
    /// <summary>What.</summary>
    public EngineEventKind Kind { get; internal set; }

    /// <summary>On which session.</summary>
    public Session? Session { get; internal set; }

    /// <summary>On which link.</summary>
    public Link? Link { get; internal set; }

    /// <summary>What this peer has answered a mistake with.</summary>
    public AmqpFault? Fault { get; internal set; }

    /// <summary>The octets of the performative, which was read without an error before.</summary>
    public ReadOnlySpan<byte> Performative { get; internal set; }

    /// <summary>Octets of the message.</summary>
    public ReadOnlySpan<byte> Payload { get; internal set; }

    /// <summary>A delivery-state's octets, for transfers and dispositions; empty for none.</summary>
    public ReadOnlySpan<byte> State { get; internal set; }

    /// <summary>The delivery's number in its session and direction, which does not wrap; of a disposition the first one.</summary>
    public ulong Sequence { get; internal set; }

    /// <summary>The last delivery that a disposition speaks of.</summary>
    public ulong LastSequence { get; internal set; }

    /// <summary>Of a disposition: whose deliveries it speaks of. True when it is those that this peer has sent.</summary>
    public bool IsOfOutgoing { get; internal set; }

    /// <summary>Whether the peer has settled.</summary>
    public bool IsSettled { get; internal set; }

    /// <summary>Of a transfer: the first of its delivery.</summary>
    public bool IsFirst { get; internal set; }

    /// <summary>Of a transfer: the last of its delivery.</summary>
    public bool IsLast { get; internal set; }

    /// <summary>Of a transfer: the delivery is given up, and nothing of it counts.</summary>
    public bool IsAborted { get; internal set; }

    /// <summary>Of a transfer: it goes on with a delivery of an earlier attachment (1.0 section 2.6.13). Who does not know that one forgets this: <see cref="Session.TryForgetIncoming"/>.</summary>
    public bool IsResumed { get; internal set; }

    /// <summary>Of a detach: the link is closed, not only detached.</summary>
    public bool IsClosed { get; internal set; }

    /// <summary>Of a flow: the peer wants what there is, and to be told when that was all.</summary>
    public bool IsDrain { get; internal set; }
}
