namespace AmqpToolkit.Codec.Tests.Specs;

/// <summary>What holds for every vector of every edition, whatever it is a vector of.</summary>
internal static class Vectors
{
    private const int LongVector = 160;
    private const int Passes = 5;

    /// <summary>Read, it is the same value with the same octets; cut anywhere it is truncated; with an octet more it is too long.</summary>
    internal static void AssertExact(MethodType type, object value, ReadOnlySpan<byte> wire)
    {
        Assert.Equal(DecodeError.None, type.Parse(wire, out object? read, out bool isTextValid));
        Assert.True(isTextValid);
        Assert.Equal(value, read);
        Assert.Equal(value.GetHashCode(), read!.GetHashCode());
        for (int length = 0; length < wire.Length; length++)
        {
            Assert.Equal(DecodeError.Truncated, type.Check(wire[..length]));
        }

        Assert.Equal(DecodeError.TrailingOctets, type.Check([.. wire, 0]));
    }

    /// <summary>
    /// With any one octet changed it is read or refused with a defined error, without an exception and, before a copy is asked for, without an allocation.
    /// All other values of each octet, of a long vector the telling ones.
    /// </summary>
    internal static void AssertMutationsAreHarmless(MethodType type, ReadOnlySpan<byte> vector)
    {
        Span<byte> wire = vector.ToArray();
        Span<bool> seen = stackalloc bool[256];
        long least = long.MaxValue; // what the runtime makes for itself now and then is not made again and again
        for (int pass = 0; pass < Passes && least != 0; pass++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            CheckMutations(type, wire, seen);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
        for (int error = 0; error < seen.Length; error++)
        {
            Assert.True(!seen[error] || Enum.IsDefined((DecodeError)error));
        }
    }

    private static void CheckMutations(MethodType type, Span<byte> wire, Span<bool> seen)
    {
        ReadOnlySpan<byte> telling = [0x01, 0x02, 0x04, 0x80, 0x41, 0x7F, 0xFF];
        for (int at = 0; at < wire.Length; at++)
        {
            byte original = wire[at];
            for (int change = 1; change < (wire.Length > LongVector ? telling.Length : 256); change++)
            {
                wire[at] = (byte)(original ^ (wire.Length > LongVector ? telling[change] : change));
                seen[(int)type.Check(wire)] = true;
            }

            wire[at] = original;
        }
    }

    /// <summary>As above, with a copy made of what can be read.</summary>
    internal static void AssertMutationsCanBeCopied(MethodType type, ReadOnlySpan<byte> vector)
    {
        byte[] wire = vector.ToArray();
        for (int at = 0; at < wire.Length; at++)
        {
            byte original = wire[at];
            foreach (int change in new[] { 0x01, 0x80, 0xFF, 0x41, 0x7F })
            {
                wire[at] = (byte)(original ^ change);
                DecodeError error = type.Parse(wire, out object? read, out _);
                Assert.Equal(error == DecodeError.None, read is not null);
            }

            wire[at] = original;
        }
    }
}
