using System.Runtime.CompilerServices;
using System.Text;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>Values to be written: the smallest encoding of each type, equality across the ways to hold a value, arrays.</summary>
public sealed class OwnedValueTests
{
    public static TheoryData<string, string, string> Smallest
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            void Add(EncodedValue value, string hex, [CallerArgumentExpression(nameof(value))] string made = "") => data.Add(made, hex, Written(value));
            Add(default, "40");
            Add(EncodedValue.Boolean(true), "41");
            Add(EncodedValue.Boolean(false), "42");
            Add(EncodedValue.UByte(200), "50C8");
            Add(EncodedValue.UShort(1), "600001");
            Add(EncodedValue.UInt(0), "43");
            Add(EncodedValue.UInt(255), "52FF");
            Add(EncodedValue.UInt(256), "7000000100");
            Add(EncodedValue.ULong(0), "44");
            Add(EncodedValue.ULong(255), "53FF");
            Add(EncodedValue.ULong(256), "800000000000000100");
            Add(EncodedValue.Byte(-1), "51FF");
            Add(EncodedValue.Short(-2), "61FFFE");
            Add(EncodedValue.Int(-128), "5480");
            Add(EncodedValue.Int(128), "7100000080");
            Add(EncodedValue.Int(-129), "71FFFFFF7F");
            Add(EncodedValue.Long(127), "557F");
            Add(EncodedValue.Long(128), "810000000000000080");
            Add(EncodedValue.Float(-0f), "7280000000");
            Add(EncodedValue.Double(1), "823FF0000000000000");
            Add(EncodedValue.Decimal32(0x22500001), "7422500001");
            Add(EncodedValue.Decimal64(0x2238000000000001), "842238000000000001");
            Add(EncodedValue.Decimal128(new UInt128(0x2208000000000000, 1)), "9422080000000000000000000000000001");
            Add(EncodedValue.Char(new Rune(0x1F600)), "730001F600");
            Add(EncodedValue.Timestamp(-1), "83FFFFFFFFFFFFFFFF");
            Add(EncodedValue.Uuid(Guid.Parse("00112233-4455-6677-8899-aabbccddeeff")), "9800112233445566778899AABBCCDDEEFF");
            Add(EncodedValue.Binary(new byte[] { 1, 2 }), "A0020102");
            Add(EncodedValue.Binary(default), "A000");
            Add(EncodedValue.Binary(new byte[256]), "B000000100" + new string('0', 512));
            Add(EncodedValue.String("é"), "A102C3A9");
            Add(EncodedValue.String(""), "A100");
            Add(EncodedValue.String("é"u8.ToArray()), "A102C3A9");
            Add(EncodedValue.Symbol("a"), "A30161");
            Add(EncodedValue.Symbols("a"), "A30161");
            Add(EncodedValue.Symbols(), "40");
            Add(default(Accepted), "00532445");
            Add(new Received { SectionNumber = 0, SectionOffset = 0 }, "005323C003024344");
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Smallest))]
    public void Value_OfEachType_TakesItsSmallestEncoding(string made, string expected, string written) => Assert.Equal((made, expected), (made, written));

    [Fact]
    public void Values_HeldInDifferentWays_AreEqual()
    {
        string text = "a text that is too long to be held in place";
        (EncodedValue One, EncodedValue Other)[] pairs =
        [
            (EncodedValue.ULong(7), EncodedValue.CopyOf([0x53, 7])),
            (EncodedValue.ULong(7), new EncodedValue(new byte[] { 0x53, 7 })),
            (EncodedValue.String("é"), EncodedValue.String("é"u8.ToArray())),
            (EncodedValue.String("é"), EncodedValue.CopyOf([0xA1, 2, 0xC3, 0xA9])),
            (EncodedValue.String(text), EncodedValue.CopyOf([0xA1, (byte)text.Length, .. Encoding.UTF8.GetBytes(text)])),
            (default(Accepted), new EncodedValue(new byte[] { 0x00, 0x53, 0x24, 0x45 })),
            (default, EncodedValue.CopyOf([0x40])),
            (default, new EncodedValue(new byte[] { 0x40 })),
        ];
        foreach ((EncodedValue one, EncodedValue other) in pairs)
        {
            Assert.True(one == other && other == one);
            Assert.Equal(one.GetHashCode(), other.GetHashCode());
            Assert.Equal(one.IsNull, other.IsNull);
            Assert.Equal(Written(one), Written(other));
        }

        Assert.NotEqual(EncodedValue.String("a"), EncodedValue.Symbol("a"));
        Assert.NotEqual(EncodedValue.ULong(7), EncodedValue.UInt(7));
        Assert.NotEqual(EncodedValue.ULong(7), default);
    }

    [Fact]
    public void Value_WrittenToWhatJustSuffices_TouchesNothingElse()
    {
        foreach (EncodedValue value in new[] { EncodedValue.ULong(7), EncodedValue.Uuid(Guid.Empty), EncodedValue.String("ab"), default(Accepted) })
        {
            int octets = value.ToMemory().Length;
            byte[] target = new byte[octets + 20];
            target.AsSpan().Fill(0xEE);

            Assert.Equal(octets, value.Write(target));

            Assert.All(target[octets..], octet => Assert.Equal(0xEE, octet));
            Assert.ThrowsAny<ArgumentException>(() => value.Write(new byte[octets - 1]));
        }
    }

    [Theory]
    [InlineData("é")]
    [InlineData("a\u0080")]
    public void Symbol_OutsideAscii_IsNotWritten(string text)
    {
        Assert.Throws<ArgumentException>(() => EncodedValue.Symbol(text));
        Assert.Throws<ArgumentException>(() => new EncodedValueBuilder().AddSymbol(text));
        Assert.Throws<ArgumentException>(() => new SaslInit { Mechanism = text }.Write(new byte[100]));
    }

    [Fact]
    public void Array_OfNumbers_TakesTheWidestForm() => AssertArray(
        "E00E0370" + "00000000" + "00000001" + "00011170",
        new EncodedValueBuilder().BeginArray(AmqpType.UInt).AddUInt(0).AddUInt(1).AddUInt(70000).End());

    [Fact]
    public void Array_OfSignedNumbers_KeepsTheirSigns() => AssertArray(
        "E00A0271" + "FFFFFFFF" + "00000080",
        new EncodedValueBuilder().BeginArray(AmqpType.Int).AddInt(-1).AddInt(128).End());

    [Fact]
    public void Array_OfBooleans_HasAnOctetEach() => AssertArray(
        "E00402560100",
        new EncodedValueBuilder().BeginArray(AmqpType.Boolean).AddBoolean(true).AddBoolean(false).End());

    [Fact]
    public void Array_OfNulls_HasNone() => AssertArray("E0020340", new EncodedValueBuilder().BeginArray(AmqpType.Null).AddNull().AddNull().AddNull().End());

    [Fact]
    public void Array_OfNothing_HasItsConstructor() => AssertArray("E00200A3", new EncodedValueBuilder().BeginArray(AmqpType.Symbol).End());

    [Fact]
    public void Array_OfShortText_HasShortLengths() => AssertArray(
        "E00703A1" + "00" + "0161" + "0162",
        new EncodedValueBuilder().BeginArray(AmqpType.String).AddString("").AddString("a").AddString("b").End());

    [Fact]
    public void Array_WithOneLongText_HasLongLengths() => AssertArray(
        "F00000013A00000002B1" + "0000000161" + "0000012C" + string.Concat(Enumerable.Repeat("78", 300)),
        new EncodedValueBuilder().BeginArray(AmqpType.String).AddString("a").AddString(new string('x', 300)).End());

    [Fact]
    public void Array_OfLists_HasWholeLists() => AssertArray(
        "E01302D0" + "0000000400000000" + "000000050000000141",
        new EncodedValueBuilder().BeginArray(AmqpType.List).BeginList().End().BeginList().AddBoolean(true).End().End());

    [Fact]
    public void Array_OfMaps_HasWholeMaps() => AssertArray(
        "E01702D1" + "0000000400000000" + "0000000900000002" + "A30161" + "5201",
        new EncodedValueBuilder().BeginArray(AmqpType.Map).BeginMap().End().BeginMap().AddSymbol("a").AddUInt(1).End().End());

    [Fact]
    public void Array_OfArrays_HasWholeArrays() => AssertArray(
        "E00D01F0" + "0000000700000002" + "500102",
        new EncodedValueBuilder().BeginArray(AmqpType.Array).BeginArray(AmqpType.UByte).AddUByte(1).AddUByte(2).End().End());

    [Fact]
    public void Array_OfDescribedValues_SharesTheDescriptor() => AssertArray(
        "E00D02" + "00532470" + "00000001" + "00000002",
        new EncodedValueBuilder().BeginArray(AmqpType.UInt, 0x24).AddUInt(1).AddUInt(2).End());

    [Fact]
    public void Builder_UsedWrongly_SaysSo()
    {
        Assert.Throws<InvalidOperationException>(() => new EncodedValueBuilder().End());
        Assert.Throws<InvalidOperationException>(() => new EncodedValueBuilder().BeginMap().AddNull().End());
        Assert.Throws<InvalidOperationException>(() => new EncodedValueBuilder().BeginList().ToValue());
        Assert.Throws<InvalidOperationException>(() => new EncodedValueBuilder().BeginList().AsValue());
        Assert.Throws<InvalidOperationException>(() => new EncodedValueBuilder().BeginArray(AmqpType.UInt).AddULong(1));
        Assert.Throws<InvalidOperationException>(() => new EncodedValueBuilder().BeginArray(AmqpType.UInt).Describe(1));
        Assert.Throws<InvalidOperationException>(() => new EncodedValueBuilder().BeginArray(AmqpType.Described).AddNull().End());
    }

    [Fact]
    public void Trees_AtRandom_AreReadAsTheyWereWritten()
    {
        const int seed = 1001;
        var random = new RandomTrees(seed);
        for (int i = 0; i < 2000; i++)
        {
            byte[] octets = random.Next();
            DecodeError error = EncodedValueView.TryParse(octets, out EncodedValueView view, out int length);

            Assert.True(error == DecodeError.None && length == octets.Length, $"seed {seed}, tree {i}: {error} in {Hex.Of(octets)}");
            Assert.Equal(Hex.Of(octets), Written(view.ToOwned()));
            Assert.NotEmpty(CanonicalText.Of(view));
        }
    }

    [Theory]
    [InlineData("5305", AnyMessageId.Member.MessageIdUlong)]
    [InlineData("44", AnyMessageId.Member.MessageIdUlong)]
    [InlineData("9800112233445566778899AABBCCDDEEFF", AnyMessageId.Member.MessageIdUuid)]
    [InlineData("A00101", AnyMessageId.Member.MessageIdBinary)]
    [InlineData("B10000000161", AnyMessageId.Member.MessageIdString)]
    [InlineData("5201", AnyMessageId.Member.Unknown)]
    [InlineData("A30161", AnyMessageId.Member.Unknown)]
    [InlineData("40", AnyMessageId.Member.None)]
    public void MessageId_IsToldByItsConstructor(string hex, AnyMessageId.Member kind)
    {
        byte[] octets = PlainEncoder.Described(PropertiesView.DescriptorCode, PlainEncoder.List([Convert.FromHexString(hex)]));

        Assert.Equal(DecodeError.None, PropertiesView.TryParse(octets, out PropertiesView properties, out _));

        Assert.Equal(kind, properties.MessageId.Kind);
        Assert.Equal(kind == AnyMessageId.Member.MessageIdUlong, properties.MessageId.TryGetMessageIdUlong(out _));
        Assert.Equal(kind == AnyMessageId.Member.MessageIdUuid, properties.MessageId.TryGetMessageIdUuid(out _));
        Assert.Equal(kind == AnyMessageId.Member.MessageIdBinary, properties.MessageId.TryGetMessageIdBinary(out _));
        Assert.Equal(kind == AnyMessageId.Member.MessageIdString, properties.MessageId.TryGetMessageIdString(out _));
    }

    private static void AssertArray(string hex, EncodedValueBuilder builder)
    {
        Assert.Equal(hex, Hex.Of(builder.Span));
        Assert.Equal(DecodeError.None, AmqpReader.Validate(builder.Span, out int octets));
        Assert.Equal(hex.Length / 2, octets);
    }

    private static string Written(EncodedValue value)
    {
        byte[] octets = new byte[value.MaxOctets];
        return Hex.Of(octets.AsSpan(0, value.Write(octets)));
    }
}
