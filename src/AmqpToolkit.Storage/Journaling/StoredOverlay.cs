using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace AmqpToolkit.Storage.Journaling;

/// <summary>An overlay that is kept at hand. A short one lies in place: a queue that is given everything back holds one for each message.</summary>
internal readonly struct StoredOverlay
{
    private const int InlineOctets = 15;

    private readonly byte[]? _long;
    private readonly Short _short;
    private readonly byte _count;

    public StoredOverlay(ReadOnlySpan<byte> octets)
    {
        if (octets.Length > InlineOctets)
        {
            _long = octets.ToArray();
            return;
        }

        octets.CopyTo(_short);
        _count = (byte)octets.Length;
    }

    [UnscopedRef]
    public ReadOnlySpan<byte> Octets => _long is null ? ((ReadOnlySpan<byte>)_short)[.._count] : _long;

    [InlineArray(InlineOctets)]
    private struct Short
    {
        private byte _first;
    }
}
