using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// Hash of a name, key or word in UTF-8: eight octets a step, each folded by a 64 x 64 multiplication, so that names that
/// differ in one digit spread over the whole range. Seeded once a process: a peer cannot choose keys that collide.
/// </summary>
internal static class Utf8Hash
{
    private const ulong StepMultiplier = 0x9E3779B97F4A7C15;
    private const ulong TailMultiplier = 0xD6E8FEB86659FD93;

    private static readonly ulong Seed = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    public static int Of(ReadOnlySpan<byte> octets)
    {
        ulong hash = Seed ^ ((ulong)octets.Length * StepMultiplier);
        while (octets.Length > sizeof(ulong))
        {
            hash = Fold(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(octets), StepMultiplier);
            octets = octets[sizeof(ulong)..];
        }

        hash = Fold(hash ^ Tail(octets), TailMultiplier);
        return (int)(hash ^ (hash >> 32));
    }

    /// <summary>The last 0 to 8 octets as one number; which octet stands where follows from the length alone.</summary>
    private static ulong Tail(ReadOnlySpan<byte> octets)
    {
        if (octets.Length >= sizeof(uint))
        {
            ulong low = BinaryPrimitives.ReadUInt32LittleEndian(octets);
            ulong high = BinaryPrimitives.ReadUInt32LittleEndian(octets[^sizeof(uint)..]);
            return low | (high << 32);
        }

        return octets.Length == 0
            ? 0
            : octets[0] | ((ulong)octets[octets.Length >> 1] << 8) | ((ulong)octets[^1] << 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong value, ulong multiplier)
    {
        ulong high = Math.BigMul(value, multiplier, out ulong low);
        return high ^ low;
    }
}
