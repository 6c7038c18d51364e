namespace AmqpToolkit.Storage.Journaling;

/// <summary>What a record of the journal says. The numbers are part of the format.</summary>
internal enum RecordKind : byte
{
    /// <summary>No record: the octets were never written.</summary>
    None = 0,

    /// <summary>A message in one queue, with its content.</summary>
    Message = 1,

    /// <summary>The content of a message that several queues share.</summary>
    Content = 2,

    /// <summary>A message in one queue, whose content is a record of its own.</summary>
    Enqueue = 3,

    /// <summary>Messages that a queue is done with.</summary>
    Ack = 4,

    /// <summary>What changed about a message in one queue: delivery count, headers.</summary>
    Update = 5,

    /// <summary>Something that is not a message and has a name: a queue, an exchange, a binding, a user, a policy.</summary>
    Definition = 6,

    /// <summary>Such a thing is gone.</summary>
    Removal = 7,

    /// <summary>What belongs to a group holds: without this record none of it does.</summary>
    GroupEnd = 8,

    /// <summary>The end of what was written in one go.</summary>
    Mark = 9,

    /// <summary>The journal was closed in order: nothing was on its way.</summary>
    Close = 10,

    /// <summary>The files before this one. The first record of a segment.</summary>
    Segments = 11,

    /// <summary>Files that may be missing from here on.</summary>
    Gone = 12,
}
