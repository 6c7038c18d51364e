using System.Text;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>Every primitive and encoding of 1.0 (part 1, 1.6), from its octets and back.</summary>
public sealed class EncodedValueTests
{
    public static TheoryData<AmqpType, string> Encodings => new()
    {
        { AmqpType.Null, "40" },
        { AmqpType.Boolean, "41" },
        { AmqpType.Boolean, "42" },
        { AmqpType.Boolean, "5600" },
        { AmqpType.Boolean, "5601" },
        { AmqpType.UByte, "50FF" },
        { AmqpType.UShort, "60FFFE" },
        { AmqpType.UInt, "43" },
        { AmqpType.UInt, "52FF" },
        { AmqpType.UInt, "70FFFFFFFE" },
        { AmqpType.ULong, "44" },
        { AmqpType.ULong, "53FF" },
        { AmqpType.ULong, "80FFFFFFFFFFFFFFFE" },
        { AmqpType.Byte, "5180" },
        { AmqpType.Short, "618000" },
        { AmqpType.Int, "5480" },
        { AmqpType.Int, "7180000000" },
        { AmqpType.Long, "5580" },
        { AmqpType.Long, "818000000000000000" },
        { AmqpType.Float, "727FC00001" },
        { AmqpType.Double, "827FF8000000000001" },
        { AmqpType.Decimal32, "7422500001" },
        { AmqpType.Decimal64, "842238000000000001" },
        { AmqpType.Decimal128, "9422080000000000000000000000000001" },
        { AmqpType.Char, "730001F600" },
        { AmqpType.Timestamp, "83FFFFFFFFFFFFFFFF" },
        { AmqpType.Uuid, "9800112233445566778899AABBCCDDEEFF" },
        { AmqpType.Binary, "A003010203" },
        { AmqpType.Binary, "B000000003010203" },
        { AmqpType.String, "A102C3A9" },
        { AmqpType.String, "B100000002C3A9" },
        { AmqpType.Symbol, "A30161" },
        { AmqpType.Symbol, "B30000000161" },
        { AmqpType.List, "45" },
        { AmqpType.List, "C003024041" },
        { AmqpType.List, "D000000006000000024041" },
        { AmqpType.Map, "C10602A301615205" },
        { AmqpType.Map, "D10000000900000002A301615205" },
        { AmqpType.Array, "E0040252" + "0102" },
        { AmqpType.Array, "F00000000700000002520102" },
        { AmqpType.Array, "E00602A301610161" },
        { AmqpType.Array, "E00602C0" + "0100" + "0100" },
        { AmqpType.Array, "E0070200532452" + "0102" },
        { AmqpType.Described, "00532445" },
        { AmqpType.Described, "00A3017845" },
        { AmqpType.Described, "00005301520341" },
    };

    [Theory]
    [MemberData(nameof(Encodings))]
    public void Value_OfEveryEncoding_IsReadAndCopied(AmqpType type, string hex)
    {
        byte[] octets = Convert.FromHexString(hex);
        Assert.Equal(DecodeError.None, EncodedValueView.TryParse(octets, out EncodedValueView view, out int length));

        Assert.Equal(octets.Length, length);
        Assert.Equal(type, view.Type);
        EncodedValue owned = view.ToOwned();
        byte[] written = new byte[owned.MaxOctets];
        Assert.Equal(octets.Length, owned.Write(written));
        Assert.Equal(octets, written);
        Assert.Equal(type == AmqpType.Null ? [] : octets, owned.ToMemory().ToArray());
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public void T36_Value_CutAnywhere_IsTruncated(AmqpType type, string hex)
    {
        byte[] octets = Convert.FromHexString(hex);
        AmqpReader.Validate(octets, out int length);
        for (int cut = 0; cut < length; cut++)
        {
            Assert.True(AmqpReader.Validate(octets.AsSpan(0, cut), out _) == DecodeError.Truncated, $"{type} {hex} cut at {cut}");
        }
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public void Value_WithAnyOctetChanged_IsReadOrRefused(AmqpType type, string hex)
    {
        byte[] octets = Convert.FromHexString(hex);
        for (int at = 0; at < octets.Length; at++)
        {
            byte before = octets[at];
            for (int value = 0; value <= byte.MaxValue; value++)
            {
                octets[at] = (byte)value;
                if (EncodedValueView.TryParse(octets, out EncodedValueView view, out int length) == DecodeError.None)
                {
                    Assert.InRange(length, 1, octets.Length);
                    Walk(view);
                }
            }

            octets[at] = before;
        }
    }

    [Theory]
    [InlineData("46", DecodeError.UnknownConstructor)]
    [InlineData("5602", DecodeError.InvalidValue)]
    [InlineData("730000D800", DecodeError.InvalidValue)]
    [InlineData("7300110000", DecodeError.InvalidValue)]
    [InlineData("A101FF", DecodeError.InvalidUtf8)]
    [InlineData("A301FF", DecodeError.InvalidValue)]
    [InlineData("C103014142", DecodeError.MalformedCompound)]
    [InlineData("C000", DecodeError.MalformedCompound)]
    [InlineData("C0020240", DecodeError.MalformedCompound)]
    [InlineData("C003014041", DecodeError.MalformedCompound)]
    [InlineData("E0040352" + "0102", DecodeError.MalformedCompound)]
    [InlineData("F000000005FFFFFFFF40", DecodeError.MalformedCompound)]
    [InlineData("F0000000050000040140", DecodeError.TooManyElements)]
    public void Value_Malformed_IsRefused(string hex, DecodeError error) => Assert.Equal(error, AmqpReader.Validate(Convert.FromHexString(hex), out _));

    [Theory]
    [InlineData(AmqpReader.MaxDepth, DecodeError.None)]
    [InlineData(AmqpReader.MaxDepth + 1, DecodeError.NestingTooDeep)]
    [InlineData(10_000, DecodeError.NestingTooDeep)]
    public void Lists_NestedTooDeep_AreRefused(int depth, DecodeError error)
    {
        byte[] octets = [0x40];
        for (int i = 0; i < depth; i++)
        {
            octets = PlainEncoder.List([octets]);
        }

        Assert.Equal(error, AmqpReader.Validate(octets, out _));
    }

    [Fact]
    public void Descriptors_NestedTooDeep_AreRefused() => Assert.Equal(DecodeError.NestingTooDeep, AmqpReader.Validate(new byte[100_000], out _));

    [Fact]
    public void Builder_WritesTheSmallestEncodings()
    {
        EncodedValueBuilder builder = new EncodedValueBuilder()
            .BeginMap()
            .AddSymbol("a").AddUInt(0)
            .AddString("b").AddULong(256)
            .AddUByte(1).AddLong(-129)
            .AddChar(new Rune('x')).BeginList().AddNull().AddBoolean(true).BeginList().End().End()
            .End()
            .AddSymbols(["ab", "c"])
            .Describe(0x24).BeginList().End();

        Assert.Equal(
            "C12708A3016143A1016280" + "0000000000000100" + "500181FFFFFFFFFFFFFF7F" + "7300000078C00403404145" + "E00702A302616201" + "63" + "00532445",
            Convert.ToHexString(builder.Span));
    }

    [Theory]
    [InlineData(255, 0xA1)]
    [InlineData(256, 0xB1)]
    public void String_AtTheBoundary_TakesTheSmallestLength(int length, int constructor)
    {
        EncodedValue value = EncodedValue.String(new string('x', length));

        Assert.Equal(constructor, value.ToMemory().Span[0]);
        Assert.True(value.View.TryGetString(out ReadOnlySpan<byte> text));
        Assert.Equal(length, text.Length);
    }

    [Fact]
    public void Map_OfMoreThan255Octets_IsLarge()
    {
        EncodedValue value = new EncodedValueBuilder().BeginMap().AddSymbol("k").AddBinary(new byte[300]).End().ToValue();

        Assert.Equal(0xD1, value.ToMemory().Span[0]);
        Assert.True(value.View.TryGetMap(out EncodedMapView map));
        Assert.True(map.TryGetValue("k"u8, out EncodedValueView found));
        Assert.True(found.TryGetBinary(out ReadOnlySpan<byte> octets));
        Assert.Equal(300, octets.Length);
    }

    [Fact]
    public void Multiple_IsOneOrNoneOrAnArray()
    {
        Assert.Equal(0, new MultipleView(EncodedValue.Symbols().View).Count);
        Assert.True(new MultipleView(EncodedValue.Symbols("a").View).ContainsSymbol("a"u8));
        Assert.True(new MultipleView(EncodedValue.Symbols("a", "bc").View).ContainsSymbol("bc"u8));
        Assert.Equal(2, new MultipleView(EncodedValue.Symbols("a", "bc").View).Count);
    }

    internal static int Walk(EncodedValueView view)
    {
        int seen = 1;
        if (view.TryGetList(out EncodedListView list))
        {
            foreach (EncodedValueView item in list)
            {
                seen += Walk(item);
            }
        }
        else if (view.TryGetMap(out EncodedMapView map))
        {
            foreach (EncodedMapEntryView entry in map)
            {
                seen += Walk(entry.Key) + Walk(entry.Value);
            }
        }
        else if (view.TryGetArray(out EncodedArrayView array))
        {
            foreach (EncodedValueView item in array)
            {
                seen += Walk(item);
            }
        }
        else if (view.TryGetDescribed(out EncodedValueView descriptor, out EncodedValueView value))
        {
            seen += Walk(descriptor) + Walk(value);
        }

        return seen;
    }
}
