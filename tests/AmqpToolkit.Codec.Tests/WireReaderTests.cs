using System.Text.Unicode;
using AmqpToolkit.Codec.Classic;

namespace AmqpToolkit.Codec.Tests;

public sealed class WireReaderTests
{
    /// <summary>Lengths on both sides of the ways that the check takes, ASCII but for one place.</summary>
    [Fact]
    public void IsText_OfEveryLengthAndPlace_AgreesWithTheFramework()
    {
        byte[][] insertions = [[], [0x80], [0xFF], [0xC3, 0xA9], [0xC3], [0xE2, 0x82, 0xAC], [0xED, 0xA0, 0x80], [0xF0, 0x9F, 0x90, 0x87], [0x00]];
        for (int length = 0; length <= 70; length++)
        {
            for (int place = 0; place <= length; place++)
            {
                foreach (byte[] insertion in insertions)
                {
                    byte[] octets = [.. Enumerable.Repeat((byte)'a', place), .. insertion, .. Enumerable.Repeat((byte)'z', length - place)];

                    Assert.Equal(Utf8.IsValid(octets), WireReader.IsText(octets));
                }
            }
        }
    }

    [Fact]
    public void HasOnly_OfEachOctet_AsksItsBit()
    {
        for (int octet = 0; octet < 256; octet++)
        {
            ulong low = octet < 64 ? 1UL << octet : 0;
            ulong high = octet is >= 64 and < 128 ? 1UL << (octet - 64) : 0;

            Assert.Equal(octet < 128, WireReader.HasOnly([(byte)octet], low, high));
            Assert.False(WireReader.HasOnly([(byte)octet], ~low, ~high) && octet < 128);
        }
    }

    [Fact]
    public void Bits_OfEachFlag_FillFromTheLowest()
    {
        Assert.Equal(0x00, WireWriter.Bits(false));
        Assert.Equal(0x01, WireWriter.Bits(true));
        Assert.Equal(0x02, WireWriter.Bits(false, true));
        Assert.Equal(0x80, WireWriter.Bits(false, false, false, false, false, false, false, true));
        Assert.Equal(0xFF, WireWriter.Bits(true, true, true, true, true, true, true, true));
    }
}
