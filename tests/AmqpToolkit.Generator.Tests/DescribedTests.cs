using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Generator.Tests.Described;

namespace AmqpToolkit.Generator.Tests;

/// <summary>Octets of the types that are emitted for <c>Specs/described.xml</c>: what is described keeps its descriptor wherever it stands.</summary>
public sealed class DescribedTests
{
    [Fact]
    public void NumberWithChoices_RoundTrips()
    {
        byte[] octets = Write(new Grade { Value = GradeChoice.Bad });

        // descriptor (ulong 0x0000000100000001), ubyte 5
        Assert.Equal("00" + "800000000100000001" + "5005", Convert.ToHexString(octets));
        Assert.Equal(DecodeError.None, GradeView.TryParse(octets, out GradeView view, out int length));
        Assert.Equal(octets.Length, length);
        Assert.Equal(GradeChoice.Bad, view.Value);
        Assert.Equal(new Grade { Value = GradeChoice.Bad }, view.ToOwned());
    }

    [Fact]
    public void BooleanWithChoices_RoundTrips()
    {
        byte[] octets = Write(new Sign { Value = SignChoice.Plus });

        Assert.Equal("00" + "800000000100000002" + "41", Convert.ToHexString(octets));
        Assert.Equal(DecodeError.None, SignView.TryParse(octets, out SignView view, out _));
        Assert.Equal(SignChoice.Plus, view.Value);
        Assert.Equal(DecodeError.None, SignView.TryParse(Write(new Sign { Value = SignChoice.Minus }), out view, out _));
        Assert.Equal(SignChoice.Minus, view.Value);
    }

    [Fact]
    public void TimestampAndNegativeChoices_RoundTrip()
    {
        Assert.Equal(DecodeError.None, MomentView.TryParse(Write(new Moment { Value = (MomentChoice)(-1) }), out MomentView moment, out _));
        Assert.Equal((MomentChoice)(-1), moment.Value);
        Assert.Equal(DecodeError.None, OffsetView.TryParse(Write(new Offset { Value = OffsetChoice.Back }), out OffsetView offset, out _));
        Assert.Equal(-2, (short)offset.Value);
    }

    [Fact]
    public void SymbolWithChoices_RoundTrips_AndKnowsItsNames()
    {
        byte[] octets = Write(new Colour { Value = ColourChoice.Texts.Red });

        Assert.Equal(DecodeError.None, ColourView.TryParse(octets, out ColourView view, out _));
        Assert.True(ColourChoice.TryGetKnown(view.Value, out ColourChoice.Known known));
        Assert.Equal(ColourChoice.Known.Red, known);
        Assert.Equal("of-texts", Encoding.ASCII.GetString(ColourChoice.TextsValue));
    }

    [Fact]
    public void FieldsOfDescribedTypes_KeepTheirDescriptors()
    {
        var holder = new Holder
        {
            Grade = new Grade { Value = GradeChoice.Good },
            Sign = new Sign { Value = SignChoice.Plus },
            Colour = new Colour { Value = "red" },
            Plain = new Plain { Value = "p" },
            Narrowed = new Plain { Value = "n" },
            Inner = new Inner { Number = 7 },
            Wrapped = new Wrapped { Value = new Holder { Plain = new Plain { Value = "w" } } },
            Mark = new Grade { Value = GradeChoice.Bad },
        };
        byte[] octets = Write(holder);

        Assert.Equal(DecodeError.None, HolderView.TryParse(octets, out HolderView view, out int length));
        Assert.Equal(octets.Length, length);
        Assert.Equal(GradeChoice.Good, view.Grade.Value);
        Assert.Equal(SignChoice.Plus, view.Sign.Value);
        Assert.Equal("red", Encoding.ASCII.GetString(view.Colour.Value));
        Assert.Equal("p", Encoding.ASCII.GetString(view.Plain.Value));
        Assert.Equal("n", Encoding.ASCII.GetString(view.Narrowed.Value));
        Assert.Equal(7u, view.Inner.Number);
        Assert.Equal(AnyMark.Member.Grade, view.Mark.Kind);
        Assert.Equal(octets, Write(view.ToOwned()));

        // Behind each constructor of a described value stands the descriptor of its type: 0x00 0x80 and eight octets.
        string hex = Convert.ToHexString(octets);
        Assert.Equal(2, Count(hex, "00800000000100000001")); // grade, and the mark that is one
        Assert.Equal(3, Count(hex, "00800000000100000006")); // plain, narrowed, the plain of the wrapped holder
        Assert.Equal(1, Count(hex, "00800000000100000009"));
    }

    [Fact]
    public void FieldOfADescribedType_WithoutItsDescriptor_IsRefused()
    {
        // holder: descriptor, list8 of 1: ubyte 1 where a grade belongs
        byte[] octets = Convert.FromHexString("00" + "800000000100000010" + "C0" + "03" + "01" + "5001");

        Assert.NotEqual(DecodeError.None, HolderView.TryParse(octets, out _, out _));
    }

    [Fact]
    public void DescriptorBehindADescriptor_IsTheValue()
    {
        byte[] octets = Write(new Twice { Value = new Plain { Value = "x" } });

        Assert.Equal("00" + "800000000100000007" + "00" + "800000000100000006" + "A10178", Convert.ToHexString(octets));
        Assert.Equal(DecodeError.None, TwiceView.TryParse(octets, out TwiceView view, out _));
        Assert.True(view.Value.TryGetDescribed(out _, out EncodedValueView value));
        Assert.True(value.TryGetString(out ReadOnlySpan<byte> text));
        Assert.Equal("x", Encoding.ASCII.GetString(text));
        Assert.Equal(octets, Write(view.ToOwned()));
    }

    private static int Count(string hex, string part) => (hex.Length - hex.Replace(part, "", StringComparison.Ordinal).Length) / part.Length;

    private static byte[] Write<T>(T value)
        where T : IDescribedType
    {
        byte[] octets = new byte[value.MaxOctets];
        return octets[..value.Write(octets)];
    }
}
