namespace AmqpToolkit.Storage.Journaling;

/// <summary>How much a journal holds.</summary>
/// <param name="Segments">Its files.</param>
/// <param name="UsedOctets">Octets in them.</param>
/// <param name="LiveOctets">Octets that somebody needs.</param>
/// <param name="Messages">Messages, counted once for each queue.</param>
internal readonly record struct JournalSize(int Segments, long UsedOctets, long LiveOctets, int Messages);
