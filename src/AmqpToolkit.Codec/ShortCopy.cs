using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace AmqpToolkit.Codec;

/// <summary>Copies of a few octets, as most keys, tags and many texts have, in two stores that overlap: a call to copy them takes longer.</summary>
internal static class ShortCopy
{
    /// <summary>Copies all octets of the source; 4 to 16 of them without a call.</summary>
    /// <exception cref="ArgumentException">The target is too short.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Copy(ReadOnlySpan<byte> source, Span<byte> target)
    {
        int beyond = source.Length - sizeof(ulong);
        if ((uint)beyond <= sizeof(ulong))
        {
            ulong first = BinaryPrimitives.ReadUInt64LittleEndian(source);
            ulong last = BinaryPrimitives.ReadUInt64LittleEndian(source[beyond..]);
            BinaryPrimitives.WriteUInt64LittleEndian(target, first);
            BinaryPrimitives.WriteUInt64LittleEndian(target[beyond..], last);
        }
        else if (beyond is >= -sizeof(uint) and < 0)
        {
            uint first = BinaryPrimitives.ReadUInt32LittleEndian(source);
            uint last = BinaryPrimitives.ReadUInt32LittleEndian(source[(beyond + sizeof(uint))..]);
            BinaryPrimitives.WriteUInt32LittleEndian(target, first);
            BinaryPrimitives.WriteUInt32LittleEndian(target[(beyond + sizeof(uint))..], last);
        }
        else
        {
            source.CopyTo(target);
        }
    }
}
