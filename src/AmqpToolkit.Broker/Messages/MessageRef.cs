namespace AmqpToolkit.Broker.Messages;

/// <summary>
/// Names one message: where it lies in a <see cref="MessageArena"/>, or that it lies on the disk alone. Eight octets, no object, so that a deep queue costs the
/// collector nothing.
/// </summary>
/// <remarks>
/// <code>
///   in memory   0 | slab number + 1 (31 bits)            | offset of the slot (32 bits)
///   paged out   1 | name in the scratch files (31 bits)  | octets of the body (32 bits); name 0: the journal has it
///   lost        1 | all ones                             | octets of the body
/// </code>
/// </remarks>
/// <param name="Value">The octets; 0 for none.</param>
internal readonly record struct MessageRef(ulong Value)
{
    private const uint LostName = int.MaxValue;

    public MessageRef(int slab, int offset)
        : this(((ulong)(uint)(slab + 1) << 32) | (uint)offset)
    {
    }

    public bool IsNone => Value == 0;

    /// <summary>Whether it lies in the arena.</summary>
    public bool IsInMemory => (long)Value > 0;

    /// <summary>Whether it lies on the disk alone, and can be had from there.</summary>
    public bool IsPagedOut => (long)Value < 0 && ScratchName != LostName;

    /// <summary>Whether it could not be had from the disk.</summary>
    public bool IsLost => (long)Value < 0 && ScratchName == LostName;

    public int Slab => (int)(Value >> 32) - 1;

    public int Offset => (int)(uint)Value;

    /// <summary>The name of a message that is paged out in the scratch files; 0 when the journal has it.</summary>
    public uint ScratchName => (uint)(Value >> 32) & LostName;

    /// <summary>Octets of the body of a message that is not in memory.</summary>
    public uint PagedOctets => (uint)Value;

    /// <summary>A message whose body is on the disk alone.</summary>
    /// <param name="scratchName">Its name in the scratch files; 0 when the journal has it.</param>
    /// <param name="bodyOctets">Octets of its body.</param>
    public static MessageRef PagedOut(uint scratchName, long bodyOctets) => new(1UL << 63 | (ulong)scratchName << 32 | (uint)bodyOctets);

    /// <summary>The same message when the disk does not have it any more.</summary>
    public MessageRef ToLost() => new(1UL << 63 | (ulong)LostName << 32 | (uint)Value);
}
