namespace AmqpToolkit.Decode.Captures;

/// <summary>A capture file that cannot be read on: what is wrong, and at which octet of the file.</summary>
internal sealed class CaptureException(string message, long offset) : Exception(message)
{
    /// <summary>Octet of the file.</summary>
    public long Offset { get; } = offset;
}
