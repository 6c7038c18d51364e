namespace AmqpToolkit.Broker.Testing.Traffic;

/// <summary>A delivery of 1.0 on its way, which may be many frames.</summary>
/// <param name="id">Its number in its session.</param>
/// <param name="fault">What becomes of it.</param>
/// <param name="overtaken">The one before it, which goes behind it.</param>
internal sealed class PeerDelivery(uint id, Fault? fault, PeerDelivery? overtaken)
{
    public uint Id => id;

    public Fault? Fault => fault;

    public PeerDelivery? Overtaken { get; set; } = overtaken;

    public bool IsSettled { get; set; }

    /// <summary>Its frames, where it is kept.</summary>
    public List<TrafficUnit> Frames { get; } = [];
}
