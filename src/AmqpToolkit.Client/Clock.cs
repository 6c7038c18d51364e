namespace AmqpToolkit.Client;

/// <summary>Milliseconds since a connection was made, by its <see cref="TimeProvider"/>.</summary>
internal sealed class Clock(TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();

    public long Now => (long)time.GetElapsedTime(_start).TotalMilliseconds;
}
