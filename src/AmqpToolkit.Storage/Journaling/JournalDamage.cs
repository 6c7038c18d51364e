namespace AmqpToolkit.Storage.Journaling;

/// <summary>Octets of a journal that are not what was written.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Offset">Where the damage begins.</param>
/// <param name="Octets">Octets up to the next record that is whole; 0 for a record that is missing.</param>
/// <param name="What">What depends on them, as far as that can be told.</param>
internal sealed record JournalDamage(string File, long Offset, long Octets, string What);
