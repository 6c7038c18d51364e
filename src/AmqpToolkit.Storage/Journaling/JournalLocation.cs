namespace AmqpToolkit.Storage.Journaling;

/// <summary>Where a record begins: eight octets, so that a queue of ten million messages stays small.</summary>
/// <param name="Value">The segment's number in the high half, the offset in the segment in the low half; 0 for nowhere.</param>
internal readonly record struct JournalLocation(ulong Value) : IComparable<JournalLocation>
{
    public JournalLocation(uint segment, int offset)
        : this(((ulong)segment << 32) | (uint)offset)
    {
    }

    public bool IsNone => Value == 0;

    public uint Segment => (uint)(Value >> 32);

    public int Offset => (int)(uint)Value;

    public int CompareTo(JournalLocation other) => Value.CompareTo(other.Value);

    public override string ToString() => $"{SegmentName.Of(Segment)}+{Offset}";
}
