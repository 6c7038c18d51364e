using System.Numerics;

namespace AmqpToolkit.Broker.Messages;

/// <summary>The sizes that slots come in: four a doubling from 64 octets to 256 KiB, so that at most a fifth of a slot is lost.</summary>
internal static class SlotSizes
{
    /// <summary>The smallest slot.</summary>
    public const int MinOctets = 48;

    /// <summary>The largest slot that shares a slab; a larger message gets a slab of its own.</summary>
    public const int MaxOctets = 256 * 1024;

    /// <summary>Marks a slot that is a whole slab.</summary>
    public const byte OwnSlab = 255;

    private static readonly int[] Sizes = [.. Enumerate()];

    /// <summary>How many sizes there are.</summary>
    public static int Count => Sizes.Length;

    /// <summary>Octets of a size.</summary>
    public static int OctetsOf(int sizeClass) => Sizes[sizeClass];

    /// <summary>The smallest size that holds <paramref name="octets"/>; <see cref="OwnSlab"/> when none does.</summary>
    public static byte ClassOf(int octets)
    {
        if (octets <= 64)
        {
            return octets <= MinOctets ? (byte)0 : (byte)1;
        }

        if (octets > MaxOctets)
        {
            return OwnSlab;
        }

        // 65..80 -> 2, 81..96 -> 3, 97..112 -> 4, 113..128 -> 5, then the same steps doubled.
        int doubling = BitOperations.Log2((uint)(octets - 1));
        int step = (octets - 1 - (1 << doubling)) >> (doubling - 2);
        return (byte)(2 + ((doubling - 6) * 4) + step);
    }

    private static IEnumerable<int> Enumerate()
    {
        yield return MinOctets;
        yield return 64;
        for (int start = 64; start < MaxOctets; start *= 2)
        {
            for (int step = 1; step <= 4; step++)
            {
                yield return start + (start / 4 * step);
            }
        }
    }
}
