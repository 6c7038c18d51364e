namespace AmqpToolkit.Transport.Tests;

/// <summary>Shared octets that count how often they were given back.</summary>
internal sealed class CountedOctets(byte octet, int count) : ISharedOctets
{
    private int _released;

    public ArraySegment<byte> Octets { get; } = new([.. Enumerable.Repeat(octet, count)]);

    public int Released => Volatile.Read(ref _released);

    public void Release() => Interlocked.Increment(ref _released);
}
