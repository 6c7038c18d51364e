using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AmqpToolkit.Storage.Journaling;

/// <summary>CRC-32C (Castagnoli), which processors compute eight octets at a time (RFC 3720, appendix B.4 has its test vectors).</summary>
internal static class Crc32C
{
    /// <summary>Goes on from <paramref name="seed"/>; the seed of a fresh sum is 0.</summary>
    public static uint Compute(ReadOnlySpan<byte> octets, uint seed = 0)
    {
        uint crc = ~seed;
        ref byte start = ref MemoryMarshal.GetReference(octets);
        int at = 0;
        for (; at <= octets.Length - sizeof(ulong); at += sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, at)));
        }

        for (; at < octets.Length; at++)
        {
            crc = BitOperations.Crc32C(crc, octets[at]);
        }

        return ~crc;
    }

    /// <summary>
    /// Three sums that start from one seed. Each step waits for the one before it, but not for those of another row of octets, and a processor takes a new one
    /// in every cycle: three at a time cost little more than one.
    /// </summary>
    public static (uint First, uint Second, uint Third) ComputeThree(
        ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, uint seed)
    {
        int common = Math.Min(Math.Min(first.Length, second.Length), third.Length) & -sizeof(ulong);
        ref byte a = ref MemoryMarshal.GetReference(first);
        ref byte b = ref MemoryMarshal.GetReference(second);
        ref byte c = ref MemoryMarshal.GetReference(third);
        uint x = ~seed;
        uint y = ~seed;
        uint z = ~seed;
        for (int at = 0; at < common; at += sizeof(ulong))
        {
            x = BitOperations.Crc32C(x, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref a, at)));
            y = BitOperations.Crc32C(y, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref b, at)));
            z = BitOperations.Crc32C(z, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref c, at)));
        }

        return (Compute(first[common..], ~x), Compute(second[common..], ~y), Compute(third[common..], ~z));
    }
}
