using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Codec.Tests;

public class BasicPropertiesTests
{
    private const int Seed = 60;

    private static readonly MethodType Content = MethodType.ContentOf(typeof(BasicProperties));

    /// <summary>All fourteen, in order of their flags from the highest bit down.</summary>
    private static readonly byte[] Everything = Hex.Parse(
        """
        FF FC                            # flags: fourteen properties, bit 1 and bit 0 zero
        0A 74 65 78 74 2F 70 6C 61 69 6E # content-type "text/plain"
        04 67 7A 69 70                   # content-encoding "gzip"
        00 00 00 04 01 61 74 01          # headers: a t true
        02                               # delivery-mode
        09                               # priority
        01 63                            # correlation-id
        01 72                            # reply-to
        05 36 30 30 30 30                # expiration
        01 6D                            # message-id
        00 00 00 00 60 00 00 00          # timestamp
        01 74                            # type
        01 75                            # user-id
        01 61                            # app-id
        01 78                            # reserved
        """);

    private static BasicProperties EverythingOwned => new()
    {
        ContentType = "text/plain",
        ContentEncoding = "gzip",
        Headers = Table.Create(b => b.Add("a", true)),
        DeliveryMode = 2,
        Priority = 9,
        CorrelationId = "c",
        ReplyTo = "r",
        Expiration = "60000",
        MessageId = "m",
        Timestamp = 0x60000000,
        Type = "t",
        UserId = "u",
        AppId = "a",
        Reserved = "x",
    };

    [Fact]
    public void View_OfAllProperties_ReadsEach()
    {
        Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse(Everything, out BasicPropertiesView view));

        Assert.Equal(0xFFFC, view.Flags);
        Assert.True(view.HasContentType && view.ContentType.SequenceEqual("text/plain"u8));
        Assert.True(view.HasContentEncoding && view.ContentEncoding.SequenceEqual("gzip"u8));
        Assert.True(view.HasHeaders && view.Headers.ContainsKey("a"u8));
        Assert.True(view.HasDeliveryMode && view.DeliveryMode == 2);
        Assert.True(view.HasPriority && view.Priority == 9);
        Assert.True(view.HasCorrelationId && view.CorrelationId.SequenceEqual("c"u8));
        Assert.True(view.HasReplyTo && view.ReplyTo.SequenceEqual("r"u8));
        Assert.True(view.HasExpiration && view.Expiration.SequenceEqual("60000"u8));
        Assert.True(view.HasMessageId && view.MessageId.SequenceEqual("m"u8));
        Assert.True(view.HasTimestamp && view.Timestamp == 0x60000000);
        Assert.True(view.HasType && view.Type.SequenceEqual("t"u8));
        Assert.True(view.HasUserId && view.UserId.SequenceEqual("u"u8));
        Assert.True(view.HasAppId && view.AppId.SequenceEqual("a"u8));
        Assert.True(view.HasReserved && view.Reserved.SequenceEqual("x"u8));
        Assert.True(view.IsTextValid);
    }

    [Fact]
    public void Write_OfAllProperties_WritesTheVector() => Assert.Equal(Hex.Of(Everything), Hex.Of(Write(EverythingOwned)));

    [Fact]
    public void Write_OfNone_WritesTwoZeroOctets() => Assert.Equal("0000", Hex.Of(Write(default(BasicProperties))));

    [Fact]
    public void Flags_FirstProperty_IsTheHighestBit()
    {
        Assert.Equal("8000" + "0161", Hex.Of(Write(new BasicProperties { ContentType = "a" })));
        Assert.Equal("1000" + "02", Hex.Of(Write(new BasicProperties { DeliveryMode = 2 })));
        Assert.Equal("0004" + "0161", Hex.Of(Write(new BasicProperties { Reserved = "a" })));
    }

    [Fact]
    public void Present_ButEmptyOrZero_IsNotAbsent()
    {
        byte[] wire = Write(new BasicProperties { ContentType = default, Priority = 0 });

        Assert.Equal("8800" + "00" + "00", Hex.Of(wire));
        Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse(wire, out BasicPropertiesView view));
        Assert.True(view.HasContentType && view.HasPriority && !view.HasDeliveryMode);
        Assert.NotEqual(default, new BasicProperties { Priority = 0 });
    }

    [Fact]
    public void Absent_Properties_ReadAsEmptyAndZero()
    {
        Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse([0, 0], out BasicPropertiesView view));

        Assert.False(view.HasContentType || view.HasHeaders || view.HasTimestamp);
        Assert.True(view.ContentType.IsEmpty && view.Headers.IsEmpty && view.Timestamp == 0 && view.DeliveryMode == 0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("80")]
    public void Flags_BelowTwoOctets_AreTruncated(string hex) =>
        Assert.Equal(DecodeError.Truncated, BasicPropertiesView.TryParse(Hex.Parse(hex), out _));

    [Theory]
    [InlineData("0001 0000", DecodeError.None)]                 // a second flag word without flags
    [InlineData("0001", DecodeError.Truncated)]                 // a second flag word is announced and missing
    [InlineData("0001 0001", DecodeError.Truncated)]            // so is a third
    [InlineData("0001 8000 0161", DecodeError.MalformedProperties)] // a property that basic does not have
    [InlineData("0002", DecodeError.MalformedProperties)]       // the fifteenth flag
    [InlineData("1000 02 00", DecodeError.TrailingOctets)]
    [InlineData("2000 00000005 05", DecodeError.Truncated)]
    [InlineData("2000 00000001 05", DecodeError.MalformedTable)]
    [InlineData("2000 00000002 00 00", DecodeError.UnknownFieldType)]
    public void TryParse_OfDamagedProperties_TellsTheError(string hex, DecodeError expected) =>
        Assert.Equal(expected, BasicPropertiesView.TryParse(Hex.Parse(hex), out _));

    [Fact]
    public void Text_ThatIsNoUtf8_IsNotValid()
    {
        Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse(Hex.Parse("8000 02 C328"), out BasicPropertiesView view));
        Assert.False(view.IsTextValid);
    }

    [Fact]
    public void AnySubset_WrittenAndRead_IsTheSame()
    {
        var random = new RandomValues(Seed);
        for (int round = 0; round < 2000; round++)
        {
            object properties = Content.Random(random, _ => random.Random.Next(2) == 0);
            byte[] wire = Write((BasicProperties)properties);

            Assert.Equal(DecodeError.None, Content.Parse(wire, out object? read, out bool isTextValid));
            Assert.True(isTextValid);
            Assert.Equal(properties, read);
            Assert.Equal(Hex.Of(wire), Hex.Of(Write((BasicProperties)read!)));
        }
    }

    [Fact]
    public void AllProperties_CutAnywhere_AreTruncated()
    {
        for (int length = 0; length < Everything.Length; length++)
        {
            Assert.Equal(DecodeError.Truncated, BasicPropertiesView.TryParse(Everything.AsSpan(0, length), out _));
        }
    }

    [Fact]
    public void AllProperties_WithAnyOctetChanged_AreReadOrRefusedWithoutException()
    {
        for (int at = 0; at < Everything.Length; at++)
        {
            for (int octet = 0; octet <= byte.MaxValue; octet++)
            {
                byte[] wire = [.. Everything];
                wire[at] = (byte)octet;
                DecodeError error = Content.Parse(wire, out object? read, out _);
                Assert.Equal(error == DecodeError.None, read is not null);
            }
        }
    }

    private static byte[] Write(BasicProperties properties)
    {
        byte[] buffer = new byte[properties.MaxOctets];
        return buffer[..properties.Write(buffer)];
    }
}
