namespace AmqpToolkit.Storage.Journaling;

/// <summary>The last update of a message, whose overlay stays at hand: few messages are ever updated, and a moved record says it again.</summary>
internal readonly record struct UpdateEntry(JournalLocation Location, byte[] Overlay);
