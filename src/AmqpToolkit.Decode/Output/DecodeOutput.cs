namespace AmqpToolkit.Decode.Output;

/// <summary>Takes what was decoded, in its order in time.</summary>
internal abstract class DecodeOutput
{
    /// <summary>Errors so far, in frames and beside them.</summary>
    public long Errors { get; private set; }

    /// <summary>Frames so far.</summary>
    public long Frames { get; private set; }

    /// <summary>Shows a frame.</summary>
    public void Frame(in StreamPosition at, DecodedFrame frame)
    {
        Frames++;
        if (frame.Problem is not null)
        {
            Errors++;
        }

        WriteFrame(at, frame);
    }

    /// <summary>Shows a remark about a stream.</summary>
    public void Note(in StreamPosition at, NoteKind kind, string text)
    {
        if (kind == NoteKind.Error)
        {
            Errors++;
        }

        WriteNote(at, kind, text);
    }

    /// <summary>Shows that a conversation begins.</summary>
    public abstract void Conversation(int number, string client, string server);

    /// <summary>Shows an error of the input as a whole.</summary>
    public void InputError(string text, long offset)
    {
        Errors++;
        WriteInputError(text, offset);
    }

    protected abstract void WriteFrame(in StreamPosition at, DecodedFrame frame);

    protected abstract void WriteNote(in StreamPosition at, NoteKind kind, string text);

    protected abstract void WriteInputError(string text, long offset);
}
