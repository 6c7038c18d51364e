namespace AmqpToolkit.Storage.Journaling;

/// <summary>The last update of a message, whose overlay stays at hand: few messages are ever updated, and a moved record says it again.</summary>
internal readonly struct UpdateEntry(JournalLocation location, StoredOverlay overlay)
{
    public readonly JournalLocation Location = location;
    public readonly StoredOverlay Overlay = overlay;
}
