using System.Reflection;
using AmqpToolkit.Codec.V0_10;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Codec.Tests;

/// <summary>
/// A null reference given for text is never sent as the empty string: arguments that are always there refuse it, what may be missing is left out.
/// </summary>
public class NullTextTests
{
    private const string? Nothing = null;
    private static byte[]? NoOctets => null;

    public static TheoryData<Type> Methods => [.. Implementing(typeof(IMethod))];

    public static TheoryData<Type> Optional => [.. Implementing(typeof(IDescribedType)), .. Implementing(typeof(IPacked)), typeof(BasicProperties)];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Method_GivenNullForText_RefusesIt(Type type)
    {
        foreach (PropertyInfo text in Texts(type))
        {
            object method = Activator.CreateInstance(type)!;
            TargetInvocationException thrown = Assert.Throws<TargetInvocationException>(() => text.SetValue(method, NullOf(text)));

            ArgumentNullException refused = Assert.IsType<ArgumentNullException>(thrown.InnerException);
            Assert.Equal(text.Name, refused.ParamName);
            text.SetValue(method, Activator.CreateInstance(text.PropertyType)); // default is the empty string
        }
    }

    /// <summary>A struct, a composite, properties: a field that must be there refuses null, any other is then not set.</summary>
    [Theory]
    [MemberData(nameof(Optional))]
    public void Field_GivenNullForText_IsNotSetOrRefusesIt(Type type)
    {
        foreach (PropertyInfo text in Texts(type))
        {
            object value = Activator.CreateInstance(type)!;
            try
            {
                text.SetValue(value, NullOf(text));
            }
            catch (TargetInvocationException refusal) when (refusal.InnerException is ArgumentNullException refused)
            {
                Assert.Equal(text.Name, refused.ParamName);
                continue;
            }

            PropertyInfo has = type.GetProperty("Has" + text.Name)!;
            Assert.False((bool)has.GetValue(value)!);
            Assert.Equal(Written(Activator.CreateInstance(type)!), Written(value));

            text.SetValue(value, Activator.CreateInstance(text.PropertyType));
            Assert.True((bool)has.GetValue(value)!);
            text.SetValue(value, NullOf(text));
            Assert.False((bool)has.GetValue(value)!);
        }
    }

    [Fact]
    public void Publish_GivenNullForItsExchange_RefusesIt()
    {
        Assert.Equal("Exchange", Assert.Throws<ArgumentNullException>(() => new BasicPublish { Exchange = Nothing }).ParamName);
        Assert.Equal("RoutingKey", Assert.Throws<ArgumentNullException>(() => new BasicPublish { RoutingKey = NoOctets }).ParamName);
        Assert.Equal("NewSecret", Assert.Throws<ArgumentNullException>(() => new ConnectionUpdateSecret { NewSecret = Nothing }).ParamName);
        Assert.Equal(new BasicPublish(), new BasicPublish { Exchange = "", RoutingKey = default });
    }

    [Fact]
    public void Properties_GivenNull_AreAbsent()
    {
        var properties = new BasicProperties { ReplyTo = Nothing, CorrelationId = NoOctets, MessageId = "" };

        Assert.False(properties.HasReplyTo);
        Assert.False(properties.HasCorrelationId);
        Assert.True(properties.HasMessageId);
        Assert.Equal(Written(new BasicProperties { MessageId = "" }), Written(properties));
        Assert.False((properties with { MessageId = Nothing }).HasMessageId);
    }

    [Fact]
    public void Composite_GivenNull_LeavesTheFieldOutOrRefusesIt()
    {
        Assert.Equal("ContainerId", Assert.Throws<ArgumentNullException>(() => new Open { ContainerId = Nothing }).ParamName);
        Assert.Equal("Value", Assert.Throws<ArgumentNullException>(() => new Data { Value = NoOctets }).ParamName);

        var open = new Open { ContainerId = "c", Hostname = Nothing };
        Assert.False(open.HasHostname);
        Assert.Equal(Written(new Open { ContainerId = "c" }), Written(open));
        Assert.NotEqual(Written(new Open { ContainerId = "c", Hostname = "" }), Written(open));
    }

    [Fact]
    public void Composite_WithAnEmptyString_KeepsItAsOwned()
    {
        byte[] octets = Written(new Open { ContainerId = "", Hostname = "" });
        Assert.Equal(DecodeError.None, OpenView.TryParse(octets, out OpenView view, out _));
        Assert.True(view.ToOwned().HasHostname);
        Assert.Equal(octets, Written(view.ToOwned()));
    }

    [Fact]
    public void Values_OfNull_AreNull()
    {
        Assert.True(EncodedValue.String(Nothing).IsNull);
        Assert.True(EncodedValue.String(NoOctets).IsNull);
        Assert.False(EncodedValue.String("").IsNull);
        Assert.Throws<ArgumentNullException>(() => EncodedValue.Symbol(null!));
        Assert.Throws<ArgumentNullException>(() => EncodedValue.Symbols("a", null!));

        Assert.Equal("C0 04 03 40 40 40", Spaced(new EncodedValueBuilder().BeginList().AddString(Nothing).AddSymbol(Nothing).Add(EncodedValue.String(Nothing)).End().Span));
        Assert.Throws<InvalidOperationException>(() => new EncodedValueBuilder().BeginArray(AmqpType.String).AddString(Nothing));
        Assert.Throws<ArgumentNullException>(() => new EncodedValueBuilder().AddSymbols(["a", null!]));

        byte[] buffer = new byte[8];
        Assert.Equal(1, AmqpWriter.WriteString(buffer, Nothing));
        Assert.Equal(1, AmqpWriter.WriteBinary(buffer, NoOctets));
        Assert.Equal(1, AmqpWriter.WriteSymbol(buffer, Nothing));
        Assert.Equal(0x40, buffer[0]);
    }

    [Fact]
    public void TableAndMap_GivenNull_HoldNoValue()
    {
        Assert.Equal("01 61 56 01 62 56 01 63 56", Spaced(new TableBuilder()
            .Add("a", Nothing).AddObject("b", (LongString)Nothing).AddObject("c", (ShortString)Nothing).ToTable().Span));

        PackedValue map = PackedValue.Map(map => map.Key("a").AddString(Nothing));
        Assert.Equal("00 00 00 01 01 61 F0", Spaced(map.Contents.Span));
        Assert.Throws<InvalidOperationException>(() => PackedValue.Strings("a", null!));
    }

    [Fact]
    public void Text_OfNull_IsNoneAndHasNoOctets()
    {
        Assert.True(((LongString)Nothing).IsNull);
        Assert.True(((ShortString)NoOctets).IsNull);
        Assert.False(default(LongString).IsNull);
        Assert.False(((ShortString)"").IsNull);
        Assert.False(LongString.CopyOf(default).IsNull);
        Assert.Equal("", ((LongString)Nothing).ToString());
        Assert.Equal(0, ((ShortString)Nothing).MaxOctets);
        Assert.Equal(0, ((LongString)Nothing).ToMemory().Length);
    }

    internal static IEnumerable<Type> Implementing(Type contract) =>
        typeof(IMethod).Assembly.GetExportedTypes().Where(type => type.IsValueType && contract.IsAssignableFrom(type) && Texts(type).Any());

    internal static IEnumerable<PropertyInfo> Texts(Type type) =>
        type.GetProperties().Where(property => property.PropertyType == typeof(ShortString) || property.PropertyType == typeof(LongString));

    private static object NullOf(PropertyInfo text) => text.PropertyType == typeof(ShortString) ? (ShortString)Nothing : (LongString)Nothing;

    private static string Spaced(ReadOnlySpan<byte> octets) => string.Join(' ', octets.ToArray().Select(octet => octet.ToString("X2")));

    private static byte[] Written(object value)
    {
        byte[] octets = new byte[(int)value.GetType().GetProperty("MaxOctets")!.GetValue(value)!];
        try
        {
            return octets[..(value switch
            {
                IDescribedType described => described.Write(octets),
                IPacked packed => packed.Write(octets),
                BasicProperties properties => properties.Write(octets),
                _ => throw new InvalidOperationException($"{value.GetType()} writes itself in another way."),
            })];
        }
        catch (InvalidOperationException missing) when (missing.Message.StartsWith("A mandatory field", StringComparison.Ordinal))
        {
            return []; // alike for both that are compared
        }
    }
}
