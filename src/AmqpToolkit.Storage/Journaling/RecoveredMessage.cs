namespace AmqpToolkit.Storage.Journaling;

/// <summary>A message of one queue as the journal knows it.</summary>
internal readonly ref struct RecoveredMessage
{
    public required uint Queue { get; init; }

    public required ulong Position { get; init; }

    public required StoredMessage Message { get; init; }

    /// <summary>What the queue knew of it last.</summary>
    public required ReadOnlySpan<byte> Overlay { get; init; }

    /// <summary>What the visitor made of the content when it was met in the log.</summary>
    public required int Measure { get; init; }

    /// <summary>The content, if the visitor wants it; valid during the call.</summary>
    public required ReadOnlySpan<byte> Content { get; init; }

    /// <summary>The same for all messages that share the content; none for a message that has its own.</summary>
    public required StoredContent SharedContent { get; init; }
}
