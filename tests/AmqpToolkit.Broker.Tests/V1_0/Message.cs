using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.V1_0;

/// <summary>Messages of 1.0, section by section.</summary>
internal static class Message
{
    public static byte[] Data(byte[] octets) => Section(DataView.DescriptorCode, builder => builder.AddBinary(octets));

    public static byte[] Value(string text) => Section(AmqpValueView.DescriptorCode, builder => builder.AddString(text));

    public static byte[] Header(Header header) => Octets(header);

    public static byte[] Properties(Properties properties) => Octets(properties);

    public static byte[] DeliveryAnnotations(string key, string value) => Map(DeliveryAnnotationsView.DescriptorCode, builder => builder.AddSymbol(key).AddString(value));

    public static byte[] MessageAnnotations(string key, string value) => Map(MessageAnnotationsView.DescriptorCode, builder => builder.AddSymbol(key).AddString(value));

    public static byte[] ApplicationProperties(string key, string value) => Map(ApplicationPropertiesView.DescriptorCode, builder => builder.AddString(key).AddString(value));

    public static byte[] Footer(string key, string value) => Map(FooterView.DescriptorCode, builder => builder.AddSymbol(key).AddString(value));

    /// <summary>What stands behind the header, which is the broker's own.</summary>
    public static byte[] WithoutHeader(byte[] message)
    {
        Assert.Equal(Codec.DecodeError.None, MessageSections.TryParse(message, out var sections));
        return message[sections.Header.Length..];
    }

    public static HeaderView HeaderOf(byte[] message)
    {
        Assert.Equal(Codec.DecodeError.None, HeaderView.TryParse(message, out var header, out _));
        return header;
    }

    private static byte[] Map(ulong code, Func<EncodedValueBuilder, EncodedValueBuilder> fill) => Section(code, builder => fill(builder.BeginMap()).End());

    private static byte[] Section(ulong code, Func<EncodedValueBuilder, EncodedValueBuilder> fill) => fill(new EncodedValueBuilder().Describe(code)).Span.ToArray();

    private static byte[] Octets<T>(T section)
        where T : struct, IDescribedType
    {
        byte[] octets = new byte[section.MaxOctets];
        return octets[..section.Write(octets)];
    }
}
