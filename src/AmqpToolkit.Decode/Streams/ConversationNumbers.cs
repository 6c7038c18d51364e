namespace AmqpToolkit.Decode.Streams;

/// <summary>Counts conversations.</summary>
internal sealed class ConversationNumbers
{
    private int _last;

    public int Next() => ++_last;
}
