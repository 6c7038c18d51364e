using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Tests;

public sealed class Crc32CTests
{
    [Fact]
    public void Compute_OfTheVectorsOfRfc3720_IsTheirSum()
    {
        byte[] rising = [.. Enumerable.Range(0, 32).Select(octet => (byte)octet)];

        Assert.Equal(0x8A9136AAu, Crc32C.Compute(new byte[32]));
        Assert.Equal(0x46DD794Eu, Crc32C.Compute(rising));
        Assert.Equal(0xE3069283u, Crc32C.Compute("123456789"u8));
    }

    [Fact]
    public void ComputeThree_OfAnyLengths_IsTheSumOfEach()
    {
        var random = new Random(3720);
        byte[] octets = new byte[512];
        random.NextBytes(octets);
        for (int round = 0; round < 2000; round++)
        {
            var first = octets.AsSpan(random.Next(64), random.Next(128));
            var second = octets.AsSpan(random.Next(64), random.Next(128));
            var third = octets.AsSpan(random.Next(64), random.Next(128));
            uint seed = (uint)random.Next();

            var sums = Crc32C.ComputeThree(first, second, third, seed);

            Assert.Equal((Crc32C.Compute(first, seed), Crc32C.Compute(second, seed), Crc32C.Compute(third, seed)), sums);
        }
    }
}
