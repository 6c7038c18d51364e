namespace AmqpToolkit.Storage.Journaling;

/// <summary>When something counts as kept.</summary>
internal enum CommitLevel : byte
{
    /// <summary>The operating system has it: it survives the end of the process, not of the machine.</summary>
    Os,

    /// <summary>It is on the disk.</summary>
    Fsync,
}
