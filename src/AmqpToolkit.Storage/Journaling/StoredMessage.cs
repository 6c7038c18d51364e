namespace AmqpToolkit.Storage.Journaling;

/// <summary>
/// Names a message of one queue that the journal holds, for as long as the process runs and the message is not done with. The journal may
/// move the record; the name stays.
/// </summary>
/// <param name="Value">One more than the place in the table; 0 for none.</param>
internal readonly record struct StoredMessage(uint Value)
{
    public bool IsNone => Value == 0;
}
