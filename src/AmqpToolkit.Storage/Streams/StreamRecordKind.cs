namespace AmqpToolkit.Storage.Streams;

/// <summary>What a record of a stream is. The numbers stand in files: they are never changed and never used again.</summary>
internal enum StreamRecordKind : byte
{
    None = 0,

    /// <summary>A message.</summary>
    Message = 1,

    /// <summary>The end of what was written in one go; says how much of the segment was known to be on the disk before.</summary>
    Mark = 2,

    /// <summary>The end of a segment: where in it offsets and timestamps stand.</summary>
    Index = 3,
}
