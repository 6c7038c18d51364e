namespace AmqpToolkit.Storage.Journaling;

/// <summary>Who is given the records of a segment, in order.</summary>
internal interface IRecordHandler
{
    void HandleRecord(JournalLocation location, in RecordHeader header, ReadOnlySpan<byte> payload);

    /// <summary>Octets that are not what was written.</summary>
    /// <param name="offset">Where they begin.</param>
    /// <param name="octets">How many they are.</param>
    /// <param name="what">What depends on them.</param>
    /// <param name="queue">The number of the queue that this speaks of; 0 for none.</param>
    void HandleDamage(long offset, long octets, string what, uint queue);
}
