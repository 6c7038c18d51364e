namespace AmqpToolkit.Storage.Journaling;

/// <summary>Who is told what a journal holds when it is opened: first all definitions, then the messages, queue by queue, in order.</summary>
internal interface IJournalVisitor
{
    /// <summary>A definition that stands.</summary>
    void VisitDefinition(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value);

    /// <summary>All definitions were visited; queues and messages follow.</summary>
    /// <param name="wasClosed">Whether the journal had been closed in order: nothing was on its way.</param>
    /// <param name="highestPlace">The highest place (<see cref="JournalOptions.PlaceMask"/>) that any record speaks of, also of messages that are gone.</param>
    void VisitQueues(bool wasClosed, ulong highestPlace)
    {
    }

    /// <summary>
    /// What is to be remembered of a content while the log is read, for <see cref="RecoveredMessage.Measure"/>: the content itself is not there any more when its message
    /// is visited, save where <see cref="WantsContents"/> says so.
    /// </summary>
    int Measure(ReadOnlySpan<byte> content) => 0;

    /// <summary>Whether messages of a queue are visited with their contents, which have to be read for it.</summary>
    bool WantsContents(uint queue) => true;

    /// <summary>Whether a queue is there; the messages of others are forgotten.</summary>
    bool HasQueue(uint queue);

    /// <summary>What a definition said before another took its place or a removal, or what a removal says of it. While the log is read.</summary>
    void VisitReplaced(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
    }

    /// <summary>Whether a queue that is not there was so once, and went: then nobody misses its messages.</summary>
    bool WasRemoved(uint queue) => true;

    /// <summary>A message that its queue is not done with.</summary>
    void VisitMessage(in RecoveredMessage message);

    /// <summary>Something is damaged. The rest is kept.</summary>
    void VisitDamage(JournalDamage damage);

    /// <summary>Everything was visited.</summary>
    /// <param name="wasClosed">As before.</param>
    void VisitEnd(bool wasClosed);
}
