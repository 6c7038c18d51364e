namespace AmqpToolkit.Broker.Messages;

/// <summary>Names one stored message of a <see cref="MessageArena"/>: eight octets, no object, so that a deep queue costs the collector nothing.</summary>
/// <param name="Value">The slab's number in the high half, the slot's offset in the low half; 0 for none.</param>
internal readonly record struct MessageRef(ulong Value)
{
    public MessageRef(int slab, int offset)
        : this(((ulong)(uint)(slab + 1) << 32) | (uint)offset)
    {
    }

    public bool IsNone => Value == 0;

    public int Slab => (int)(Value >> 32) - 1;

    public int Offset => (int)(uint)Value;
}
