using System.Text;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>The types of 1.0 by the ids of the checklist (docs/amqp-1.0-checklist.md): what each encoding means, and what is none.</summary>
public sealed class ChecklistTests
{
    private delegate bool Getter<T>(EncodedValueView view, out T value);

    [Theory]
    [InlineData("41", 1)]
    [InlineData("50 01", 2)]
    [InlineData("60 00 01", 3)]
    [InlineData("70 00 00 00 01", 5)]
    [InlineData("80 00 00 00 00 00 00 00 01", 9)]
    [InlineData("98 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01", 17)]
    [InlineData("A0 01 07", 3)]
    [InlineData("B0 00 00 00 01 07", 6)]
    [InlineData("C0 01 00", 3)]
    [InlineData("D0 00 00 00 04 00 00 00 00", 9)]
    [InlineData("E0 02 00 40", 4)]
    [InlineData("F0 00 00 00 05 00 00 00 00 40", 10)]
    public void T01_Constructor_TellsTheWidth(string hex, int octets)
    {
        Assert.Equal(DecodeError.None, AmqpReader.Validate([.. Hex.Parse(hex), 0xFF], out int found));
        Assert.Equal(octets, found);
        Refuse("46", DecodeError.UnknownConstructor);
        Refuse("57 01", DecodeError.UnknownConstructor);
    }

    [Fact]
    public void T02_DescriptorsAreValues_AndMayBeDescribedThemselves()
    {
        var view = Read("00 00 53 01 52 03 41");
        Assert.True(view.TryGetDescribed(out var descriptor, out var value));
        Assert.True(descriptor.TryGetDescribed(out var inner, out var number));
        Assert.True(inner.TryGetUInt64(out ulong code) && number.TryGetUInt64(out ulong three) && (code, three) == (1, 3));
        Assert.True(value.TryGetBoolean(out bool truth) && truth);
    }

    [Fact]
    public void T03_Null_IsOneOctet() => Assert.True(Read("40").IsNull);

    [Fact]
    public void T04_Boolean_HasThreeEncodings()
    {
        foreach (var (hex, expected) in new[] { ("41", true), ("42", false), ("56 01", true), ("56 00", false) })
        {
            Assert.Equal(expected, Get<bool>(hex, static (view, out value) => view.TryGetBoolean(out value)));
        }

        Refuse("56 02", DecodeError.InvalidValue);
    }

    [Theory]
    [InlineData("50 FF", 255UL)]
    public void T05_UByte(string hex, ulong expected) => Assert.Equal(expected, Unsigned(hex));

    [Theory]
    [InlineData("60 FF FE", 65534UL)]
    public void T06_UShort(string hex, ulong expected) => Assert.Equal(expected, Unsigned(hex));

    [Theory]
    [InlineData("43", 0UL)]
    [InlineData("52 FF", 255UL)]
    [InlineData("70 FF FF FF FF", 0xFFFFFFFFUL)]
    public void T07_UInt_HasThreeEncodings_OfWhichTheSmallestIsWritten(string hex, ulong expected)
    {
        Assert.Equal(expected, Unsigned(hex));
        Assert.Equal(Hex.Parse(hex), new EncodedValueBuilder().AddUInt((uint)expected).Span.ToArray());
    }

    [Theory]
    [InlineData("44", 0UL)]
    [InlineData("53 FF", 255UL)]
    [InlineData("80 FF FF FF FF FF FF FF FF", ulong.MaxValue)]
    public void T08_ULong_HasItsWholeRange(string hex, ulong expected)
    {
        Assert.Equal(expected, Unsigned(hex));
        Assert.Equal(Hex.Parse(hex), new EncodedValueBuilder().AddULong(expected).Span.ToArray());
    }

    [Theory]
    [InlineData("51 80", -128L)]
    public void T09_Byte(string hex, long expected) => Assert.Equal(expected, Signed(hex));

    [Theory]
    [InlineData("61 80 00", -32768L)]
    public void T10_Short(string hex, long expected) => Assert.Equal(expected, Signed(hex));

    [Theory]
    [InlineData("54 80", -128L)]
    [InlineData("71 80 00 00 00", -2147483648L)]
    public void T11_Int_ExtendsTheSign(string hex, long expected) => Assert.Equal(expected, Signed(hex));

    [Theory]
    [InlineData("55 FF", -1L)]
    [InlineData("81 80 00 00 00 00 00 00 00", long.MinValue)]
    public void T12_Long_ExtendsTheSign(string hex, long expected) => Assert.Equal(expected, Signed(hex));

    [Theory]
    [InlineData("72 7F C0 00 01", 0x7FC00001)]
    [InlineData("72 80 00 00 00", unchecked((int)0x80000000))]
    [InlineData("72 FF 80 00 00", unchecked((int)0xFF800000))]
    public void T13_Float_KeepsItsBits(string hex, int bits) =>
        Assert.Equal(bits, BitConverter.SingleToInt32Bits(Get<float>(hex, static (view, out value) => view.TryGetFloat(out value))));

    [Theory]
    [InlineData("82 7F F8 00 00 00 00 00 01", 0x7FF8000000000001)]
    public void T14_Double_KeepsItsBits(string hex, long bits) =>
        Assert.Equal(bits, BitConverter.DoubleToInt64Bits(Get<double>(hex, static (view, out value) => view.TryGetDouble(out value))));

    [Fact]
    public void T15_Decimals_KeepTheirBits()
    {
        Assert.Equal(0x22500001u, Get<uint>("74 22 50 00 01", static (view, out value) => view.TryGetDecimal32(out value)));
        Assert.Equal(0x2238000000000001ul, Get<ulong>("84 22 38 00 00 00 00 00 01", static (view, out value) => view.TryGetDecimal64(out value)));
        Assert.Equal(
            new UInt128(0x2208000000000000, 1), Get<UInt128>("94 22 08 00 00 00 00 00 00 00 00 00 00 00 00 00 01", static (view, out value) => view.TryGetDecimal128(out value)));
    }

    [Fact]
    public void T16_Char_IsAScalarOfUnicode()
    {
        Assert.Equal(new Rune(0), Get<Rune>("73 00 00 00 00", static (view, out value) => view.TryGetChar(out value)));
        Assert.Equal(new Rune(0x1F600), Get<Rune>("73 00 01 F6 00", static (view, out value) => view.TryGetChar(out value)));
        Refuse("73 00 00 D8 00", DecodeError.InvalidValue);
        Refuse("73 00 11 00 00", DecodeError.InvalidValue);
    }

    [Fact]
    public void T17_Timestamp_MayLieBefore1970() =>
        Assert.Equal(-1, Get<long>("83 FF FF FF FF FF FF FF FF", static (view, out value) => view.TryGetTimestamp(out value)));

    [Fact]
    public void T18_Uuid_StandsInTheOrderOfTheNetwork() => Assert.Equal(
        Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), Get<Guid>("98 00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF", static (view, out value) => view.TryGetUuid(out value)));

    [Theory]
    [InlineData(255, 0xA0)]
    [InlineData(256, 0xB0)]
    public void T19_Binary_HasTwoLengths(int length, byte constructor)
    {
        byte[] octets = new EncodedValueBuilder().AddBinary(new byte[length]).Span.ToArray();
        Assert.Equal(constructor, octets[0]);
        Assert.True(new EncodedValueView(octets).TryGetBinary(out var found));
        Assert.Equal(length, found.Length);
    }

    [Theory]
    [InlineData("A1 02 C3 A9")]
    [InlineData("B1 00 00 00 02 C3 A9")]
    public void T20_String_IsUtf8(string hex)
    {
        Assert.True(Read(hex).TryGetString(out var text));
        Assert.Equal("\u00E9", Encoding.UTF8.GetString(text));
        Refuse("A1 01 FF", DecodeError.InvalidUtf8);
        Refuse("A1 03 ED A0 80", DecodeError.InvalidUtf8);
    }

    [Theory]
    [InlineData("A3 01 61")]
    [InlineData("B3 00 00 00 01 61")]
    public void T21_Symbol_IsAscii(string hex)
    {
        Assert.True(Read(hex).TryGetSymbol(out var text) && text.SequenceEqual("a"u8));
        Refuse("A3 01 C3", DecodeError.InvalidValue);
    }

    [Theory]
    [InlineData("45", 0)]
    [InlineData("C0 03 02 40 41", 2)]
    [InlineData("D0 00 00 00 06 00 00 00 02 40 41", 2)]
    public void T22_List_SizeAndCountAgree(string hex, int count)
    {
        Assert.True(Read(hex).TryGetList(out var list));
        Assert.Equal(count, list.Count);
        Refuse("C0 03 01 40 41", DecodeError.MalformedCompound);
        Refuse("C0 02 02 40", DecodeError.MalformedCompound);
        Refuse("C0 00", DecodeError.MalformedCompound);
    }

    [Fact]
    public void T23_Map_KeepsItsOrder_AndHasPairs()
    {
        Assert.True(Read("C1 0A 04 A3 01 62 52 01 A3 01 61 40").TryGetMap(out var map));
        var keys = new List<string>();
        foreach (var entry in map)
        {
            keys.Add(entry.Key.TryGetSymbol(out var symbol) ? Encoding.ASCII.GetString(symbol) : "?");
        }

        Assert.Equal(["b", "a"], keys);
        Refuse("C1 02 01 40", DecodeError.MalformedCompound);
    }

    [Theory]
    [InlineData("E0 04 02 52 01 02", 2)]
    [InlineData("F0 00 00 00 07 00 00 00 02 52 01 02", 2)]
    [InlineData("E0 07 02 00 53 24 52 01 02", 2)]
    [InlineData("E0 06 02 C0 01 00 01 00", 2)]
    public void T24_Array_HasOneConstructor(string hex, int count)
    {
        Assert.True(Read(hex).TryGetArray(out var array));
        Assert.Equal(count, array.Count);
        Refuse("E0 04 03 52 01 02", DecodeError.MalformedCompound);
    }

    [Theory]
    [InlineData("40")]
    [InlineData("41")]
    [InlineData("43")]
    [InlineData("45")]
    public void T25_ArrayOfElementsWithoutOctets_HasABound(string constructor)
    {
        Refuse($"F0 00 00 00 05 00 00 04 01 {constructor}", DecodeError.TooManyElements);
        byte[] bomb = Hex.Parse($"F0 00 00 00 05 FF FF FF FF {constructor}");
        long before = GC.GetAllocatedBytesForCurrentThread();
        var error = AmqpReader.Validate(bomb, out _);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.NotEqual(DecodeError.None, error);
    }

    [Fact]
    public void T26_Nesting_HasABound()
    {
        byte[] octets = [0x40];
        for (int depth = 0; depth <= AmqpReader.MaxDepth; depth++)
        {
            octets = PlainEncoder.List([octets]);
        }

        Assert.Equal(DecodeError.NestingTooDeep, AmqpReader.Validate(octets, out _));
        Assert.Equal(DecodeError.NestingTooDeep, AmqpReader.Validate(new byte[100_000], out _));
    }

    [Fact]
    public void T27_NullsAtTheEndOfAComposite_AreLeftOut()
    {
        Assert.Equal("005310C00401A1016D", Write(new Open { ContainerId = "m" }));
        Assert.Equal(DecodeError.None, OpenView.TryParse(Convert.FromHexString("005310C00401A1016D"), out var open, out _));
        Assert.False(open.HasHostname || open.HasMaxFrameSize || open.HasIdleTimeOut);
    }

    [Fact]
    public void T29_WhatIsNull_IsTheDefault()
    {
        Assert.Equal(DecodeError.None, OpenView.TryParse(Convert.FromHexString("005310C00704A1016D404040"), out var open, out _));
        Assert.Equal((uint.MaxValue, ushort.MaxValue), (open.MaxFrameSize, open.ChannelMax));
        Assert.Equal(DecodeError.None, BeginView.TryParse(Convert.FromHexString("005311C006054043434340"), out var begin, out _));
        Assert.Equal(uint.MaxValue, begin.HandleMax);
        Assert.Equal(DecodeError.None, AttachView.TryParse(Convert.FromHexString("005312C00603A101614342"), out var attach, out _));
        Assert.Equal((SenderSettleMode.Mixed, ReceiverSettleMode.First), (attach.SndSettleMode, attach.RcvSettleMode));
        Assert.Equal(DecodeError.None, TransferView.TryParse(Convert.FromHexString("005314C0020143"), out var transfer, out _));
        Assert.False(transfer.Settled || transfer.More || transfer.Resume || transfer.Aborted || transfer.Batchable);
    }

    [Theory]
    [InlineData("40", 0)]
    [InlineData("E0 02 00 A3", 0)]
    [InlineData("A3 01 61", 1)]
    [InlineData("E0 04 01 A3 01 61", 1)]
    [InlineData("E0 06 02 A3 01 61 01 62", 2)]
    public void T30_FieldOfSeveral_IsNoneOneOrAnArray(string hex, int count)
    {
        var several = new MultipleView(Read(hex));
        Assert.Equal(count, several.Count);
        Assert.Equal(count > 0, several.ContainsSymbol("a"u8));
    }

    [Theory]
    [InlineData("00 53 24 45")]
    [InlineData("00 80 00 00 00 00 00 00 00 24 45")]
    [InlineData("00 A3 12 61 6D 71 70 3A 61 63 63 65 70 74 65 64 3A 6C 69 73 74 45")]
    public void T31_Descriptor_IsACodeOrASymbol(string hex)
    {
        Assert.Equal(DecodeError.None, AcceptedView.TryParse(Hex.Parse(hex), out _, out _));
        Assert.Equal("00532445", Write(default(Accepted)));
    }

    [Fact]
    public void T33_StateOfAnotherArchetype_IsTold()
    {
        Assert.Equal(DecodeError.None, DispositionView.TryParse(Convert.FromHexString("005315C009054143404100532645"), out var disposition, out _));
        Assert.Equal(AnyDeliveryState.Member.Released, disposition.State.Kind);

        // A source is no state of a delivery.
        var error = DispositionView.TryParse(Convert.FromHexString("005315C009054143404100532845"), out disposition, out _);
        Assert.True(error != DecodeError.None || disposition.State.Kind == AnyDeliveryState.Member.Unknown);
    }

    [Fact]
    public void T34_FieldsBeyondTheLast_AreChecked_AndPassedOver()
    {
        Assert.Equal(DecodeError.None, AcceptedView.TryParse(Convert.FromHexString("005324C0020141"), out _, out int octets));
        Assert.Equal(7, octets);
        Assert.NotEqual(DecodeError.None, AcceptedView.TryParse(Convert.FromHexString("005324C0020146"), out _, out _));
    }

    [Theory]
    [InlineData("53 07", AnyMessageId.Member.MessageIdUlong)]
    [InlineData("98 00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF", AnyMessageId.Member.MessageIdUuid)]
    [InlineData("A0 01 07", AnyMessageId.Member.MessageIdBinary)]
    [InlineData("A1 01 78", AnyMessageId.Member.MessageIdString)]
    public void M10_Properties_HaveThirteenFields_AndIdsOfFourTypes(string id, AnyMessageId.Member kind)
    {
        byte[] octets = Hex.Parse(id);
        byte[] fields = [.. octets, .. Hex.Parse("A0 01 75 A1 01 74 A1 01 73 A1 01 72"), .. octets, .. Hex.Parse("A3 01 63 A3 01 65"),
            .. Hex.Parse("83 00 00 00 00 00 00 00 01 83 00 00 00 00 00 00 00 02 A1 01 67 52 09 A1 01 68")];
        Assert.Equal(DecodeError.None, PropertiesView.TryParse([0, 0x53, 0x73, 0xC0, (byte)(fields.Length + 1), 13, .. fields], out var properties, out _));
        Assert.Equal((kind, kind), (properties.MessageId.Kind, properties.CorrelationId.Kind));
        Assert.True(properties.UserId.SequenceEqual("u"u8) && properties.Subject.SequenceEqual("s"u8) && properties.GroupId.SequenceEqual("g"u8) && properties.ReplyToGroupId.SequenceEqual("h"u8));
        Assert.Equal((1, 2, 9u), (properties.AbsoluteExpiryTime, properties.CreationTime, properties.GroupSequence));
    }

    private static EncodedValueView Read(string hex)
    {
        byte[] octets = Hex.Parse(hex);
        Assert.Equal(DecodeError.None, EncodedValueView.TryParse(octets, out var view, out int length));
        Assert.Equal(octets.Length, length);
        return view;
    }

    private static T Get<T>(string hex, Getter<T> getter)
    {
        Assert.True(getter(Read(hex), out var value), hex);
        return value;
    }

    private static ulong Unsigned(string hex) => Get<ulong>(hex, static (view, out value) => view.TryGetUInt64(out value));

    private static long Signed(string hex) => Get<long>(hex, static (view, out value) => view.TryGetInt64(out value));

    private static void Refuse(string hex, DecodeError error) => Assert.Equal(error, AmqpReader.Validate(Hex.Parse(hex), out _));

    private static string Write<T>(in T value)
        where T : struct, IDescribedType
    {
        byte[] octets = new byte[value.MaxOctets];
        return Convert.ToHexString(octets, 0, value.Write(octets));
    }
}
