namespace AmqpToolkit.Storage.Journaling;

/// <summary>Who is given the records of a segment, in order.</summary>
internal interface IRecordHandler
{
    void HandleRecord(JournalLocation location, in RecordHeader header, ReadOnlySpan<byte> payload);

    void HandleDamage(long offset, long octets, string what);
}
