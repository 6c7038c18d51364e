namespace AmqpToolkit.Decode.Output;

/// <summary>How a remark is meant.</summary>
internal enum NoteKind : byte
{
    /// <summary>Good to know.</summary>
    Information,

    /// <summary>Something is wrong with the input.</summary>
    Error,
}
