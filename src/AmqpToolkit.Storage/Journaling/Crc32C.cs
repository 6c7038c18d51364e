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
}
