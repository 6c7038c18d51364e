using System.Text;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>The sections of a message (part 3, 3.2), found without copying.</summary>
public sealed class MessageSectionsTests
{
    private const string Header = "005370C00201" + "41";
    private const string DeliveryAnnotations = "005371C10602A301615201";
    private const string MessageAnnotations = "005372C10602A301625202";
    private const string Properties = "005373C003015301";
    private const string ApplicationProperties = "005374C10602A101635203";
    private const string Data = "005375A0020102";
    private const string Sequence = "005376C00402520140";
    private const string Value = "005377A10178";
    private const string Footer = "005378C10602A301645204";

    [Fact]
    public void Message_WithAllSections_IsTakenApart()
    {
        byte[] message = Hex.Parse(Header + DeliveryAnnotations + MessageAnnotations + Properties + ApplicationProperties + Data + Data + Footer);

        Assert.Equal(DecodeError.None, MessageSections.TryParse(message, out MessageSections sections));

        Assert.Equal(Header, Hex.Of(sections.Header));
        Assert.Equal(DeliveryAnnotations, Hex.Of(sections.DeliveryAnnotations));
        Assert.Equal(MessageAnnotations, Hex.Of(sections.MessageAnnotations));
        Assert.Equal(Properties, Hex.Of(sections.Properties));
        Assert.Equal(ApplicationProperties, Hex.Of(sections.ApplicationProperties));
        Assert.Equal(MessageBodyKind.Data, sections.BodyKind);
        Assert.Equal(Data + Data, Hex.Of(sections.Body));
        Assert.Equal(Footer, Hex.Of(sections.Footer));
        Assert.Equal(Properties + ApplicationProperties + Data + Data, Hex.Of(sections.BareMessage));
        Assert.False(sections.TryGetData(out _));
    }

    [Theory]
    [InlineData("005377" + "FF00" + Footer)]
    [InlineData("005377" + "FF0000" + "5378C10100")]
    [InlineData("005377" + "0F00000000" + Footer)]
    public void AmqpValue_WithAConstructorOfNoType_IsRefused(string hex) =>
        Assert.Equal(DecodeError.UnknownConstructor, MessageSections.TryParse(Hex.Parse(hex), out _));

    [Fact]
    public void Sections_InEverySelection_AreFound()
    {
        string[] all = [Header, DeliveryAnnotations, MessageAnnotations, Properties, ApplicationProperties, Value, Footer];
        for (int chosen = 0; chosen < 1 << all.Length; chosen++)
        {
            string[] present = [.. all.Select((section, index) => (chosen & (1 << index)) != 0 ? section : "")];
            byte[] message = Hex.Parse(string.Concat(present));

            Assert.Equal(DecodeError.None, MessageSections.TryParse(message, out MessageSections sections));

            Assert.Equal(present[0], Hex.Of(sections.Header));
            Assert.Equal(present[1], Hex.Of(sections.DeliveryAnnotations));
            Assert.Equal(present[2], Hex.Of(sections.MessageAnnotations));
            Assert.Equal(present[3], Hex.Of(sections.Properties));
            Assert.Equal(present[4], Hex.Of(sections.ApplicationProperties));
            Assert.Equal(present[5], Hex.Of(sections.Body));
            Assert.Equal(present[6], Hex.Of(sections.Footer));
            Assert.Equal(present[3] + present[4] + present[5], Hex.Of(sections.BareMessage));
            Assert.Equal(present[5].Length != 0 ? MessageBodyKind.AmqpValue : MessageBodyKind.None, sections.BodyKind);
        }
    }

    [Theory]
    [InlineData(Data, MessageBodyKind.Data, "A0020102")]
    [InlineData(Data + Data, MessageBodyKind.Data, "A0020102,A0020102")]
    [InlineData(Sequence + Sequence + Sequence, MessageBodyKind.AmqpSequence, "C00402520140,C00402520140,C00402520140")]
    [InlineData(Value, MessageBodyKind.AmqpValue, "A10178")]
    [InlineData("00537740", MessageBodyKind.AmqpValue, "40")]
    [InlineData("00537700532445", MessageBodyKind.AmqpValue, "00532445")]
    [InlineData("00537700532445" + Footer, MessageBodyKind.AmqpValue, "00532445")]
    [InlineData("", MessageBodyKind.None, "")]
    public void Body_OfEachKind_IsWalked(string hex, MessageBodyKind kind, string values)
    {
        Assert.Equal(DecodeError.None, MessageSections.TryParse(Hex.Parse(hex), out MessageSections sections));
        Assert.Equal(kind, sections.BodyKind);
        var found = new List<string>();
        foreach (ReadOnlySpan<byte> value in sections)
        {
            found.Add(Hex.Of(value));
        }

        Assert.Equal(values, string.Join(',', found));
    }

    [Fact]
    public void Data_ThatIsOneSection_IsGivenAsItLies()
    {
        byte[] body = new byte[70_000];
        var data = new Data { Value = body };
        byte[] message = new byte[data.MaxOctets];
        message = message[..data.Write(message)];

        Assert.Equal(DecodeError.None, MessageSections.TryParse(message, out MessageSections sections));
        Assert.True(sections.TryGetData(out ReadOnlySpan<byte> octets));
        Assert.Equal(body.Length, octets.Length);
        Assert.True(octets.Overlaps(message));
    }

    [Theory]
    [InlineData(Properties + Header)]
    [InlineData(Header + Header)]
    [InlineData(Footer + Data)]
    [InlineData(Footer + Footer)]
    [InlineData(Data + Value)]
    [InlineData(Data + Sequence)]
    [InlineData(Value + Value)]
    [InlineData(Value + Data)]
    [InlineData(Sequence + ApplicationProperties)]
    [InlineData(ApplicationProperties + MessageAnnotations)]
    public void Section_OutOfItsPlace_IsRefused(string hex) =>
        Assert.Equal(DecodeError.UnexpectedSection, MessageSections.TryParse(Hex.Parse(hex), out _));

    [Theory]
    [InlineData("00531445", DecodeError.UnexpectedDescriptor)]
    [InlineData("00536F45", DecodeError.UnexpectedDescriptor)]
    [InlineData("00537945", DecodeError.UnexpectedDescriptor)]
    [InlineData("00A3017845", DecodeError.UnexpectedDescriptor)]
    [InlineData("A10178", DecodeError.UnexpectedType)]
    [InlineData("005370A10178", DecodeError.UnexpectedType)]
    [InlineData("005373C10100", DecodeError.UnexpectedType)]
    [InlineData("00537445", DecodeError.UnexpectedType)]
    [InlineData("005375A10178", DecodeError.UnexpectedType)]
    [InlineData("00537646", DecodeError.UnknownConstructor)]
    [InlineData("005375A0FF00", DecodeError.Truncated)]
    [InlineData("005375B0FFFFFFFF00", DecodeError.Truncated)]
    [InlineData("005377", DecodeError.Truncated)]
    [InlineData("00", DecodeError.Truncated)]
    public void Octets_ThatAreNoSection_AreRefused(string hex, DecodeError error)
    {
        Assert.Equal(error, MessageSections.TryParse(Hex.Parse(Header + hex), out MessageSections sections));
        Assert.Equal(Header, Hex.Of(sections.Header));
        Assert.Equal(MessageBodyKind.None, sections.BodyKind);
    }

    [Theory]
    [InlineData("00800000000000000070" + "45")]
    [InlineData("00A310616D71703A6865616465723A6C69737445")]
    [InlineData("005370D00000000400000000")]
    public void Section_InAnotherEncoding_IsFound(string hex)
    {
        Assert.Equal(DecodeError.None, MessageSections.TryParse(Hex.Parse(hex + Data), out MessageSections sections));

        Assert.Equal(hex, Hex.Of(sections.Header));
        Assert.Equal(DecodeError.None, HeaderView.TryParse(sections.Header, out HeaderView header, out _));
        Assert.Equal(4, header.Priority);
    }

    [Fact]
    public void Message_CutInsideASection_IsTruncatedAndKeepsWhatIsWhole()
    {
        string[] parts = [Header, MessageAnnotations, Properties, "005374D10000000900000002A101635203", "005375B000000003010203", Footer];
        byte[] message = Hex.Parse(string.Concat(parts));
        int[] ends = [.. parts.Select((_, index) => string.Concat(parts[..(index + 1)]).Length / 2).Prepend(0)];
        for (int cut = 0; cut <= message.Length; cut++)
        {
            DecodeError error = MessageSections.TryParse(message.AsSpan(0, cut), out MessageSections sections);

            Assert.Equal(ends.Contains(cut) ? DecodeError.None : DecodeError.Truncated, error);
            Assert.Equal(cut >= ends[3], sections.Properties.Length != 0);
            Assert.Equal(cut >= ends[5], sections.BodyKind == MessageBodyKind.Data);
        }
    }

    [Fact]
    public void Message_WrittenFromItsSections_IsReadAgain()
    {
        var builder = new EncodedValueBuilder();
        builder.Add(new Header { Durable = true })
            .Add(new Properties { MessageId = EncodedValue.String("id"), To = EncodedValue.String("q") })
            .Describe(ApplicationPropertiesView.DescriptorCode).BeginMap().AddString("k").AddInt(-1).End()
            .Add(new AmqpValue { Value = EncodedValue.String("body") });

        Assert.Equal(DecodeError.None, MessageSections.TryParse(builder.Span, out MessageSections sections));
        Assert.Equal(DecodeError.None, PropertiesView.TryParse(sections.Properties, out PropertiesView properties, out _));
        Assert.Equal(AnyMessageId.Member.MessageIdString, properties.MessageId.Kind);
        Assert.True(properties.To.TryGetAddressString(out ReadOnlySpan<byte> to));
        Assert.Equal("q", Encoding.UTF8.GetString(to));
        Assert.Equal(DecodeError.None, ApplicationPropertiesView.TryParse(sections.ApplicationProperties, out ApplicationPropertiesView map, out _));
        Assert.True(map.Value.TryGetValue("k"u8, out EncodedValueView number));
        Assert.True(number.TryGetInt64(out long value));
        Assert.Equal(-1, value);
    }
}
