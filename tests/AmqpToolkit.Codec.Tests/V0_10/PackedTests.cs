using AmqpToolkit.Codec.V0_10;

namespace AmqpToolkit.Codec.Tests.V0_10;

/// <summary>Packed structs, commands and controls of 0-10: golden octets, written and read.</summary>
public sealed class PackedTests
{
    [Fact]
    public void DeliveryProperties_FillTheirBitsFromTheLowest()
    {
        // Field 0 is 0x01 of the first octet, field 8 (exchange) 0x01 of the second.
        var properties = new MessageDeliveryProperties { DiscardUnroutable = true, Priority = MessageDeliveryPriority.Medium, Exchange = "x", RoutingKey = "k" };

        Assert.Equal("00000009" + "0401" + "0903" + "04" + "0178" + "016B", Struct(properties));
    }

    [Fact]
    public void Transfer_WithoutFields_IsItsCodeTheSessionHeaderAndNoBits()
    {
        byte[] octets = new byte[16];
        int written = PackedWriter.WriteCommand(octets, default(MessageTransfer), sync: true);

        Assert.Equal("0401" + "0101" + "0000", Convert.ToHexString(octets, 0, written));
    }

    [Fact]
    public void MessageProperties_WithAStruct_RoundTrip()
    {
        var properties = new MessageProperties { ContentLength = 5, ReplyTo = new MessageReplyTo { RoutingKey = "q" }, ContentType = "text/plain" };
        byte[] octets = new byte[properties.MaxOctets];
        int written = properties.Write(octets);

        Assert.Equal("1900" + "0000000000000005" + "0004" + "0200" + "0171" + "0A746578742F706C61696E", Convert.ToHexString(octets, 0, written));
        Assert.Equal(DecodeError.None, MessagePropertiesView.TryParse(octets.AsSpan(0, written), out MessagePropertiesView view));
        Assert.Equal("q"u8, view.ReplyTo.RoutingKey);
        Assert.Equal(properties, view.ToOwned());
        for (int cut = 0; cut < written; cut++)
        {
            Assert.Equal(DecodeError.Truncated, MessagePropertiesView.TryParse(octets.AsSpan(0, cut), out _));
        }
    }

    [Fact]
    public void CodedStruct_AsAField_HasItsCode()
    {
        var start = new DtxStart { Xid = new DtxXid { Format = 1, GlobalId = "g", BranchId = "b" }, Join = true };
        byte[] octets = new byte[start.MaxOctets];
        int written = start.Write(octets);

        Assert.Equal("0300" + "0000000C" + "0604" + "0700" + "00000001" + "0167" + "0162", Convert.ToHexString(octets, 0, written));
        Assert.Equal(DecodeError.None, DtxStartView.TryParse(octets.AsSpan(0, written), out DtxStartView view));
        Assert.Equal(1u, view.Xid.Format);
        Assert.Equal(start, view.ToOwned());
    }

    [Theory]
    [InlineData("0300 0000000C 0605 0700 00000001 0167 0162", DecodeError.UnexpectedType)]       // the code of another struct
    [InlineData("0300 0000000B 0604 0700 00000001 0167 01", DecodeError.MalformedCompound)]      // cut, and its size says so
    [InlineData("0300 00000003 0604 07", DecodeError.MalformedCompound)]
    [InlineData("0300 00000001 06", DecodeError.MalformedCompound)]                              // no room for a code
    [InlineData("0300 00000000", DecodeError.MalformedCompound)]
    [InlineData("0300 0000000C 0605 0700 00000001 0167 01", DecodeError.Truncated)]              // more octets would help
    public void CodedStruct_ThatIsAnotherOrCut_IsRefused(string hex, DecodeError expected) =>
        Assert.Equal(expected, DtxStartView.TryParse(Hex.Parse(hex), out _));

    [Fact]
    public void StructWithoutCode_CutInsideItsSize_IsMalformed()
    {
        var properties = new MessageProperties { ReplyTo = new MessageReplyTo { RoutingKey = "q" } };
        byte[] octets = new byte[properties.MaxOctets];
        int written = properties.Write(octets);
        Assert.Equal("0004" + "0200" + "0171", Convert.ToHexString(octets, written - 6, 6));

        octets[written - 5]--;

        Assert.Equal(DecodeError.MalformedCompound, MessagePropertiesView.TryParse(octets.AsSpan(0, written - 1), out _));
    }

    [Fact]
    public void Struct_WithoutPresenceBits_HasAllItsFields()
    {
        var fragment = new SessionCommandFragment { CommandId = 1, ByteRanges = new ByteRanges(2, 3) };
        byte[] octets = new byte[fragment.MaxOctets];
        int written = fragment.Write(octets);

        Assert.Equal("00000001" + "0010" + "0000000000000002" + "0000000000000003", Convert.ToHexString(octets, 0, written));
        Assert.Equal(DecodeError.None, SessionCommandFragmentView.TryParse(octets.AsSpan(0, written), out SessionCommandFragmentView view));
        Assert.Equal(1u, view.CommandId);
        Assert.Equal(new ByteRange(2, 3), view.ByteRanges[0]);
    }

    [Theory]
    [InlineData("0100 0000000C 0605 0700 00000001 0167 0162", DecodeError.UnexpectedType)]      // another struct
    [InlineData("0100 00000001 06", DecodeError.MalformedCompound)]                            // no code
    [InlineData("0100 0000000B 0604 0700 00000001 0167 01", DecodeError.MalformedCompound)]    // its last field is cut, and more octets would not help
    [InlineData("0100 0000000D 0604 0700 00000001 0167 0162 00", DecodeError.TrailingOctets)]
    public void CodedStruct_Damaged_IsRefused(string hex, DecodeError expected) =>
        Assert.Equal(expected, DtxPrepareView.TryParse(Hex.Parse(hex), out _));

    [Fact]
    public void Struct_WithABitOfNoField_IsRefused() =>
        Assert.Equal(DecodeError.MalformedProperties, SessionHeaderView.TryParse([2], out _));

    [Fact]
    public void FragmentProperties_ThatAreNotThere_AreAWholeMessage()
    {
        Assert.True(MessageFragmentProperties.Default.First);
        Assert.True(MessageFragmentProperties.Default.Last);
    }

    [Fact]
    public void Names_AreKnownByCode()
    {
        Assert.Equal("message.transfer", Commands.NameOf(Commands.MessageTransfer));
        Assert.Equal("session.attach", Controls.NameOf(0x0201));
        Assert.Equal("", Commands.NameOf(0xFFFF));
    }

    private static string Struct<T>(in T value)
        where T : struct, IPacked
    {
        byte[] octets = new byte[value.MaxOctets + PackedWriter.Struct32Overhead];
        return Convert.ToHexString(octets, 0, PackedWriter.WriteStruct(octets, value));
    }
}
