using System.Diagnostics;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>Elements without octets (1.6.24): what they cost is what they take on the wire.</summary>
public sealed class ZeroWidthTests
{
    [Theory]
    [InlineData("E0 02 00 40", DecodeError.None)]
    [InlineData("E0 02 FF 40", DecodeError.None)]
    [InlineData("F0 00000005 00000400 45", DecodeError.None)]
    [InlineData("F0 00000005 00000401 45", DecodeError.TooManyElements)]
    [InlineData("E0 03 02 41 00", DecodeError.MalformedCompound)]
    public void Array_OfElementsWithoutOctets_IsDecidedByItsCount(string hex, DecodeError expected) =>
        Assert.Equal(expected, AmqpReader.Validate(Hex.Parse(hex), out _));

    [Fact]
    public void ArraysOfManyElementsWithoutOctets_CostNoMoreThanEmptyOnes()
    {
        byte[] many = Arrays(elements: AmqpReader.MaxZeroWidthElements);
        byte[] none = Arrays(elements: 0);

        TimeSpan least = Least(none);

        Assert.InRange(Least(many), TimeSpan.Zero, (20 * least) + TimeSpan.FromMilliseconds(20));
    }

    /// <summary>An array of 100,000 arrays of nulls.</summary>
    private static byte[] Arrays(int elements)
    {
        const int Count = 100_000;
        byte[] inner = [0, 0, 0, 5, 0, 0, (byte)(elements >> 8), (byte)elements, 0x40];
        byte[] octets = new byte[10 + (Count * inner.Length)];
        octets[0] = 0xF0;
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(octets.AsSpan(1), octets.Length - 5);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(octets.AsSpan(5), Count);
        octets[9] = 0xF0;
        for (int at = 10; at < octets.Length; at += inner.Length)
        {
            inner.CopyTo(octets, at);
        }

        return octets;
    }

    private static TimeSpan Least(byte[] octets)
    {
        TimeSpan least = TimeSpan.MaxValue;
        for (int i = 0; i < 5; i++)
        {
            long start = Stopwatch.GetTimestamp();
            Assert.Equal(DecodeError.None, AmqpReader.Validate(octets, out _));
            TimeSpan taken = Stopwatch.GetElapsedTime(start);
            least = taken < least ? taken : least;
        }

        return least;
    }
}
