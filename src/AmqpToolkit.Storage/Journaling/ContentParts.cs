namespace AmqpToolkit.Storage.Journaling;

/// <summary>A content in up to three parts, as it lies in memory; the journal keeps them in a row and knows nothing of their sense.</summary>
internal readonly ref struct ContentParts(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second = default, ReadOnlySpan<byte> third = default)
{
    private readonly ReadOnlySpan<byte> _first = first;
    private readonly ReadOnlySpan<byte> _second = second;
    private readonly ReadOnlySpan<byte> _third = third;

    public int Octets => _first.Length + _second.Length + _third.Length;

    public void CopyTo(Span<byte> destination)
    {
        _first.CopyTo(destination);
        _second.CopyTo(destination[_first.Length..]);
        _third.CopyTo(destination[(_first.Length + _second.Length)..]);
    }
}
