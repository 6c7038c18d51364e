using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Protocol.Tests;

public sealed class OctetTextTests
{
    [Theory]
    [InlineData("", "<<>>")]
    [InlineData("616263", "<<\"abc\">>")]
    [InlineData("003C0A", "<<0,60,10>>")]
    [InlineData("6100", "<<97,0>>")]
    [InlineData("7E7F", "<<126,127>>")]
    [InlineData("0A", "<<\"\\n\">>")]
    [InlineData("22", "<<\"\\\"\">>")]
    [InlineData("FF", "<<\"\u00ff\">>")]
    [InlineData("80", "<<128>>")]
    public void Show_OfOctets_IsTextWhereAllIsPrintable(string hex, string shown) => Assert.Equal(shown, OctetText.Show(Convert.FromHexString(hex)));

    [Fact]
    public void ShowNumbers_OfText_IsNumbers() => Assert.Equal("<<97,98>>", OctetText.ShowNumbers("ab"u8));

    [Fact]
    public void Describe_OfSixteenOctets_ShowsAll() => Assert.Equal("all octets = <<\"0123456789abcdef\">>", OctetText.Describe("0123456789abcdef"u8));

    [Fact]
    public void Describe_OfMore_ShowsTheFirstSixteen() => Assert.Equal("first 16 octets = <<\"0123456789abcdef\">>", OctetText.Describe("0123456789abcdefg"u8));

    [Fact]
    public void Show_OfAMegabyte_IsNoLongerThanAReplyText()
    {
        Assert.InRange(OctetText.Show(new byte[1_000_000]).Length, 1, 4 * ProtocolError.MaxReplyTextOctets);
        Assert.InRange(OctetText.Show("a"u8.ToArray().Concat(new byte[1_000_000]).ToArray()).Length, 1, 4 * ProtocolError.MaxReplyTextOctets);
    }
}
