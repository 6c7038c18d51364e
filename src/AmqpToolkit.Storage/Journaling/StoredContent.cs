namespace AmqpToolkit.Storage.Journaling;

/// <summary>Names the content of a message that several queues share, from the first of them on until the last is done with it.</summary>
/// <param name="Value">One more than the place in the table; 0 for none.</param>
internal readonly record struct StoredContent(uint Value)
{
    public bool IsNone => Value == 0;
}
