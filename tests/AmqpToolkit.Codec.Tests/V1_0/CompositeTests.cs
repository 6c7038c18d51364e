using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>Composites of 1.0: golden octets, written and read.</summary>
public sealed class CompositeTests
{
    [Fact]
    public void Transfer_WithItsUsualFields_IsWrittenShort()
    {
        var transfer = new Transfer { Handle = 0, DeliveryId = 1, DeliveryTag = new byte[] { 7 }, MessageFormat = 0, Settled = false };

        const string Expected = "005314C009" + "05" + "43" + "5201" + "A00107" + "43" + "42";
        Assert.Equal(Expected, Write(transfer));
        AssertRead(Expected);
    }

    [Fact]
    public void Transfer_IsReadWithDefaults()
    {
        byte[] octets = Convert.FromHexString("005314C006" + "03" + "5203" + "40" + "A000" + "FFFF");

        Assert.Equal(DecodeError.None, TransferView.TryParse(octets, out TransferView view, out int length));

        Assert.Equal(octets.Length - 2, length);
        Assert.Equal(3u, view.Handle);
        Assert.False(view.HasDeliveryId);
        Assert.True(view.HasDeliveryTag);
        Assert.True(view.DeliveryTag.IsEmpty);
        Assert.False(view.HasSettled);
        Assert.False(view.More);
        Assert.Equal(AnyDeliveryState.Member.None, view.State.Kind);
    }

    [Theory]
    [InlineData("00531445", DecodeError.MissingField)]
    [InlineData("005314C0020140", DecodeError.MissingField)]
    [InlineData("005314C0020141", DecodeError.UnexpectedType)]
    [InlineData("005314C0020152", DecodeError.MalformedCompound)]
    [InlineData("005315C00100", DecodeError.UnexpectedDescriptor)]
    [InlineData("C00100", DecodeError.UnexpectedType)]
    [InlineData("005314A000", DecodeError.UnexpectedType)]
    public void Transfer_Malformed_IsRefused(string hex, DecodeError error) =>
        Assert.Equal(error, TransferView.TryParse(Convert.FromHexString(hex), out _, out _));

    [Theory]
    [InlineData("00531445")]
    [InlineData("00800000000000000014" + "45")]
    [InlineData("00A312" + "616D71703A7472616E736665723A6C697374" + "45")]
    public void Descriptor_InAnyForm_IsTheSame(string hex)
    {
        Assert.Equal(DecodeError.None, AnyFrame.TryParse(Convert.FromHexString(hex), out AnyFrame frame));
        Assert.Equal(AnyFrame.Member.Transfer, frame.Kind);
    }

    [Fact]
    public void Accepted_IsFourOctets() => Assert.Equal("00532445", Write(default(Accepted)));

    [Fact]
    public void Open_RoundTrips()
    {
        var open = new Open
        {
            ContainerId = "me",
            MaxFrameSize = 4096,
            OfferedCapabilities = EncodedValue.Symbols("a", "b"),
            Properties = new EncodedValueBuilder().BeginMap().AddSymbol("product").AddString("x").End().ToValue(),
        };
        byte[] octets = new byte[open.MaxOctets];
        int written = open.Write(octets);

        Assert.Equal(DecodeError.None, OpenView.TryParse(octets.AsSpan(0, written), out OpenView view, out _));

        Assert.Equal("me"u8, view.ContainerId);
        Assert.Equal(4096u, view.MaxFrameSize);
        Assert.Equal(ushort.MaxValue, view.ChannelMax);
        Assert.True(view.OfferedCapabilities.ContainsSymbol("b"u8));
        Assert.True(view.Properties.TryGetValue("product"u8, out EncodedValueView product));
        Assert.True(product.TryGetString(out ReadOnlySpan<byte> text));
        Assert.Equal("x"u8, text);
        Assert.Equal(open, view.ToOwned());
        for (int cut = 0; cut < written; cut++)
        {
            Assert.Equal(DecodeError.Truncated, OpenView.TryParse(octets.AsSpan(0, cut), out _, out _));
        }
    }

    [Fact]
    public void Disposition_WithARejection_RoundTrips()
    {
        var error = new Error { Condition = AmqpError.Texts.NotFound, Description = new string('x', 300) };
        var disposition = new Disposition { Role = Role.Receiver, First = 1, Settled = true, State = new Rejected { Error = error } };
        byte[] octets = new byte[disposition.MaxOctets];
        int written = disposition.Write(octets);

        Assert.Equal(DecodeError.None, DispositionView.TryParse(octets.AsSpan(0, written), out DispositionView view, out _));

        Assert.Equal(Role.Receiver, view.Role);
        Assert.Equal(AnyDeliveryState.Member.Rejected, view.State.Kind);
        Assert.Equal(DecodeError.None, view.State.ParseRejected(out RejectedView rejected));
        Assert.True(AmqpError.TryGetKnown(rejected.Error.Condition, out AmqpError.Known known));
        Assert.Equal(AmqpError.Known.NotFound, known);
        Assert.Equal(300, rejected.Error.Description.Length);
        Assert.Equal(disposition, view.ToOwned());
    }

    [Fact]
    public void Header_HasTheDefaultsOfTheOverlay()
    {
        Assert.Equal(DecodeError.None, HeaderView.TryParse(Convert.FromHexString("00537045"), out HeaderView view, out _));
        Assert.Equal(4, view.Priority);
        Assert.Equal(4, new Header().Priority);
    }

    [Fact]
    public void Composite_WithoutAMandatoryField_IsNotWritten() => Assert.Throws<InvalidOperationException>(() => new Open().Write(new byte[100]));

    private static void AssertRead(string hex)
    {
        byte[] octets = Convert.FromHexString(hex);
        Assert.Equal(DecodeError.None, TransferView.TryParse(octets, out TransferView view, out int length));
        Assert.Equal(octets.Length, length);
        Assert.Equal(hex, Write(view.ToOwned()));
    }

    private static string Write<T>(in T value)
        where T : struct, IDescribedType
    {
        byte[] octets = new byte[value.MaxOctets];
        return Convert.ToHexString(octets, 0, value.Write(octets));
    }
}
