using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace AmqpToolkit.Broker.Topology;

/// <summary>A hash of octets that is the same in each process, so that a message with some key goes to the same queue after a restart.</summary>
internal static class StableHash
{
    private const ulong Multiplier = 0x9E3779B97F4A7C15;

    public static ulong Of(ReadOnlySpan<byte> octets)
    {
        ulong hash = (ulong)octets.Length * Multiplier;
        while (octets.Length >= sizeof(ulong))
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(octets));
            octets = octets[sizeof(ulong)..];
        }

        ulong tail = 0;
        foreach (byte octet in octets)
        {
            tail = (tail << 8) | octet;
        }

        return Mix(hash ^ tail ^ Multiplier);
    }

    /// <summary>Spreads what differs in one bit over all 64 (the finisher of MurmurHash3, two multiplications).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 33)) * 0xFF51AFD7ED558CCD;
        value = (value ^ (value >> 33)) * 0xC4CEB9FE1A85EC53;
        return value ^ (value >> 33);
    }
}
