using AmqpToolkit.Codec.V0_10;

namespace AmqpToolkit.Codec.Tests.V0_10;

/// <summary>Maps, lists, arrays, ranges and structs of any kind: octets put together by hand.</summary>
public class PackedValueTests
{
    /// <summary>One entry of each type, the key named after its code.</summary>
    private static readonly byte[] EveryType = Hex.Parse(
        """
        00000010                                      # 16 entries
        02 3031  01 80                                # int8 -128
        02 3032  02 FF                                # uint8 255
        02 3038  08 01                                # boolean true
        02 3131  11 8000                              # int16 -32768
        02 3132  12 FFFF                              # uint16
        02 3231  21 80000000                          # int32
        02 3232  22 FFFFFFFF                          # uint32
        02 3233  23 3FC00000                          # float 1.5
        02 3331  31 8000000000000000                  # int64
        02 3332  32 FFFFFFFFFFFFFFFF                  # uint64
        02 3333  33 C004000000000000                  # double -2.5
        02 3338  38 0000000060000000                  # datetime
        02 3438  48 00112233445566778899AABBCCDDEEFF  # uuid
        02 3830  80 02 00FF                           # vbin8
        02 3835  85 03 61C3A9                         # str8 "aé"
        02 3935  95 0002 6869                         # str16 "hi"
        """);

    [Fact]
    public void Map_OfEveryType_IsReadInPlace()
    {
        Assert.Equal(DecodeError.None, PackedMapView.Validate(EveryType));
        var map = new PackedMapView(EveryType);
        Assert.Equal(16, map.Count);
        Assert.Equal(-128L, Int64(map, "01"u8));
        Assert.Equal(255L, Int64(map, "02"u8));
        Assert.True(map.TryGetValue("08"u8, out PackedValueView boolean) && boolean.TryGetBoolean(out bool yes) && yes);
        Assert.Equal(short.MinValue, Int64(map, "11"u8));
        Assert.Equal(ushort.MaxValue, Int64(map, "12"u8));
        Assert.Equal(int.MinValue, Int64(map, "21"u8));
        Assert.Equal(uint.MaxValue, Int64(map, "22"u8));
        Assert.True(map.TryGetValue("23"u8, out PackedValueView single) && single.TryGetDouble(out double half) && half == 1.5);
        Assert.Equal(long.MinValue, Int64(map, "31"u8));
        Assert.True(map.TryGetValue("32"u8, out PackedValueView large) && large.TryGetUInt64(out ulong most) && most == ulong.MaxValue && !large.TryGetInt64(out _));
        Assert.True(map.TryGetValue("33"u8, out PackedValueView number) && number.TryGetDouble(out double value) && value == -2.5);
        Assert.True(map.TryGetValue("38"u8, out PackedValueView time) && time.TryGetDatetime(out ulong seconds) && seconds == 0x60000000);
        Assert.True(map.TryGetValue("48"u8, out PackedValueView name) && name.TryGetUuid(out Guid uuid) && uuid == new Guid("00112233-4455-6677-8899-aabbccddeeff"));
        Assert.True(map.TryGetValue("80"u8, out PackedValueView binary) && binary.TryGetBinary(out ReadOnlySpan<byte> raw) && raw.SequenceEqual(new byte[] { 0, 255 }));
        Assert.True(map.TryGetValue("85"u8, out PackedValueView text) && text.TryGetString(out ReadOnlySpan<byte> utf8) && utf8.SequenceEqual("aé"u8));
        Assert.True(map.TryGetValue("95"u8, out PackedValueView longer) && longer.TryGetString(out utf8) && utf8.SequenceEqual("hi"u8));
        Assert.False(map.TryGetValue("99"u8, out _));
    }

    [Fact]
    public void Builder_WritesTheOctetsOfTheSpecification()
    {
        PackedValue value = PackedValue.Map(map => map
            .Key("n").AddUInt16(7)
            .Key("s"u8).AddString("hi")
            .Key("l").BeginList().AddBoolean(true).AddVoid().End()
            .Key("a").BeginArray(TypeCodes.Str16).AddString("x").AddString("yz").End()
            .Key("x").AddStruct(new MessageAcquired { Transfers = new SequenceSet(1, 2) }));

        Assert.Equal(TypeCodes.Map, value.TypeCode);
        Assert.Equal(
            Hex.Of(Hex.Parse(
                """
                00000005                                  # 5 entries
                01 6E  12 0007                            # n: uint16 7
                01 73  95 0002 6869                       # s: str16 "hi"
                01 6C  A9 00000007 00000002 08 01 F0      # l: list of boolean, void
                01 61  AA 0000000C 95 00000002 0001 78 0002 797A # a: array of str16
                01 78  AB 0000000E 0404 0100 0008 00000001 00000002 # x: message.acquired
                """)),
            Hex.Of(value.Contents.Span));
        Assert.Equal(DecodeError.None, PackedMapView.Validate(value.Contents.Span));
        Assert.True(value.View.TryGetMap(out PackedMapView read));
        Assert.True(read.TryGetValue("l"u8, out PackedValueView inner) && inner.TryGetList(out PackedListView list) && list.Count == 2);
        Assert.True(read.TryGetValue("a"u8, out inner) && inner.TryGetArray(out PackedArrayView array) && array.ElementCode == TypeCodes.Str16);
        Assert.Equal(["x", "yz"], Strings(inner));
        Assert.True(read.TryGetValue("x"u8, out inner) && inner.TryGetStruct(out PackedStructView item) && item.Code == MessageAcquiredView.Code);
    }

    [Fact]
    public void Builder_MisplacedCalls_AreRefused()
    {
        Assert.Throws<InvalidOperationException>(() => new PackedBuilder().BeginMap().AddVoid());
        Assert.Throws<InvalidOperationException>(() => new PackedBuilder().BeginList().Key("k"));
        Assert.Throws<InvalidOperationException>(() => new PackedBuilder().BeginMap().Key("k").Key("k"));
        Assert.Throws<InvalidOperationException>(() => new PackedBuilder().BeginArray(TypeCodes.Str16).AddUInt8(1));
        Assert.Throws<InvalidOperationException>(() => new PackedBuilder().AddVoid().AddVoid());
        Assert.Throws<InvalidOperationException>(() => new PackedBuilder().BeginList().ToValue());
        Assert.Throws<InvalidOperationException>(() => new PackedBuilder().End());
        Assert.Throws<InvalidOperationException>(() => new PackedBuilder().BeginMap().Key("k").End());
        Assert.Throws<ArgumentException>(() => new PackedBuilder().BeginMap().Key(new string('k', 256)));
        Assert.Throws<ArgumentException>(() => new PackedBuilder().AddStruct(new MessageReplyTo()));
        Assert.Throws<ArgumentException>(() => PackedWriter.WriteArray(new byte[64], PackedValue.Map(_ => { })));
    }

    [Theory]
    [InlineData("", DecodeError.None)]                                     // no octets are an empty map, too
    [InlineData("00000000", DecodeError.None)]
    [InlineData("000000", DecodeError.MalformedCompound)]                  // the count is cut off
    [InlineData("00000001", DecodeError.MalformedCompound)]                // an entry is missing
    [InlineData("FFFFFFFF", DecodeError.MalformedCompound)]
    [InlineData("00000000 016B02FF", DecodeError.MalformedCompound)]       // an entry that is not counted
    [InlineData("00000001 016B 12 00", DecodeError.MalformedCompound)]     // half a value
    [InlineData("00000001 056B 12 00", DecodeError.MalformedCompound)]     // the key goes past the end
    [InlineData("00000001 016B 95 FFFF 00", DecodeError.MalformedCompound)]
    [InlineData("00000001 016B B0 00", DecodeError.UnknownFieldType)]      // no width
    [InlineData("00000001 016B 3F 0000000000000000", DecodeError.None)]    // an unknown type of eight octets
    [InlineData("00000001 016B AB 00000001 04", DecodeError.MalformedCompound)] // a struct without a code
    [InlineData("00000001 016B AA 00000005 F0 00000400", DecodeError.None)]
    [InlineData("00000001 016B AA 00000005 F0 00000401", DecodeError.TooManyElements)]
    [InlineData("00000001 016B AA 00000005 F0 FFFFFFFF", DecodeError.TooManyElements)]
    [InlineData("00000001 016B AA 00000005 02 FFFFFFFF", DecodeError.MalformedCompound)]
    public void Map_Damaged_IsRefused(string hex, DecodeError expected) => Assert.Equal(expected, PackedMapView.Validate(Hex.Parse(hex)));

    [Theory]
    [InlineData(32, DecodeError.None)]
    [InlineData(33, DecodeError.NestingTooDeep)]
    [InlineData(5000, DecodeError.NestingTooDeep)]
    public void Lists_NestedDeep_AreRefusedPastTheBound(int depth, DecodeError expected)
    {
        byte[] octets = [];
        for (int level = 0; level < depth; level++)
        {
            octets = level == 0 ? [0, 0, 0, 0] : [0, 0, 0, 1, 0xA9, (byte)(octets.Length >> 24), (byte)(octets.Length >> 16), (byte)(octets.Length >> 8), (byte)octets.Length, .. octets];
        }

        Assert.Equal(expected, PackedListView.Validate(octets));
    }

    [Fact]
    public void SequenceSet_IsWrittenAndRead()
    {
        var set = new SequenceSet([new SequenceRange(1, 3), new SequenceRange(uint.MaxValue, 1)]);
        byte[] octets = new byte[set.MaxOctets];

        Assert.Equal(16, set.Write(octets));

        Assert.Equal("0000000100000003" + "FFFFFFFF00000001", Hex.Of(octets));
        Assert.Equal(DecodeError.None, SequenceSetView.Validate(octets));
        var view = new SequenceSetView(octets);
        Assert.Equal(2, view.Count);
        Assert.Equal(3, view[1].Count); // 2^32 - 1, 0, 1
        Assert.True(view.Contains(2) && view.Contains(0) && !view.Contains(4) && !view.Contains(uint.MaxValue - 1));
        Assert.Equal(set, view.ToOwned());
        Assert.NotEqual(set, new SequenceSet(1, 3));
        Assert.Equal(new SequenceSet(1, 3), new SequenceSet([new SequenceRange(1, 3)]));
        Assert.Equal(new SequenceSet(1, 3).GetHashCode(), new SequenceSet([new SequenceRange(1, 3)]).GetHashCode());
    }

    [Theory]
    [InlineData("0000000100000000", DecodeError.InvalidValue)]
    [InlineData("00000001000000", DecodeError.MalformedCompound)]
    [InlineData("", DecodeError.None)]
    public void SequenceSet_Damaged_IsRefused(string hex, DecodeError expected) => Assert.Equal(expected, SequenceSetView.Validate(Hex.Parse(hex)));

    [Fact]
    public void ByteRanges_ThatEndBeforeTheyStart_AreRefused()
    {
        var ranges = new ByteRanges(5, 4);
        byte[] octets = new byte[ranges.MaxOctets];
        ranges.Write(octets);

        Assert.Equal(DecodeError.InvalidValue, ByteRangesView.Validate(octets));
        Assert.Equal(DecodeError.MalformedCompound, ByteRangesView.Validate(octets.AsSpan(1)));
    }

    [Fact]
    public void EmptyValues_AreWrittenWithTheirCounts()
    {
        byte[] octets = new byte[64];

        Assert.Equal("0000000400000000", Hex.Of(octets.AsSpan(0, PackedWriter.WriteMap(octets, default))));
        Assert.Equal("0000000400000000", Hex.Of(octets.AsSpan(0, PackedWriter.WriteList(octets, default))));
        Assert.Equal("000000050000000000", Hex.Of(octets.AsSpan(0, PackedWriter.WriteArray(octets, default))));
        Assert.Throws<ArgumentException>(() => PackedWriter.WriteStruct32(new byte[64], default));
    }

    [Fact]
    public void Views_OverAnyOctets_EndWhereTheOctetsDo()
    {
        var random = new Random(10);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] octets = new byte[random.Next(60)];
            random.NextBytes(octets);
            for (int at = 0; at < Math.Min(4, octets.Length); at++)
            {
                octets[at] = 0;
            }

            PackedWalk.Map(new PackedMapView(octets));
            PackedWalk.List(new PackedListView(octets));
            PackedWalk.Array(new PackedArrayView(octets));
        }
    }

    private static long Int64(PackedMapView map, ReadOnlySpan<byte> key)
    {
        Assert.True(map.TryGetValue(key, out PackedValueView value));
        Assert.True(value.TryGetInt64(out long number));
        return number;
    }

    private static List<string> Strings(PackedValueView value)
    {
        Assert.True(value.TryGetArray(out PackedArrayView array));
        var strings = new List<string>();
        foreach (PackedValueView element in array)
        {
            Assert.True(element.TryGetString(out ReadOnlySpan<byte> utf8));
            strings.Add(System.Text.Encoding.UTF8.GetString(utf8));
        }

        return strings;
    }

    [Fact]
    public void PublicMethods_OfTheCodec_TakeTheirParamsAsArrays()
    {
        IEnumerable<string> spans = typeof(PackedValue).Assembly.GetExportedTypes()
            .SelectMany(type => type.GetMethods())
            .Where(method => method.GetParameters().Any(parameter => parameter.IsDefined(typeof(System.Runtime.CompilerServices.ParamCollectionAttribute), false)))
            .Select(method => $"{method.DeclaringType}.{method.Name}");

        Assert.Empty(spans); // C# 12 does not expand these
        string[] words = ["a", "b"];
        Assert.Equal(PackedValue.Strings(words), PackedValue.Strings("a", "b"));
        Assert.Equal(PackedValue.Strings(words), PackedValue.Strings(words.AsSpan()));
    }
}
