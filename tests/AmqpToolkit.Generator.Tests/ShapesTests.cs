using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Generator.Tests.Shapes;

namespace AmqpToolkit.Generator.Tests;

/// <summary>Octets of the types that are emitted for <c>Specs/shapes.xml</c>, one of each shape.</summary>
public sealed class ShapesTests
{
    private static readonly byte[] s_table = [1, (byte)'k', (byte)'t', 1];

    [Fact]
    public void Empty_IsItsKeyAlone()
    {
        Assert.Equal("00010001", Hex(new ShapeEmpty()));
        Assert.Equal(DecodeError.None, ShapeEmptyView.TryParse([], out _));
        Assert.Equal(DecodeError.TrailingOctets, ShapeEmptyView.TryParse([0], out _));
    }

    [Fact]
    public void Fixed_IsBigEndianAtConstantOffsets()
    {
        var method = new ShapeFixed { A = 1, B = 0x0203, C = 0x04050607, D = 0x08090A0B0C0D0E0F, E = 0x1011121314151617 };

        Assert.Equal("00010002" + "01" + "0203" + "04050607" + "08090A0B0C0D0E0F" + "1011121314151617", Hex(method));
        Assert.Equal(method.MaxOctets, Octets(method).Length);
        Assert.Equal(DecodeError.None, ShapeFixedView.TryParse(Arguments(method), out ShapeFixedView view));
        Assert.Equal(method, view.ToOwned());
        AssertCutOffEverywhere(Arguments(method), octets => ShapeFixedView.TryParse(octets, out _));
    }

    [Fact]
    public void Bits_FillFromTheLowestBit_AndTheNinthStartsAnOctet()
    {
        Assert.Equal("00010003" + "01" + "00" + "00" + "00", Hex(new ShapeBits { B0 = true }));
        Assert.Equal("00010003" + "04" + "00" + "00" + "00", Hex(new ShapeBits { B2 = true }));
        Assert.Equal("00010003" + "80" + "00" + "00" + "00", Hex(new ShapeBits { B7 = true }));
        Assert.Equal("00010003" + "00" + "01" + "AB" + "01", Hex(new ShapeBits { B8 = true, Between = 0xAB, B9 = true }));

        // The reserved bit 1 is set, and says nothing.
        Assert.Equal(DecodeError.None, ShapeBitsView.TryParse([0x82, 0xFF, 7, 0xFE], out ShapeBitsView view));
        Assert.Equal(new ShapeBits { B7 = true, B8 = true, Between = 7 }, view.ToOwned());
    }

    [Fact]
    public void Reserved_AreWrittenAsZero_AndReadOver()
    {
        var method = new ShapeReserved { Value = 0x1234 };
        byte[] arguments = Convert.FromHexString("01" + "0203" + "04050607" + "08090A0B0C0D0E0F" + "027879" + "1234" + "00000001FF" + "00000004016B7401" + "FF");

        Assert.Equal("00010004" + "00" + "0000" + "00000000" + "0000000000000000" + "00" + "1234" + "00000000" + "00000000" + "00", Hex(method));
        Assert.Equal(method.MaxOctets, Octets(method).Length);
        Assert.Equal(DecodeError.None, ShapeReservedView.TryParse(arguments, out ShapeReservedView view));
        Assert.Equal(0x1234, view.Value);
        AssertCutOffEverywhere(arguments, octets => ShapeReservedView.TryParse(octets, out _));
    }

    [Fact]
    public void Variable_FieldsAndFixedRunsBetween_KeepTheirPlaces()
    {
        var method = new ShapeVariable { First = "ab", Number = 0x0102, Second = "cde", Bit = true, Third = new Table(s_table), Fourth = "f", Last = 0x0A0B0C0D };

        Assert.Equal("00010005" + "026162" + "0102" + "00000003636465" + "01" + "00000004016B7401" + "0166" + "0A0B0C0D", Hex(method));
        Assert.Equal(DecodeError.None, ShapeVariableView.TryParse(Arguments(method), out ShapeVariableView view));
        Assert.Equal(method, view.ToOwned());
        Assert.True(view.IsTextValid);
        AssertCutOffEverywhere(Arguments(method), octets => ShapeVariableView.TryParse(octets, out _));
    }

    [Fact]
    public void Variable_FieldsThatAreEmpty_KeepTheirPlaces()
    {
        var method = default(ShapeVariable);

        Assert.Equal(ShapeVariable.OverheadOctets, Octets(method).Length);
        Assert.Equal(DecodeError.None, ShapeVariableView.TryParse(Arguments(method), out ShapeVariableView view));
        Assert.Equal(method, view.ToOwned());
    }

    [Fact]
    public void SpanWriter_WritesWhatTheOwnedFormWrites()
    {
        var method = new ShapeVariable { First = "ab", Number = 1, Second = "cde", Bit = true, Third = new Table(s_table), Fourth = "f", Last = 2 };
        byte[] buffer = new byte[method.MaxOctets];

        int octets = ShapeVariable.Write(buffer, "ab"u8, 1, "cde"u8, true, s_table, "f"u8, 2);

        Assert.Equal(Octets(method), buffer[..octets]);
    }

    [Fact]
    public void SpanWriter_OfTooLongShortString_Throws()
    {
        byte[] buffer = new byte[1000];

        Assert.Throws<ArgumentException>(() => ShapeVariable.Write(buffer, new byte[256], 1, default, true, default, default, 2));
    }

    [Fact]
    public void LongString_WithALyingLength_IsTruncated()
    {
        byte[] arguments = Convert.FromHexString("00" + "0000" + "FFFFFFFF" + "00" + "00000000" + "00" + "00000000");

        Assert.Equal(DecodeError.Truncated, ShapeVariableView.TryParse(arguments, out _));
    }

    [Fact]
    public void Table_ThatIsMalformed_IsRefused()
    {
        byte[] arguments = Convert.FromHexString("00" + "0000" + "00000000" + "00" + "00000003016B74" + "00" + "00000000");

        Assert.Equal(DecodeError.MalformedTable, ShapeVariableView.TryParse(arguments, out _));
    }

    [Fact]
    public void Text_ThatIsNotUtf8_IsSeen()
    {
        byte[] arguments = Convert.FromHexString("01FF" + "0000" + "00000000" + "00" + "00000000" + "00" + "00000000");

        Assert.Equal(DecodeError.None, ShapeVariableView.TryParse(arguments, out ShapeVariableView view));
        Assert.False(view.IsTextValid);
        var handler = new RecordingHandler();
        Assert.Equal(DecodeError.InvalidUtf8, ServerMethods.Dispatch(ref handler, 1, [0, 1, 0, 5, .. arguments]));
        Assert.Empty(handler.Handled);
    }

    [Fact]
    public void Content_IsAKindAndALongString()
    {
        var method = new ShapeContent { BodyKind = 1, Body = "x" };

        Assert.Equal("00010006" + "01" + "0000000178", Hex(method));
        Assert.Equal(DecodeError.None, ShapeContentView.TryParse(Arguments(method), out ShapeContentView view));
        Assert.Equal(method, view.ToOwned());
    }

    [Fact]
    public void Names_ThatCSharpUses_AreWrittenApart()
    {
        byte[] buffer = new byte[20];

        int octets = ShapeWords.Write(buffer, @class: 1, write: 2, bufferValue: 3, atValue: "x"u8);

        Assert.Equal("00010007" + "010203" + "0178", Convert.ToHexString(buffer, 0, octets));
        Assert.Equal(DecodeError.None, ShapeWordsView.TryParse(buffer.AsSpan(4, octets - 4), out ShapeWordsView view));
        Assert.Equal(2, view.WriteValue);
    }

    [Theory]
    [InlineData("ab", 1, "", 0u, null, null)]
    [InlineData("abca", 1, "", 0u, "name", "length")]
    [InlineData("", 1, "", 0u, "name", "regexp")]
    [InlineData("az", 1, "", 0u, "name", "regexp")]
    [InlineData("a-", 1, "", 0u, "name", "regexp")]
    [InlineData("a_[", 1, "", 0u, null, null)] // the range from / to _ has the bracket, not the hyphen
    [InlineData("a", 7, "", 0u, "number", "ne")]
    [InlineData("a", 1, "x", 0u, "nothing", "null")]
    [InlineData("a", 1, "", 1u, "zero", "null")]
    public void Validate_FindsWhatTheDefinitionAsserts(string name, int number, string nothing, uint zero, string? field, string? check)
    {
        var method = new ShapeChecked { Name = name, Number = (ushort)number, Nothing = nothing, Zero = zero };

        Assert.Equal(DecodeError.None, ShapeCheckedView.TryParse(Arguments(method), out ShapeCheckedView view));
        AssertViolation violation = view.Validate();
        Assert.Equal((field, check), (violation.Field, violation.Check));
        Assert.Equal(field is null, violation.IsNone);
    }

    [Fact]
    public void Properties_FirstIsTheHighestFlag_AndABitLivesInItsFlag()
    {
        Assert.Equal("0000", Hex(default(ShapeProperties)));
        Assert.Equal("8000", Hex(new ShapeProperties { Flag = true }));
        Assert.Equal("0000", Hex(new ShapeProperties { Flag = false }));
        Assert.Equal("2000" + "09", Hex(new ShapeProperties { Small = 9 }));
        Assert.Equal("0100" + "00000004016B7401", Hex(new ShapeProperties { Fields = new Table(s_table) }));
    }

    [Fact]
    public void Properties_OfEveryType_ComeBack()
    {
        var properties = new ShapeProperties
        {
            Flag = true,
            Text = "text",
            Small = 1,
            Medium = 2,
            Large = 3,
            Huge = 4,
            Blob = "blob",
            Fields = new Table(s_table),
        };
        byte[] octets = Convert.FromHexString(Hex(properties));

        Assert.Equal("FF00" + "0474657874" + "01" + "0002" + "00000003" + "0000000000000004" + "00000004626C6F62" + "00000004016B7401", Hex(properties));
        Assert.Equal(DecodeError.None, ShapePropertiesView.TryParse(octets, out ShapePropertiesView view));
        Assert.Equal(properties, view.ToOwned());
        Assert.True(view.Flag);
        Assert.Equal("text", Encoding.UTF8.GetString(view.Text));
        Assert.Equal(1, view.Small);
        Assert.Equal(2, view.Medium);
        Assert.Equal(3u, view.Large);
        Assert.Equal(4ul, view.Huge);
        Assert.Equal("blob"u8, view.Blob);
        Assert.Equal(s_table, view.Fields.Span);
        Assert.True(view.IsTextValid);
        AssertCutOffEverywhere(octets, prefix => ShapePropertiesView.TryParse(prefix, out _));
    }

    /// <summary>Any subset of the properties, each one read back from behind those that are there.</summary>
    [Fact]
    public void Properties_OfEverySubset_ComeBack()
    {
        for (int set = 0; set < 256; set++)
        {
            var properties = default(ShapeProperties);
            properties = (set & 1) != 0 ? properties with { Flag = true } : properties;
            properties = (set & 2) != 0 ? properties with { Text = "t" } : properties;
            properties = (set & 4) != 0 ? properties with { Small = 1 } : properties;
            properties = (set & 8) != 0 ? properties with { Medium = 2 } : properties;
            properties = (set & 16) != 0 ? properties with { Large = 3 } : properties;
            properties = (set & 32) != 0 ? properties with { Huge = 4 } : properties;
            properties = (set & 64) != 0 ? properties with { Blob = "b" } : properties;
            properties = (set & 128) != 0 ? properties with { Fields = new Table(s_table) } : properties;

            Assert.Equal(DecodeError.None, ShapePropertiesView.TryParse(Convert.FromHexString(Hex(properties)), out ShapePropertiesView view));
            Assert.Equal(properties, view.ToOwned());
        }
    }

    [Theory]
    [InlineData("0080", DecodeError.MalformedProperties)] // a flag that the class does not have
    [InlineData("00010000", DecodeError.None)] // another word follows, and is empty
    [InlineData("00018000", DecodeError.MalformedProperties)]
    [InlineData("0001", DecodeError.Truncated)]
    [InlineData("00", DecodeError.Truncated)]
    [InlineData("000000", DecodeError.TrailingOctets)]
    public void Properties_WithOddFlags_AreJudged(string hex, DecodeError expected) =>
        Assert.Equal(expected, ShapePropertiesView.TryParse(Convert.FromHexString(hex), out _));

    [Fact]
    public void Dispatch_HandsOver_WhatTheRoleReceives()
    {
        var server = new RecordingHandler();
        var client = new RecordingClient();

        Assert.Equal(DecodeError.None, ServerMethods.Dispatch(ref server, 5, Octets(new ShapeFixed { A = 3 })));
        Assert.Equal(DecodeError.None, ClientMethods.Dispatch(ref client, 6, Octets(new ShapeVariable { Last = 4 })));

        Assert.Equal(["5 fixed 3"], server.Handled);
        Assert.Equal(["6 variable 4"], client.Handled);
    }

    [Theory]
    [InlineData("", DecodeError.Truncated)]
    [InlineData("000100", DecodeError.Truncated)]
    [InlineData("00010002", DecodeError.Truncated)]
    [InlineData("0001000100", DecodeError.TrailingOctets)]
    [InlineData("00010003", DecodeError.UnexpectedMethod)]
    [InlineData("000100FF", DecodeError.UnknownMethod)]
    [InlineData("00020001", DecodeError.UnknownClass)]
    public void Dispatch_RefusesTheRest(string hex, DecodeError expected)
    {
        var handler = new RecordingHandler();

        Assert.Equal(expected, ServerMethods.Dispatch(ref handler, 1, Convert.FromHexString(hex)));
        Assert.Empty(handler.Handled);
    }

    [Fact]
    public void Constants_KnowTheirScopes()
    {
        Assert.Equal(ErrorScope.Channel, Constants.ScopeOf(Constants.Soft));
        Assert.Equal(ErrorScope.Connection, Constants.ScopeOf(Constants.Hard));
        Assert.Equal(ErrorScope.None, Constants.ScopeOf(Constants.ReplyFine));
        Assert.Equal("soft", Constants.NameOf(300));
        Assert.Equal("reply-fine", Constants.NameOf(200));
        Assert.Equal("", Constants.NameOf(999));
        Assert.Equal(70000u, Constants.Huge);
    }

    [Fact]
    public void Methods_KnowWhatTheDefinitionSays()
    {
        Assert.True(Methods.TryGetInfo(ShapeContent.MethodKey, out MethodInfo info));
        Assert.Equal(new MethodInfo("shape.content", 1, 6, Synchronous: false, HasContent: true, ServerReceives: true, ClientReceives: false), info);
        Assert.False(Methods.TryGetInfo(0x00010063, out _));
        Assert.Equal("shape.bits", Methods.NameOf(ShapeBits.MethodKey));
        Assert.Equal("1.99", Methods.NameOf(0x00010063));
    }

    private static byte[] Octets<T>(T method)
        where T : struct, IMethod
    {
        byte[] buffer = new byte[method.MaxOctets];
        return buffer[..method.Write(buffer)];
    }

    private static byte[] Arguments<T>(T method)
        where T : struct, IMethod => Octets(method)[4..];

    private static string Hex<T>(T method)
        where T : struct, IMethod => Convert.ToHexString(Octets(method));

    private static string Hex(ShapeProperties properties)
    {
        byte[] buffer = new byte[properties.MaxOctets];
        return Convert.ToHexString(buffer, 0, properties.Write(buffer));
    }

    private static void AssertCutOffEverywhere(byte[] octets, Func<byte[], DecodeError> parse)
    {
        for (int length = 0; length < octets.Length; length++)
        {
            Assert.Equal(DecodeError.Truncated, parse(octets[..length]));
        }

        Assert.Equal(DecodeError.None, parse(octets));
        Assert.Equal(DecodeError.TrailingOctets, parse([.. octets, 0]));
    }

    private sealed class RecordingHandler : IServerMethodHandler
    {
        public List<string> Handled { get; } = [];

        public void HandleShapeEmpty(ushort channel, in ShapeEmptyView method) => Handled.Add($"{channel} empty");

        public void HandleShapeFixed(ushort channel, in ShapeFixedView method) => Handled.Add($"{channel} fixed {method.A}");

        public void HandleShapeReserved(ushort channel, in ShapeReservedView method) => Handled.Add($"{channel} reserved");

        public void HandleShapeVariable(ushort channel, in ShapeVariableView method) => Handled.Add($"{channel} variable {method.Last}");

        public void HandleShapeContent(ushort channel, in ShapeContentView method) => Handled.Add($"{channel} content");

        public void HandleShapeWords(ushort channel, in ShapeWordsView method) => Handled.Add($"{channel} words");

        public void HandleShapeChecked(ushort channel, in ShapeCheckedView method) => Handled.Add($"{channel} checked");
    }

    private sealed class RecordingClient : IClientMethodHandler
    {
        public List<string> Handled { get; } = [];

        public void HandleShapeBits(ushort channel, in ShapeBitsView method) => Handled.Add($"{channel} bits");

        public void HandleShapeVariable(ushort channel, in ShapeVariableView method) => Handled.Add($"{channel} variable {method.Last}");
    }
}
