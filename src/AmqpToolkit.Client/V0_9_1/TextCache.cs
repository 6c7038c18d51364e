using System.Text;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>The strings of the names that keep coming back, so that each is made once. Any thread; a lost race costs one string.</summary>
internal sealed class TextCache
{
    private const int Entries = 64;
    private const int MaxOctets = 64;

    private readonly Entry?[] _entries = new Entry?[Entries];

    public string Get(ReadOnlySpan<byte> octets)
    {
        if (octets.IsEmpty)
        {
            return string.Empty;
        }

        if (octets.Length > MaxOctets)
        {
            return Encoding.UTF8.GetString(octets);
        }

        ref var slot = ref _entries[(octets.Length * 31 + octets[0] * 7 + octets[^1] * 13 + octets[octets.Length / 2]) & (Entries - 1)];
        if (slot is { } known && octets.SequenceEqual(known.Octets))
        {
            return known.Text;
        }

        var entry = new Entry(octets.ToArray(), Encoding.UTF8.GetString(octets));
        slot = entry;
        return entry.Text;
    }

    private sealed record Entry(byte[] Octets, string Text);
}
