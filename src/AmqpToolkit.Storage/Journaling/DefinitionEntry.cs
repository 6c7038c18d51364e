namespace AmqpToolkit.Storage.Journaling;

/// <summary>The record that says what a name stands for, or that it stands for nothing any more.</summary>
internal readonly record struct DefinitionEntry(JournalLocation Location, long RecordOctets, bool IsRemoval);
